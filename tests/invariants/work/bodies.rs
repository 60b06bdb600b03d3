//! Bodies of every shape that can be made longer.

use std::fmt::Write as _;

use cloudinary_parse::parse::signed_write::SignedWrite;
use sha1::{Digest as _, Sha1};

pub(super) const NOW: u64 = 1_789_000_000;
pub(super) const SECRET: &str = "work-secret";

/// Which hook a body is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hook {
    BeforeSave(Class),
    AfterSave(Class),
    AfterDelete(Class),
    Function(&'static str),
    Notification,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    Album,
    Photo,
}

/// A body that can be made longer.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) hook: Hook,
    /// How long it is at first: long enough for what is done for each pair to outweigh what is done
    /// for each.
    pub(super) size: usize,
    pub(super) body: fn(usize) -> String,
}

pub(super) const ALBUM: &str = r#"class = "Album"
[fields.pictures]
many = true
max_items = 1000000
on_replace = "destroy"
on_delete = "destroy"
grace = "1h"
destroy_within = ""
"#;

pub(super) const PHOTO: &str = r#"class = "Photo"
[fields.picture]
moderation_field = "status"
eager_field = "thumbnails"
"#;

pub(super) const FUNCTIONS: &[(&str, &str)] = &[
    (
        "sign",
        "function = \"sign\"\naction = \"sign_upload\"\naccess = \"public\"\n[upload]\ntags = \"{params.tag}\"\n[accept]\ncontext = true\neager = true\nfolder = true\n",
    ),
    (
        "url",
        "function = \"url\"\naction = \"delivery_url\"\naccess = \"public\"\n[accept]\neffect = true\nwidth = true\n",
    ),
];

const fn shape(name: &'static str, hook: Hook, size: usize, body: fn(usize) -> String) -> Shape {
    Shape {
        name,
        hook,
        size,
        body,
    }
}

const ALBUMS: Hook = Hook::BeforeSave(Class::Album);
const PHOTOS: Hook = Hook::BeforeSave(Class::Photo);

/// So many where much is done for each.
const SIGNED: usize = 200;
const MANY: usize = 500;

#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    shape("new signed elements of a create", ALBUMS, SIGNED, |n| create("pictures", &array(n, signed))),
    shape("new signed elements beside a stored one", ALBUMS, SIGNED, |n| update("pictures", &array(n, signed), &array(1, |_| bare(9_000_000)))),
    shape("stored elements and a new one", ALBUMS, MANY, |n| update("pictures", &array(n + 1, |i| if i == n { signed(i) } else { bare(i) }), &array(n, bare))),
    shape("stored elements in another order", ALBUMS, MANY, |n| update("pictures", &array(n, |i| bare(n - 1 - i)), &array(n, bare))),
    shape("stored elements sent with their signatures", ALBUMS, SIGNED, |n| update("pictures", &array(n, signed), &array(n, bare))),
    shape("stored elements that hold signatures", ALBUMS, SIGNED, |n| update("pictures", &array(n, |i| bare(n - 1 - i)), &array(n, signed))),
    shape("elements that are escaped", ALBUMS, MANY, |n| update("pictures", &array(n, |i| escaped(n - 1 - i)), &array(n, bare))),
    shape("one element, repeated", ALBUMS, MANY, |n| update("pictures", &array(n, |_| bare(1)), &array(1, |_| bare(1)))),
    shape("elements that are no texts", ALBUMS, MANY, |n| update("pictures", &format!("[{}]", list(n, |i| format!("{{\"a\":{i}}}"))), &format!("[{}]", list(n, |i| format!("{{\"a\":{}}}", n - 1 - i))))),
    shape("a forged element after many stored ones", ALBUMS, MANY, |n| update("pictures", &array(n + 1, |i| if i == n { bare(i) } else { bare(n - 1 - i) }), &array(n, bare))),
    shape("operands of Add", ALBUMS, SIGNED, |n| update("pictures", &operation("Add", n, signed), &array(n, |i| bare(n + i)))),
    shape("stored operands of Add", ALBUMS, MANY, |n| update("pictures", &operation("Add", n, |i| bare(n - 1 - i)), &array(n, bare))),
    shape("stored operands of AddUnique", ALBUMS, MANY, |n| update("pictures", &operation("AddUnique", n, |i| bare(n - 1 - i)), &array(n, bare))),
    shape("stored operands of Remove", ALBUMS, MANY, |n| update("pictures", &operation("Remove", n, |i| bare(n - 1 - i)), &array(n, bare))),
    shape("operands of Remove with signatures", ALBUMS, MANY, |n| update("pictures", &operation("Remove", n, unsigned), &array(n, bare))),
    shape("operands of Remove that nothing holds", ALBUMS, MANY, |n| update("pictures", &operation("Remove", n, |i| bare(n + i)), &array(n, bare))),
    shape("operations of a Batch", ALBUMS, MANY, |n| update("pictures", &format!("{{\"__op\":\"Batch\",\"ops\":[{}]}}", list(n, |i| operation("Add", 1, |_| bare(i)))), "[]")),
    shape("signatures in the context", ALBUMS, SIGNED, |n| in_context(n, |i| bare(n - 1 - i))),
    shape("signatures in the context that nothing asks for", ALBUMS, MANY, |n| in_context(n, |_| bare(0))),
    shape("top-level keys of a create", PHOTOS, MANY, |n| create_with(&keys(n, |i| format!("k{i}")))),
    shape("changed top-level keys beside a signature", PHOTOS, MANY, |n| update_with(&format!("{},\"picture\":{}", list(n, |i| format!("\"k{i}\":1")), signed(1)), &list(n, |i| format!("\"k{}\":2", n - 1 - i)))),
    shape("unchanged top-level keys", PHOTOS, MANY, |n| update_with(&keys(n, |i| format!("k{i}")), &keys(n, |i| format!("k{i}")))),
    shape("one top-level key, repeated", PHOTOS, MANY, |n| update_with(&format!("{},\"picture\":{}", keys(n, |_| "k".to_owned()), signed(1)), "\"k\":0")),
    shape("the guarded key, repeated", PHOTOS, MANY, |n| create_with(&list(n, |_| format!("\"picture\":{}", bare(1))))),
    shape("a column of ours, repeated", PHOTOS, MANY, |n| update_with(&list(n, |_| "\"status\":\"x\"".to_owned()), "\"status\":\"y\"")),
    shape("keys that are escaped", PHOTOS, MANY, |n| update_with(&format!("{},\"picture\":{}", keys(n, |i| format!("\\u006b{i}")), signed(1)), &keys(n, |i| format!("k{i}")))),
    shape("dotted keys that reach into a guarded field", ALBUMS, MANY, |n| update_with(&format!("{},\"pictures\":[]", keys(n, |i| format!("pictures.{i}"))), "\"pictures\":[]")),
    shape("dotted keys that reach elsewhere", ALBUMS, MANY, |n| update_with(&format!("{},\"pictures\":[]", keys(n, |i| format!("stats.k{i}"))), "\"pictures\":[]")),
    shape("keys of the envelope", PHOTOS, MANY, |n| format!("{{{},\"object\":{{\"picture\":{}}}}}", keys(n, |i| format!("k{i}")), signed(1))),
    shape("a deep array beside a signature", PHOTOS, 4000, |n| create_with(&format!("\"picture\":{},\"deep\":{}", signed(1), deep(n, "[", "]")))),
    shape("a deep object beside a signature", PHOTOS, 2000, |n| create_with(&format!("\"picture\":{},\"deep\":{}", signed(1), deep(n, "{\"a\":", "}")))),
    shape("a deep array in a guarded field", ALBUMS, 4000, |n| update("pictures", &deep(n, "[", "]"), "[]")),
    shape("a deep array that a guarded field holds", ALBUMS, 4000, |n| update("pictures", &format!("[{}]", bare(1)), &deep(n, "[", "]"))),
    shape("a long text beside a signature", PHOTOS, 20_000, |n| create_with(&format!("\"picture\":{},\"long\":\"{}\"", signed(1), "a".repeat(n)))),
    shape("escapes beside a signature", PHOTOS, 4000, |n| create_with(&format!("\"picture\":{},\"long\":\"{}\"", signed(1), "\\u0061\\n\\ud83d".repeat(n)))),
    shape("a long text in a guarded field", PHOTOS, 10_000, |n| create("picture", &format!("\"image/upload/v1/{}#0\"", "a".repeat(n)))),
    shape("a long path in a guarded field", PHOTOS, 4000, |n| create("picture", &format!("\"image/upload/v1/{}b#0\"", "a/".repeat(n)))),
    shape("escapes in a guarded field", PHOTOS, 4000, |n| create("picture", &format!("\"image/upload/v1/{}#0\"", "\\u0061".repeat(n)))),
    shape("white space", PHOTOS, 10_000, |n| format!("{{\"object\":{{\"picture\":{}{}}}}}", " \n".repeat(n), signed(1))),
    shape("a write of ours that removes", ALBUMS, SIGNED, |n| own_write(n, &operation("Remove", 1, bare), "")),
    shape("a write of ours that adds", ALBUMS, SIGNED, |n| own_write(n, &operation("AddUnique", 1, |_| bare(9_000_000)), "image/upload/v1/a9000000.jpg")),
    shape("a made-up write of ours", ALBUMS, SIGNED, |n| own_write(n, &operation("Remove", n, bare), "another")),
    shape("afterSave of unchanged elements", Hook::AfterSave(Class::Album), SIGNED, |n| update("pictures", &array(n, bare), &array(n, bare))),
    shape("afterSave of elements in another order", Hook::AfterSave(Class::Album), SIGNED, |n| update("pictures", &array(n, |i| bare(n - 1 - i)), &array(n, bare))),
    shape("afterSave of replaced elements", Hook::AfterSave(Class::Album), SIGNED, |n| update("pictures", &array(n, |i| bare(n + i)), &array(n, bare))),
    shape("afterSave of emptied arrays", Hook::AfterSave(Class::Album), SIGNED, |n| update("pictures", "[]", &array(n, bare))),
    shape("afterSave of nested arrays", Hook::AfterSave(Class::Album), SIGNED, |n| update("pictures", &format!("[{}]", array(n, |i| bare(n - 1 - i))), &format!("[{}]", array(n, bare)))),
    shape("afterSave of versions of one asset", Hook::AfterSave(Class::Album), SIGNED, |n| update("pictures", &array(n, |i| version(n - 1 - i)), &array(n, version))),
    shape("afterSave of a write of ours", Hook::AfterSave(Class::Album), SIGNED, |n| own_write(n, "[]", "")),
    shape("afterDelete of an array", Hook::AfterDelete(Class::Album), MANY, |n| update("pictures", &array(n, bare), "[]")),
    shape("unknown parameters", Hook::Function("sign"), MANY, |n| params(&keys(n, |i| format!("k{i}")))),
    shape("a parameter, repeated", Hook::Function("sign"), MANY, |n| params(&keys(n, |_| "tag".to_owned()))),
    shape("a long templated parameter", Hook::Function("sign"), 10_000, |n| params(&format!("\"tag\":\"{}\"", "a".repeat(n)))),
    shape("a long context", Hook::Function("sign"), MANY, |n| params(&format!("\"tag\":\"a\",\"context\":{{{}}}", list(n, |i| format!("\"k{i}\":\"v\""))))),
    shape("a long text of context", Hook::Function("sign"), 4000, |n| params(&format!("\"tag\":\"a\",\"context\":\"{}\"", "a=b|".repeat(n)))),
    shape("a long folder", Hook::Function("sign"), 4000, |n| params(&format!("\"tag\":\"a\",\"folder\":\"{}\"", "a/".repeat(n)))),
    shape("a list of eager transformations", Hook::Function("sign"), SIGNED, |n| params(&format!("\"tag\":\"a\",\"eager\":[{}]", list(n, |i| format!("{{\"width\":{i}}}"))))),
    shape("unknown options of a URL", Hook::Function("url"), MANY, |n| params(&format!("\"identifier\":{},\"options\":{{{}}}", bare(1), keys(n, |i| format!("k{i}"))))),
    shape("a long option of a URL", Hook::Function("url"), 4000, |n| params(&format!("\"identifier\":{},\"options\":{{\"effect\":\"{}\"}}", bare(1), "a:".repeat(n)))),
    shape("a long identifier", Hook::Function("url"), 4000, |n| params(&format!("\"identifier\":\"image/upload/v1/{}b\"", "a/".repeat(n)))),
    shape("resources of a notification", Hook::Notification, MANY, |n| notification("delete", &format!("\"resources\":[{}]", list(n, resource)))),
    shape("resources of a notification by name", Hook::Notification, MANY, |n| notification("delete", &format!("\"resources\":{{{}}}", list(n, |i| format!("\"a{i}\":{}", resource(i)))))),
    shape("moderations of a notification", Hook::Notification, MANY, |n| notification("moderation_summary", &format!("\"public_id\":\"a\",\"version\":1,\"moderation\":[{}]", list(n, |_| "{\"kind\":\"manual\",\"status\":\"approved\"}".to_owned())))),
    shape("eager transformations of a notification", Hook::Notification, MANY, |n| notification("eager", &format!("\"public_id\":\"a\",\"eager\":[{}]", list(n, |i| format!("{{\"secure_url\":\"https://res.cloudinary.com/demo/image/upload/w_{i}/v1/a.jpg\"}}"))))),
    shape("unknown keys of a notification", Hook::Notification, MANY, |n| notification("upload", &keys(n, |i| format!("k{i}")))),
];

fn list(n: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..n).map(item).collect();
    items.join(",")
}

fn array(n: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", list(n, item))
}

fn keys(n: usize, key: impl Fn(usize) -> String) -> String {
    list(n, |i| format!("\"{}\":{i}", key(i)))
}

fn bare(i: usize) -> String {
    format!("\"image/upload/v1/a{i:07}.jpg\"")
}

fn version(i: usize) -> String {
    format!("\"image/upload/v{}/a.jpg\"", i + 1)
}

fn escaped(i: usize) -> String {
    format!("\"\\u0069mage/upload/v1/a{i:07}.jpg\"")
}

fn unsigned(i: usize) -> String {
    format!("\"image/upload/v1/a{i:07}.jpg#{}\"", "0".repeat(40))
}

fn signature(i: usize) -> String {
    let text = format!("public_id=a{i:07}&version=1{SECRET}");
    hex::encode(Sha1::digest(text.as_bytes()))
}

fn signed(i: usize) -> String {
    format!("\"image/upload/v1/a{i:07}.jpg#{}\"", signature(i))
}

fn operation(op: &str, n: usize, item: impl Fn(usize) -> String) -> String {
    format!("{{\"__op\":\"{op}\",\"objects\":{}}}", array(n, item))
}

fn deep(n: usize, open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(n), close.repeat(n))
}

fn create_with(members: &str) -> String {
    format!("{{\"object\":{{{members}}}}}")
}

fn create(field: &str, value: &str) -> String {
    create_with(&format!("\"{field}\":{value}"))
}

fn update_with(members: &str, stored: &str) -> String {
    format!(
        "{{\"object\":{{\"objectId\":\"o\",{members}}},\"original\":{{\"objectId\":\"o\",{stored}}}}}"
    )
}

fn update(field: &str, value: &str, stored: &str) -> String {
    update_with(
        &format!("\"{field}\":{value}"),
        &format!("\"{field}\":{stored}"),
    )
}

/// Bare elements whose signatures travel in the context.
fn in_context(n: usize, element: impl Fn(usize) -> String) -> String {
    let mut body = format!(
        "{{\"object\":{{\"pictures\":{}}},\"context\":{{\"cloudinary\":{{\"pictures\":{{",
        array(n, element)
    );
    for i in 0..n {
        let comma = if i == 0 { "" } else { "," };
        write!(body, "{comma}{}:\"{}\"", bare(i), signature(i)).unwrap();
    }
    body.push_str("}}}}");
    body
}

/// A write with the mark of this service's, of a row that holds many pictures; it was made for the
/// last of them.
fn own_write(n: usize, value: &str, to: &str) -> String {
    let from = bare(n - 1);
    let write = SignedWrite {
        class: "Album",
        object_id: "o",
        field: "pictures",
        from: from.trim_matches('"'),
        to,
    };
    let context = write.context(&SECRET.into(), NOW);
    let save = update("pictures", value, &array(n, bare));
    let object = save.trim_start_matches('{');
    format!("{{\"master\":true,\"context\":{context},{object}")
}

fn params(members: &str) -> String {
    format!("{{\"params\":{{{members}}}}}")
}

fn resource(i: usize) -> String {
    format!(
        "{{\"resource_type\":\"image\",\"type\":\"upload\",\"public_id\":\"a{i}\",\"version\":1}}"
    )
}

fn notification(kind: &str, members: &str) -> String {
    format!(
        "{{\"notification_type\":\"{kind}\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"resource_type\":\"image\",\"type\":\"upload\",{members}}}"
    )
}
