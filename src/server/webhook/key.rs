//! The webhook key, by which Parse Server proves that a request comes from it.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The accepted keys. There is always one, so a missing configuration cannot accept everything.
#[derive(Debug)]
pub struct WebhookKeys {
    current: SecretString,
    previous: Option<SecretString>,
}

/// Which key a request came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyInUse {
    Current,
    Previous,
}

impl WebhookKeys {
    /// `previous` is accepted too, during a rotation.
    pub fn new(current: SecretString, previous: Option<SecretString>) -> Self {
        WebhookKeys { current, previous }
    }

    /// Which key `presented` is, if any. Compares in constant time.
    pub(super) fn check(&self, presented: &[u8]) -> Option<KeyInUse> {
        let is = |key: &SecretString| {
            let key = key.expose_secret().as_bytes();
            !key.is_empty() && bool::from(key.ct_eq(presented))
        };
        let current = is(&self.current);
        let previous = self.previous.as_ref().is_some_and(is);
        if current {
            Some(KeyInUse::Current)
        } else {
            previous.then_some(KeyInUse::Previous)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(current: &str, previous: Option<&str>) -> WebhookKeys {
        WebhookKeys::new(current.into(), previous.map(SecretString::from))
    }

    #[test]
    fn accepts_both_keys_of_a_rotation() {
        let keys = keys("new", Some("old"));
        assert_eq!(keys.check(b"new"), Some(KeyInUse::Current));
        assert_eq!(keys.check(b"old"), Some(KeyInUse::Previous));
    }

    #[test]
    fn accepts_nothing_else() {
        let keys = keys("new", Some(""));
        for wrong in ["", "ne", "new ", "NEW", "newnew", "old"] {
            assert_eq!(keys.check(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn keeps_keys_out_of_debug() {
        let shown = format!("{:?}", keys("hush-hush", Some("also-hush")));
        assert!(!shown.contains("hush"), "{shown}");
    }
}
