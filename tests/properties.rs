//! What holds for every input, not only for those that somebody thought of.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::cloudinary::identifier::{Identifier, check_public_id};
use cloudinary_parse::cloudinary::notification::Notification;
use cloudinary_parse::cloudinary::signature::{SignatureVersion, sign, string_to_sign};
use cloudinary_parse::cloudinary::url_config::UrlConfig;
use cloudinary_parse::cloudinary::{delivery_url, transformation, upload};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

fn account(secret: &str, query: &str) -> Account {
    Account::from_url(&format!("cloudinary://key:{secret}@demo{query}")).unwrap()
}

/// Text that may be a public ID of a raw asset.
fn public_id() -> impl Strategy<Value = String> {
    let segment = r"[a-zA-Z0-9_\-.()+,;:@!$'* éß猫🙂/]{1,24}";
    segment.prop_filter("not a public_id", |text| check_public_id(text).is_ok())
}

prop_compose! {
    /// An identifier, its public ID and its version.
    fn identifier()(
        public_id in public_id(),
        version in "[0-9]{1,12}",
        resource_type in select(&["image", "video", "raw"][..]),
        delivery_type in select(&["upload", "private", "authenticated"][..]),
        format in "[a-zA-Z0-9]{1,16}",
    ) -> (String, String, String) {
        let extension = if resource_type == "raw" { String::new() } else { format!(".{format}") };
        (format!("{resource_type}/{delivery_type}/v{version}/{public_id}{extension}"), public_id, version)
    }
}

/// JSON of every shape, its keys mostly those that mean something.
fn json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(
            &[
                "10..20",
                "%",
                "100%",
                "$a * 2",
                "auto:breakpoints",
                "fetch:http://x/é",
                "rgb:fff",
                "#fff",
                "a:fetch:b",
                "!!",
                "{",
                "1x2"
            ][..]
        )
        .prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "access_control",
        "angle",
        "auth_token",
        "auto_transcription",
        "border",
        "codec",
        "color",
        "context",
        "crop",
        "custom_function",
        "dpr",
        "duration",
        "eager",
        "effect",
        "face_coordinates",
        "flags",
        "font_family",
        "font_size",
        "format",
        "fps",
        "function_type",
        "headers",
        "height",
        "if",
        "key",
        "metadata",
        "offset",
        "overlay",
        "public_id",
        "quality",
        "radius",
        "raw_transformation",
        "regions",
        "responsive_breakpoints",
        "responsive_width",
        "secure",
        "sign_url",
        "size",
        "source",
        "start_offset",
        "tags",
        "text",
        "timestamp",
        "transformation",
        "translate",
        "type",
        "underlay",
        "url",
        "url_suffix",
        "variables",
        "version",
        "video_codec",
        "width",
        "x",
        "zoom",
        "$a",
    ];
    prop_oneof![4 => select(KNOWN).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Everything that takes JSON takes this.
fn write_everything(value: &Value) {
    let config = UrlConfig::default();
    let account = account("secret", "");
    let _ = transformation::from_value(value, &config);
    let _ = transformation::eager(value, &config);
    let _ = transformation::layer(value);
    let _ = transformation::check_eager(value);
    let _ = upload::context(value);
    let _ = upload::responsive_breakpoints(&config, value);
    let _ = upload::as_text(value);
    if let Value::Object(options) = value {
        let _ = upload::upload_params(&config, options, 1);
        let _ = upload::sign_upload(&account, options, 1);
        let _ = upload::sign_request(&account, options.clone());
        let _ = delivery_url::url(&account, "a/b", options, 1);
        let _ = delivery_url::check_url_options(options);
        let _ = Account::from_config(options);
        for (name, value) in options {
            let _ = upload::check_upload_option(name, value);
        }
    }
}

proptest! {
    #[test]
    fn an_identifier_reads_as_it_was_written(
        (text, public_id, version) in identifier(),
        signature in "[0-9a-f#/]{1,64}",
    ) {
        let bare = Identifier::parse(&text).unwrap();
        prop_assert_eq!((bare.public_id, bare.version, bare.signature), (&*public_id, &*version, None));
        prop_assert_eq!(bare.to_string(), text.clone());
        let signed = format!("{text}#{signature}");
        let identifier = Identifier::parse(&signed).unwrap();
        prop_assert_eq!(identifier.bare(), text);
        prop_assert_eq!(identifier.signature, Some(&*signature));
        prop_assert_eq!(identifier.to_string(), signed);
    }

    #[test]
    fn whatever_is_read_is_written_back(text in "(image|video|raw)/(upload|private)/v[0-9]{1,3}/\\PC{0,20}") {
        if let Ok(identifier) = Identifier::parse(&text) {
            prop_assert_eq!(identifier.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = Identifier::parse(&text);
        let _ = Account::from_url(&text);
        let _ = Account::from_url(&format!("cloudinary://{text}"));
    }

    #[test]
    fn a_signature_verifies_only_with_its_own_parameters(
        (text, public_id, version) in identifier(),
        (other_text, other_id, other_version) in identifier(),
        query in select(&["", "?signature_algorithm=sha256"][..]),
        secret in "[a-zA-Z0-9]{1,30}",
        other_secret in "[a-zA-Z0-9]{1,30}",
    ) {
        let v1 = account(&secret, &format!("{}signature_version=1", if query.is_empty() { "?".into() } else { format!("{query}&") }));
        let signature = sign(&v1, &mut [("public_id", &public_id), ("version", &version)]).unwrap();
        let verify = |account: &Account, text: &str, signature: &str| {
            Identifier::parse(text).unwrap().verify(account, signature).is_ok()
        };
        let account = account(&secret, query);
        prop_assert!(verify(&account, &text, signature.as_str()));
        let is_same = (&public_id, &version) == (&other_id, &other_version);
        prop_assert_eq!(verify(&account, &other_text, signature.as_str()), is_same);
        let rotated = self::account(&other_secret, query);
        prop_assert_eq!(verify(&rotated, &text, signature.as_str()), secret == other_secret);
        prop_assert!(!verify(&account, &text, &signature.as_str().to_uppercase()) || signature.as_str().bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn a_signature_of_other_parameters_is_never_an_identifiers(
        (text, ..) in identifier(),
        params in prop::collection::btree_map("[a-z_]{1,12}", "\\PC{0,20}", 0..5),
    ) {
        // What a sign endpoint signs holds a timestamp, so it never reads as public_id and version
        // alone.
        let mut params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        params.retain(|(name, _)| *name != "timestamp");
        params.push(("timestamp", "1789000000"));
        let account = account("secret", "?signature_version=1");
        let signature = sign(&account, &mut params).unwrap();
        let identifier = Identifier::parse(&text).unwrap();
        prop_assert!(identifier.verify(&account, signature.as_str()).is_err());
    }

    #[test]
    fn signing_keeps_parameters_apart_in_version_2(
        one in prop::collection::btree_map("[a-z]{1,3}", "[a-z=&%]{1,8}", 1..4),
        two in prop::collection::btree_map("[a-z]{1,3}", "[a-z=&%]{1,8}", 1..4),
    ) {
        let (one, one_signed) = without_percent(&one);
        let (two, two_signed) = without_percent(&two);
        prop_assert_eq!(one == two, one_signed == two_signed);
    }

    #[test]
    fn a_notification_verifies_only_as_it_was_signed(
        body in prop::collection::vec(any::<u8>(), 0..64),
        flip in any::<prop::sample::Index>(),
        seconds in 0_u64..2_000_000_000,
    ) {
        let timestamp = seconds.to_string();
        let account = account("secret", "");
        let digest = {
            use sha1::{Digest, Sha1};
            hex::encode(Sha1::new().chain_update(&body).chain_update(&timestamp).chain_update("secret").finalize())
        };
        let notification = Notification { body: &body, timestamp: &timestamp, signature: &digest };
        prop_assert!(notification.verify(&account, seconds).is_ok());
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[flip.index(body.len())] ^= 1;
            let notification = Notification { body: &changed, ..notification };
            prop_assert!(notification.verify(&account, seconds).is_err());
        }
    }

    #[test]
    fn a_url_holds_its_public_id(public_id in public_id()) {
        let account = account("secret", "?force_version=false");
        let identifier = format!("raw/upload/v7/{public_id}");
        let identifier = Identifier::parse(&identifier).unwrap();
        let url = delivery_url::identifier_url(&account, &identifier, &Map::new(), 0).unwrap();
        let path = url.strip_prefix("https://res.cloudinary.com/demo/raw/upload/v7/").unwrap();
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", path);
        prop_assert_eq!(percent_decode_str(path).decode_utf8().unwrap(), public_id);
    }

    #[test]
    fn context_reads_as_it_was_written(pairs in prop::collection::btree_map("[a-z]{1,6}", "[a-z=| é]{0,8}", 0..5)) {
        let context: Value = pairs.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into();
        let text = upload::context(&context).unwrap();
        prop_assert_eq!(read_context(&text), pairs.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn no_json_makes_a_serialiser_panic(value in json()) {
        write_everything(&value);
    }

    #[test]
    fn no_depth_makes_a_serialiser_panic(keys in prop::collection::vec(key(), 1..8), depth in 0_usize..600) {
        let mut value = Value::from("x");
        for key in keys.iter().cycle().take(depth) {
            value = Value::Object(Map::from_iter([(key.clone(), Value::Array(vec![value]))]));
        }
        write_everything(&value);
    }
}

/// The parameters that are signed, and what is: `%26` in a value looks like `&`, the one ambiguity
/// that version 2 leaves.
fn without_percent(params: &BTreeMap<String, String>) -> (Vec<(&str, String)>, String) {
    let mut params: Vec<(&str, String)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.replace('%', "")))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let signed = string_to_sign(&mut params, SignatureVersion::V2);
    (params, signed)
}

/// The pairs of a context, as Cloudinary splits it: `|` and `=` count unless a backslash stands
/// before them.
fn read_context(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if text.is_empty() {
        return pairs;
    }
    let (mut key, mut value, mut in_value) = (String::new(), String::new(), false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '=' if !in_value => in_value = true,
            '|' => {
                pairs.push((std::mem::take(&mut key), std::mem::take(&mut value)));
                in_value = false;
            }
            '\\' => value.extend(characters.next()),
            character if in_value => value.push(character),
            character => key.push(character),
        }
    }
    pairs.push((key, value));
    pairs
}
