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
