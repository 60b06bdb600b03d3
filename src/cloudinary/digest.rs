//! The digests behind signatures, without an allocation.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::algorithm::Algorithm;

/// A digest in lower-case hex, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexDigest {
    digits: [u8; 64],
    len: usize,
}

impl HexDigest {
    fn of(digest: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self {
            digits,
            len: digest.len() * 2,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Compares in constant time; anything but lower-case hex of the right length differs.
    pub fn matches(&self, signature: &str) -> bool {
        let (ours, theirs) = (self.as_bytes(), signature.as_bytes());
        if ours.len() != theirs.len() {
            return false;
        }
        // Eight digits at a time: an eighth of the comparisons, each of which is opaque to the
        // compiler.
        let (ours, _) = ours.as_chunks::<8>();
        let (theirs, _) = theirs.as_chunks::<8>();
        ours.iter()
            .zip(theirs)
            .fold(Choice::from(1), |equal, (ours, theirs)| {
                equal & u64::from_ne_bytes(*ours).ct_eq(&u64::from_ne_bytes(*theirs))
            })
            .into()
    }
}

impl fmt::Display for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

enum Digester {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Digester {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(digester) => digester.update(bytes),
            Self::Sha256(digester) => digester.update(bytes),
        }
    }
}

/// The two digests behind one face, fed piece by piece so that nothing is joined first.
pub(super) struct Hasher {
    digester: Digester,
    /// Small pieces wait here, so that a digest of ten parts is fed once.
    pending: [u8; 128],
    len: usize,
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self {
            digester: match algorithm {
                Algorithm::Sha1 => Digester::Sha1(Sha1::new()),
                Algorithm::Sha256 => Digester::Sha256(Sha256::new()),
            },
            pending: [0; 128],
            len: 0,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        if let Some(free) = self.pending[self.len..].get_mut(..bytes.len()) {
            free.copy_from_slice(bytes);
            self.len += bytes.len();
        } else {
            self.flush();
            self.digester.update(bytes);
        }
    }

    fn flush(&mut self) {
        self.digester.update(&self.pending[..self.len]);
        self.len = 0;
    }

    pub(super) fn finish(mut self, secret: &SecretString) -> HexDigest {
        self.update(secret.expose_secret().as_bytes());
        self.flush();
        match self.digester {
            Digester::Sha1(digester) => HexDigest::of(&digester.finalize()),
            Digester::Sha256(digester) => HexDigest::of(&digester.finalize()),
        }
    }
}
