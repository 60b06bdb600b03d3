//! Saves made from parts that mean something, in combinations that nobody wrote down.

use proptest::prelude::*;
use proptest::sample::select;

use cloudinary_parse::parse::signed_write::SignedWrite;

use crate::checks::{SECRET, identifier, notification, webhook};

/// JSON texts that a guarded field may hold, good and bad.
fn text() -> impl Strategy<Value = String> {
    let name = select(
        &[
            "image/upload/v1788999000/users/u1/cat.jpg",
            "image/upload/v1788999000/users/u2/cat.jpg",
            "image/upload/v1/a.png",
            "raw/private/v1788999500/users/u1/a.jpg",
            "video/authenticated/v1789000300/users/u1/a.jpg",
            "image/upload/v1/a//b",
            "",
            "legacy",
        ][..],
    );
    let end = select(&["", "#@", "#", "#0123", "#@x", "#@#@"][..]);
    let spelling = select(
        &[
            ("image", "image"),
            ("image", "\\u0069mage"),
            ("cat", "c\\ud83dt"),
        ][..],
    );
    (name, end, spelling)
        .prop_map(|(name, end, (from, to))| format!("\"{}{end}\"", name.replacen(from, to, 1)))
}

fn value() -> impl Strategy<Value = String> {
    let list = || {
        let item = prop_oneof![8 => text(), 1 => select(&["1", "null", "{}", "[\"a\"]"][..]).prop_map(str::to_owned)];
        prop::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(" , ")))
    };
    let op = select(&["Add", "AddUnique", "Remove", "Delete", "Increment", "add"][..]);
    let objects = select(&["objects", "\\u006fbjects", "object"][..]);
    prop_oneof![
        4 => text(),
        2 => list(),
        3 => (op, objects, list()).prop_map(|(op, objects, list)| format!("{{\"__op\":\"{op}\",\"{objects}\":{list}}}")),
        1 => select(&["null", "5", "true", "{}", "{\"a\":1}", "{\"__op\":1}", "[]", "{\"__op\":\"Delete\",\"__op\":\"Add\"}"][..]).prop_map(str::to_owned),
    ]
}

fn member() -> impl Strategy<Value = String> {
    let key = select(
        &[
            "picture",
            "picture",
            "pictures",
            "pictures",
            "\\u0070icture",
            "title",
            "n",
            "objectId",
            "className",
            "createdAt",
            "status",
            "status",
            "thumbnails",
            "emailVerified",
            "picture.x",
            "pictures.0",
            "\\u0070ictures.1",
            "status\\u002ex",
            "pictures0",
            "a\\\"b",
            "\\ud83d",
            "\\u006e",
        ][..],
    );
    let other = select(
        &[
            "1",
            "1.0",
            "\"Photo\"",
            "\"\\ud83d\"",
            "[1 ,2]",
            "{\"__op\":\"Increment\",\"amount\":1}",
            "null",
            "{\"__op\":\"Delete\"}",
            "\"approved\"",
        ][..],
    );
    let space = select(&["", " ", "\n"][..]);
    (key, value(), other, space).prop_map(|(key, value, other, space)| {
        let value = if key.ends_with("icture") || key.ends_with("ictures") {
            value
        } else {
            other.to_owned()
        };
        let value = if key == "className" {
            "\"Photo\""
        } else {
            &*value
        };
        format!("\"{key}\"{space}:{space}{value}")
    })
}

fn object() -> impl Strategy<Value = String> {
    // More than 32 members are looked up in another way.
    let filler = select(&[0, 0, 0, 40][..]);
    (prop::collection::vec(member(), 0..6), filler).prop_map(|(mut members, filler)| {
        members.extend((0..filler).map(|index| format!("\"k{index}\":{index}")));
        format!("{{{}}}", members.join(","))
    })
}

/// The context of a write of the service's own, which may fit the save that it comes with.
fn own_write() -> impl Strategy<Value = String> {
    let text = || {
        select(
            &[
                "image/upload/v1788999000/users/u1/cat.jpg",
                "image/upload/v1788999000/users/u2/cat.jpg",
                "image/upload/v1/a.png",
                "",
            ][..],
        )
    };
    let object_id = select(&["", "Photo"][..]);
    let field = select(&["picture", "pictures"][..]);
    (text(), text(), object_id, field).prop_map(|(from, to, object_id, field)| {
        let write = SignedWrite {
            class: "Photo",
            object_id,
            field,
            from,
            to,
        };
        write.context(&SECRET.into(), webhook::NOW)
    })
}

fn context() -> impl Strategy<Value = String> {
    let signature = || {
        select(
            &[
                "\"@image/upload/v1788999000/users/u1/cat.jpg\"",
                "\"@image/upload/v1/a.png\"",
                "\"00\"",
                "1",
                "{\"image/upload/v1/a.png\":\"@image/upload/v1/a.png\"}",
                "{\"image/upload/v1/a.png\":1}",
            ][..],
        )
    };
    let members = (select(&["picture", "pictures", "x"][..]), signature());
    let members = prop::collection::vec(members, 0..3);
    prop_oneof![
        2 => own_write(),
        3 => members.prop_map(|members| {
            let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            format!("{{\"cloudinary\":{{{}}}}}", members.join(","))
        }),
        1 => select(&["null", "{}", "5", "{\"cloudinary\":null}", "{\"cloudinary\":{},\"cloudinary\":{}}", "{\"cloudinary_follow\":{\"field\":\"picture\",\"at\":1,\"mac\":\"\"}}"][..]).prop_map(str::to_owned),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let object = || object();
    let original = prop_oneof![3 => object().prop_map(Some), 1 => Just(None), 2 => Just(Some("{}".to_owned()))];
    let envelope = select(
        &[
            "",
            "\"user\":{\"objectId\":\"u1\"}",
            "\"user\":{\"objectId\":\"u1\",\"objectId\":\"u2\"}",
            "\"user\":null",
            "\"user\":{\"objectId\":\"../u1\"}",
            "\"master\":true",
            "\"master\":true,\"isReadOnly\":false",
            "\"master\":true,\"isReadOnly\":true",
            "\"triggerName\":\"beforeSave\"",
            "\"triggerName\":\"afterSave\"",
            "\"functionName\":\"f\"",
            "\"\\u006fbject\":{}",
        ][..],
    );
    let context = prop_oneof![Just(None), context().prop_map(Some)];
    (object(), original, envelope, context).prop_map(|(object, original, envelope, context)| {
        let mut members = vec![format!("\"object\":{object}")];
        members.extend(original.map(|original| format!("\"original\":{original}")));
        members.extend((!envelope.is_empty()).then(|| envelope.to_owned()));
        members.extend(context.map(|context| format!("\"context\":{context}")));
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn any_save_comes_to_what_the_reference_says(body in body()) {
        webhook::check(body.as_bytes());
    }

    #[test]
    fn a_save_with_a_byte_out_of_place_comes_to_what_the_reference_says(
        body in body(),
        place in any::<prop::sample::Index>(),
        byte in prop_oneof![Just(None), any::<u8>().prop_map(Some), select(&b"{}[],:\"\\#@0u"[..]).prop_map(Some)],
    ) {
        let mut body = body.into_bytes();
        let place = place.index(body.len());
        match byte {
            Some(byte) => body[place] = byte,
            None => _ = body.remove(place),
        }
        webhook::check(&body);
    }

    #[test]
    fn any_text_is_read_as_the_reference_reads_it(
        text in r"(image|video|raw)/(upload|private|authenticated)/v[0-9]{1,13}/[a-zA-Z0-9./#&= \u{85}é]{0,24}",
    ) {
        identifier::check(text.as_bytes());
    }
}

/// Members of a notification, good and odd.
fn told() -> impl Strategy<Value = String> {
    let kind = select(
        &[
            "upload",
            "moderation",
            "moderation_summary",
            "rename",
            "delete",
            "eager",
            "move",
        ][..],
    );
    let kind = kind.prop_map(|kind| format!("\"notification_type\":\"{kind}\""));
    let text = (
        select(
            &[
                "public_id",
                "from_public_id",
                "to_public_id",
                "resource_type",
                "type",
                "to_type",
                "moderation_status",
                "format",
                "timestamp",
                "secure_url",
            ][..],
        ),
        select(
            &[
                "a/cat",
                "b",
                "../a",
                "",
                "image",
                "video",
                "upload",
                "private",
                "fetch",
                "approved",
                "rejected",
                "queued",
                "https://res.cloudinary.com/demo/image/private/v1/a/cat.jpg",
                "https://h/video/upload/b.mp4",
                "2026-01-01T00:00:00Z",
            ][..],
        ),
    );
    let text = text.prop_map(|(key, value)| format!("\"{key}\":\"{value}\""));
    let other = select(
        &[
            "\"overwritten\":true",
            "\"version\":9",
            "\"version\":-1",
            "\"moderation\":[{\"status\":\"approved\"}]",
            "\"moderation\":[{\"status\":\"approved\"},{\"status\":\"queued\"}]",
            "\"moderation\":[{}]",
            "\"resources\":[{\"public_id\":\"b\",\"type\":\"upload\"},5]",
            "\"resources\":{\"a/cat\":{\"resource_type\":\"image\"},\"b\":null}",
            "\"eager\":[{\"secure_url\":\"https://h/raw/upload/b\"}]",
            "\"type\":null",
        ][..],
    );
    let other = other.prop_map(str::to_owned);
    let members = prop::collection::vec(prop_oneof![3 => text, 2 => other], 0..8);
    (kind, members).prop_map(|(kind, mut members)| {
        members.push(kind);
        format!("1789000000\n-\n{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_notification_is_read_to_say_more_than_it_does(body in told()) {
        notification::check(body.as_bytes());
    }
}
