//! Cloud functions: who may call one, and what it answers.

use secrecy::SecretString;

use crate::cloudinary::account::Account;
use crate::manifest::{Access, FunctionAction, FunctionManifest};
use crate::parse::envelope::Envelope;

use super::answer::url_answer;
use super::limit::Limits;
use super::refusal::Refusal;
use super::roles::Roles;
use super::upload_fields::FixedFields;
use super::{Outcome, ParseServer, delivery_url, sign_params, sign_upload};

/// What a function works with.
#[derive(Debug, Clone, Copy)]
pub struct FunctionContext<'a> {
    /// Signs.
    pub account: &'a Account,
    /// Reads rows and roles.
    pub parse_server: Option<&'a ParseServer>,
    /// What is known of who holds which role.
    pub roles: &'a Roles,
    /// How often the function may be called.
    pub limits: &'a Limits,
    /// The full master key, if it is configured.
    pub master_key: Option<&'a SecretString>,
    /// What the function signs in every call.
    pub fixed: &'a FixedFields,
}

/// Calls a function. `now` in seconds since 1970.
///
/// # Errors
/// A [`Refusal`] for the caller.
pub async fn call(
    function: &FunctionManifest,
    context: FunctionContext<'_>,
    envelope: &Envelope<'_>,
    now: u64,
) -> Result<Outcome, Refusal> {
    check_access(&function.access, envelope, context.master_key)?;
    // Before the role: questions to Parse Server are limited too.
    context.limits.take(&function.name, envelope)?;
    if let Access::Role(role) = &function.access {
        Box::pin(context.roles.check(role, context.parse_server, envelope)).await?;
    }
    let answer = match &function.action {
        FunctionAction::SignUpload(sign) => {
            sign_upload::sign(sign, context.fixed, context.account, envelope, now)?
        }
        FunctionAction::SignParams(rules) => {
            sign_params::sign(rules, context.fixed, context.account, envelope, now)?
        }
        FunctionAction::DeliveryUrl(url) => {
            let account = context.account;
            let url = match &url.source {
                None => delivery_url::of_identifier(url, account, envelope, now)?,
                // Boxed: most calls need no row, and should not carry the room that reading one
                // takes.
                Some(source) => {
                    let parse_server = context.parse_server;
                    let of_row =
                        delivery_url::of_row(url, source, account, parse_server, envelope, now);
                    Box::pin(of_row).await?
                }
            };
            url_answer(&url)
        }
    };
    Ok(Outcome {
        answer: Some(answer),
        ..Outcome::default()
    })
}

/// The master key is no session: a function for users builds its answer from one.
fn check_access(
    access: &Access,
    envelope: &Envelope<'_>,
    master_key: Option<&SecretString>,
) -> Result<(), Refusal> {
    let user = envelope.user.and_then(|user| user.object_id());
    match access {
        Access::Public => Ok(()),
        Access::User | Access::Role(_) if user.is_some() => Ok(()),
        Access::User | Access::Role(_) => Err(Refusal::needs_user()),
        Access::Master if envelope.has_full_master_key_as(master_key) => Ok(()),
        Access::Master => Err(Refusal::needs_master()),
    }
}
