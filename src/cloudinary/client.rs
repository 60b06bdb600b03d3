//! Client of Cloudinary's Admin and Upload APIs: what an asset really is, which assets there are,
//! and their destruction.
//!
//! The one part of this folder that talks to somebody. It follows no redirects (the secret would go
//! along), bounds every call in time, and tells a rate limit from every other failure. The secret
//! never reaches an error or a log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::{RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::account::Account;
use super::identifier::{DeliveryType, ResourceType};
use super::signature;
use super::upload::api_base;
use crate::http::{self, causes, without_password};

mod answer;
mod asset;
mod error;
mod limit;

use answer::read_answer;
pub use asset::{Asset, AssetPage};
pub use error::ApiError;
use limit::AdminCallLimit;

/// Most public IDs that one call may ask for.
pub const BATCH: usize = 100;

/// Most assets that one page of a listing holds.
pub const PAGE: usize = 500;

/// An account's API.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    base: Url,
    timeout: Duration,
    account: Account,
    api_key: String,
    api_secret: SecretString,
    /// What the last answer said; clones of a client share it.
    limit: Arc<Mutex<Option<AdminCallLimit>>>,
}

/// What became of an asset that was to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destroyed {
    /// It is gone.
    Now,
    /// There was none.
    Before,
}

/// What goes before an answer's body.
struct AnswerHead {
    status: StatusCode,
    date: Option<u64>,
}

#[derive(Deserialize)]
struct DestroyBody {
    result: String,
}

impl ApiClient {
    /// A client of the account's API. A call takes at most `timeout`.
    ///
    /// # Errors
    /// An account without key or secret, a malformed `upload_prefix`, no certificates.
    pub fn new(account: &Account, timeout: Duration) -> Result<Self, ApiError> {
        let key_and_secret = account
            .api_key
            .clone()
            .zip(account.secrets.first().cloned());
        let (api_key, api_secret) = key_and_secret.ok_or(ApiError::Credentials)?;
        let base: Url = api_base(account).parse().map_err(|_| ApiError::Prefix)?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(ApiError::Prefix);
        }
        let http = http::client(&base, timeout).build();
        Ok(Self {
            http: http.map_err(|error| ApiError::Client {
                cause: causes(&error),
            })?,
            base,
            timeout,
            account: account.clone(),
            api_key,
            api_secret,
            limit: Arc::default(),
        })
    }

    /// When a caller may go on that leaves half of the account's Admin API calls to others, by what
    /// the last answer announced; `None` if at once. In seconds since 1970.
    pub fn half_used_until(&self, now: u64) -> Option<u64> {
        let limit = *self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit?.half_used_until(now)
    }

    /// The API's URL, without a password.
    pub fn api(&self) -> String {
        without_password(&self.base)
    }

    /// Whether key and secret are good. Returns Cloudinary's time in seconds since 1970, if it said
    /// so.
    ///
    /// # Errors
    /// Cloudinary cannot be asked, or refuses.
    pub async fn ping(&self) -> Result<Option<u64>, ApiError> {
        let request = self.authorized(self.http.get(self.url(&["ping"])));
        let (head, _): (_, serde::de::IgnoredAny) = self.send(request).await?;
        Ok(head.date)
    }

    /// One asset; `None` if there is none.
    ///
    /// # Errors
    /// Cloudinary cannot be asked, or refuses.
    pub async fn asset(
        &self,
        resource_type: ResourceType,
        delivery_type: DeliveryType,
        public_id: &str,
    ) -> Result<Option<Asset>, ApiError> {
        let found = self.found(resource_type, delivery_type, public_id).await?;
        Ok(found.filter(|asset| !asset.is_placeholder()))
    }

    /// The same, the placeholder of a rejected or deleted asset included.
    ///
    /// # Errors
    /// Cloudinary cannot be asked, or refuses.
    pub async fn found(
        &self,
        resource_type: ResourceType,
        delivery_type: DeliveryType,
        public_id: &str,
    ) -> Result<Option<Asset>, ApiError> {
        let mut path = vec!["resources", resource_type.name(), delivery_type.name()];
        path.extend(public_id.split('/'));
        let found: Result<Asset, _> = self.admin(self.http.get(self.url(&path))).await;
        match found {
            Ok(asset) => Ok(Some(asset)),
            Err(ApiError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those of at most [`BATCH`] assets that exist, placeholders included, in any order.
    ///
    /// # Errors
    /// Cloudinary cannot be asked, or refuses.
    pub async fn assets<'p>(
        &self,
        resource_type: ResourceType,
        delivery_type: DeliveryType,
        public_ids: impl IntoIterator<Item = &'p str>,
    ) -> Result<Vec<Asset>, ApiError> {
        let mut url = self.url(&["resources", resource_type.name(), delivery_type.name()]);
        {
            let mut query = url.query_pairs_mut();
            for public_id in public_ids {
                query.append_pair("public_ids[]", public_id);
            }
            query.append_pair("max_results", &BATCH.to_string());
        }
        let page: AssetPage = self.admin(self.http.get(url)).await?;
        Ok(page.assets)
    }

    /// A page of the assets whose public IDs begin with `prefix`, in Cloudinary's order.
    ///
    /// # Errors
    /// Cloudinary cannot be asked, or refuses.
    pub async fn list(
        &self,
        resource_type: ResourceType,
        delivery_type: DeliveryType,
        prefix: &str,
        cursor: Option<&str>,
    ) -> Result<AssetPage, ApiError> {
        let mut url = self.url(&["resources", resource_type.name(), delivery_type.name()]);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("max_results", &PAGE.to_string());
            if !prefix.is_empty() {
                query.append_pair("prefix", prefix);
            }
            if let Some(cursor) = cursor {
                query.append_pair("next_cursor", cursor);
            }
        }
        let mut page: AssetPage = self.admin(self.http.get(url)).await?;
        page.assets.retain(|asset| !asset.is_placeholder());
        Ok(page)
    }

    /// Destroys an asset and what the CDN holds of it. `now` in seconds since 1970.
    ///
    /// # Errors
    /// Cloudinary cannot be asked, or refuses.
    pub async fn destroy(
        &self,
        resource_type: ResourceType,
        delivery_type: DeliveryType,
        public_id: &str,
        now: u64,
    ) -> Result<Destroyed, ApiError> {
        let timestamp = now.to_string();
        let mut params = [
            ("invalidate", "true"),
            ("public_id", public_id),
            ("timestamp", &timestamp),
            ("type", delivery_type.name()),
        ];
        let signature = signature::sign(&self.account, &mut params);
        let signature = signature.map_err(|_| ApiError::Credentials)?;
        let mut form = Url::clone(&self.base);
        form.query_pairs_mut()
            .clear()
            .extend_pairs(params)
            .append_pair("api_key", &self.api_key)
            .append_pair("signature", signature.as_str());
        let url = self.url(&[resource_type.name(), "destroy"]);
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        let (AnswerHead { status, .. }, outcome): (_, DestroyBody) = self.send(request).await?;
        match outcome.result.as_str() {
            "ok" => Ok(Destroyed::Now),
            "not found" => Ok(Destroyed::Before),
            other => Err(ApiError::Refused {
                api: self.api(),
                status,
                message: other.to_owned(),
            }),
        }
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }

    async fn admin<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        Ok(self.send(self.authorized(request)).await?.1)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.api_key, Some(self.api_secret.expose_secret()))
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<(AnswerHead, T), ApiError> {
        let failed = |error: reqwest::Error| self.transport(&error);
        let response = request.send().await.map_err(failed)?;
        let (status, reset) = (response.status(), limit::reset(response.headers()));
        let date = response.headers().get(DATE);
        let date = date.and_then(|date| http::date(date.to_str().ok()?));
        if let Some(limit) = AdminCallLimit::read(response.headers(), date.unwrap_or_default()) {
            *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
        }
        let body = response.bytes().await.map_err(failed)?;
        let answer = read_answer(self.api(), status, reset, &body)?;
        Ok((AnswerHead { status, date }, answer))
    }

    fn transport(&self, error: &reqwest::Error) -> ApiError {
        let api = self.api();
        if error.is_timeout() {
            let milliseconds = self.timeout.as_millis();
            return ApiError::Timeout { api, milliseconds };
        }
        let cause = causes(error);
        ApiError::Unreachable { api, cause }
    }
}

#[cfg(test)]
mod tests;
