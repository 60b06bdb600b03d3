//! The request that a log line belongs to: the proxy's id (`X-Request-Id`), so that both logs can be
//! read together, or else one of our own.
//!
//! Most requests log nothing, so an id is made only when a line needs it.

use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::HttpRequest;

use crate::clock::unix_time;

/// Longest id that is taken from a proxy.
const MAX_LEN: usize = 64;

tokio::task_local! {
    static CURRENT: Current;
}

struct Current {
    request: HttpRequest,
    number: Cell<Option<u64>>,
}

/// Runs `work` on behalf of `request`.
pub(super) fn scope<F: Future>(
    request: &HttpRequest,
    work: F,
) -> impl Future<Output = F::Output> + use<F> {
    let current = Current {
        request: request.clone(),
        number: Cell::new(None),
    };
    CURRENT.scope(current, work)
}

/// The id of the request that the current task works on, if any.
pub(crate) fn current() -> Option<String> {
    CURRENT.try_with(Current::id).ok()
}

impl Current {
    fn id(&self) -> String {
        static STARTED: LazyLock<u64> = LazyLock::new(unix_time);
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if let Some(given) = self.given() {
            return given.to_owned();
        }
        let number = self.number.get();
        let number = number.unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed));
        self.number.set(Some(number));
        format!("{:x}-{number}", *STARTED)
    }

    fn given(&self) -> Option<&str> {
        let given = self.request.headers().get("x-request-id")?.to_str().ok()?;
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        ((1..=MAX_LEN).contains(&given.len()) && given.bytes().all(is_plain)).then_some(given)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{current, scope};

    async fn id(header: Option<&str>) -> String {
        let mut request = TestRequest::default();
        if let Some(value) = header {
            request = request.insert_header(("X-Request-Id", value));
        }
        scope(&request.to_http_request(), async {
            assert_eq!(current(), current());
            current().unwrap()
        })
        .await
    }

    #[actix_web::test]
    async fn is_the_proxys_or_one_of_ours() {
        assert_eq!(current(), None);
        assert_eq!(id(Some("0f-a_b.C")).await, "0f-a_b.C");
        let ours = id(None).await;
        assert_ne!(id(None).await, ours);
        for odd in ["", "a b", "a\"b", &"a".repeat(65)] {
            let id = id(Some(odd)).await;
            assert_eq!(id.split('-').next(), ours.split('-').next(), "{odd}");
        }
    }
}
