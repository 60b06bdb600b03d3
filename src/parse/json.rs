//! A validating JSON scanner that keeps text as it is.
//!
//! `serde_json::Value` changes doubles, rejects lone surrogates and deep nesting, and copies
//! everything; Parse Server sends all three and a guard reads three keys of a body. So values stay
//! slices of the request: one pass checks the whole grammar of RFC 8259 (escapes, numbers,
//! literals, nesting of any depth) and notes where the values of interest lie.
//!
//! Deliberately not here: building values, and rules about repeated keys (the caller sees every
//! member).

#![allow(
    clippy::inline_always,
    reason = "a call for each string of a body would cost as much as reading most of them"
)]

mod bytes;
mod error;
mod key;
mod scanner;
mod strings;
mod text;
mod values;

pub use error::JsonError;
pub use key::MemberKey;
pub use scanner::Scanner;
pub use text::{JsonKind, JsonText, Member};

#[cfg(test)]
mod tests;
