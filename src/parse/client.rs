//! Client of Parse Server's REST API: `/hooks`, `/serverInfo`, `/schemas`, `/classes`,
//! `/aggregate`, `/roles`.
//!
//! It follows no redirects (a redirected request would carry the keys to wherever it points),
//! bounds every call in time, and names in its errors the variable to mend. Keys and session tokens
//! never reach an error or a log.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http::{self, without_password};

use super::hook_name::path_segment;

mod classes;
mod error;
mod held_body;
mod hooks;
mod master;
mod probe;
mod roles;
mod rows;
mod schema;

pub use classes::Hides;
pub use error::RestError;
pub use hooks::RegisteredHook;
pub use master::{MasterClient, ServerInfo};
pub use probe::Reply;
pub use roles::Role;
pub use rows::Rows;
pub use schema::{Schema, SchemaColumn};

/// Longest answer that is read, in bytes: far more than any row may have.
const LONGEST: usize = 64 << 20;

/// A row as Parse Server answered it: each column's JSON text, since a number or a lone surrogate
/// in a column that nobody asks for must not make the row unreadable.
pub type Row = HashMap<String, Box<RawValue>>;

/// One Parse application on one Parse Server.
#[derive(Clone)]
pub struct RestClient {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    application_id: HeaderValue,
    rest_api_key: Option<HeaderValue>,
}

/// What a request proves itself with.
#[derive(Clone, Copy)]
enum Credential<'a> {
    Nothing,
    MasterKey(&'a HeaderValue),
    Session(&'a HeaderValue),
}

/// An answer that has arrived in full.
struct RestAnswer {
    status: StatusCode,
    content_type: Option<String>,
    location: Option<String>,
    date: Option<u64>,
    body: Vec<u8>,
}

impl RestClient {
    /// A client of the Parse Server mounted at `server_url`. A call takes at most `timeout`.
    ///
    /// # Errors
    /// [`RestError::Header`] for an application id that no header can carry, [`RestError::Client`]
    /// without certificates.
    pub fn new(
        server_url: &Url,
        application_id: &str,
        timeout: Duration,
    ) -> Result<Self, RestError> {
        let http = http::client(server_url, timeout).build();
        Ok(Self {
            http: http.map_err(|error| RestError::client(&error))?,
            base: server_url.clone(),
            timeout,
            application_id: header("PARSE_SERVER_APPLICATION_ID", application_id)?,
            rest_api_key: None,
        })
    }

    /// Sends `X-Parse-REST-API-Key` too. A Parse Server that has any client key configured refuses
    /// session requests without one.
    ///
    /// # Errors
    /// [`RestError::Header`] for a key that no header can carry.
    pub fn with_rest_api_key(mut self, key: &SecretString) -> Result<Self, RestError> {
        self.rest_api_key = Some(header("PARSE_SERVER_REST_API_KEY", key.expose_secret())?);
        Ok(self)
    }

    /// Adds the master key.
    ///
    /// # Errors
    /// [`RestError::Header`] for a key that no header can carry.
    pub fn with_master_key(self, key: &SecretString) -> Result<MasterClient, RestError> {
        MasterClient::new(self, key)
    }

    /// Where Parse Server is, without a password.
    pub fn server(&self) -> String {
        without_password(&self.base)
    }

    /// The `columns` (comma-separated; all if empty) of one row, read as the owner of
    /// `session_token` or as nobody, so that ACLs and class-level permissions hold. `None` if there
    /// is no such row for this user; an empty id or a path in its place names no row.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or does not let this application ask.
    pub async fn object(
        &self,
        class: &str,
        object_id: &str,
        columns: &str,
        session_token: Option<&SecretString>,
    ) -> Result<Option<Row>, RestError> {
        let token = session_token
            .map(|token| header("the session token", token.expose_secret()))
            .transpose()?;
        let Some(mut url) = self.url(&["classes", class, object_id]) else {
            return Ok(None);
        };
        if !columns.is_empty() {
            url.query_pairs_mut().append_pair("keys", columns);
        }
        let proof = token
            .as_ref()
            .map_or(Credential::Nothing, Credential::Session);
        let answer = self.send(Method::GET, url, proof, None).await?;
        match answer.json::<Row>(self) {
            Ok(row) => Ok(Some(row)),
            // No such row, a class or row that this user may not read, a session that has ended
            // since.
            Err(RestError::Refused {
                code: 101 | 119 | 209,
                ..
            }) => Ok(None),
            Err(RestError::Unauthorized { server }) => Err(RestError::ClientKey { server }),
            Err(error) => Err(error),
        }
    }

    /// `None` if a segment would not stay one: empty, `.` and `..` are eaten by every URL parser,
    /// escaped or not.
    fn url(&self, segments: &[&str]) -> Option<Url> {
        let mut url = self.base.clone();
        let mut path = url.path().trim_end_matches('/').to_owned();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return None;
            }
            path.push('/');
            path.push_str(&path_segment(segment));
        }
        url.set_path(&path);
        Some(url)
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        proof: Credential<'_>,
        body: Option<&Value>,
    ) -> Result<RestAnswer, RestError> {
        let mut request = self.request(method, url, proof);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.finish(request).await
    }

    fn request(&self, method: Method, url: Url, proof: Credential<'_>) -> reqwest::RequestBuilder {
        let mut request = self
            .http
            .request(method, url)
            .header("X-Parse-Application-Id", &self.application_id);
        if let Some(key) = &self.rest_api_key {
            request = request.header("X-Parse-REST-API-Key", key);
        }
        match proof {
            Credential::Nothing => request,
            Credential::MasterKey(key) => request.header("X-Parse-Master-Key", key),
            Credential::Session(token) => request.header("X-Parse-Session-Token", token),
        }
    }

    async fn finish(&self, request: reqwest::RequestBuilder) -> Result<RestAnswer, RestError> {
        let failed = |error: reqwest::Error| RestError::transport(self, &error);
        let mut response = request.send().await.map_err(failed)?;
        let text = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().ok()?.to_owned())
        };
        let mut answer = RestAnswer {
            status: response.status(),
            content_type: text(CONTENT_TYPE),
            location: text(LOCATION),
            date: text(DATE).as_deref().and_then(http::date),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if answer.body.len() + chunk.len() > LONGEST {
                return Err(RestError::TooLong {
                    server: self.server(),
                });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

/// The URL may hold a password.
impl fmt::Debug for RestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RestClient").field(&self.server()).finish()
    }
}

/// A header value that `Debug` and trace logs do not show.
fn header(what: &'static str, value: &str) -> Result<HeaderValue, RestError> {
    // Node reads header bytes as Latin-1, so anything beyond ASCII would arrive as another text.
    let ascii = Some(value).filter(|value| value.is_ascii());
    let value = ascii.and_then(|value| HeaderValue::from_str(value).ok());
    let mut value = value.ok_or(RestError::Header { what })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
