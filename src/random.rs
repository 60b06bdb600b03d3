//! Random numbers that nobody can guess.

use rustls::crypto::ring;

/// 256 bits in hexadecimal digits; `None` if the system has no random numbers.
pub(crate) fn hex_256() -> Option<String> {
    let mut random = [0; 32];
    let source = ring::default_provider().secure_random;
    source.fill(&mut random).ok()?;
    Some(hex::encode(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_64_digits_and_never_the_same() {
        let [one, other] = [hex_256(), hex_256()].map(Option::unwrap);
        for text in [&one, &other] {
            assert_eq!(text.len(), 64);
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(text.bytes().all(is_digit), "{text}");
        }
        assert_ne!(one, other);
    }
}
