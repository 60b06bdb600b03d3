//! Reads what was written for a caller's choice as the most credulous reader would: everything is
//! decoded until nothing is left to decode, and only then taken apart.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Options of a transformation with the parameters that they are written as.
pub(super) const PARAMETERS: [(&str, &[&str]); 43] = [
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

pub(super) fn check_written(name: &str, parameter: &str, written: &str, value: &Value) {
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
pub(super) fn decoded(text: &str) -> String {
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
pub(super) fn check_transformation(name: &str, written: &str, value: &Value) {
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

pub(super) fn is_border(character: char) -> bool {
    "?#%\\".contains(character) || character.is_control()
}
