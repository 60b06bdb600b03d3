use super::*;

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
    let FunctionAction::DeliveryUrl(url) = &manifests.functions[0].action else {
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
