use serde_json::json;

use super::*;

#[test]
fn writes_the_same_fields_as_json_and_as_a_map() {
    for url in [
        "cloudinary://key:abcd@demo",
        "cloudinary://key:abcd@demo?dpr=2.0",
    ] {
        let account = Account::from_url(url).unwrap();
        for options in [
            json!({}),
            json!({"tags": ["cat", "dog"], "folder": "", "context": {"alt": "a=b"}}),
            json!({"width": 100, "crop": "scale", "eager": [{"width": 1}, "e_sepia"]}),
            json!({"overwrite": true, "$size": 10, "public_id": "a\"b", "backup": null}),
        ] {
            let options = options.as_object().unwrap();
            let mut fields = Fields::default();
            for (name, value) in options {
                fields.add_option(name, value, &account).unwrap();
            }
            let fields = fields.sign(&account, 1_700_000_000).unwrap();
            let expected = sign_upload(&account, options, 1_700_000_000).unwrap();
            let mut text = String::new();
            fields.push_json(&mut text);
            assert_eq!(text, serde_json::to_string(&expected).unwrap());
        }
    }
}

#[test]
fn refuses_a_chosen_ampersand_only_where_it_would_not_be_escaped() {
    let account = |query| Account::from_url(&format!("cloudinary://key:abcd@demo{query}")).unwrap();
    for (name, value, is_written) in [
        ("tags", json!(["a", "b&c"]), true),
        ("context", json!({"a&b": "c"}), true),
        ("effect", json!({"a&b": 1}), true),
        ("tags", json!(["a", "b"]), false),
        ("if", json!("w > 1 && h > 1"), false),
    ] {
        let add = |query| Fields::default().add_chosen(name, &value, &account(query));
        assert_eq!(add(""), Ok(()), "{name}");
        assert_eq!(add("?signature_version=1").is_err(), is_written, "{name}");
    }
}

#[test]
fn counts_a_prefix_with_the_public_id() {
    let account = Account::from_url("cloudinary://key:abcd@demo").unwrap();
    let long = |length: usize| Value::from("é".repeat(length));
    for (options, too_long) in [
        (json!({"public_id": long(255)}), None),
        (json!({"public_id": long(256)}), Some("public_id")),
        (json!({"folder": long(255)}), None),
        (json!({"folder": long(256)}), Some("folder")),
        (json!({"folder": "a/", "public_id": long(253)}), None),
        (
            json!({"folder": "a/", "public_id": long(254)}),
            Some("public_id"),
        ),
        (
            json!({"public_id_prefix": "a", "public_id": long(254)}),
            Some("public_id"),
        ),
        (json!({"asset_folder": "a", "public_id": long(255)}), None),
        (
            json!({"asset_folder": "a", "use_asset_folder_as_public_id_prefix": true, "public_id": long(254)}),
            Some("public_id"),
        ),
    ] {
        let mut fields = Fields::default();
        for (name, value) in options.as_object().unwrap() {
            fields.add_option(name, value, &account).unwrap();
        }
        let expected = too_long.map(|name| UploadError::TooLong { name });
        assert_eq!(fields.sign(&account, 1).err(), expected, "{options}");
    }
}

#[test]
fn refuses_what_is_no_upload_option() {
    let account = Account::from_url("cloudinary://key:abcd@demo").unwrap();
    for (name, value) in [
        ("tagz", json!("a")),
        ("overwrite", json!("maybe")),
        ("width", json!({"a": 1})),
        ("public_id", json!("a//b")),
    ] {
        let options = Map::from_iter([(name.to_owned(), value.clone())]);
        assert_eq!(
            Fields::default().add_option(name, &value, &account),
            Err(sign_upload(&account, &options, 1).unwrap_err())
        );
    }
}

#[test]
fn needs_a_key_and_a_secret_to_sign_with() {
    let account = Account::from_url("cloudinary://key:abcd@demo").unwrap();
    let no_key = Account {
        api_key: None,
        ..account.clone()
    };
    let no_secret = Account {
        secrets: Vec::new(),
        ..account
    };
    for account in [no_key, no_secret] {
        let expected = sign_upload(&account, &Map::new(), 1).unwrap_err();
        assert_eq!(Fields::default().sign(&account, 1).unwrap_err(), expected);
    }
}
