//! JSON strings in answers.

/// Appends `text` as a JSON string. Almost none has anything to escape, and those are copied whole.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    // Without a way out in the middle the comparisons become vector instructions.
    let escaped = text.bytes().fold(0, |found, byte| {
        found | u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\')
    });
    if escaped != 0 {
        // serde_json escapes as JavaScript does; text cannot fail to be written.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
        return;
    }
    out.reserve(text.len() + 2);
    out.push('"');
    out.push_str(text);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::push_json_string;

    #[test]
    fn writes_what_serde_json_writes() {
        let texts = [
            "",
            "a",
            "a\"b",
            "a\\",
            "\u{1f}",
            "\n",
            "é\u{7f}\u{2028}😀",
            "/",
        ];
        for text in texts.iter().map(|text| text.repeat(9)) {
            let mut out = String::from("before ");
            push_json_string(&mut out, &text);
            let expected = serde_json::to_string(&text).unwrap();
            assert_eq!(out, format!("before {expected}"));
        }
    }
}
