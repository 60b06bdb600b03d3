use super::*;

const PLAIN: &str = "class = \"Photo\"\n";

#[test]
fn reads_columns_and_paths_with_and_without_guarded_fields() {
    let text = "references = [\"cover\", \"slides.items.image\"]\n";
    for (fields, guarded) in [("", false), ("[fields.picture]", true)] {
        let manifests = loaded(&format!("{PLAIN}{text}{fields}"));
        let class = &manifests.classes[0];
        let found: Vec<_> = class
            .references
            .iter()
            .map(|reference| (&*reference.column, reference.path.join(".")))
            .collect();
        assert_eq!(
            found,
            [
                ("cover", String::new()),
                ("slides", "items.image".to_owned())
            ]
        );
        assert_eq!(class.is_guarded(), guarded);
        assert_eq!(manifests.registered_hooks().is_empty(), !guarded);
    }
    // A class that could not be guarded may refer to assets all the same.
    assert!(!loaded("class = \"_Session\"\nreferences = [\"a\"]").classes[0].is_guarded());
}

#[test]
fn refuses_what_no_row_could_hold() {
    for (value, expected) in [
        ("\"cover\"", "expected a list, found string"),
        (
            "[]",
            "empty, expected columns or paths such as slides.items.image",
        ),
        ("[5]", "expected a string, found integer"),
        (
            "[\"\"]",
            "`` cannot hold an identifier: expected a letter, then letters, digits and `_`, as Parse Server takes them",
        ),
        (
            "[\"objectId\"]",
            "`objectId` cannot hold an identifier: it is one of Parse Server's own fields",
        ),
        (
            "[\"a..b\"]",
            "`a..b`: expected a column and the names that lead on from it, each after a dot",
        ),
        (
            "[\"a.\"]",
            "`a.`: expected a column and the names that lead on from it, each after a dot",
        ),
        (
            "[\"a.$b\"]",
            "`a.$b`: expected a column and the names that lead on from it, each after a dot",
        ),
        ("[\"a\", \"a\"]", "`a` stands here twice"),
        (
            "[\"picture.x\"]",
            "`picture` is a guarded field: what it holds is in use anyway",
        ),
    ] {
        let text = format!("{PLAIN}references = {value}\n[fields.picture]");
        assert_eq!(
            mistakes(&text),
            [format!("m.toml:2: `references`: {expected}")],
            "{value}"
        );
    }
    assert_eq!(
        mistakes("class = \"No\"\nrefrences = [\"a\"]\n[fields.a]"),
        ["m.toml:2: unknown key `refrences`, did you mean `references`?"]
    );
    assert_eq!(
        mistakes("class = \"@Config\"\nreferences = [\"a\"]"),
        [
            "m.toml:1: `@Config` is not a class: expected a letter, then letters, digits and `_`, or _User, _Installation, _Role, _Session or _Product"
        ]
    );
}
