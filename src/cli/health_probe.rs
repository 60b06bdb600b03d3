//! `GET /health` of a running service.

use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::http::{self, causes, without_password};

/// A container probe waits no longer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a service is not healthy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unhealthy {
    /// No answer.
    #[error("{url} does not answer: {cause}")]
    NoAnswer {
        /// What was asked.
        url: String,
        /// In words.
        cause: String,
    },
    /// An answer, but not `{"status":"ok"}`.
    #[error("{url} answered {status}, not as cloudinary-parse does")]
    Stranger {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: StatusCode,
    },
}

/// Asks `url` for `{"status":"ok"}`. Without `verify` any certificate will do: those of public
/// names do not name a loopback address, and nothing secret is sent.
///
/// # Errors
/// [`Unhealthy`]
pub(crate) async fn ask(url: &Url, verify: bool) -> Result<(), Unhealthy> {
    let no_answer = |error: reqwest::Error| Unhealthy::NoAnswer {
        url: without_password(url),
        cause: causes(&error),
    };
    let client = http::client(url, TIMEOUT)
        .tls_danger_accept_invalid_certs(!verify)
        .build()
        .map_err(no_answer)?;
    let response = client.get(url.clone()).send().await.map_err(no_answer)?;
    let status = response.status();
    let body = response.bytes().await.map_err(no_answer)?;
    let body: Option<Value> = serde_json::from_slice(&body).ok();
    if status == StatusCode::OK && body.is_some_and(|body| body["status"] == "ok") {
        Ok(())
    } else {
        let url = without_password(url);
        Err(Unhealthy::Stranger { url, status })
    }
}
