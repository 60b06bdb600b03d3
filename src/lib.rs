//! Cloudinary for a self-hosted Parse Server: signed uploads, verified identifiers, delivery URLs.
//!
//! | module | what it is |
//! |---|---|
//! | [`cloudinary`] | the Cloudinary side: identifiers, signatures, upload parameters, transformations, URLs. Pure |
//! | [`parse`] | the Parse side: webhook envelopes and the REST client |
//! | [`manifest`] | `webhooks/*.toml` as typed hooks |
//! | [`assets`] | may this asset go? What refers to it, and what may be destroyed. Pure |
//! | `registration` | which hooks should be registered at Parse Server, and which are. Pure |
//! | [`hooks`] | what each hook does with a request |
//! | [`queue`] | what is done later: assets to destroy, notifications to act on |
//! | [`server`] | the HTTP listeners |
//! | [`config`] | environment and `.env` as one validated configuration |
//! | [`cli`] | the commands of the binary |
//!
//! As a library it does four things: sign an upload, verify what an upload returned, build its
//! delivery URL, verify a notification.
//!
//! ```
//! use cloudinary_parse::cloudinary::account::Account;
//! use cloudinary_parse::cloudinary::delivery_url::identifier_url;
//! use cloudinary_parse::cloudinary::identifier::Identifier;
//! use cloudinary_parse::cloudinary::notification::Notification;
//! use cloudinary_parse::cloudinary::upload::sign_upload;
//! use serde_json::json;
//!
//! let account = Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud")?;
//! let now = 1_789_000_000;
//!
//! let options = json!({"tags": "bob", "eager": {"crop": "fill", "width": 150, "height": 100, "gravity": "face"}});
//! let fields = sign_upload(&account, options.as_object().unwrap(), now)?;
//! assert_eq!(fields["signature"], "64b76e3822620b43138b2d2da1b36d07dbb94d27");
//!
//! let stored = "image/upload/v1571218330/folder/sample.jpg#433bfb3d9e1208e5018128660fc1383bfe52c4ff";
//! let identifier = Identifier::parse(stored)?;
//! identifier.verify(&account, identifier.signature.ok_or("unsigned")?)?;
//! assert_eq!(identifier.bare(), "image/upload/v1571218330/folder/sample.jpg");
//!
//! let options = json!({"crop": "fill", "width": 150});
//! assert_eq!(
//!     identifier_url(&account, &identifier, options.as_object().unwrap(), now)?,
//!     "https://res.cloudinary.com/demo-cloud/image/upload/c_fill,w_150/v1571218330/folder/sample.jpg"
//! );
//!
//! let notification = Notification {
//!     body: br#"{"notification_type":"upload","public_id":"x","version":1}"#,
//!     timestamp: "1789000000",
//!     signature: "bc8330e2934ca88c2832a17d5044f970ad93a302",
//! };
//! notification.verify(&account, now)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod assets;
pub mod cli;
mod clock;
pub mod cloudinary;
pub mod config;
mod database_url;
pub mod hooks;
mod http;
pub mod manifest;
pub mod parse;
pub mod queue;
mod random;
mod registration;
pub mod server;
mod units;
