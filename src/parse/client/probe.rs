//! Calls of `doctor` and `register`, which want to know what Parse Server says, whatever it is.

use std::time::Duration;

use reqwest::header::{CONNECTION, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::held_body::HeldBody;
use super::{Credential, MasterClient, RestAnswer, RestClient, RestError};

/// An answer of Parse Server, a refusal included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body; null if it is no JSON.
    pub body: Value,
    /// Parse Server's time in seconds since 1970, if it said so.
    pub date: Option<u64>,
}

impl From<RestAnswer> for Reply {
    fn from(answer: RestAnswer) -> Self {
        Reply {
            status: answer.status,
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
            date: answer.date,
        }
    }
}

#[derive(Deserialize)]
struct HealthBody {
    status: String,
}

impl RestClient {
    /// Asks `GET /health`, which needs neither application id nor key. Returns Parse Server's time
    /// in seconds since 1970, if it said so.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or is not ready.
    pub async fn health(&self) -> Result<Option<u64>, RestError> {
        let url = self.path(&["health"])?;
        let answer = self
            .send(Method::GET, url, Credential::Nothing, None)
            .await?;
        let date = answer.date;
        match serde_json::from_slice(&answer.body) {
            Ok(HealthBody { status }) if status == "ok" => Ok(date),
            Ok(HealthBody { status: state }) => Err(RestError::NotReady {
                server: self.server(),
                state,
            }),
            Err(_) => Err(match answer.json::<HealthBody>(self) {
                Err(error) => error,
                Ok(_) => RestError::NotParseServer {
                    server: self.server(),
                    status: answer.status,
                },
            }),
        }
    }

    /// Calls a cloud function as nobody.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or does not let this application ask.
    pub async fn call_function(&self, name: &str, params: &Value) -> Result<Reply, RestError> {
        let url = self.path(&["functions", name])?;
        let answer = self.send(Method::POST, url, Credential::Nothing, Some(params));
        let answer = answer.await?;
        match answer.json::<Value>(self) {
            Err(RestError::Unauthorized { server }) => Err(RestError::ClientKey { server }),
            Err(
                error @ (RestError::NotParseServer { .. }
                | RestError::Redirect { .. }
                | RestError::Unavailable { .. }
                | RestError::NotReady { .. }),
            ) if !answer.is_json() => Err(error),
            _ => Ok(answer.into()),
        }
    }

    /// Whether a body of so many bytes is taken. It asks for nothing and has no application id.
    ///
    /// Who refuses it by its announced length closes the connection, and what is still being sent
    /// then breaks it before the answer is read. So the body is held back for the time `hold`, in
    /// which such an answer comes.
    ///
    /// # Errors
    /// Parse Server cannot be asked.
    pub async fn takes_body_of(&self, bytes: usize, hold: Duration) -> Result<bool, RestError> {
        let url = self.path(&["functions", "cloudinaryParseDoctor"])?;
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "close")
            .body(reqwest::Body::wrap(HeldBody::new(bytes, hold)));
        let answer = self.finish(request).await?;
        Ok(answer.status != StatusCode::PAYLOAD_TOO_LARGE)
    }

    fn path(&self, segments: &[&str]) -> Result<reqwest::Url, RestError> {
        self.url(segments).ok_or_else(|| RestError::Name {
            name: segments.join("/"),
        })
    }
}

impl MasterClient {
    /// Tries to create a row with a `context`.
    ///
    /// # Errors
    /// Parse Server cannot be asked.
    pub async fn try_create(
        &self,
        class: &str,
        row: &Value,
        context: &Value,
    ) -> Result<Reply, RestError> {
        let url = self.url(&["classes", class])?;
        let proof = Credential::MasterKey(&self.master_key);
        let request = self.rest.request(Method::POST, url, proof);
        let request = request
            .header("X-Parse-Cloud-Context", context.to_string())
            .json(row);
        Ok(self.rest.finish(request).await?.into())
    }

    /// Proves that the master key is not the read-only one, by deleting a role that does not exist:
    /// versions 5 to 7 let the read-only one change hooks, none lets it change rows.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn prove_writable(&self, no_role: &str) -> Result<(), RestError> {
        match self.delete_row("_Role", no_role).await {
            Err(RestError::Refused { code: 101, .. }) => Ok(()),
            result => result,
        }
    }

    /// Deletes a row.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses.
    pub async fn delete_row(&self, class: &str, object_id: &str) -> Result<(), RestError> {
        let path = ["classes", class, object_id];
        let _: Value = self.call(Method::DELETE, &path, None).await?;
        Ok(())
    }
}
