//! Cloud functions: who may call one, and what it answers.

use crate::cloudinary::account::Account;
use crate::manifest::{Access, Action, FunctionManifest};
use crate::parse::envelope::Envelope;

use super::answer::success_answer;
use super::refusal::Refusal;
use super::{Decided, ParseServer, delivery_url, sign_upload};

/// Calls a function. `now` in seconds since 1970.
///
/// # Errors
/// A [`Refusal`] for the caller.
pub async fn call(
    function: &FunctionManifest,
    account: &Account,
    parse_server: Option<&ParseServer>,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<Decided, Refusal> {
    check_access(&function.access, envelope)?;
    let answer = match &function.action {
        Action::SignUpload(sign) => {
            success_answer(&sign_upload::sign(sign, account, envelope, now)?)
        }
        Action::DeliveryUrl(url) => {
            let url = delivery_url::build(url, account, parse_server, envelope, now).await?;
            success_answer(&serde_json::json!({ "url": url }))
        }
    };
    Ok(Decided {
        answer: Some(answer),
        previous_secret: false,
        to_confirm: Vec::new(),
    })
}

/// The master key is no session: a function for users builds its answer from one.
fn check_access(access: &Access, envelope: &Envelope<'_>) -> Result<(), Refusal> {
    let user = envelope.user.and_then(|user| user.object_id());
    match access {
        Access::Public => Ok(()),
        Access::User if user.is_some() => Ok(()),
        Access::User => Err(Refusal::needs_user()),
        Access::Master if envelope.has_full_master_key() => Ok(()),
        Access::Role(role) => Err(Refusal::needs_role(role)),
        Access::Master => Err(Refusal::needs_master()),
    }
}
