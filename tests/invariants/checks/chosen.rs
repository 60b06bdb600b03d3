//! Whatever a caller chooses for whatever option `[accept]` can list is refused by name, or is written as one component (or one value)
//! of that option and changes nothing else of what is signed.
//!
//! The oracle reads the texts as the most credulous reader would: everything is decoded until nothing is left to decode, and only
//! then taken apart.

use std::sync::OnceLock;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::cloudinary::delivery_url::identifier_url;
use cloudinary_parse::cloudinary::identifier::Identifier;
use cloudinary_parse::cloudinary::upload::{Fields, is_upload_option};
use cloudinary_parse::manifest::{self, Accepted, Action};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::sha1;

const NOW: u64 = 1_789_000_000;

/// Options of a transformation with the parameters that they are written as.
const PARAMETERS: [(&str, &[&str]); 43] = [
    ("angle", &["a"]),
    ("aspect_ratio", &["ar"]),
    ("audio_codec", &["ac"]),
    ("audio_frequency", &["af"]),
    ("background", &["b"]),
    ("bit_rate", &["br"]),
    ("border", &["bo"]),
    ("color", &["co"]),
    ("color_space", &["cs"]),
    ("crop", &["c"]),
    ("default_image", &["d"]),
    ("delay", &["dl"]),
    ("density", &["dn"]),
    ("dpr", &["dpr"]),
    ("duration", &["du"]),
    ("effect", &["e"]),
    ("end_offset", &["eo"]),
    ("fetch_format", &["f"]),
    ("flags", &["fl"]),
    ("fps", &["fps"]),
    ("gravity", &["g"]),
    ("height", &["h"]),
    ("keyframe_interval", &["ki"]),
    ("offset", &["so", "eo"]),
    ("opacity", &["o"]),
    ("page", &["pg"]),
    ("prefix", &["p"]),
    ("quality", &["q"]),
    ("radius", &["r"]),
    ("responsive_width", &["c", "w"]),
    ("size", &["w", "h"]),
    ("start_offset", &["so"]),
    ("streaming_profile", &["sp"]),
    ("video_codec", &["vc"]),
    ("video_sampling", &["vs"]),
    ("width", &["w"]),
    ("x", &["x"]),
    ("y", &["y"]),
    ("zoom", &["z"]),
    ("if", &["if"]),
    ("variables", &["$"]),
    ("$size", &["$"]),
    ("transformation", &[]),
];

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
        let lines: String = names.map(|name| format!("\"{name}\" = true\n")).collect();
        let text = format!("function = \"f\"\naction = \"{action}\"\n[accept]\n{lines}");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("f.toml"), text).expect("a file");
        let mut manifests = manifest::load(folder.path()).expect("a good manifest");
        match manifests.functions.remove(0).action {
            Action::SignUpload(sign) => sign.accept,
            Action::DeliveryUrl(url) => url.accept,
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

fn check_written(name: &str, parameter: &str, written: &str, value: &Value) {
    let items = value.as_array();
    match (parameter, value) {
        ("transformation", _) => check_transformation(name, written, value),
        ("eager", _) => {
            let transformations: Vec<_> = written.split('|').collect();
            if let Some(items) = items {
                assert_eq!(transformations.len(), items.len(), "{value}: {written}");
            }
            for transformation in transformations {
                check_plain(transformation, true, value);
            }
        }
        ("responsive_breakpoints", _) => {
            let settings: Vec<Value> = serde_json::from_str(written).expect("JSON");
            assert_eq!(
                settings.len(),
                items.map_or(1, Vec::len),
                "{value}: {written}"
            );
            for transformation in settings.iter().filter_map(|s| s["transformation"].as_str()) {
                check_plain(transformation, false, value);
            }
        }
        ("tags" | "allowed_formats", Value::Array(items)) => {
            assert_eq!(
                written.split(',').count(),
                items.len(),
                "{value}: {written}"
            );
        }
        ("headers", Value::Array(_) | Value::Object(_)) => {
            let members = value.as_object().map(Map::len);
            let lines = items.map(Vec::len).or(members);
            assert_eq!(
                Some(written.split('\n').count()),
                lines,
                "{value}: {written}"
            );
            assert!(
                !written.replace('\n', "").contains(char::is_control),
                "{value}: {written}"
            );
        }
        ("context" | "metadata", Value::Object(members)) => {
            let pairs = read_pairs(written);
            let keys: Vec<_> = pairs.iter().map(|(key, _)| key.as_str()).collect();
            assert!(members.keys().eq(keys.iter()), "{value}: {written}");
            for ((_, read), (_, sent)) in pairs.iter().zip(members) {
                match sent {
                    Value::String(text) => assert_eq!(read, text, "{value}: {written}"),
                    Value::Array(_) => {
                        let read: Value = serde_json::from_str(read).expect("JSON");
                        assert_eq!(read.as_array().map(Vec::len), sent.as_array().map(Vec::len));
                    }
                    _ => {}
                }
            }
        }
        ("face_coordinates" | "custom_coordinates", _) => {
            let odd = written.contains(|c: char| !(c.is_ascii_digit() || "-+.e,| ".contains(c)));
            assert!(!odd, "{value}: {written}");
        }
        ("folder" | "public_id" | "public_id_prefix" | "asset_folder" | "filename_override", _) => {
            assert!(
                !written.contains(['+', '&', '?', '#', '%', '\\', '<', '>', '=']),
                "{written}"
            );
            assert!(
                !written
                    .split('/')
                    .any(|part| matches!(part, "" | "." | "..")),
                "{written}"
            );
        }
        ("access_control", _) => {
            serde_json::from_str::<Vec<Value>>(written).expect("JSON");
        }
        _ => assert!(!value.is_array(), "{name}: {value}: {written}"),
    }
}

/// `key=value|…` with backslashes before what is meant literally.
fn read_pairs(text: &str) -> Vec<(String, String)> {
    let (mut pairs, mut key, mut part) = (Vec::new(), None, String::new());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.extend(characters.next()),
            '=' if key.is_none() => key = Some(std::mem::take(&mut part)),
            '|' => pairs.push((key.take().expect("a key"), std::mem::take(&mut part))),
            other => part.push(other),
        }
    }
    pairs.push((key.expect("a key"), part));
    pairs
}

/// What a reader makes of `text` who decodes it until nothing is left to decode.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    loop {
        let next = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if next == text {
            return text;
        }
        text = next;
    }
}

/// One component whose only parameters are the option's.
fn check_transformation(name: &str, written: &str, value: &Value) {
    let of = PARAMETERS.iter().find(|(option, _)| *option == name);
    let (_, own) = of.unwrap_or_else(|| panic!("{name} was signed as a transformation"));
    if name == "transformation" {
        return check_plain(written, false, value);
    }
    let read = decoded(written);
    assert!(!read.contains(is_border), "{name}: {value}: {written}");
    let components: Vec<_> = read.split('/').collect();
    assert_eq!(components.len(), 1, "{name}: {value}: {written}");
    let parameters: Vec<_> = components[0].split(',').collect();
    let most = match (name, value) {
        ("variables", Value::Array(variables)) => variables.len(),
        ("responsive_width" | "size" | "offset", _) => 2,
        _ => 1,
    };
    assert!(parameters.len() <= most, "{name}: {value}: {written}");
    for parameter in parameters {
        let (key, argument) = parameter.split_once('_').expect("a parameter");
        let key = if key.starts_with('$') { "$" } else { key };
        assert!(own.contains(&key), "{name}: {value}: {written}");
        assert!(!argument.is_empty(), "{name}: {value}: {written}");
        assert!(
            name != "if" || !["else", "end"].contains(&argument),
            "{value}: {written}"
        );
    }
}

/// Steps that concern the picture alone: no layer, name, code or condition.
fn check_plain(written: &str, may_end_in_format: bool, value: &Value) {
    let read = decoded(written);
    assert!(
        !read.contains(is_border) && !read.contains('|'),
        "{value}: {written}"
    );
    let mut components: Vec<_> = read.split('/').collect();
    let is_format = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if may_end_in_format && components.len() > 1 && components.last().is_some_and(is_format) {
        components.pop();
    }
    for parameter in components.iter().flat_map(|component| component.split(',')) {
        if parameter.is_empty() && components.len() == 1 {
            continue;
        }
        let (key, _) = parameter
            .split_once('_')
            .unwrap_or_else(|| panic!("{value}: {written}"));
        let key = if key.starts_with('$') { "$" } else { key };
        let is_plain = PARAMETERS
            .iter()
            .any(|(name, own)| *name != "if" && own.contains(&key));
        assert!(is_plain, "{value}: {written}");
    }
}

fn is_border(character: char) -> bool {
    "?#%\\".contains(character) || character.is_control()
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
