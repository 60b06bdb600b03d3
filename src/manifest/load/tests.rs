//! Whole folders of manifests: what they become and every mistake by its exact text.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::{DeliveryType, ResourceType};
use crate::manifest::{Access, Choice, Limit, Parameter, ResponseForm, SignUpload};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";
const SIGN: &str = "function = \"sign\"\naction = \"sign_upload\"\n";
const URL: &str = "function = \"url\"\naction = \"delivery_url\"\n";

fn folder_of(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Loads a folder of these files; findings name files without their folder.
fn load_all(files: &[(&str, &str)]) -> Result<(Manifests, Vec<String>), Vec<String>> {
    let folder = folder_of(files);
    let prefix = format!("{}/", folder.path().display());
    let texts = |findings: &[Finding]| {
        let texts = findings
            .iter()
            .map(|finding| finding.to_string().replace(&prefix, ""));
        texts.collect::<Vec<_>>()
    };
    match load(folder.path()) {
        Ok(manifests) => {
            let warnings = texts(&manifests.warnings);
            Ok((manifests, warnings))
        }
        Err(errors) => Err(texts(&errors)),
    }
}

#[track_caller]
fn loaded(text: &str) -> Manifests {
    load_all(&[("m.toml", text)]).unwrap().0
}

#[track_caller]
fn mistakes(text: &str) -> Vec<String> {
    load_all(&[("m.toml", text)]).map(|_| ()).unwrap_err()
}

#[track_caller]
fn warnings(text: &str) -> Vec<String> {
    load_all(&[("m.toml", text)]).unwrap().1
}

#[track_caller]
fn sign_upload(text: &str) -> SignUpload {
    match loaded(&format!("{SIGN}{text}")).functions.remove(0).action {
        Action::SignUpload(sign) => sign,
        Action::DeliveryUrl(_) => panic!("not a sign_upload"),
    }
}

/// Each text, put after `before`, has exactly these mistakes.
#[track_caller]
fn assert_mistakes(before: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(mistakes(&format!("{before}{text}")), *expected, "{text}");
    }
}

#[test]
fn reads_a_class_with_its_defaults() {
    let manifests = loaded(PHOTO);
    let class = &manifests.classes[0];
    assert_eq!(class.class, "Photo");
    assert!(!class.trust_master_key);
    let field = &class.fields[0];
    assert_eq!(field.name, "picture");
    assert!(!field.required && !field.many);
    assert_eq!(field.resource_types, [ResourceType::Image]);
    assert_eq!(field.types, [DeliveryType::Upload]);
    assert_eq!(
        (&field.formats, &field.folder, field.max_age),
        (&None, &None, None)
    );
    assert!(!manifests.need_parse_server());
}

#[test]
fn reads_every_key_of_a_class() {
    let manifests = loaded(
        r#"
        class = "_User"
        trust_master_key = true
        [fields.gallery]
        required = true
        many = true
        resource_types = ["image", "video", "raw"]
        types = ["private", "authenticated", "upload"]
        formats = ["jpg", "png"]
        folder = "users/{user.objectId}"
        max_age = "1h"
        [fields.avatar]
        "#,
    );
    let class = &manifests.classes[0];
    assert_eq!(
        (class.class.as_str(), class.trust_master_key),
        ("_User", true)
    );
    let names: Vec<_> = class
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["gallery", "avatar"]);
    let gallery = &class.fields[0];
    assert!(gallery.required && gallery.many);
    assert_eq!(
        gallery.resource_types,
        [ResourceType::Image, ResourceType::Video, ResourceType::Raw]
    );
    assert_eq!(
        gallery.types,
        [
            DeliveryType::Private,
            DeliveryType::Authenticated,
            DeliveryType::Upload
        ]
    );
    assert_eq!(
        gallery.formats,
        Some(vec!["jpg".to_owned(), "png".to_owned()])
    );
    assert!(gallery.folder.as_ref().unwrap().needs_user());
    assert_eq!(gallery.max_age, Some(Duration::from_hours(1)));
}

#[test]
fn reads_a_sign_upload_with_its_defaults() {
    let mut manifests = loaded(SIGN);
    let function = manifests.functions.remove(0);
    assert_eq!(function.name, "sign");
    assert_eq!(function.access, Access::User);
    assert_eq!(function.limit, Limit::default());
    let Action::SignUpload(sign) = function.action else {
        panic!("not a sign_upload")
    };
    assert!(sign.upload.is_empty() && sign.accept.is_empty());
    assert_eq!(sign.response, ResponseForm::Fields);
    assert_eq!(sign.resource_type, "auto");
}

#[test]
fn keeps_the_order_of_upload_parameters() {
    let sign = sign_upload(
        "[upload]\ntags = \"a\"\nfolder = \"f\"\neager = { crop = \"fill\" }\ncontext = \"a=b\"",
    );
    let names: Vec<_> = sign.upload.iter().map(|(name, _)| name.as_str()).collect();
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
    assert!(matches!(sign.upload[0].1, Parameter::List(_)));
    assert!(matches!(sign.upload[1].1, Parameter::Table(_)));
    assert_eq!(
        sign.upload[2].1,
        Parameter::Fixed(json!([{"crop": "fill", "width": 150}]))
    );
    assert!(sign.fills_template("alt") && !sign.fills_template("tags"));
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
fn reads_a_delivery_url() {
    let manifests = loaded(
        r#"
        function = "url"
        action = "delivery_url"
        class = "Photo"
        field = "picture"
        [url]
        crop = "fill"
        width = 150
        [accept]
        width = { max = 2000 }
        "#,
    );
    assert!(manifests.need_parse_server());
    let Action::DeliveryUrl(url) = &manifests.functions[0].action else {
        panic!("not a delivery_url")
    };
    assert_eq!(url.source, Some(("Photo".to_owned(), "picture".to_owned())));
    assert_eq!(
        serde_json::to_value(&url.url).unwrap(),
        json!({"crop": "fill", "width": 150})
    );
    assert!(matches!(
        url.accept[0].1.choice,
        Choice::Range {
            min: None,
            max: Some(2000.0)
        }
    ));
    assert!(!loaded(URL).need_parse_server());
}

#[test]
fn names_file_and_line_of_every_mistake_of_every_file() {
    let errors = load_all(&[
        (
            "b.toml",
            "class = \"Photo\"\n\n[fields.picture]\nrequird = true\nmany = \"yes\"\nmax_age = 3600",
        ),
        ("a.toml", "function = \"sign\"\naction = \"sign_uplod\""),
        ("c.toml", "class = "),
        ("d.toml", "# nothing\n\n"),
        ("e.txt", "not a manifest"),
        (".hidden.toml", "not a manifest"),
    ]);
    assert_eq!(
        errors.map(|_| ()).unwrap_err(),
        [
            "a.toml:2: `action`: unknown value `sign_uplod`, did you mean `sign_upload`?",
            "b.toml:4: unknown key `requird`, did you mean `required`?",
            "b.toml:5: `many`: expected true or false, found string",
            "b.toml:6: `max_age`: expected a string, found integer",
            "c.toml:1: string values must be quoted, expected literal string",
            "d.toml:1: empty: expected `class` or `function`",
        ]
    );
}

#[test]
fn reports_every_mistake_of_one_list_or_table() {
    let formats = format!("{PHOTO}formats = [\".a\", \"jpg\",\n\".b\"]");
    assert_eq!(mistakes(&formats).len(), 2);
    let tags = format!(
        "{SIGN}[upload]\ntags = [\"{{a}}\", 2020-01-01, \"{{b}}\"]\ncontext = {{ a = \"{{\", b = nan }}"
    );
    assert_eq!(mistakes(&tags).len(), 5);
    let named =
        format!("{SIGN}[accept]\neager = {{ named = {{ a = 1, b = 2 }} }}\noverwrite = [3, 4]");
    assert_eq!(mistakes(&named).len(), 4);
}

#[test]
fn refuses_two_files_for_one_hook() {
    let errors = load_all(&[
        ("a.toml", PHOTO),
        ("b.toml", PHOTO),
        ("c.toml", SIGN),
        ("d.toml", SIGN),
    ])
    .map(|_| ())
    .unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("b.toml:1: class `Photo` has a manifest already: "),
        "{}",
        errors[0]
    );
    assert!(errors[0].ends_with("a.toml"), "{}", errors[0]);
    assert!(
        errors[1].starts_with("d.toml:1: function `sign` has a manifest already: "),
        "{}",
        errors[1]
    );
}

#[test]
fn finds_a_second_file_even_if_it_has_other_mistakes() {
    let errors = load_all(&[
        ("a.toml", PHOTO),
        ("b.toml", "class = \"Photo\"\nfield = 1"),
    ]);
    assert_eq!(errors.map(|_| ()).unwrap_err().len(), 3);
}

#[test]
fn a_class_and_a_function_may_share_a_name() {
    let (manifests, _) = load_all(&[
        ("a.toml", "class = \"sign\"\n[fields.picture]"),
        ("b.toml", SIGN),
    ])
    .unwrap();
    assert_eq!((manifests.classes.len(), manifests.functions.len()), (1, 1));
}

#[test]
fn refuses_a_missing_folder() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("webhooks");
    let errors = load(&missing).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        format!(
            "{}: cannot read the folder of manifests: No such file or directory (os error 2)",
            missing.display()
        )
    );
}

#[test]
fn warns_of_an_empty_folder() {
    let (_, warnings) = load_all(&[("README.md", "")]).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].ends_with(": no manifest (*.toml) in it, so nothing is guarded or served"),
        "{}",
        warnings[0]
    );
}

#[test]
fn reads_manifests_in_any_case_of_their_extension() {
    let (manifests, _) = load_all(&[("Photo.TOML", PHOTO)]).unwrap();
    assert_eq!(manifests.classes.len(), 1);
}

#[test]
fn refuses_what_is_not_a_text_file() {
    let folder = folder_of(&[]);
    fs::write(folder.path().join("a.toml"), b"class = \"\xff\"").unwrap();
    fs::create_dir(folder.path().join("b.toml")).unwrap();
    let errors = load(folder.path()).unwrap_err();
    let messages: Vec<_> = errors
        .iter()
        .map(|error| (error.line, error.message.as_str()))
        .collect();
    assert_eq!(
        messages,
        [
            (0, "cannot be read: stream did not contain valid UTF-8"),
            (0, "cannot be read: Is a directory (os error 21)"),
        ]
    );
}

#[test]
fn refuses_files_that_are_neither_class_nor_function_or_both() {
    assert_mistakes(
        "",
        &[
            (
                "acces = \"user\"",
                &[
                    "m.toml:1: neither `class` nor `function`: a file guards a class or serves a function",
                    "m.toml:1: unknown key `acces`, did you mean `access`?",
                ],
            ),
            (
                "function = \"f\"\naction = \"sign_upload\"\nclass = \"Photo\"",
                &[
                    "m.toml:3: both `class` and `function`: a file is one or the other, unless it is a delivery_url",
                ],
            ),
            (
                "function = \"f\"",
                &["m.toml:1: `action` is missing: expected sign_upload or delivery_url"],
            ),
            (
                "function = \"f\"\nactoin = \"sign_upload\"",
                &[
                    "m.toml:1: `action` is missing: expected sign_upload or delivery_url",
                    "m.toml:2: unknown key `actoin`, did you mean `action`?",
                ],
            ),
            (
                "class = 1",
                &[
                    "m.toml:1: `class`: expected a string, found integer",
                    "m.toml:1: a class without fields: write a table [fields.<name>] for each field to guard",
                ],
            ),
        ],
    );
}

#[test]
fn refuses_a_class_without_fields() {
    let no_fields = "a class without fields: write a table [fields.<name>] for each field to guard";
    assert_eq!(
        mistakes("class = \"Photo\""),
        [format!("m.toml:1: {no_fields}")]
    );
    assert_eq!(
        mistakes("class = \"Photo\"\n[fields]"),
        [format!("m.toml:2: {no_fields}")]
    );
    assert_eq!(
        mistakes("class = \"Photo\"\nfields = [\"picture\"]"),
        ["m.toml:2: `fields`: expected a table, found array"]
    );
    assert_eq!(
        mistakes("class = \"Photo\"\n[fields]\npicture = true"),
        ["m.toml:3: `picture`: expected a table, found boolean"]
    );
}

#[test]
fn refuses_names_that_parse_server_would_never_call() {
    assert_mistakes(
        "",
        &[
            (
                "class = \"_Session\"\n[fields.picture]",
                &[
                    "m.toml:1: `_Session` cannot be guarded: Parse Server takes no hook but afterLogout on it",
                ],
            ),
            (
                "class = \"Photo\"\n[fields.objectId]",
                &[
                    "m.toml:2: `objectId` cannot hold an identifier: it is one of Parse Server's own fields",
                ],
            ),
            (
                "class = \"Photo\"\n[fields.\"a.b\"]",
                &[
                    "m.toml:2: `a.b` cannot hold an identifier: expected a letter, then letters, digits and `_`, as Parse Server takes them",
                ],
            ),
            (
                "function = \"a.b\"\naction = \"sign_upload\"",
                &[
                    "m.toml:1: `a.b` cannot be called: expected letters, digits, `_` and `-` (Parse Server answers \"Invalid function\" to others)",
                ],
            ),
        ],
    );
}

#[test]
fn refuses_mistaken_values_of_a_field() {
    assert_mistakes(
        PHOTO,
        &[
            (
                "required = 1",
                &["m.toml:3: `required`: expected true or false, found integer"],
            ),
            (
                "resource_types = \"image\"",
                &["m.toml:3: `resource_types`: expected a list, found string"],
            ),
            (
                "resource_types = []",
                &["m.toml:3: `resource_types`: empty, expected some of image, video, raw"],
            ),
            (
                "resource_types = [\"image\", \"vidio\"]",
                &["m.toml:3: `resource_types`: unknown value `vidio`, did you mean `video`?"],
            ),
            (
                "types = [\n\"upload\",\n\"fetch\",\n]",
                &[
                    "m.toml:5: `types`: unknown value `fetch`, expected one of upload, private, authenticated",
                ],
            ),
            (
                "types = [1]",
                &["m.toml:3: `types`: expected a string, found integer"],
            ),
            (
                "formats = []",
                &["m.toml:3: `formats`: empty, leave it out to take any format"],
            ),
            (
                "formats = [\".jpg\"]",
                &["m.toml:3: `formats`: expected extensions without a dot, such as jpg"],
            ),
            (
                "formats = [\"\"]",
                &["m.toml:3: `formats`: expected extensions without a dot, such as jpg"],
            ),
            (
                "max_age = \"1 h\"",
                &["m.toml:3: `max_age`: expected a duration such as 500ms, 10s, 2m, 1h or 7d"],
            ),
            (
                "max_age = \"0s\"",
                &["m.toml:3: `max_age`: expected a duration such as 500ms, 10s, 2m, 1h or 7d"],
            ),
            (
                "folder = \"{user.email}\"",
                &[
                    "m.toml:3: `folder`: unknown template {user.email}: expected {user.objectId}, {user.username} or {params.<name>}",
                ],
            ),
            (
                "folder = \"{user.objectId\"",
                &["m.toml:3: `folder`: `{` without `}`"],
            ),
            (
                "folder = \"a/{params.x}\"",
                &[
                    "m.toml:3: `folder`: a save has no params: expected {user.objectId} or {user.username}",
                ],
            ),
            (
                "folder = \"\"",
                &[
                    "m.toml:3: `folder`: expected a path without empty, `.` or `..` segments: no `/` at its ends",
                ],
            ),
            (
                "folder = \"users/{user.objectId}/\"",
                &[
                    "m.toml:3: `folder`: expected a path without empty, `.` or `..` segments: no `/` at its ends",
                ],
            ),
            (
                "folder = \"/users\"",
                &[
                    "m.toml:3: `folder`: expected a path without empty, `.` or `..` segments: no `/` at its ends",
                ],
            ),
            (
                "folder = \"a/../b\"",
                &[
                    "m.toml:3: `folder`: expected a path without empty, `.` or `..` segments: no `/` at its ends",
                ],
            ),
            (
                "folder = \"a&b\"",
                &["m.toml:3: `folder`: '&' is not allowed"],
            ),
            (
                "folder = \" a\"",
                &["m.toml:3: `folder`: white space at its ends is not allowed"],
            ),
        ],
    );
}

/// A key whose capability is not built must not look as if it were.
#[test]
fn refuses_keys_of_later_capabilities() {
    for key in [
        "on_replace",
        "on_delete",
        "grace",
        "destroy_within",
        "confirm",
        "max_bytes",
        "max_width",
        "max_height",
        "min_width",
        "min_height",
        "on_unreachable",
        "moderation_field",
        "on_reject",
        "sync",
        "eager_field",
    ] {
        let errors = mistakes(&format!("{PHOTO}{key} = \"x\""));
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0].starts_with(&format!("m.toml:3: unknown key `{key}`, ")),
            "{}",
            errors[0]
        );
    }
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
    assert_eq!(sign.upload[0].1, Parameter::Fixed(json!(code)));
}

#[test]
fn refuses_what_accept_cannot_mean() {
    assert_mistakes(
        &format!("{SIGN}[accept]\n"),
        &[
            (
                "tags = false",
                &[
                    "m.toml:4: `tags`: expected true, a list of values or a table; leave it out to accept nothing",
                ],
            ),
            (
                "tags = \"a\"",
                &[
                    "m.toml:4: `tags`: expected true, a list of values or a table; leave it out to accept nothing",
                ],
            ),
            (
                "tags = []",
                &["m.toml:4: `tags`: an empty list accepts nothing, leave it out"],
            ),
            (
                "tags = {}",
                &["m.toml:4: `tags`: empty, expected min, max, pattern, named, default"],
            ),
            (
                "width = { maxi = 3 }",
                &["m.toml:4: unknown key `maxi`, did you mean `max`?"],
            ),
            (
                "width = { max = \"3\" }",
                &["m.toml:4: `max`: expected a number, found string"],
            ),
            (
                "width = { min = 3, max = 2 }",
                &["m.toml:4: `width`: min is greater than max"],
            ),
            (
                "width = { min = 3, pattern = \"a\" }",
                &[
                    "m.toml:4: `width`: expected one of a range (min, max), a pattern or named choices",
                ],
            ),
            (
                "tags = { pattern = \"(\" }",
                &["m.toml:4: `pattern`: unclosed group"],
            ),
            (
                "tags = { pattern = \"a)|(b\" }",
                &["m.toml:4: `pattern`: unopened group"],
            ),
            (
                "tags = { pattern = \"a{9999}{9999}\" }",
                &["m.toml:4: `pattern`: Compiled regex exceeds size limit of 262144 bytes."],
            ),
            (
                "tags = { pattern = \"[a-z]+\", default = \"A\" }",
                &[
                    "m.toml:4: `default`: not accepted itself: tags: expected text that matches [a-z]+",
                ],
            ),
            (
                "overwrite = [true, \"maybe\"]",
                &["m.toml:4: overwrite: expected true or false"],
            ),
            (
                "tags = [\"{user.username}\"]",
                &["m.toml:4: `tags`: templates are not filled in here"],
            ),
            (
                "eager = { named = {} }",
                &["m.toml:4: `named`: an empty table accepts nothing"],
            ),
            (
                "eager = { named = { a = 1 } }",
                &["m.toml:4: eager: expected a transformation or an array of them"],
            ),
            (
                "eager = { named = { a = \"c_fill\" }, default = \"b\" }",
                &["m.toml:4: `default`: not accepted itself: eager: expected one of \"a\""],
            ),
        ],
    );
}

#[test]
fn refuses_to_accept_what_upload_settles() {
    assert_eq!(
        mistakes(&format!(
            "{SIGN}[upload]\ntags = \"a\"\ncontext = \"alt={{params.public_id}}\"\nfolder = \"x/{{user.objectId}}\"\n[accept]\ntags = true\npublic_id = true"
        )),
        [
            "m.toml:8: `tags`: it is in [upload] too, which is always signed; write it here as { default = … }, or there only",
            "m.toml:9: `public_id`: it fills a template of [upload] and is not sent on by itself, take it out of [accept]",
        ]
    );
}

#[test]
fn refuses_a_half_named_source() {
    assert_eq!(
        mistakes(&format!("{URL}class = \"Photo\"")),
        ["m.toml:3: `class`: expected `field` beside it"]
    );
    assert_eq!(
        mistakes(&format!("{URL}field = \"picture\"")),
        ["m.toml:3: `field`: expected `class` beside it"]
    );
    assert_eq!(
        mistakes(&format!("{URL}class = \"@File\"\nfield = \"picture\"")),
        [
            "m.toml:3: `@File` is not a class: expected a letter, then letters, digits and `_`, or _User, _Installation, _Role, _Session or _Product"
        ]
    );
}

#[test]
fn refuses_reserved_url_options() {
    for table in ["url", "accept"] {
        for name in [
            "type",
            "resource_type",
            "version",
            "api_secret",
            "cloud_name",
            "auth_token",
        ] {
            let errors = mistakes(&format!("{URL}[{table}]\n{name} = true"));
            assert_eq!(errors.len(), 1);
            assert!(
                errors[0].starts_with(&format!("m.toml:4: `{name}` is reserved: ")),
                "{}",
                errors[0]
            );
        }
    }
}

#[test]
fn refuses_mistaken_url_options() {
    for table in ["url", "accept"] {
        let errors = mistakes(&format!("{URL}[{table}]\ncrop = true\nwidht = true"));
        assert!(
            errors.iter().any(|error| error.starts_with("m.toml:5: ")
                && error.contains("widht")
                && error.contains("width")),
            "{errors:?}"
        );
    }
    assert_eq!(
        mistakes(&format!("{URL}[url]\neffect = \"{{user.username}}\"")),
        ["m.toml:4: `effect`: templates are not filled in here"]
    );
}

#[test]
fn refuses_layers_from_callers_where_the_url_may_be_signed() {
    let refusal = |line: usize, name: &str| {
        format!(
            "m.toml:{line}: `{name}`: layers, code and raw or named transformations cannot be accepted where the URL may be signed"
        )
    };
    for name in [
        "overlay",
        "underlay",
        "raw_transformation",
        "transformation",
        "custom_function",
        "custom_pre_function",
    ] {
        let signed = [
            format!("{URL}class = \"Photo\"\nfield = \"picture\"\n[accept]\n{name} = true"),
            format!("{URL}[url]\nsign_url = true\n[accept]\n{name} = true"),
            format!("{URL}[accept]\nsign_url = true\n\n{name} = true"),
        ];
        for text in signed {
            assert_eq!(mistakes(&text), [refusal(6, name)], "{text}");
        }
        let unsigned = loaded(&format!("{URL}[accept]\n{name} = true"));
        let account = |url| Account::from_url(url).unwrap();
        assert_eq!(
            unsigned.check_account(&account("cloudinary://k:s@demo")),
            Ok(())
        );
        for url in [
            "cloudinary://k:s@demo?sign_url=true",
            "cloudinary://k:s@demo?auth_token[key]=00",
        ] {
            let errors = unsigned.check_account(&account(url)).unwrap_err();
            assert_eq!(errors.len(), 1);
            assert!(
                errors[0].to_string().ends_with(&refusal(4, name)),
                "{}",
                errors[0]
            );
        }
    }
}

const UNBOUND: &str = "the caller chooses the public_id, and no folder or public_id_prefix is bound to {user.objectId}: any user could overwrite any picture, or claim another user's private one";
const NAME: &str = "names can change hands, and the pictures with them; use {user.objectId}";

#[test]
fn warns_of_a_public_id_that_is_not_bound_to_the_user() {
    let unbound = [
        ("[accept]\npublic_id = true", 4, "public_id"),
        (
            "[accept]\npublic_id = { pattern = \"[a-z]+\" }",
            4,
            "public_id",
        ),
        (
            "[upload]\nfolder = \"all\"\n[accept]\npublic_id = true",
            6,
            "public_id",
        ),
        (
            "[upload]\nfolder = \"{params.f}\"\n[accept]\npublic_id = true",
            6,
            "public_id",
        ),
        (
            "[upload]\nasset_folder = \"{user.objectId}\"\n[accept]\npublic_id = true",
            6,
            "public_id",
        ),
        ("[accept]\nfolder = true\npublic_id = true", 5, "public_id"),
        ("[upload]\npublic_id = \"{params.name}\"", 4, "public_id"),
        (
            "[upload]\nuse_filename = true\nunique_filename = false",
            4,
            "use_filename",
        ),
    ];
    for (text, line, name) in unbound {
        assert_eq!(
            warnings(&format!("{SIGN}{text}")),
            [format!("m.toml:{line}: `{name}`: {UNBOUND}")],
            "{text}"
        );
    }
}

#[test]
fn does_not_warn_of_a_public_id_in_a_place_of_the_users_own() {
    for text in [
        "[upload]\nfolder = \"users/{user.objectId}\"\n[accept]\npublic_id = true",
        "[upload]\npublic_id_prefix = \"{user.objectId}\"\n[accept]\npublic_id = true",
        "[upload]\nasset_folder = \"u/{user.objectId}\"\nuse_asset_folder_as_public_id_prefix = true\n[accept]\npublic_id = true",
        "[upload]\npublic_id = \"users/{user.objectId}/{params.name}\"",
        "[upload]\npublic_id = \"logo\"",
        "[upload]\nuse_filename = true",
        "[upload]\ntags = \"{user.username}\"",
        "[accept]\nfolder = true",
    ] {
        assert_eq!(warnings(&format!("{SIGN}{text}")), [""; 0], "{text}");
    }
}

#[test]
fn warns_of_folders_built_from_names() {
    assert_eq!(
        warnings(&format!("{PHOTO}folder = \"users/{{user.username}}\"")),
        [format!("m.toml:3: `folder`: {NAME}")]
    );
    for name in ["folder", "public_id_prefix", "asset_folder", "public_id"] {
        assert_eq!(
            warnings(&format!(
                "{SIGN}[upload]\n{name} = \"users/{{user.username}}\""
            )),
            [format!("m.toml:4: `{name}`: {NAME}")]
        );
    }
}

#[test]
fn warns_of_signed_urls_of_an_unguarded_field() {
    let url = format!("{URL}class = \"Photo\"\nfield = \"picture\"");
    let warning = "m.toml:4: Photo.picture is not guarded by any manifest: whoever may write it could have the URL of another user's private asset signed";
    assert_eq!(warnings(&url), [warning]);
    let (_, guarded) = load_all(&[("a.toml", PHOTO), ("m.toml", &url)]).unwrap();
    assert_eq!(guarded, [""; 0]);
}

#[test]
fn shows_warnings_of_all_files_in_order() {
    let folder = format!("{PHOTO}folder = \"users/{{user.username}}\"");
    let sign = format!("{SIGN}[accept]\npublic_id = true");
    let (_, warnings) = load_all(&[("b.toml", &folder), ("a.toml", &sign)]).unwrap();
    assert_eq!(
        warnings,
        [
            format!("a.toml:4: `public_id`: {UNBOUND}"),
            format!("b.toml:3: `folder`: {NAME}")
        ]
    );
}
