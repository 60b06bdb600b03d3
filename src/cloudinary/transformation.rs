//! The transformation language: JSON options as the SDKs take them, written as Cloudinary reads
//! them.
//!
//! Where the SDKs differ from each other this follows the Node SDK, except where it loses or
//! mangles what the caller wrote:
//!
//! - every `/` of a layer's public ID becomes `:`, not only the first;
//! - `video:fetch:<url>` keeps its URL, encoded as by the Python SDK;
//! - style options of a text come in one order, and a font without a size is an error;
//! - `trimmed_aspect_ratio`, `illustration_score` and `context` are names in expressions;
//!   `b_frames` is part of a codec;
//! - an `offset` that is no range is ignored, and a codec without a name or a function without a
//!   source is an error;
//! - a `responsive_width` in the configuration, which never ends in the SDKs, is an error unless
//!   text is appended.

mod check;
mod chosen;
mod component;
mod error;
mod expression;
mod layer;
mod parameters;
mod typed;
mod value;
mod write;

pub use check::{check_eager, check_options};
pub(super) use check::{check_members, check_option};
pub(crate) use chosen::is_composite;
pub(super) use chosen::{
    check_chosen_option, check_chosen_steps, check_chosen_transformation, check_unsigned_composite,
    is_format,
};
pub use error::TransformationError;
pub use expression::normalize_expression;
pub use typed::{Crop, Layer, Transformation};
pub(super) use write::push_transformation;
pub use write::{eager, from_options, from_value, layer};

#[cfg(test)]
mod tests;
