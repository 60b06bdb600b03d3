//! The Cloudinary side: identifiers, signatures, upload parameters, transformations, URLs.
//!
//! Pure: no async, no environment, no clock. Time and secrets are arguments. [`client`] alone talks
//! to Cloudinary.

pub mod account;
mod algorithm;
pub mod asset_name;
pub mod auth_token;
pub mod client;
pub mod delivery_url;
pub mod diagnosis;
mod digest;
pub mod download;
pub mod identifier;
pub(crate) mod json_string;
pub mod notification;
pub mod notification_event;
mod number;
mod percent;
pub mod signature;
pub mod suggestion;
pub mod transformation;
pub mod upload;
pub mod url_config;
pub(crate) mod url_options;
