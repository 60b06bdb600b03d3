use super::*;

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
fn says_who_calls() {
    let called = |line: &str| {
        loaded(&format!("class = \"Photo\"\n{line}\n[fields.picture]")).classes[0]
            .called_from_cloud_code
    };
    assert!(called("called_from = \"cloud_code\""));
    assert!(!called("called_from = \"parse_server\""));
    assert!(!called(""));
}

#[test]
fn refuses_a_caller_that_it_does_not_know_and_one_without_fields_to_guard() {
    for (line, mistake) in [
        (
            "called_from = \"cloudcode\"",
            "m.toml:2: `called_from`: unknown value `cloudcode`, did you mean `cloud_code`?",
        ),
        (
            "called_from = true",
            "m.toml:2: `called_from`: expected a string, found boolean",
        ),
    ] {
        let text = format!("class = \"Photo\"\n{line}\n[fields.picture]");
        assert_eq!(mistakes(&text), [mistake]);
    }
    let text = "class = \"Photo\"\ncalled_from = \"cloud_code\"";
    let expected = "m.toml:2: called_from is for a class with guarded fields: write a table [fields.<name>] for each";
    assert!(
        mistakes(text).contains(&expected.to_owned()),
        "{:?}",
        mistakes(text)
    );
}

#[test]
fn refuses_a_class_without_fields() {
    let no_fields = "a class without fields: write a table [fields.<name>] for each field to guard, or name columns in `references`";
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

#[test]
fn reads_what_cloudinary_is_asked_to_confirm() {
    use crate::manifest::{Confirm, OnUnreachable, Pixels};

    let confirm = |keys: &str| {
        let manifests = loaded(&format!("{PHOTO}{keys}"));
        manifests.classes[0].fields[0].confirm.clone()
    };
    assert_eq!(confirm(""), None);
    assert_eq!(confirm("confirm = false"), None);
    let any = Confirm {
        max_bytes: None,
        width: Pixels::default(),
        height: Pixels::default(),
        on_unreachable: OnUnreachable::Refuse,
    };
    assert_eq!(confirm("confirm = true"), Some(any));
    let keys = "confirm = true\nmax_bytes = \"5MiB\"\nmin_width = 1\nmax_width = 2\nmin_height = 3\nmax_height = 3\non_unreachable = \"accept\"";
    let all = Confirm {
        max_bytes: Some(5 << 20),
        width: Pixels {
            min: Some(1),
            max: Some(2),
        },
        height: Pixels {
            min: Some(3),
            max: Some(3),
        },
        on_unreachable: OnUnreachable::Accept,
    };
    assert_eq!(confirm(keys), Some(all));
}

#[test]
fn refuses_limits_that_nobody_could_check() {
    let needs = "only Cloudinary knows: it needs confirm = true";
    for (keys, expected) in [
        ("max_bytes = 1", format!("m.toml:3: `max_bytes`: {needs}")),
        (
            "confirm = false\nmin_width = 1",
            format!("m.toml:4: `min_width`: {needs}"),
        ),
        (
            "on_unreachable = \"accept\"",
            format!("m.toml:3: `on_unreachable`: {needs}"),
        ),
        (
            "confirm = \"yes\"",
            "m.toml:3: `confirm`: expected true or false, found string".to_owned(),
        ),
        (
            "confirm = true\nmax_bytes = 0",
            "m.toml:4: `max_bytes`: expected a number of bytes, or a size such as \"5MiB\" or \"500k\"".to_owned(),
        ),
        (
            "confirm = true\nmax_bytes = \"5 apples\"",
            "m.toml:4: `max_bytes`: expected a number of bytes, or a size such as \"5MiB\" or \"500k\"".to_owned(),
        ),
        (
            "confirm = true\nmax_width = -1",
            "m.toml:4: `max_width`: expected a number of pixels".to_owned(),
        ),
        (
            "confirm = true\nmax_height = 1.5",
            "m.toml:4: `max_height`: expected a number of pixels".to_owned(),
        ),
        (
            "confirm = true\nmin_width = 3\nmax_width = 2",
            "m.toml:4: `min_width`: greater than the most, 2".to_owned(),
        ),
        (
            "confirm = true\non_unreachable = \"ignore\"",
            "m.toml:4: `on_unreachable`: unknown value `ignore`, expected one of refuse, accept".to_owned(),
        ),
    ] {
        assert_eq!(mistakes(&format!("{PHOTO}{keys}")), [expected], "{keys}");
    }
}

#[test]
fn an_array_has_a_thousand_elements_or_as_many_as_the_manifest_says() {
    let max_items = |keys: &str| {
        let manifests = loaded(&format!("{PHOTO}{keys}"));
        manifests.classes[0].fields[0].max_items
    };
    assert_eq!(max_items("many = true"), 1000);
    assert_eq!(max_items("many = true\nmax_items = 1"), 1);
    assert_eq!(max_items("max_items = 50000\nmany = true"), 50_000);
    let number = "expected a number of identifiers, at least 1";
    for (keys, expected) in [
        (
            "max_items = 5",
            "m.toml:3: `max_items`: there is one identifier: it needs many = true".to_owned(),
        ),
        (
            "many = false\nmax_items = 5",
            "m.toml:4: `max_items`: there is one identifier: it needs many = true".to_owned(),
        ),
        (
            "many = true\nmax_items = 0",
            format!("m.toml:4: `max_items`: {number}"),
        ),
        (
            "many = true\nmax_items = -1",
            format!("m.toml:4: `max_items`: {number}"),
        ),
        (
            "many = true\nmax_items = 1.5",
            format!("m.toml:4: `max_items`: {number}"),
        ),
        (
            "many = true\nmax_items = \"5\"",
            format!("m.toml:4: `max_items`: {number}"),
        ),
    ] {
        assert_eq!(mistakes(&format!("{PHOTO}{keys}")), [expected], "{keys}");
    }
}
