//! Calls that need the master key, and what a refusal of it means.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Credential, RestAnswer, RestClient, RestError, header};

/// A [`RestClient`] with the master key.
#[derive(Debug, Clone)]
pub struct MasterClient {
    pub(super) rest: RestClient,
    pub(super) master_key: HeaderValue,
}

/// What `GET /serverInfo` says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServerInfo {
    /// For example `9.10.0`.
    #[serde(rename = "parseServerVersion")]
    pub version: String,
}

impl MasterClient {
    pub(super) fn new(rest: RestClient, key: &SecretString) -> Result<Self, RestError> {
        Ok(Self {
            rest,
            master_key: header("PARSE_SERVER_MASTER_KEY", key.expose_secret())?,
        })
    }

    /// Where Parse Server is, without a password.
    pub fn server(&self) -> String {
        self.rest.server()
    }

    /// Asks `GET /serverInfo`, which Parse Server answers to the master key only, where `/classes`
    /// takes a wrong one for an anonymous caller. The read-only master key passes.
    ///
    /// # Errors
    /// Parse Server cannot be asked, or refuses the application id or the key.
    pub async fn prove_master_key(&self) -> Result<ServerInfo, RestError> {
        self.call(Method::GET, &["serverInfo"], None).await
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<&Value>,
    ) -> Result<T, RestError> {
        self.call_url(method, self.url(segments)?, body).await
    }

    /// A write whose hooks see `context`, which is JSON.
    pub(super) async fn put_in_context(
        &self,
        url: Url,
        body: &Value,
        context: &str,
    ) -> Result<(), RestError> {
        let context = header("the context", context)?;
        let request = self
            .rest
            .request(Method::PUT, url, Credential::MasterKey(&self.master_key))
            .header("X-Parse-Cloud-Context", context)
            .json(body);
        let answer = self.rest.finish(request).await?;
        answer.json::<serde::de::IgnoredAny>(&self.rest).map(|_| ())
    }

    pub(super) async fn call_url<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<T, RestError> {
        Ok(self.call_sized(method, url, body).await?.0)
    }

    /// Calls, and says how many bytes the answer has.
    pub(super) async fn call_sized<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<(T, usize), RestError> {
        let proof = Credential::MasterKey(&self.master_key);
        let answer = self.rest.send(method, url, proof, body).await?;
        match answer.json(&self.rest) {
            Err(RestError::Unauthorized { server }) => Err(self.diagnose(server, &answer).await),
            Err(RestError::Refused {
                server, code: 119, ..
            }) => Err(RestError::ReadOnlyMasterKey { server }),
            result => result.map(|body| (body, answer.body.len())),
        }
    }

    pub(super) fn url(&self, segments: &[&str]) -> Result<Url, RestError> {
        self.rest.url(segments).ok_or_else(|| RestError::Name {
            name: segments.join("/"),
        })
    }

    /// What `{"error":"unauthorized"}` means, which Parse Server says to a wrong application id, to
    /// a missing client key and to a master key from an address outside `masterKeyIps`. Versions 7
    /// to 9 give only the last as `application/json`; with 5 the same request without the key gets
    /// past the check of the application id.
    async fn diagnose(&self, server: String, refusal: &RestAnswer) -> RestError {
        if refusal.is_json() {
            let address = self.local_address().await;
            return RestError::MasterKeyIps { server, address };
        }
        let url = match self.url(&["serverInfo"]) {
            Ok(url) => url,
            Err(error) => return error,
        };
        match self
            .rest
            .send(Method::GET, url, Credential::Nothing, None)
            .await
        {
            Ok(answer) => match answer.json::<ServerInfo>(&self.rest) {
                Err(RestError::MasterKey { .. }) => {
                    let address = self.local_address().await;
                    RestError::MasterKeyIps { server, address }
                }
                _ if self.rest.rest_api_key.is_some() => RestError::Unauthorized { server },
                _ => RestError::ApplicationIdOrMasterKey { server },
            },
            Err(error) => error,
        }
    }

    /// The address that this machine's connections to Parse Server come from.
    async fn local_address(&self) -> Option<IpAddr> {
        let host = self.rest.base.host_str()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let target = (host, self.rest.base.port_or_known_default()?);
        let connect = tokio::net::TcpStream::connect(target);
        let stream = tokio::time::timeout(Duration::from_secs(2), connect).await;
        Some(stream.ok()?.ok()?.local_addr().ok()?.ip())
    }
}
