//! Expressions: conditions and arithmetic, `width > 200` for `w_gt_200`.

/// Long names with their short ones; no name begins with another.
const NAMES: [(&str, &str); 24] = [
    ("aspect_ratio", "ar"),
    ("aspectRatio", "ar"),
    ("current_page", "cp"),
    ("currentPage", "cp"),
    ("duration", "du"),
    ("face_count", "fc"),
    ("faceCount", "fc"),
    ("height", "h"),
    ("initial_aspect_ratio", "iar"),
    ("initialAspectRatio", "iar"),
    ("initial_duration", "idu"),
    ("initialDuration", "idu"),
    ("initial_height", "ih"),
    ("initialHeight", "ih"),
    ("initial_width", "iw"),
    ("initialWidth", "iw"),
    ("page_count", "pc"),
    ("pageCount", "pc"),
    ("page_x", "px"),
    ("pageX", "px"),
    ("page_y", "py"),
    ("pageY", "py"),
    ("tags", "tags"),
    ("width", "w"),
];

/// Names that the Node SDK does not know: kept after a `:`, but not as a whole.
const RECENT_NAMES: [(&str, &str); 5] = [
    ("context", "ctx"),
    ("illustration_score", "ils"),
    ("illustrationScore", "ils"),
    ("trimmed_aspect_ratio", "tar"),
    ("trimmedAspectRatio", "tar"),
];

/// Longer operators first: `>=` is not `>` followed by `=`.
const OPERATORS: [(&str, &str); 13] = [
    ("||", "or"),
    (">=", "gte"),
    ("<=", "lte"),
    ("&&", "and"),
    ("!=", "ne"),
    (">", "gt"),
    ("=", "eq"),
    ("<", "lt"),
    ("/", "div"),
    ("-", "sub"),
    ("^", "pow"),
    ("+", "add"),
    ("*", "mul"),
];

/// The short form of an expression: operators followed by a space or `_` and long names become
/// their codes, runs of spaces and `_` one `_`. A text between two `!` stays as it is, and so do
/// variables (`$name`) and names after a `:`.
///
/// ```
/// use cloudinary_parse::cloudinary::transformation::normalize_expression;
///
/// assert_eq!(normalize_expression("width > 200 && face_count >= 1"), "w_gt_200_and_fc_gte_1");
/// ```
pub fn normalize_expression(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    push_normalized(&mut out, expression);
    out
}

/// Appends the short form of `expression`.
pub(super) fn push_normalized(out: &mut String, expression: &str) {
    if is_quoted(expression) {
        out.push_str(expression);
        return;
    }
    let base = out.len();
    let bytes = expression.as_bytes();
    let (mut copied, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        let (consumed, replacement) = match byte {
            b' ' | b'_' => (1, "_"),
            b'|' | b'>' | b'<' | b'&' | b'!' | b'=' | b'/' | b'-' | b'^' | b'+' | b'*' => {
                match operator(&expression[at..]) {
                    Some((operator, code)) => (operator.len(), code),
                    None => (0, ""),
                }
            }
            b'$' => {
                out.push_str(&expression[copied..at]);
                at += push_variable(out, &expression[at..]);
                copied = at;
                continue;
            }
            b':' => {
                // A name after a colon is an argument, as in `preview:duration_5`.
                at += 1 + name(&NAMES, &expression[at + 1..]).map_or(0, |(name, _)| name.len());
                continue;
            }
            b'a' | b'c' | b'd' | b'f' | b'h' | b'i' | b'p' | b't' | b'w' => {
                let rest = &expression[at..];
                let found = name(&NAMES, rest).or_else(|| {
                    let is_argument = at > 0 && bytes[at - 1] == b':';
                    name(&RECENT_NAMES, rest).filter(|_| !is_argument)
                });
                match found {
                    Some((name, code)) => (name.len(), code),
                    None => (0, ""),
                }
            }
            _ => (0, ""),
        };
        if consumed == 0 {
            at += 1;
            continue;
        }
        out.push_str(&expression[copied..at]);
        if replacement != "_" || out.len() == base || !out.ends_with('_') {
            out.push_str(replacement);
        }
        at += consumed;
        copied = at;
    }
    out.push_str(&expression[copied..]);
}

/// `!text!`, on one line.
fn is_quoted(expression: &str) -> bool {
    expression.len() > 2
        && expression.starts_with('!')
        && expression.ends_with('!')
        && !expression.contains(['\n', '\r', '\u{2028}', '\u{2029}'])
}

/// The operator that `text` begins with, if a space or `_` follows it.
fn operator(text: &str) -> Option<(&'static str, &'static str)> {
    OPERATORS.into_iter().find(|(operator, _)| {
        text.strip_prefix(operator)
            .is_some_and(|rest| rest.starts_with([' ', '_']))
    })
}

fn name(
    names: &[(&'static str, &'static str)],
    text: &str,
) -> Option<(&'static str, &'static str)> {
    names
        .iter()
        .copied()
        .find(|(name, _)| text.starts_with(name))
}

/// Appends the variable that `text` begins with (`$`, underscores, then all up to a space or `_`)
/// and says how long it was. An operator at its end still counts as one.
fn push_variable(out: &mut String, text: &str) -> usize {
    let start = 1 + text[1..].bytes().take_while(|&byte| byte == b'_').count();
    let end = text[start..]
        .find([' ', '_'])
        .map_or(text.len(), |length| start + length);
    out.push('$');
    if start == end {
        return 1;
    }
    if start > 1 {
        out.push('_');
    }
    let body = &text[start..end];
    let operator = OPERATORS
        .into_iter()
        .find(|(operator, _)| end < text.len() && body.ends_with(operator));
    match operator {
        Some((operator, code)) => {
            out.push_str(&body[..body.len() - operator.len()]);
            out.push_str(code);
        }
        None => out.push_str(body),
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_names_and_operators() {
        for (expression, short) in [
            ("", ""),
            ("w = 0", "w_eq_0"),
            ("width > 200 && height < 100", "w_gt_200_and_h_lt_100"),
            (
                "(width + height) / 2 ^ 3 * 4 - 1",
                "(w_add_h)_div_2_pow_3_mul_4_sub_1",
            ),
            ("a <= b || c != d", "a_lte_b_or_c_ne_d"),
            ("initial_aspect_ratio >= initialAspectRatio", "iar_gte_iar"),
            ("trimmed_aspect_ratio < 3:2", "tar_lt_3:2"),
            ("illustrationScore > 0.5", "ils_gt_0.5"),
            ("context:!n! = !v!", "ctx:!n!_eq_!v!"),
            ("heightx", "hx"),
            ("  a  _b__", "_a_b_"),
            ("é + 猫", "é_add_猫"),
        ] {
            assert_eq!(normalize_expression(expression), short, "{expression}");
        }
    }

    #[test]
    fn leaves_what_is_no_expression() {
        for (expression, short) in [
            ("!a  b!", "!a  b!"),
            ("!a\n > b!", "!a\n_gt_b!"),
            ("!!", "!!"),
            ("width+5", "w+5"),
            ("- 5", "sub_5"),
            ("-5", "-5"),
            ("a>", "a>"),
            ("preview:duration_5", "preview:duration_5"),
            (":initial_width", ":initial_width"),
            (":trimmed_aspect_ratio", ":trimmed_ar"),
            (":context", ":context"),
            ("::width:x", "::width:x"),
        ] {
            assert_eq!(normalize_expression(expression), short, "{expression}");
        }
    }

    #[test]
    fn keeps_variables() {
        for (expression, short) in [
            ("$width + width", "$width_add_w"),
            ("$foo_height", "$foo_h"),
            ("$__width", "$_width"),
            ("$_ > 1", "$_gt_1"),
            ("$", "$"),
            ("$ width", "$_w"),
            ("$a>= 2", "$agte_2"),
            ("$a<> 2", "$a<gt_2"),
            ("$a>=", "$a>="),
            ("$-_x", "$sub_x"),
            ("$猫:width", "$猫:width"),
        ] {
            assert_eq!(normalize_expression(expression), short, "{expression}");
        }
    }
}
