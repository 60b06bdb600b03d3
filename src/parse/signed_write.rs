//! How a write of this service's is told from everybody else's.
//!
//! A row that follows its asset gets an identifier that no upload signed, and outside the folder
//! that a user's must lie in. So the write carries a proof in its context, which only the account's
//! secret can make: over the row, the field, what the field held when the write was decided on, and
//! what it is to hold. The guard lets exactly that write through, and only while the field still
//! holds what it did: a client's edit in between wins.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::json::JsonText;

/// The key in a save's context.
pub const CONTEXT_KEY: &str = "cloudinary_follow";

/// What a refusal of an overtaken write says.
pub const OVERTAKEN: &str = "holds another picture by now";

/// Seconds that a proof is good for.
const VALID_FOR: u64 = 300;

/// One write to one field of one row. Empty texts stand for no identifier; a write of a whole array
/// is over the JSON texts of both arrays.
#[derive(Debug, Clone, Copy)]
pub struct SignedWrite<'a> {
    /// The class.
    pub class: &'a str,
    /// The row.
    pub object_id: &'a str,
    /// The guarded field.
    pub field: &'a str,
    /// What it held, as stored.
    pub from: &'a str,
    /// What it is to hold.
    pub to: &'a str,
}

/// The proof of a write, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteProof {
    /// The guarded field.
    pub field: String,
    /// When it was made, in seconds since 1970.
    at: u64,
    /// Digests of what the field held and is to hold. They prove nothing: they say which of an
    /// array's texts to try.
    from: String,
    to: String,
    mac: String,
}

impl SignedWrite<'_> {
    /// The context of the write, made at `now` with the account's newest secret.
    pub fn context(&self, secret: &SecretString, now: u64) -> String {
        let mac = self
            .mac(secret, now)
            .map(|mac| hex::encode(mac.finalize().into_bytes()));
        let proof = WriteProof {
            field: self.field.to_owned(),
            at: now,
            from: digest(self.from),
            to: digest(self.to),
            mac: mac.unwrap_or_default(),
        };
        json!({ CONTEXT_KEY: proof }).to_string()
    }

    fn mac(&self, secret: &SecretString, at: u64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
        let at = at.to_string();
        let parts = [
            CONTEXT_KEY,
            self.class,
            self.object_id,
            self.field,
            self.from,
            self.to,
            &at,
        ];
        for part in parts {
            // Lengths keep a text from passing from one part to the next.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac)
    }
}

impl WriteProof {
    /// The proof in a context, if there is one.
    pub fn read(context: Option<JsonText<'_>>) -> Option<Self> {
        let members = context?.members()?;
        let proof = members.iter().find(|member| member.key.is(CONTEXT_KEY))?;
        serde_json::from_str(proof.value.as_raw()).ok()
    }

    /// Which of `texts` it says that the field held.
    pub fn find_from<T: AsRef<str>>(&self, texts: impl IntoIterator<Item = T>) -> Option<T> {
        find(&self.from, texts)
    }

    /// Which of `texts` it says that the field is to hold.
    pub fn find_to<T: AsRef<str>>(&self, texts: impl IntoIterator<Item = T>) -> Option<T> {
        find(&self.to, texts)
    }

    /// Whether one of `secrets` made it for `write`, not long before `now`.
    pub fn covers(&self, write: &SignedWrite<'_>, secrets: &[SecretString], now: u64) -> bool {
        let Ok(mac) = hex::decode(&self.mac) else {
            return false;
        };
        self.field == write.field
            && now.abs_diff(self.at) <= VALID_FOR
            && secrets.iter().any(|secret| {
                let made = write.mac(secret, self.at);
                made.is_some_and(|made| made.verify_slice(&mac).is_ok())
            })
    }
}

fn find<T: AsRef<str>>(wanted: &str, texts: impl IntoIterator<Item = T>) -> Option<T> {
    let mut texts = texts.into_iter();
    texts.find(|text| digest(text.as_ref()) == wanted)
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: SignedWrite<'_> = SignedWrite {
        class: "Photo",
        object_id: "p1",
        field: "picture",
        from: "image/upload/v1/a.jpg",
        to: "image/upload/v1/b.jpg",
    };

    fn proof() -> WriteProof {
        let context = WRITE.context(&"secret".into(), 1000);
        WriteProof::read(Some(JsonText::parse(&context).unwrap())).unwrap()
    }

    #[test]
    fn covers_the_write_it_was_made_for_for_five_minutes() {
        let secrets = ["new".into(), "secret".into()];
        for now in [700, 1000, 1300] {
            assert!(proof().covers(&WRITE, &secrets, now), "{now}");
        }
        for now in [0, 699, 1301] {
            assert!(!proof().covers(&WRITE, &secrets, now), "{now}");
        }
    }

    #[test]
    fn says_which_text_it_is_of_and_which_it_is_for() {
        let proof = proof();
        let texts = ["image/upload/v1/c.jpg", WRITE.to, WRITE.from];
        assert_eq!(proof.find_from(texts), Some(WRITE.from));
        assert_eq!(proof.find_to(texts), Some(WRITE.to));
        assert_eq!(proof.find_to(&texts[..1]), None);
        assert_eq!(proof.find_from::<&str>([]), None);
    }

    #[test]
    fn covers_no_other_write_and_takes_no_other_secret() {
        let secrets = ["secret".into()];
        for write in [
            SignedWrite {
                class: "Photos",
                ..WRITE
            },
            SignedWrite {
                class: "Photop",
                object_id: "1",
                ..WRITE
            },
            SignedWrite {
                object_id: "p2",
                ..WRITE
            },
            SignedWrite {
                field: "pictures",
                ..WRITE
            },
            SignedWrite {
                from: "image/upload/v2/a.jpg",
                ..WRITE
            },
            SignedWrite { to: "", ..WRITE },
        ] {
            assert!(!proof().covers(&write, &secrets, 1000), "{write:?}");
        }
        assert!(!proof().covers(&WRITE, &["Secret".into()], 1000));
        assert!(!proof().covers(&WRITE, &[], 1000));
        for mac in ["", "00", "zz"] {
            let proof = WriteProof {
                mac: mac.to_owned(),
                ..proof()
            };
            assert!(!proof.covers(&WRITE, &secrets, 1000), "{mac}");
        }
    }
}
