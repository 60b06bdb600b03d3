//! What each hook does with a request: read the envelope, decide, write the answer.
//!
//! Time is an argument here too; what a hook asks of Parse Server goes through the client it is
//! given.

mod answer;
mod choice;
mod clean_up;
mod confirm;
mod context;
mod delivery_url;
mod field;
mod folder;
mod function;
mod guard;
mod limit;
mod operation;
mod policy;
mod refusal;
mod roles;
mod sign_params;
mod sign_upload;
mod signed_write;
mod stored;
mod upload_fields;
mod write_set;

pub use crate::cloudinary::client::ApiClient as Cloudinary;
pub use crate::parse::client::RestClient as ParseServer;
pub use answer::{EMPTY, error_answer};
pub use clean_up::{DelayedDestroy, after_delete, after_save};
pub use confirm::{Confirmed, ToConfirm, confirm};
pub use function::{FunctionContext, call};
pub use guard::before_save;
pub use limit::Limits;
pub use policy::{Broken, Verdict, broken_by_any, verdicts};
pub use refusal::{Reason, Refusal};
pub use roles::Roles;
pub use upload_fields::FixedFields;

/// What a hook comes to, unless it refuses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The text to answer, `None` where the client's own write stands (`{}`).
    pub answer: Option<String>,
    /// What is done later.
    pub jobs: Vec<DelayedDestroy>,
    /// New pictures of fields that confirm; for [`confirm`].
    pub to_confirm: Vec<ToConfirm>,
    /// A signature was made with the secret that is being rotated out.
    pub previous_secret: bool,
    /// Columns of this service's that the client meant to write, and that are left as they are.
    pub left_out: Vec<String>,
}
