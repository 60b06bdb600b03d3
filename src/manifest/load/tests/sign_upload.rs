use super::*;

#[test]
fn reads_a_sign_upload_with_its_defaults() {
    let mut manifests = loaded(SIGN);
    let function = manifests.functions.remove(0);
    assert_eq!(function.name, "sign");
    assert_eq!(function.access, Access::User);
    assert_eq!(function.limit, CallLimit::default());
    let FunctionAction::SignUpload(sign) = function.action else {
        panic!("not a sign_upload")
    };
    assert!(sign.rules.upload.is_empty() && sign.rules.accept.is_empty());
    assert_eq!(sign.response, ResponseForm::Fields);
    assert_eq!(sign.resource_type, "auto");
}

#[test]
fn keeps_the_order_of_upload_parameters() {
    let sign = sign_upload(
        "[upload]\ntags = \"a\"\nfolder = \"f\"\neager = { crop = \"fill\" }\ncontext = \"a=b\"",
    );
    let names: Vec<_> = sign
        .rules
        .upload
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["tags", "folder", "eager", "context"]);
}

#[test]
fn finds_templates_wherever_a_string_may_stand() {
    let sign = sign_upload(
        r#"
        [upload]
        tags = ["app", "{user.username}"]
        context = { owner = "{user.objectId}", alt = "{params.alt}" }
        eager = [{ crop = "fill", width = 150 }]
        "#,
    );
    assert!(matches!(sign.rules.upload[0].1, Parameter::List(_)));
    assert!(matches!(sign.rules.upload[1].1, Parameter::Table(_)));
    assert_eq!(
        sign.rules.upload[2].1,
        Parameter::Fixed(json!([{"crop": "fill", "width": 150}]))
    );
    assert!(sign.rules.fills_template("alt") && !sign.rules.fills_template("tags"));
}

#[test]
fn reads_access_limit_and_response() {
    for (access, expected) in [
        (r#""public""#, Access::Public),
        (r#""user""#, Access::User),
        (r#""master""#, Access::Master),
        (
            r#"{ role = "editors" }"#,
            Access::Role("editors".to_owned()),
        ),
    ] {
        let manifests = loaded(&format!("{SIGN}access = {access}"));
        assert_eq!(
            manifests.need_parse_server(),
            matches!(expected, Access::Role(_))
        );
        assert_eq!(manifests.functions[0].access, expected);
    }
    let limit = loaded(&format!(
        "{SIGN}[limit]\nper_user = \"30/m\"\nper_address = \"60/h\""
    ))
    .functions[0]
        .limit;
    let per_user = limit.per_user.unwrap();
    assert_eq!(
        (per_user.calls.get(), per_user.period),
        (30, Duration::from_mins(1))
    );
    let per_address = limit.per_address.unwrap();
    assert_eq!(
        (per_address.calls.get(), per_address.period),
        (60, Duration::from_hours(1))
    );
    let sign = sign_upload("response = \"request\"\nresource_type = \"video\"");
    assert_eq!(
        (sign.response, sign.resource_type.as_str()),
        (ResponseForm::Request, "video")
    );
}

#[test]
fn refuses_mistaken_keys_of_a_function() {
    assert_mistakes(
        SIGN,
        &[
            (
                "access = \"users\"",
                &["m.toml:3: `access`: unknown value `users`, did you mean `user`?"],
            ),
            (
                "access = true",
                &["m.toml:3: `access`: expected a string, found boolean"],
            ),
            (
                "access = { rol = \"x\" }",
                &[
                    "m.toml:3: `access`: expected { role = \"<name>\" }",
                    "m.toml:3: unknown key `rol`, did you mean `role`?",
                ],
            ),
            (
                "access = { role = \"\" }",
                &["m.toml:3: `role`: empty, expected the name of a role"],
            ),
            (
                "[limit]",
                &["m.toml:3: `limit`: empty, expected per_user or per_address"],
            ),
            (
                "[limit]\nper_user = \"30\"",
                &["m.toml:4: `per_user`: expected a rate such as 30/m (s, m, h or d)"],
            ),
            (
                "[limit]\nper_usr = \"30/m\"",
                &["m.toml:4: unknown key `per_usr`, did you mean `per_user`?"],
            ),
            (
                "response = \"form\"",
                &["m.toml:3: `response`: unknown value `form`, expected one of fields, request"],
            ),
            (
                "resource_type = \"audio\"",
                &["m.toml:3: `resource_type`: unknown value `audio`, did you mean `auto`?"],
            ),
            (
                "url = {}",
                &[
                    "m.toml:3: unknown key `url`, expected one of function, action, access, limit, upload, accept, response, resource_type",
                ],
            ),
            (
                "trust_master_key = true",
                &[
                    "m.toml:3: unknown key `trust_master_key`, expected one of function, action, access, limit, upload, accept, response, resource_type",
                ],
            ),
            (
                "upload = \"tags\"",
                &["m.toml:3: `upload`: expected a table, found string"],
            ),
        ],
    );
}

#[test]
fn refuses_reserved_and_unknown_upload_parameters() {
    let reserved = [
        ("timestamp", "it is added when signing"),
        ("signature", "it is added when signing"),
        ("api_key", "it is added when signing"),
        (
            "version",
            "Cloudinary sets it, and a signed one would mint identifiers",
        ),
        ("file", "the file is posted by the client and not signed"),
        ("cloud_name", "it belongs to CLOUDINARY_URL"),
        ("api_secret", "it belongs to CLOUDINARY_URL"),
        (
            "resource_type",
            "it is part of the upload URL: set `resource_type` at the top of the file",
        ),
    ];
    for table in ["upload", "accept"] {
        for (name, reason) in reserved {
            assert_eq!(
                mistakes(&format!("{SIGN}[{table}]\n{name} = true")),
                [format!("m.toml:4: `{name}` is reserved: {reason}")]
            );
        }
        assert_eq!(
            mistakes(&format!("{SIGN}[{table}]\noverwrit = true")),
            ["m.toml:4: overwrit: not an upload parameter, did you mean \"overwrite\"?"]
        );
    }
}

#[test]
fn refuses_mistaken_upload_values() {
    assert_mistakes(
        SIGN,
        &[
            (
                "[upload]\neager = { corp = \"fill\" }",
                &["m.toml:4: eager: corp: not a transformation option, did you mean \"crop\"?"],
            ),
            (
                "[upload]\noverwrite = \"maybe\"",
                &["m.toml:4: overwrite: expected true or false"],
            ),
            (
                "[upload]\nfolder = \"a/\"",
                &[
                    "m.toml:4: `folder`: expected a path without empty, `.` or `..` segments: no `/` at its ends",
                ],
            ),
            (
                "[upload]\npublic_id = \"{params.x}#\"",
                &["m.toml:4: `public_id`: '#' is not allowed"],
            ),
            (
                "[upload]\ntags = [\"a\",\n\"{user.name}\"]",
                &[
                    "m.toml:5: `tags`: unknown template {user.name}: expected {user.objectId}, {user.username} or {params.<name>}",
                ],
            ),
            (
                "[upload]\ncontext = {a = \"}\"}",
                &["m.toml:4: `a`: `}` without `{`"],
            ),
            (
                "[upload]\neval = \"if (true) { f('{params.x}') }\"",
                &["m.toml:4: `eval`: templates are not filled in here"],
            ),
            (
                "[upload]\ntags = 2020-01-01",
                &["m.toml:4: `tags`: expected a string (dates go in quotes), found datetime"],
            ),
            (
                "[upload]\nquality = inf",
                &["m.toml:4: `quality`: expected a finite number, found float"],
            ),
            (
                "[upload]\nwidth = 99999999999999999999",
                &["m.toml:4: `width`: expected a number of at most 64 bits, found integer"],
            ),
        ],
    );
}

#[test]
fn lets_code_hold_braces() {
    let code = "if (resource_info.width > 450) { upload_options['tags'] = 'wide' }";
    let sign = sign_upload(&format!("[upload]\neval = \"{code}\""));
    assert_eq!(sign.rules.upload[0].1, Parameter::Fixed(json!(code)));
}
