//! What an answer of Cloudinary's means.

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ApiError;

#[derive(Deserialize)]
struct ApiErrorBody {
    error: ApiErrorMessage,
}

#[derive(Deserialize)]
struct ApiErrorMessage {
    message: String,
}

/// The body of a success; otherwise what the answer means. `reset`: when the rate limit starts anew,
/// if the answer said so.
pub(super) fn read_answer<T: DeserializeOwned>(
    api: String,
    status: StatusCode,
    reset: Option<u64>,
    body: &[u8],
) -> Result<T, ApiError> {
    // 420 is Cloudinary's own, 429 everybody else's, a proxy's before it for instance.
    if matches!(status.as_u16(), 420 | 429) {
        return Err(ApiError::RateLimited { api, reset });
    }
    if status == StatusCode::UNAUTHORIZED {
        return Err(ApiError::Unauthorized { api });
    }
    if !status.is_success() {
        return Err(match serde_json::from_slice(body) {
            Ok(ApiErrorBody { error }) => ApiError::Refused {
                api,
                status,
                message: error.message,
            },
            Err(_) => ApiError::NotCloudinary { api, status },
        });
    }
    // Not a word of the body: it is not Cloudinary's, and might repeat what was sent.
    serde_json::from_slice(body).map_err(|_| ApiError::NotCloudinary { api, status })
}
