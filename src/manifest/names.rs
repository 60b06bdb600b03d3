//! Which classes, fields and functions Parse Server would ever call a hook for.

/// Says why `beforeSave` of this class cannot be guarded.
pub(crate) fn check_class(class: &str) -> Result<(), String> {
    let reason = match class {
        "_User" | "_Installation" | "_Role" | "_Product" => return Ok(()),
        "_Session" => "Parse Server takes no hook but afterLogout on it",
        "_PushStatus" => "Parse Server takes no beforeSave on it",
        "@Config" => {
            "Parse Server's config hooks are broken and would block every save of the config"
        }
        "@File" => "a file has no fields; guard the class whose field holds the identifier",
        _ if class.starts_with('@') => "it is not a class that is saved",
        _ if class.starts_with("_Join:") => {
            "it holds the rows of a relation and has no fields of its own"
        }
        _ if class.starts_with('_') => {
            "of Parse Server's own classes only _User, _Installation, _Role and _Product can be guarded"
        }
        _ if is_identifier(class) => return Ok(()),
        _ => {
            "expected a letter, then letters, digits and `_`: Parse Server would never call the hook"
        }
    };
    Err(format!("`{class}` cannot be guarded: {reason}"))
}

/// Says why rows of this class cannot be read with a caller's session.
pub(super) fn check_readable_class(class: &str) -> Result<(), String> {
    let system = matches!(
        class,
        "_User" | "_Installation" | "_Role" | "_Session" | "_Product"
    );
    if system || is_identifier(class) {
        Ok(())
    } else {
        Err(format!(
            "`{class}` is not a class: expected a letter, then letters, digits and `_`, or _User, _Installation, _Role, _Session or _Product"
        ))
    }
}

/// Says why this field of a class cannot hold an identifier.
pub(crate) fn check_field(class: &str, field: &str) -> Result<(), String> {
    let belongs_to_parse = match field {
        "objectId" | "createdAt" | "updatedAt" | "ACL" | "className" => true,
        "username" | "password" | "email" | "emailVerified" | "authData" | "sessionToken" => {
            class == "_User"
        }
        _ => false,
    };
    if belongs_to_parse {
        Err(format!(
            "`{field}` cannot hold an identifier: it is one of Parse Server's own fields"
        ))
    } else if is_identifier(field) {
        Ok(())
    } else {
        Err(format!(
            "`{field}` cannot hold an identifier: expected a letter, then letters, digits and `_`, as Parse Server takes them"
        ))
    }
}

/// Says why a function of this name could never be called.
pub(crate) fn check_function(function: &str) -> Result<(), String> {
    let callable = !function.is_empty()
        && function
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if callable {
        Ok(())
    } else {
        Err(format!(
            "`{function}` cannot be called: expected letters, digits, `_` and `-` (Parse Server answers \"Invalid function\" to others)"
        ))
    }
}

/// Parse Server's rule for class and field names.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_classes_be_guarded_that_parse_server_calls_hooks_for() {
        for class in [
            "Photo",
            "photo_2",
            "_User",
            "_Installation",
            "_Role",
            "_Product",
        ] {
            assert_eq!(check_class(class), Ok(()), "{class}");
        }
    }

    #[test]
    fn refuses_classes_that_cannot_be_guarded_with_the_reason() {
        let cases = [
            ("_Session", "takes no hook but afterLogout"),
            ("_PushStatus", "takes no beforeSave"),
            ("@Config", "would block every save of the config"),
            ("@File", "a file has no fields"),
            ("@Connect", "not a class that is saved"),
            ("_Join:users:_Role", "rows of a relation"),
            (
                "_JobStatus",
                "only _User, _Installation, _Role and _Product",
            ),
            ("_user", "only _User, _Installation, _Role and _Product"),
            ("", "expected a letter"),
            ("1Photo", "expected a letter"),
            ("My.Photo", "expected a letter"),
            ("My-Photo", "expected a letter"),
            ("My'Photo", "expected a letter"),
            ("My\"Photo", "expected a letter"),
            ("My`Photo", "expected a letter"),
            ("Föto", "expected a letter"),
        ];
        for (class, reason) in cases {
            let refusal = check_class(class).unwrap_err();
            assert!(
                refusal.starts_with(&format!("`{class}` cannot be guarded: ")),
                "{refusal}"
            );
            assert!(refusal.contains(reason), "{refusal}");
        }
    }

    #[test]
    fn refuses_fields_that_hold_no_identifier() {
        assert_eq!(check_field("Photo", "username"), Ok(()));
        assert_eq!(check_field("_User", "avatar"), Ok(()));
        for (class, field) in [
            ("Photo", "objectId"),
            ("Photo", "ACL"),
            ("_User", "password"),
        ] {
            assert_eq!(
                check_field(class, field),
                Err(format!(
                    "`{field}` cannot hold an identifier: it is one of Parse Server's own fields"
                ))
            );
        }
        for field in ["", "_hidden", "a.b", "a-b", "1a", "a b"] {
            assert_eq!(
                check_field("Photo", field),
                Err(format!(
                    "`{field}` cannot hold an identifier: expected a letter, then letters, digits and `_`, as Parse Server takes them"
                ))
            );
        }
    }

    #[test]
    fn refuses_functions_that_nobody_could_call() {
        for function in ["f", "sign_upload", "with-dash", "2"] {
            assert_eq!(check_function(function), Ok(()), "{function}");
        }
        for function in ["", "a.b", "a'", "a\"", "`a`", "a/b", "a b", "a?", "ü"] {
            assert_eq!(
                check_function(function),
                Err(format!(
                    "`{function}` cannot be called: expected letters, digits, `_` and `-` (Parse Server answers \"Invalid function\" to others)"
                ))
            );
        }
    }
}
