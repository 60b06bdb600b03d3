//! What a public ID may be.

use super::IdentifierError;

/// Checks that `public_id` may stand in an identifier; what a caller chooses for an upload follows
/// the same rule.
///
/// ```
/// use cloudinary_parse::cloudinary::identifier::{IdentifierError, check_public_id};
///
/// assert_eq!(check_public_id("users/u1/cat"), Ok(()));
/// assert_eq!(check_public_id("users/../cat"), Err(IdentifierError::Segment));
/// assert_eq!(check_public_id("cat&version=1"), Err(IdentifierError::ForbiddenCharacter('&')));
/// ```
pub fn check_public_id(public_id: &str) -> Result<(), IdentifierError> {
    let mut is_plain = true;
    let mut has_bad_segment = false;
    let (mut len, mut dots) = (0, 0);
    for byte in public_id.bytes() {
        len += 1;
        match BYTES[usize::from(byte)] {
            Byte::Plain => {}
            Byte::Dot => dots += 1,
            Byte::Slash => {
                has_bad_segment |= len == dots + 1 && dots <= 2;
                (len, dots) = (0, 0);
            }
            Byte::Odd => is_plain = false,
        }
    }
    has_bad_segment |= len == dots && len <= 2;
    if !is_plain {
        if let Some(character) = public_id.chars().find(|&c| is_forbidden(c)) {
            return Err(IdentifierError::ForbiddenCharacter(character));
        }
        if public_id.starts_with(is_white_space) || public_id.ends_with(is_white_space) {
            return Err(IdentifierError::OuterWhiteSpace);
        }
    }
    if has_bad_segment {
        return Err(IdentifierError::Segment);
    }
    Ok(())
}

/// What a byte of a public ID is.
#[derive(Clone, Copy)]
enum Byte {
    Plain,
    Dot,
    Slash,
    /// Forbidden, white space, or part of a character outside of ASCII.
    Odd,
}

const BYTES: [Byte; 256] = {
    let mut bytes = [Byte::Odd; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        bytes[byte as usize] = match byte {
            b'.' => Byte::Dot,
            b'/' => Byte::Slash,
            _ if byte.is_ascii_graphic() && !is_reserved(byte as char) => Byte::Plain,
            _ => Byte::Odd,
        };
        byte += 1;
    }
    bytes
};

/// Whether `character` may not occur in a public ID: it separates parameters, ends a URL's path or
/// is a control character.
pub fn is_forbidden(character: char) -> bool {
    is_reserved(character) || character.is_control()
}

const fn is_reserved(character: char) -> bool {
    matches!(character, '&' | '=' | '?' | '#' | '%' | '<' | '>' | '\\')
}

/// Unicode's, and the byte order mark, which JavaScript's `trim` takes for white space too.
fn is_white_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}
