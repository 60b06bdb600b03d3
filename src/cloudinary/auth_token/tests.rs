use serde_json::json;

use super::*;

const NOW: u64 = 1_789_000_000;

fn token(options: &Value) -> Result<String, TokenError> {
    generate(&UrlConfig::default(), options.as_object().unwrap(), NOW)
}

#[test]
fn makes_the_tokens_of_the_sdks() {
    for (options, expected) in [
        (
            json!({"key": "00112233FF99", "duration": 300, "acl": "*", "ip": "1.2.3.4"}),
            "__cld_token__=ip=1.2.3.4~exp=1789000300~acl=*~hmac=409c6254861d81d1c82ca97904f50f165df1745c751f270dc768e681f9a01306",
        ),
        (
            json!({"key": "00112233FF99", "duration": 300, "acl": "*", "token_name": "x"}),
            "x=exp=1789000300~acl=*~hmac=b91ba9db67cafc456b967a23bb0f5afef5811382bd83a6813b51a7fd74cb731c",
        ),
        (
            json!({"key": "00112233FF99", "start_time": "100", "duration": "300", "acl": "*"}),
            "__cld_token__=st=100~exp=400~acl=*~hmac=8e6fdd59254daeabd0634b13e8ffcde92b3db7760a1b6c33ad7f49ebef6f79af",
        ),
        (
            json!({"key": "00112233FF99", "start_time": 1_111_111_111, "duration": 300,
                "url": "http://res.cloudinary.com/test123/image/upload/v1486020273/sample.jpg"}),
            "__cld_token__=st=1111111111~exp=1111111411~hmac=639406f8c07fc6a1613e1f6192baba631f9d5719185a32049281e94e15c5619b",
        ),
        (
            json!({"key": "CCBB2233FF00", "start_time": 222_222_222, "duration": 100,
                "acl": ["/i/a/*", "/i/a/*", "/i/a/*"]}),
            "__cld_token__=st=222222222~exp=222222322~acl=%2fi%2fa%2f*!%2fi%2fa%2f*!%2fi%2fa%2f*~hmac=5210c388d0c5e74b1026f73cda8b4bdedd8e2420695bcd22d26a49824ddf6a92",
        ),
    ] {
        assert_eq!(token(&options).as_deref(), Ok(expected), "{options}");
    }
}

#[test]
fn refuses_tokens_that_open_nothing_or_everything() {
    let seconds = |key| TokenError::Invalid {
        key,
        expected: "whole seconds",
    };
    for (options, error) in [
        (json!({"duration": 5, "acl": "*"}), TokenError::Key),
        (
            json!({"key": "", "duration": 5, "acl": "*"}),
            TokenError::Key,
        ),
        (
            json!({"key": "zz", "duration": 5, "acl": "*"}),
            TokenError::Key,
        ),
        (
            json!({"key": "ABC", "duration": 5, "acl": "*"}),
            TokenError::Key,
        ),
        (
            json!({"key": 12, "duration": 5, "acl": "*"}),
            TokenError::Key,
        ),
        (json!({"key": "AB", "acl": "*"}), TokenError::Expiration),
        (
            json!({"key": "AB", "start_time": 5, "acl": "*"}),
            TokenError::Expiration,
        ),
        (json!({"key": "AB", "duration": 5}), TokenError::Scope),
        (
            json!({"key": "AB", "duration": 5, "acl": ""}),
            TokenError::Scope,
        ),
        (
            json!({"key": "AB", "duration": 5, "acl": [], "url": "/x"}),
            TokenError::Scope,
        ),
        (
            json!({"key": "AB", "duration": 5, "url": ""}),
            TokenError::Scope,
        ),
        (
            json!({"key": "AB", "duration": "soon", "acl": "*"}),
            seconds("duration"),
        ),
        (
            json!({"key": "AB", "duration": 1.5, "acl": "*"}),
            seconds("duration"),
        ),
        (
            json!({"key": "AB", "expiration": true, "acl": "*"}),
            seconds("expiration"),
        ),
        (
            json!({"key": "AB", "duration": i64::MAX, "acl": "*"}),
            TokenError::Invalid {
                key: "duration",
                expected: "a time that ends",
            },
        ),
        (
            json!({"key": "AB", "duration": 5, "acl": [1]}),
            TokenError::Invalid {
                key: "acl",
                expected: "text or an array of text",
            },
        ),
        (
            json!({"key": "AB", "duration": 5, "acl": "*", "ip": 1}),
            TokenError::Invalid {
                key: "ip",
                expected: "text",
            },
        ),
    ] {
        assert_eq!(token(&options), Err(error), "{options}");
    }
}

#[test]
fn an_option_set_to_null_is_not_the_configurations() {
    let config =
        json!({"auth_token": {"key": "00112233FF99", "duration": 600, "start_time": 11_111_111}});
    let config = UrlConfig::from_map(config.as_object().unwrap());
    let options = json!({"acl": "*", "start_time": null});
    let token = generate(&config, options.as_object().unwrap(), NOW).unwrap();
    assert!(
        token.starts_with("__cld_token__=exp=1789000600~acl=*~hmac="),
        "{token}"
    );
}
