use proptest::prelude::*;
use serde_json::json;

use super::*;

fn found(manifest: &str) -> Vec<(String, bool)> {
    let manifests = crate::manifest::parse(&[("m.toml", manifest)]).unwrap();
    let schemas = json!([
        {"className": "_User", "fields": {"portrait": {"type": "String"}}},
        {"className": "Photo", "fields": {"picture": {"type": "String"}, "pictures": {"type": "Array"}, "likes": {"type": "Number"}, "file": {"type": "File"}, "cloudinaryIdentifier": {"type": "String"},
            "meta": {"type": "Object"}, "owner": {"type": "Pointer", "targetClass": "_User"}}},
    ]);
    let schemas: Vec<Schema> = serde_json::from_value(schemas).unwrap();
    let found = mistakes(&manifests, &schemas).into_iter();
    found
        .map(|mistake| (mistake.to_string(), mistake.is_certain()))
        .collect()
}

#[test]
fn finds_nothing_wrong_with_columns_of_texts_and_arrays() {
    for manifest in [
        "class = \"Photo\"\n[fields.picture]\n[fields.pictures]\nmany = true\n",
        "class = \"Photo\"\nreferences = [\"picture\", \"pictures\", \"meta\", \"meta.a.b\", \"pictures.a\"]\n",
    ] {
        assert_eq!(found(manifest), []);
    }
}

#[test]
fn names_what_is_missing_or_holds_no_identifiers_and_what_was_meant() {
    for (manifest, expected, certain) in [
        (
            "class = \"Phto\"\n[fields.picture]",
            "Parse Server has no class Phto: did you mean Photo?",
            true,
        ),
        (
            "class = \"Invoice\"\n[fields.picture]",
            "Parse Server has no class Invoice",
            false,
        ),
        (
            "class = \"Photo\"\n[fields.pictrue]",
            "Photo has no column pictrue: did you mean picture?",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.zoom]",
            "Photo has no column zoom",
            false,
        ),
        (
            "class = \"Foto\"\n[fields.picture]",
            "Parse Server has no class Foto: did you mean Photo?",
            true,
        ),
        (
            "class = \"PhotoAlbum\"\n[fields.picture]",
            "Parse Server has no class PhotoAlbum",
            false,
        ),
        (
            "class = \"User\"\n[fields.portrait]",
            "Parse Server has no class User: did you mean _User?",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.cloudinaryIdentifer]",
            "Photo has no column cloudinaryIdentifer: did you mean cloudinaryIdentifier?",
            true,
        ),
        (
            "class = \"Photo\"\nreferences = [\"mta.slides.image\"]",
            "Photo has no column mta: did you mean meta?",
            true,
        ),
        (
            "class = \"Photo\"\nreferences = [\"picture.image\"]",
            "Photo.picture is of type String, which holds no identifiers",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.file]",
            "Photo.file is of type File, which holds no identifiers",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.file]\nmany = true",
            "Photo.file is of type File, which holds no identifiers",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.pictures]",
            "Photo.pictures is of type Array, and its manifest does not say `many = true`",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.picture]\nmany = true",
            "Photo.picture is of type String, and its manifest says `many = true`",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.likes]",
            "Photo.likes is of type Number, which holds no identifiers",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.meta]",
            "Photo.meta is of type Object, which holds no identifiers",
            true,
        ),
        (
            "class = \"Photo\"\n[fields.owner]",
            "Photo.owner is of type Pointer, which holds no identifiers",
            true,
        ),
    ] {
        assert_eq!(found(manifest), [(expected.to_owned(), certain)]);
    }
}

#[test]
fn takes_no_name_for_another_that_the_manifests_name() {
    let manifest = "class = \"Photo\"\n[fields.picture]\n[fields.picture2]\n";
    let expected = "Photo has no column picture2: did you mean pictures?";
    assert_eq!(found(manifest), [(expected.to_owned(), true)]);
    let manifest =
        "class = \"Photo\"\n[fields.picture]\n[fields.picture2]\n[fields.pictures]\nmany = true\n";
    let expected = "Photo has no column picture2";
    assert_eq!(found(manifest), [(expected.to_owned(), false)]);
}

/// One slip of the keyboard.
fn slip(name: &str, at: usize, kind: usize) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let at = 1 + at % (letters.len() - 2);
    match kind {
        0 => _ = letters.remove(at),
        1 => letters.insert(at, 'x'),
        2 => letters[at] = 'x',
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn finds_every_slip_in_a_name(
        class in "[A-W][a-w]{3,9}",
        column in "[a-w]{4,10}",
        at in 0usize..100,
        kind in 0usize..4,
        in_class in any::<bool>(),
    ) {
        let (mut named_class, mut named_column) = (class.clone(), column.clone());
        let slipped = if in_class { &mut named_class } else { &mut named_column };
        *slipped = slip(slipped, at, kind);
        let schema = json!([{"className": class, "fields": {column.clone(): {"type": "String"}}}]);
        let schemas: Vec<Schema> = serde_json::from_value(schema).unwrap();
        let text = format!("class = \"{named_class}\"\n[fields.{named_column}]\n");
        let manifests = crate::manifest::parse(&[("m.toml", &*text)]).unwrap();
        let found = mistakes(&manifests, &schemas);
        if (&named_class, &named_column) == (&class, &column) {
            prop_assert_eq!(found, vec![]);
        } else {
            prop_assert_eq!(found.len(), 1);
            prop_assert!(found[0].is_certain());
            let meant = if in_class { class } else { column };
            let end = format!(": did you mean {meant}?");
            prop_assert!(found[0].to_string().ends_with(&end), "{}", found[0]);
        }
    }

    #[test]
    fn is_content_only_with_columns_that_hold_what_the_field_does(
        type_name in prop::sample::select(vec!["String", "Array", "Object", "File", "Number", "Boolean",
            "Date", "Pointer", "Relation", "GeoPoint", "Polygon", "Bytes", "ACL"]),
        many in any::<bool>(),
    ) {
        let schemas = json!([{"className": "Photo", "fields": {"picture": {"type": type_name}}}]);
        let schemas: Vec<Schema> = serde_json::from_value(schemas).unwrap();
        let text = format!("class = \"Photo\"\n[fields.picture]\nmany = {many}\n");
        let manifests = crate::manifest::parse(&[("m.toml", &*text)]).unwrap();
        let fits = type_name == if many { "Array" } else { "String" };
        prop_assert_eq!(mistakes(&manifests, &schemas).is_empty(), fits);
    }
}
