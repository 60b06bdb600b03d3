//! Whatever a caller chooses for whatever option `[accept]` can list is refused by name, or is
//! written as one component (or one value) of that option and changes nothing else of what is
//! signed.
//!
//! What is written is read by an oracle of its own.

use std::sync::OnceLock;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::cloudinary::delivery_url::identifier_url;
use cloudinary_parse::cloudinary::identifier::Identifier;
use cloudinary_parse::cloudinary::upload::{Fields, as_text, is_upload_option};
use cloudinary_parse::manifest::{self, Accepted, FunctionAction};
use serde_json::{Map, Value};

use super::sha1;
use super::written::{PARAMETERS, check_transformation, check_written, decoded, is_border};

const NOW: u64 = 1_789_000_000;

/// Options that no caller can make up where they are signed.
const NEVER: [&str; 5] = [
    "custom_function",
    "custom_pre_function",
    "overlay",
    "raw_transformation",
    "underlay",
];

/// Every option that a function of either kind can accept.
pub(crate) fn names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let options = manifest::upload_parameters().chain(manifest::url_options());
        let mut names: Vec<String> = options.chain(["$size"]).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        for name in manifest::url_options() {
            let is_known = NEVER.contains(&name) || PARAMETERS.iter().any(|(key, _)| *key == name);
            // The others are no part of the transformation.
            assert_eq!(
                is_known,
                is_upload_option(name) && name != "format" && name != "type",
                "{name}"
            );
        }
        names
    })
}

/// `value` as a caller's choice for `name`, in each kind of function that can accept it.
pub(crate) fn check(name: &str, value: &Value) {
    if let Some(accepted) = accepted(&UPLOAD, "sign_upload", name) {
        check_upload(name, accepted, value);
        check_posted(name, accepted, value);
    }
    if let Some(accepted) = accepted(&URL, "delivery_url", name) {
        check_url(name, accepted, value);
    }
}

static UPLOAD: OnceLock<Vec<(String, Accepted)>> = OnceLock::new();
static URL: OnceLock<Vec<(String, Accepted)>> = OnceLock::new();

/// The entry of a manifest that accepts everything that can be accepted.
fn accepted<'m>(
    table: &'m OnceLock<Vec<(String, Accepted)>>,
    action: &str,
    name: &str,
) -> Option<&'m Accepted> {
    let table = table.get_or_init(|| {
        let is_taken = |name: &&str| match action {
            "sign_upload" => {
                is_upload_option(name) || manifest::upload_parameters().any(|n| n == *name)
            }
            // An accepted sign_url is why composite options are none.
            _ => {
                *name != "sign_url"
                    && (*name == "$size" || manifest::url_options().any(|n| n == *name))
            }
        };
        let names = names().iter().map(String::as_str).filter(is_taken);
        let lines: Vec<_> = names.map(|name| format!("\"{name}\" = true\n")).collect();
        let lines = lines.concat();
        let text = format!("function = \"f\"\naction = \"{action}\"\n[accept]\n{lines}");
        let mut manifests = manifest::parse(&[("f.toml", &text)]).expect("a good manifest");
        match manifests.functions.remove(0).action {
            FunctionAction::SignUpload(sign) => sign.rules.accept,
            FunctionAction::SignParams(rules) => rules.accept,
            FunctionAction::DeliveryUrl(url) => url.accept,
        }
    });
    let found = table.iter().find(|(accepted, _)| accepted == name);
    found.map(|(_, accepted)| accepted)
}

fn check_upload(name: &str, accepted: &Accepted, value: &Value) {
    let chosen = match accepted.choose(name, value) {
        Ok(chosen) => chosen,
        Err(refusal) => return assert_names(name, &refusal.to_string(), value),
    };
    let version_1 = format!(
        "cloudinary://1234567890:{}@demo?signature_version=1",
        super::SECRET
    );
    let version_1 = Account::from_url(&version_1).expect("a plain URL");
    for (account, escaped) in [(super::account(), "%26"), (version_1, "&")] {
        let mut fields = Fields::default();
        if let Err(refusal) = fields.add_chosen(name, chosen, &account) {
            assert_names(name, &refusal.to_string(), value);
            continue;
        }
        let signed = match fields.sign(&account, NOW) {
            Ok(signed) => signed,
            Err(refusal) => return assert_names(name, &refusal.to_string(), value),
        };
        let mut text = String::new();
        signed.push_json(&mut text);
        let fields: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
        let parameter = if PARAMETERS.iter().any(|(option, _)| *option == name) {
            "transformation"
        } else {
            name
        };
        let written = fields
            .get(parameter)
            .map_or("", |v| v.as_str().expect("text"));
        let expected: &[&str] = if written.is_empty() {
            &["timestamp", "signature", "api_key"]
        } else {
            &["timestamp", parameter, "signature", "api_key"]
        };
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, expected, "{name}: {value}");
        let timestamp = format!("timestamp={NOW}");
        let to_sign = if written.is_empty() {
            timestamp
        } else {
            let mut pairs = [
                format!("{parameter}={}", written.replace('&', escaped)),
                timestamp,
            ];
            pairs.sort();
            pairs.join("&")
        };
        let pairs = to_sign.split('&').count();
        assert_eq!(
            pairs,
            1 + usize::from(!written.is_empty()),
            "{name}: {value}: {to_sign}"
        );
        let signature = sha1::hex(format!("{to_sign}{}", super::SECRET).as_bytes());
        assert_eq!(fields["signature"], *signature, "{name}: {value}");
        assert!(!NEVER.contains(&name), "{name}: {value} was signed");
        if !written.is_empty() {
            check_written(name, parameter, written, value);
        }
    }
}

/// The same value as a client would post it, for a function that signs what is posted.
fn check_posted(name: &str, accepted: &Accepted, value: &Value) {
    // No manifest of such a function accepts parts of a transformation.
    let is_part = PARAMETERS.iter().any(|(option, _)| *option == name) || NEVER.contains(&name);
    let text = as_text(value);
    if text.is_empty() || is_part && name != "transformation" {
        return;
    }
    let account = super::account();
    if let Err(refusal) = accepted.check_posted(name, &text, &account) {
        return assert_names(name, &refusal.to_string(), value);
    }
    let mut fields = Fields::default();
    fields.add_posted(name, text.clone());
    let signed = match fields.sign(&account, NOW) {
        Ok(signed) => signed,
        Err(refusal) => return assert_names(name, &refusal.to_string(), value),
    };
    let mut answer = String::new();
    signed.push_signature_json(&mut answer);
    let answer: Map<String, Value> = serde_json::from_str(&answer).expect("JSON");
    let mut pairs = [
        format!("{name}={}", text.replace('&', "%26")),
        format!("timestamp={NOW}"),
    ];
    pairs.sort();
    let to_sign = format!("{}{}", pairs.join("&"), super::SECRET);
    assert_eq!(
        answer["signature"],
        *sha1::hex(to_sign.as_bytes()),
        "{name}: {value}"
    );
    // What is posted is one text, of which only JSON has parts.
    let json = serde_json::from_str(&text).ok();
    let read = json.filter(|_| name == "responsive_breakpoints");
    check_written(
        name,
        name,
        &text,
        &read.unwrap_or_else(|| text.as_ref().into()),
    );
}

fn check_url(name: &str, accepted: &Accepted, value: &Value) {
    const ASSET: &str = "v1/users/u1/cat.jpg";
    let chosen = match accepted.choose(name, value) {
        Ok(chosen) => chosen,
        Err(refusal) => return assert_names(name, &refusal.to_string(), value),
    };
    let account = super::account();
    let identifier = Identifier::parse("image/upload/v1/users/u1/cat.jpg").expect("one");
    let options = Map::from_iter([(name.to_owned(), chosen.clone())]);
    let Ok(url) = identifier_url(&account, &identifier, &options, NOW) else {
        return;
    };
    // A space is written as `%20`.
    let read = decoded(&url.replace("%20", " "));
    let base = "https://res.cloudinary.com/demo/image/upload/";
    let own = PARAMETERS.iter().any(|(option, _)| *option == name) && name != "transformation";
    if own {
        let middle = url
            .strip_prefix(base)
            .and_then(|rest| rest.strip_suffix(ASSET));
        let middle = middle.unwrap_or_else(|| panic!("{name}: {value}: {url}"));
        if let Some(component) = middle.strip_suffix('/') {
            check_transformation(name, &component.replace("%20", " "), value);
        }
    } else if NEVER.contains(&name) || name == "transformation" {
        // Whoever likes can write an unsigned URL; this one stays about the same asset.
        assert!(
            url.starts_with(base) && url.ends_with(&format!("/{ASSET}")),
            "{name}: {value}: {url}"
        );
        assert!(!url.contains(['?', '#', '\\']), "{name}: {value}: {url}");
        assert!(
            !url.split('/').any(|part| matches!(part, "." | "..")),
            "{name}: {value}: {url}"
        );
    } else {
        assert!(!read.contains(is_border), "{name}: {value}: {url}");
        assert!(read.contains("/users/u1/cat"), "{name}: {value}: {url}");
        assert_eq!(
            read.matches('/').count(),
            url.matches('/').count(),
            "{name}: {value}: {url}"
        );
    }
}

#[track_caller]
fn assert_names(name: &str, refusal: &str, value: &Value) {
    // Of what is nested the place is named, too.
    let names_it = refusal.starts_with(name) || refusal.contains(&format!("{name}:"));
    let is_nested = refusal.starts_with("transformation: nested");
    assert!(names_it || is_nested, "{name}: {value}: {refusal}");
}
