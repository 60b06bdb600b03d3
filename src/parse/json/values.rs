//! Values of any kind and depth.

use super::bytes::{after_space, byte};
use super::error::JsonError;
use super::strings::{after_key, after_string, is_next_name};

#[inline(always)]
pub(super) fn after_value(text: &[u8], at: usize) -> Result<usize, JsonError> {
    match byte(text, at) {
        b'"' => after_string(text, at),
        b'{' | b'[' => after_container(text, at),
        _ => after_scalar(text, at),
    }
}

#[inline(never)]
fn after_container(text: &[u8], mut at: usize) -> Result<usize, JsonError> {
    let mut open = OpenContainers::default();
    'values: loop {
        match byte(text, at) {
            b'"' => {
                at = after_string(text, at)?;
                // Most members of objects are strings, one after the other.
                while open.in_object() && is_next_name(text, at) {
                    at = after_key(text, at + 1)?;
                    if byte(text, at) != b'"' {
                        continue 'values;
                    }
                    at = after_string(text, at)?;
                }
            }
            b'{' => {
                at = after_space(text, at + 1);
                if byte(text, at) != b'}' {
                    at = after_key(text, at)?;
                    open.push(true);
                    continue;
                }
                at += 1;
            }
            b'[' => {
                at = after_space(text, at + 1);
                if byte(text, at) != b']' {
                    open.push(false);
                    continue;
                }
                at += 1;
            }
            _ => at = after_scalar(text, at)?,
        }
        // A value ends here: on to the next one, out of the containers that end too.
        loop {
            if open.depth == 0 {
                return Ok(at);
            }
            let in_object = open.in_object();
            at = after_space(text, at);
            match byte(text, at) {
                b',' => {
                    at = after_space(text, at + 1);
                    if in_object {
                        at = after_key(text, at)?;
                    }
                    break;
                }
                b'}' if in_object => open.pop(),
                b']' if !in_object => open.pop(),
                _ => return Err(JsonError::at(at)),
            }
            at += 1;
        }
    }
}

fn after_scalar(text: &[u8], at: usize) -> Result<usize, JsonError> {
    match byte(text, at) {
        b'-' | b'0'..=b'9' => after_number(text, at),
        b't' => after_literal(text, at, "true"),
        b'f' => after_literal(text, at, "false"),
        b'n' => after_literal(text, at, "null"),
        _ => Err(JsonError::at(at)),
    }
}

fn after_number(text: &[u8], mut at: usize) -> Result<usize, JsonError> {
    at += usize::from(byte(text, at) == b'-');
    at = match byte(text, at) {
        b'0' => at + 1,
        _ => after_digits(text, at)?,
    };
    if byte(text, at) == b'.' {
        at = after_digits(text, at + 1)?;
    }
    if matches!(byte(text, at), b'e' | b'E') {
        at += 1;
        at += usize::from(matches!(byte(text, at), b'+' | b'-'));
        at = after_digits(text, at)?;
    }
    Ok(at)
}

fn after_digits(text: &[u8], start: usize) -> Result<usize, JsonError> {
    let mut at = start;
    while byte(text, at).is_ascii_digit() {
        at += 1;
    }
    if at == start {
        return Err(JsonError::at(at));
    }
    Ok(at)
}

fn after_literal(text: &[u8], at: usize, literal: &str) -> Result<usize, JsonError> {
    if text[at..].starts_with(literal.as_bytes()) {
        Ok(at + literal.len())
    } else {
        Err(JsonError::at(at))
    }
}

/// Which kinds of container are open, one bit each (true: object), so that nesting costs neither
/// stack nor, up to 64 levels, memory.
#[derive(Debug, Default)]
struct OpenContainers {
    depth: usize,
    innermost: u64,
    outer: Vec<u64>,
}

impl OpenContainers {
    fn in_object(&self) -> bool {
        self.innermost & 1 == 1
    }

    fn push(&mut self, object: bool) {
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u64::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.innermost >>= 1;
        if self.depth.is_multiple_of(64) {
            self.innermost = self.outer.pop().unwrap_or_default();
        }
    }
}
