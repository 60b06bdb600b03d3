//! Cloudinary for a self-hosted Parse Server: signed uploads, verified identifiers, delivery URLs.
//!
//! | module | what it is |
//! |---|---|
//! | [`cloudinary`] | the Cloudinary side: identifiers, signatures, upload parameters, transformations, URLs. Pure |
//! | [`parse`] | the Parse side: webhook envelopes and the REST client |
//! | [`manifest`] | `webhooks/*.toml` as typed hooks |
//! | [`hooks`] | what each hook does with a request |
//! | [`queue`] | what is done later: assets to destroy, notifications to act on |
//! | [`server`] | the HTTP listeners |
//! | [`config`] | environment and `.env` as one validated configuration |
//! | [`cli`] | the commands of the binary |

pub mod cli;
pub mod cloudinary;
pub mod config;
pub mod hooks;
pub mod manifest;
pub mod parse;
pub mod queue;
pub mod server;
