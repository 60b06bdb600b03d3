//! The Cloudinary side: identifiers, signatures, upload parameters, transformations, URLs.
//!
//! Pure: no async, no environment, no clock. Time and secrets are arguments.

pub mod account;
pub mod delivery_url;
pub mod identifier;
mod number;
mod percent;
pub mod signature;
pub mod transformation;
pub mod upload;
pub mod url_config;
mod url_options;
