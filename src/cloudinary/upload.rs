//! Upload parameters: their names, their serialisation and their signature.

mod api_url;
mod check;
mod chosen;
mod error;
mod explain;
mod fields;
mod parameter;
mod posted;
mod sdk;
mod text;

pub(super) use api_url::api_base;
pub use api_url::{api_url, upload_url};
pub use check::{check_upload_option, is_part_of_transformation, is_upload_option};
pub use chosen::{check_chosen_parameter, check_posted_text};
pub use error::{MAX_PUBLIC_ID_LEN, UploadError};
pub use explain::{ExplainError, Explanation, check_signed_name, explain_signature};
pub use fields::{Fields, SignedFields, sign_upload};
pub use parameter::parameter_names;
pub use posted::{check_ampersands, is_same_posted, posted_text, written};
pub use sdk::{
    context, responsive_breakpoints, sign_params, sign_request, upload_params, without_blanks,
};
pub use text::text as as_text;

#[cfg(test)]
mod tests;
