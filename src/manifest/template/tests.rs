use serde_json::value::RawValue;

use super::*;

const ANN: TemplateUser<'_> = TemplateUser {
    object_id: "u1",
    username: Some("ann"),
};

fn named(username: &str) -> TemplateUser<'_> {
    TemplateUser {
        object_id: "u1",
        username: Some(username),
    }
}

/// Renders with the one parameter `x`, given as JSON; an empty text leaves it out.
#[track_caller]
fn render(
    template: &str,
    context: ValueContext,
    user: Option<TemplateUser<'_>>,
    x: &str,
) -> Result<String, String> {
    let x = (!x.is_empty()).then(|| RawValue::from_string(x.to_owned()).unwrap());
    Template::parse(template)
        .unwrap()
        .render(context, user, &|name| x.as_deref().filter(|_| name == "x"))
        .map_err(|error| error.to_string())
}

#[test]
fn fills_in_each_placeholder() {
    let cases = [
        ("", ""),
        ("plain", "plain"),
        ("{user.objectId}", "u1"),
        ("users/{user.objectId}", "users/u1"),
        ("{user.username}-{params.x}!", "ann-v!"),
        ("{params.x}{params.x}", "vv"),
    ];
    for (template, expected) in cases {
        assert_eq!(
            render(template, ValueContext::Tags, Some(ANN), r#""v""#).as_deref(),
            Ok(expected),
            "{template}"
        );
    }
}

#[test]
fn refuses_what_is_not_a_template() {
    let unknown = |name: &str| {
        format!(
            "unknown template {{{name}}}: expected {{user.objectId}}, {{user.username}} or {{params.<name>}}"
        )
    };
    let cases = [
        ("{user.objectId", "`{` without `}`".to_owned()),
        ("a{", "`{` without `}`".to_owned()),
        ("{{user.objectId}}", "`{` without `}`".to_owned()),
        ("a}", "`}` without `{`".to_owned()),
        ("{user.objectId}}", "`}` without `{`".to_owned()),
        ("{}", unknown("")),
        ("{user}", unknown("user")),
        ("{user.email}", unknown("user.email")),
        ("{user.objectid}", unknown("user.objectid")),
        ("{ user.objectId }", unknown(" user.objectId ")),
        ("{params}", unknown("params")),
        ("{params.}", unknown("params.")),
        ("{params.a.b}", unknown("params.a.b")),
        ("{params.a b}", unknown("params.a b")),
    ];
    for (template, expected) in cases {
        assert_eq!(
            Template::parse(template).map_err(|error| error.to_string()),
            Err(expected),
            "{template}"
        );
    }
}

#[test]
fn refuses_a_parameter_that_is_no_text_by_its_name() {
    for x in [
        "",
        "null",
        r#""""#,
        "1",
        "true",
        "[\"v\"]",
        "{\"v\":1}",
        r#""\ud800""#,
    ] {
        assert_eq!(
            render("{params.x}", ValueContext::Other, Some(ANN), x),
            Err("params.x: expected a non-empty string".to_owned()),
            "{x}"
        );
    }
}

#[test]
fn needs_a_user_only_for_the_users_attributes() {
    let no_user = Err("Needs an authenticated user".to_owned());
    assert_eq!(
        render("{user.objectId}", ValueContext::Path, None, ""),
        no_user
    );
    assert_eq!(
        render("{user.username}", ValueContext::Tags, None, ""),
        no_user
    );
    assert_eq!(
        render("{params.x}", ValueContext::Tags, None, r#""v""#).as_deref(),
        Ok("v")
    );
    let nobody = TemplateUser {
        object_id: "",
        username: None,
    };
    assert_eq!(
        render("{user.objectId}", ValueContext::Path, Some(nobody), ""),
        no_user
    );
    for username in [None, Some("")] {
        assert_eq!(
            render(
                "{user.username}",
                ValueContext::Tags,
                Some(TemplateUser {
                    object_id: "u1",
                    username
                }),
                ""
            ),
            Err("user.username: expected a user with a name".to_owned())
        );
    }
}

#[test]
fn expands_once() {
    assert_eq!(
        render(
            "{params.x}",
            ValueContext::Tags,
            Some(ANN),
            r#""{user.objectId}""#
        )
        .as_deref(),
        Ok("{user.objectId}")
    );
    assert_eq!(
        render(
            "{user.username}",
            ValueContext::Tags,
            Some(named("{params.x}")),
            r#""v""#
        )
        .as_deref(),
        Ok("{params.x}")
    );
}

#[test]
fn decodes_a_parameter_before_looking_at_it() {
    assert_eq!(
        render(
            "{params.x}",
            ValueContext::Tags,
            None,
            r#""\u00e9\ud83d\ude00""#
        )
        .as_deref(),
        Ok("é😀")
    );
    assert_eq!(
        render("{params.x}", ValueContext::Tags, None, r#""a\u002cb""#),
        Err("params.x: expected text without `,`".to_owned())
    );
}

/// What each place does with a parameter and with a user's name.
#[test]
fn keeps_values_in_their_place() {
    let refused = |expected: &str| Err(format!("params.x: expected {expected}"));
    let other = "letters, digits, spaces, `_`, `-` and `.`";
    let cases = [
        (
            ValueContext::Tags,
            "a,b",
            refused("text without `,`"),
            "a_b",
        ),
        (
            ValueContext::Tags,
            "a|b=c/d",
            Ok("a|b=c/d".to_owned()),
            "a|b=c/d",
        ),
        (
            ValueContext::Context,
            "a|b",
            refused("text without `|`, `=` and `\\`"),
            "a_b",
        ),
        (
            ValueContext::Context,
            "a=b",
            refused("text without `|`, `=` and `\\`"),
            "a_b",
        ),
        (
            ValueContext::Context,
            "a\\",
            refused("text without `|`, `=` and `\\`"),
            "a_",
        ),
        (ValueContext::Context, "a, b", Ok("a, b".to_owned()), "a, b"),
        (
            ValueContext::Headers,
            "a\nb",
            refused("text without control characters"),
            "a_b",
        ),
        (ValueContext::Headers, "a: b", Ok("a: b".to_owned()), "a: b"),
        (
            ValueContext::Url,
            "a/b?c=ü",
            Ok("a%2Fb%3Fc%3D%C3%BC".to_owned()),
            "a%2Fb%3Fc%3D%C3%BC",
        ),
        (
            ValueContext::Caption,
            "50 $, {ok}/",
            Ok("50 $, {ok}/".to_owned()),
            "50 $, {ok}/",
        ),
        (
            ValueContext::Caption,
            "$(v)",
            refused("text without `$(`"),
            "_(v)",
        ),
        (ValueContext::Text, "a/b,c", Ok("a/b,c".to_owned()), "a/b,c"),
        (
            ValueContext::Other,
            "a.b-c_d é1",
            Ok("a.b-c_d é1".to_owned()),
            "a.b-c_d é1",
        ),
        (ValueContext::Other, "fill/l_x", refused(other), "fill_l_x"),
        (ValueContext::Other, "fill,w_9", refused(other), "fill_w_9"),
        (ValueContext::Other, "$v", refused(other), "_v"),
        (ValueContext::Other, "a:b|c", refused(other), "a_b_c"),
    ];
    for (context, value, param, attribute) in cases {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(
            render("{params.x}", context, None, &json),
            param,
            "{context:?} {value}"
        );
        assert_eq!(
            render("{user.username}", context, Some(named(value)), "").as_deref(),
            Ok(attribute),
            "{context:?} {value}"
        );
    }
}

#[test]
fn refuses_in_a_path_even_a_users_own_name() {
    let values = [
        "a/b",
        "/",
        "..",
        ".",
        "a..b",
        "a&b",
        "a=b",
        "a?",
        "#a",
        "a%2f",
        "<",
        ">",
        "a\\b",
        "a\u{7}",
        "a\u{85}",
        " a",
        "a ",
        "a\u{a0}",
        "\u{feff}a",
    ];
    let expected = "expected text without `/`, `..`, `& = ? # % < > \\`, control characters and white space at its ends";
    for value in values {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(
            render("users/{params.x}", ValueContext::Path, None, &json),
            Err(format!("params.x: {expected}")),
            "{value}"
        );
        assert_eq!(
            render(
                "users/{user.username}",
                ValueContext::Path,
                Some(named(value)),
                ""
            ),
            Err(format!("user.username: {expected}")),
            "{value}"
        );
        let odd_id = TemplateUser {
            object_id: value,
            username: None,
        };
        assert_eq!(
            render(
                "users/{user.objectId}",
                ValueContext::Path,
                Some(odd_id),
                ""
            ),
            Err(format!("user.objectId: {expected}")),
            "{value}"
        );
    }
    for value in ["a.b", "a b", "é", "a@b", "{user.objectId}", "a,b|c", ".a"] {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(
            render("users/{params.x}", ValueContext::Path, None, &json),
            Ok(format!("users/{value}")),
            "{value}"
        );
    }
}

#[test]
fn refuses_dots_that_a_value_completes() {
    let dots = TemplateUser {
        object_id: "x.",
        username: None,
    };
    for (template, expected) in [
        ("a/.{params.x}", Ok("a/..b".to_owned())),
        ("a/{user.objectId}.", Ok("a/x..".to_owned())),
    ] {
        assert_eq!(
            render(template, ValueContext::Path, Some(dots), r#"".b""#),
            expected,
            "{template}"
        );
    }
    assert!(render("a/.{params.x}", ValueContext::Path, None, r#"".""#).is_err());
}

#[test]
fn refuses_dots_in_a_url() {
    for value in [".", "..", "a..b"] {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(
            render(
                "https://x.example/{params.x}/y",
                ValueContext::Url,
                None,
                &json
            ),
            Err("params.x: expected text without `..`".to_owned())
        );
    }
}

#[test]
fn knows_what_it_uses() {
    let template = Template::parse("{params.a}/{user.username}/{params.b-c}").unwrap();
    assert_eq!(template.params().collect::<Vec<_>>(), ["a", "b-c"]);
    assert!(template.needs_user() && template.uses_username());
    let plain = Template::parse("plain").unwrap();
    assert_eq!(plain.params().count(), 0);
    assert!(!plain.needs_user() && !plain.uses_username());
}

#[test]
fn binds_a_user_by_a_segment_of_their_own() {
    let cases = [
        ("users/{user.objectId}", true),
        ("{user.objectId}/x", true),
        ("{params.album}/u-{user.objectId}/x", true),
        ("{user.objectId}", true),
        ("users", false),
        ("users/{user.username}", false),
        ("{params.x}{user.objectId}", false),
        ("users/{user.objectId}{params.x}", false),
        ("users/{user.objectId}-{params.x}/y", false),
    ];
    for (template, expected) in cases {
        assert_eq!(
            Template::parse(template).unwrap().binds_user(),
            expected,
            "{template}"
        );
    }
}
