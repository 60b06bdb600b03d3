use super::*;

#[test]
fn reads_a_sign_params_with_its_defaults() {
    let function = loaded(SIGN_PARAMS).functions.remove(0);
    assert_eq!(
        (function.access, function.limit),
        (Access::User, CallLimit::default())
    );
    let FunctionAction::SignParams(rules) = function.action else {
        panic!("not a sign_params")
    };
    assert!(rules.upload.is_empty() && rules.accept.is_empty());
}

#[test]
fn reads_what_a_sign_upload_reads() {
    let text = "access = \"public\"\n[limit]\nper_address = \"60/h\"\n[upload]\nfolder = \"users/{user.objectId}\"\ncontext = { alt = \"{params.alt}\" }\n[accept]\nupload_preset = [\"a\"]\ntags = true\n";
    let function = loaded(&format!("{SIGN_PARAMS}{text}")).functions.remove(0);
    assert_eq!(function.access, Access::Public);
    assert!(function.limit.per_address.is_some());
    let rules = function.action.upload_rules().unwrap();
    let upload: Vec<_> = rules.upload.iter().map(|(name, _)| name.as_str()).collect();
    let accept: Vec<_> = rules.accept.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(upload, ["folder", "context"]);
    assert_eq!(accept, ["upload_preset", "tags"]);
    assert!(rules.fills_template("alt"));
}

#[test]
fn refuses_keys_of_an_answer_that_it_does_not_give() {
    let known = "expected one of function, action, access, limit, upload, accept";
    assert_mistakes(
        SIGN_PARAMS,
        &[
            (
                "response = \"request\"",
                &[&format!("m.toml:3: unknown key `response`, {known}")],
            ),
            (
                "resource_type = \"image\"",
                &[&format!("m.toml:3: unknown key `resource_type`, {known}")],
            ),
            (
                "class = \"Photo\"",
                &[
                    "m.toml:3: both `class` and `function`: a file is one or the other, unless it is a delivery_url",
                ],
            ),
        ],
    );
}

#[test]
fn refuses_what_would_not_be_signed_as_it_is_sent() {
    assert_mistakes(
        SIGN_PARAMS,
        &[
            (
                "[accept]\ntags = { default = \"a\" }",
                &["m.toml:4: `tags`: `default` is not for sign_params, which signs what is sent"],
            ),
            (
                "[accept]\neager = { named = { thumb = { width = 1 } } }",
                &[
                    "m.toml:4: `eager`: `named` is not for sign_params, which signs what is sent; list the values",
                ],
            ),
            (
                "[accept]\nwidth = { max = 2000 }",
                &["m.toml:4: `width`: clients send it as part of `transformation`, accept that"],
            ),
            (
                "[accept]\noverlay = [\"logo\"]",
                &["m.toml:4: `overlay`: clients send it as part of `transformation`, accept that"],
            ),
            (
                "[upload]\nwidth = 100\n[accept]\ntransformation = true",
                &["m.toml:6: `transformation`: options of [upload] make one already"],
            ),
        ],
    );
}

#[test]
fn refuses_a_name_that_means_two_things() {
    assert_mistakes(
        SIGN_PARAMS,
        &[
            (
                "[upload]\ntags = \"a\"\n[accept]\ntags = true",
                &[
                    "m.toml:6: `tags`: it is in [upload] too, which must be sent as it stands there; write it in one of them",
                ],
            ),
            (
                "[upload]\ntags = \"{params.context}\"\n[accept]\ncontext = true",
                &[
                    "m.toml:6: `context`: it fills a template of [upload] and is not sent on by itself, take it out of [accept]",
                ],
            ),
            (
                "[upload]\ntags = \"{params.version}\"",
                &["m.toml:4: `tags`: {params.version} is reserved, take another name"],
            ),
            (
                "[upload]\ncontext = { a = \"b\",\nc = \"{params.source}\" }",
                &["m.toml:4: `context`: {params.source} is reserved, take another name"],
            ),
            (
                "[upload]\nfolder = \"{params.timestamp}\"",
                &["m.toml:4: `folder`: {params.timestamp} is reserved, take another name"],
            ),
            (
                "[accept]\nsource = true",
                &["m.toml:4: source: not an upload parameter"],
            ),
            (
                "[accept]\ntimestamp = true",
                &["m.toml:4: `timestamp` is reserved: it is added when signing"],
            ),
        ],
    );
}
