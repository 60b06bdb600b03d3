//! Updates of rows as apps make them: most keys stay as they are, a few change.

use std::collections::BTreeMap;

use cloudinary_parse::parse::signed_write::SignedWrite;
use proptest::prelude::*;
use proptest::sample::select;

use crate::checks::{SECRET, webhook};

const CAT: &str = "image/upload/v1788999000/users/u1/cat.jpg";
const DOG: &str = "image/upload/v1788999000/users/u1/dog.jpg";
const NEWER_CAT: &str = "image/upload/v1788999900/users/u1/cat.jpg";
const OLD: &str = "image/upload/v1/a.png";

/// JSON texts by key.
type Row = BTreeMap<&'static str, String>;

fn name() -> impl Strategy<Value = &'static str> {
    select(&[CAT, DOG, NEWER_CAT, OLD][..])
}

/// A picture as a row holds it, from after the guard or from before.
fn stored_picture() -> impl Strategy<Value = String> {
    let end = select(&["", "", "", "#old"][..]);
    (name(), end).prop_map(|(name, end)| format!("\"{name}{end}\""))
}

/// A picture as a save sends it.
fn sent_picture() -> impl Strategy<Value = String> {
    let end = select(&["#@", "#@", "#@", "", "", "#x", "#", "#old"][..]);
    (name(), end).prop_map(|(name, end)| format!("\"{name}{end}\""))
}

fn list(item: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(",")))
}

fn row() -> impl Strategy<Value = Row> {
    let status = select(&["\"approved\"", "\"pending\"", "null"][..]);
    let some = |text: BoxedStrategy<String>| prop::option::weighted(0.8, text);
    (
        some(stored_picture().boxed()),
        some(list(stored_picture()).boxed()),
        some(status.prop_map(str::to_owned).boxed()),
        some(Just("[\"url\"]".to_owned()).boxed()),
    )
        .prop_map(|(picture, pictures, status, thumbnails)| {
            let known = [
                ("picture", picture),
                ("pictures", pictures),
                ("status", status),
                ("thumbnails", thumbnails),
                ("emailVerified", Some("false".to_owned())),
                ("title", Some("\"a\"".to_owned())),
            ];
            let known = known.into_iter();
            known.filter_map(|(key, text)| Some((key, text?))).collect()
        })
}

fn edit() -> impl Strategy<Value = (&'static str, String)> {
    let fixed = |key, texts: &'static [&'static str]| {
        select(texts).prop_map(move |text| (key, text.to_owned()))
    };
    let op = select(&["Add", "AddUnique", "Remove"][..]);
    let operation = (op, list(sent_picture()))
        .prop_map(|(op, list)| format!("{{\"__op\":\"{op}\",\"objects\":{list}}}"));
    prop_oneof![
        4 => sent_picture().prop_map(|text| ("picture", text)),
        1 => fixed("picture", &["null", "{\"__op\":\"Delete\"}", "5"]),
        2 => list(sent_picture()).prop_map(|text| ("pictures", text)),
        2 => operation.prop_map(|text| ("pictures", text)),
        1 => fixed("pictures", &["null", "{\"__op\":\"Delete\"}", "[]"]),
        2 => fixed("status", &["\"approved\"", "\"rejected\"", "null", "{\"__op\":\"Delete\"}"]),
        1 => fixed("thumbnails", &["[]", "{\"__op\":\"Add\",\"objects\":[\"u\"]}"]),
        2 => fixed("emailVerified", &["true"]),
        1 => fixed("title", &["\"b\""]),
        1 => fixed("picture.x", &["{\"__op\":\"Add\",\"objects\":[1]}"]),
        1 => fixed("pictures.0", &["{\"__op\":\"Delete\"}"]),
        1 => fixed("status.x", &["{\"__op\":\"Add\",\"objects\":[1]}"]),
        1 => fixed("title.x", &["1"]),
    ]
}

/// Who saves, and with what in the context.
fn caller() -> impl Strategy<Value = String> {
    let user = select(
        &[
            "",
            "",
            ",\"user\":{\"objectId\":\"u1\"}",
            ",\"user\":{\"objectId\":\"u1\"}",
            ",\"master\":true",
            ",\"master\":true,\"isReadOnly\":true",
        ][..],
    );
    let signatures = [CAT, DOG, NEWER_CAT, OLD].map(|name| format!("\"{name}\":\"@{name}\""));
    let signatures = format!("{{{}}}", signatures.join(","));
    let signed = name().prop_map(move |name| {
        format!(
            ",\"context\":{{\"cloudinary\":{{\"picture\":\"@{name}\",\"pictures\":{signatures}}}}}"
        )
    });
    let context = prop_oneof![2 => Just(String::new()), 1 => signed];
    (user, context).prop_map(|(user, context)| user.to_owned() + &context)
}

fn json(row: &Row) -> String {
    let members = row.iter();
    let members: Vec<_> = members
        .map(|(key, text)| format!("\"{key}\":{text}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn update() -> impl Strategy<Value = (Row, Row)> {
    (row(), prop::collection::vec(edit(), 0..3)).prop_map(|(row, edits)| {
        let mut edited = row.clone();
        edited.extend(edits);
        (edited, row)
    })
}

/// A save by this service, of a mark that fits the row and perhaps the save.
fn own_write() -> impl Strategy<Value = String> {
    let to = prop_oneof![3 => name(), 1 => Just("")];
    let field = select(&["picture", "pictures"][..]);
    let more = prop::option::of(edit());
    (row(), name(), to, field, more).prop_map(|(mut row, from, to, field, more)| {
        let (before, after) = match (field, to) {
            ("picture", "") => (format!("\"{from}\""), "{\"__op\":\"Delete\"}".to_owned()),
            ("picture", to) => (format!("\"{from}\""), format!("\"{to}\"")),
            (_, "") => (
                format!("[\"{OLD}\",\"{from}\"]"),
                format!("{{\"__op\":\"Remove\",\"objects\":[\"{from}\"]}}"),
            ),
            (_, to) => (
                format!("[\"{from}\"]"),
                format!("{{\"__op\":\"AddUnique\",\"objects\":[\"{to}\"]}}"),
            ),
        };
        row.insert(field, before);
        let mut edited = row.clone();
        edited.insert(field, after);
        edited.extend(more);
        let write = SignedWrite {
            class: "Photo",
            object_id: "",
            field,
            from,
            to,
        };
        let context = write.context(&SECRET.into(), webhook::NOW);
        let (object, original) = (json(&edited), json(&row));
        format!(
            "{{\"object\":{object},\"original\":{original},\"master\":true,\"context\":{context}}}"
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_update_of_a_row_comes_to_what_the_reference_says(
        (object, original) in update(),
        caller in caller(),
    ) {
        let (object, original) = (json(&object), json(&original));
        let body = format!("{{\"object\":{object},\"original\":{original}{caller}}}");
        webhook::check(body.as_bytes());
    }

    #[test]
    fn any_create_comes_to_what_the_reference_says(
        edits in prop::collection::vec(edit(), 0..4),
        caller in caller(),
    ) {
        let object = json(&edits.into_iter().collect());
        webhook::check(format!("{{\"object\":{object}{caller}}}").as_bytes());
    }

    #[test]
    fn any_write_of_the_services_own_comes_to_what_the_reference_says(body in own_write()) {
        webhook::check(body.as_bytes());
    }
}
