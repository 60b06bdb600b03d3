//! What can go wrong between this process and Parse Server, told apart by what has to be mended.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::causes;

use super::{RestAnswer, RestClient};

/// Why a call did not do what it was meant to. `server` is Parse Server's URL without a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// No HTTP client without the system's certificates.
    #[error("cannot make an HTTP client: {cause}")]
    Client {
        /// In words.
        cause: String,
    },
    /// A value with line breaks, control characters or beyond ASCII.
    #[error("{what} holds characters that no HTTP header can carry")]
    Header {
        /// The variable.
        what: &'static str,
    },
    /// Name resolution, TCP or TLS.
    #[error(
        "cannot connect to Parse Server at {server}: {cause} (is it running? PARSE_SERVER_URL, or CLOUDINARY_PARSE_SERVER_URL, says where)"
    )]
    Connect {
        /// Parse Server's URL.
        server: String,
        /// In words.
        cause: String,
    },
    /// No whole answer in time.
    #[error("Parse Server at {server} did not answer within {} s", timeout.as_secs_f64())]
    Timeout {
        /// Parse Server's URL.
        server: String,
        /// The limit.
        timeout: Duration,
    },
    /// The connection broke.
    #[error("the connection to Parse Server at {server} broke: {cause}")]
    Broken {
        /// Parse Server's URL.
        server: String,
        /// In words.
        cause: String,
    },
    /// Something answers there that is not Parse Server, or not at that path.
    #[error(
        "{server} answered {status}, and not as Parse Server does: PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) must end in the path that Parse Server is mounted at, /parse by default"
    )]
    NotParseServer {
        /// The URL that was taken for Parse Server's.
        server: String,
        /// The HTTP status.
        status: StatusCode,
    },
    /// Not followed: the keys would go along.
    #[error(
        "{server} redirects to {location}: set PARSE_SERVER_URL (or CLOUDINARY_PARSE_SERVER_URL) to where Parse Server really is"
    )]
    Redirect {
        /// Parse Server's URL.
        server: String,
        /// As answered.
        location: String,
    },
    /// 502, 503 or 504 from whatever stands before Parse Server.
    #[error("Parse Server at {server} is not available: its proxy answered {status}")]
    Unavailable {
        /// Parse Server's URL.
        server: String,
        /// The HTTP status.
        status: StatusCode,
    },
    /// Parse Server listens but has not finished its start, or failed in it.
    #[error(
        "Parse Server at {server} is not ready: its state is {state:?} (its log says more if this lasts)"
    )]
    NotReady {
        /// Parse Server's URL.
        server: String,
        /// In its words.
        state: String,
    },
    /// 403 `unauthorized` to a request with an application id only.
    #[error(
        "Parse Server at {server} does not know this application: check PARSE_SERVER_APPLICATION_ID"
    )]
    Unauthorized {
        /// Parse Server's URL.
        server: String,
    },
    /// The same where Parse Server may demand a client key.
    #[error(
        "Parse Server at {server} answered \"unauthorized\": check PARSE_SERVER_APPLICATION_ID, and if Parse Server has client keys (restAPIKey, javascriptKey, clientKey) set PARSE_SERVER_REST_API_KEY"
    )]
    ClientKey {
        /// Parse Server's URL.
        server: String,
    },
    /// The master key is not this application's.
    #[error("Parse Server at {server} refuses the master key: check PARSE_SERVER_MASTER_KEY{}", .version_6.then_some(" (Parse Server 6 says the same when masterKeyIps lacks this machine's address; its log tells which)").unwrap_or_default())]
    MasterKey {
        /// Parse Server's URL.
        server: String,
        /// The wording of versions 5 to 7, of which 6 answers so to an address outside
        /// `masterKeyIps` too.
        version_6: bool,
    },
    /// `masterKeyIps` lacks the address of this machine.
    #[error("{}", master_key_ips(server, *address))]
    MasterKeyIps {
        /// Parse Server's URL.
        server: String,
        /// Where Parse Server sees the connection come from, unless a proxy or address translation
        /// lies between.
        address: Option<IpAddr>,
    },
    /// `unauthorized` whatever is sent, as when client keys are configured and the master key is
    /// wrong.
    #[error(
        "Parse Server at {server} answered \"unauthorized\": PARSE_SERVER_APPLICATION_ID is wrong, or, if Parse Server has client keys (restAPIKey, javascriptKey, clientKey), PARSE_SERVER_MASTER_KEY is"
    )]
    ApplicationIdOrMasterKey {
        /// Parse Server's URL.
        server: String,
    },
    /// `readOnlyMasterKey` in the master key's place.
    #[error(
        "Parse Server at {server} refuses changes: PARSE_SERVER_MASTER_KEY is its read-only master key, the full one is needed"
    )]
    ReadOnlyMasterKey {
        /// Parse Server's URL.
        server: String,
    },
    /// A Parse error.
    #[error("Parse Server at {server} refused: {message} (code {code})")]
    Refused {
        /// Parse Server's URL.
        server: String,
        /// Parse's error code.
        code: i64,
        /// In Parse Server's words.
        message: String,
    },
    /// An answer that goes on and on.
    #[error("Parse Server at {server} answers more than 64 MiB")]
    TooLong {
        /// Parse Server's URL.
        server: String,
    },
    /// An answer that is not what a class holds.
    #[error("{class}: Parse Server at {server} answered {problem}")]
    Rows {
        /// Parse Server's URL.
        server: String,
        /// The class.
        class: String,
        /// What came in place of the rows.
        problem: String,
    },
    /// A name that no URL path can hold: empty, `.` or `..`.
    #[error("{name:?} cannot be part of a URL")]
    Name {
        /// The name.
        name: String,
    },
}

fn master_key_ips(server: &str, address: Option<IpAddr>) -> String {
    let remedy = match address {
        Some(ip) if ip.is_loopback() => "add 127.0.0.1 and ::1 to its option masterKeyIps (`masterKeyIps: [\"127.0.0.1\", \"::1\"]` in new ParseServer({…}), or PARSE_SERVER_MASTER_KEY_IPS=127.0.0.1,::1); if they are there, a proxy or container network lies between, so add the address that Parse Server's log names".to_owned(),
        Some(ip) => format!(
            "add {ip} to its option masterKeyIps (`masterKeyIps: [\"127.0.0.1\", \"::1\", \"{ip}\"]` in new ParseServer({{…}}), or PARSE_SERVER_MASTER_KEY_IPS=127.0.0.1,::1,{ip}); if it is there, a proxy or container network lies between, so add the address that Parse Server's log names"
        ),
        None => "add the address that Parse Server's log names to its option masterKeyIps (`masterKeyIps: [\"127.0.0.1\", \"::1\", \"<address>\"]` in new ParseServer({…}), or PARSE_SERVER_MASTER_KEY_IPS=127.0.0.1,::1,<address>)".to_owned(),
    };
    format!("Parse Server at {server} takes no master key from this machine's address: {remedy}")
}

impl RestError {
    /// Whether the same call may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Timeout { .. }
                | Self::Broken { .. }
                | Self::Unavailable { .. }
                | Self::NotReady { .. }
        )
    }

    pub(super) fn client(error: &reqwest::Error) -> Self {
        Self::Client {
            cause: causes(error),
        }
    }

    pub(super) fn transport(client: &RestClient, error: &reqwest::Error) -> Self {
        let server = client.server();
        if error.is_timeout() && !error.is_connect() {
            return Self::Timeout {
                server,
                timeout: client.timeout,
            };
        }
        let cause = causes(error);
        if error.is_connect() {
            Self::Connect { server, cause }
        } else {
            Self::Broken { server, cause }
        }
    }
}

/// The body of a Parse error.
#[derive(Deserialize)]
pub(super) struct RestErrorBody {
    pub(super) code: Option<i64>,
    pub(super) error: String,
}

impl RestAnswer {
    /// The body of a success; otherwise what the answer means.
    pub(super) fn json<T: DeserializeOwned>(&self, client: &RestClient) -> Result<T, RestError> {
        if !self.status.is_success() {
            return Err(self.failure(client));
        }
        // Not a word of the body: it is not Parse Server's, and might repeat what was sent.
        serde_json::from_slice(&self.body).map_err(|_| RestError::NotParseServer {
            server: client.server(),
            status: self.status,
        })
    }

    fn failure(&self, client: &RestClient) -> RestError {
        let server = client.server();
        let status = self.status;
        if let Some(location) = self.location.clone().filter(|_| status.is_redirection()) {
            return RestError::Redirect { server, location };
        }
        match serde_json::from_slice(&self.body) {
            Ok(RestErrorBody {
                code: None,
                ref error,
            }) if status == StatusCode::FORBIDDEN => match error.as_str() {
                "unauthorized" => RestError::Unauthorized { server },
                "Permission denied" => RestError::MasterKey {
                    server,
                    version_6: false,
                },
                "unauthorized: master key is required" => RestError::MasterKey {
                    server,
                    version_6: true,
                },
                _ => RestError::NotParseServer { server, status },
            },
            Ok(RestErrorBody {
                code: Some(code),
                error,
            }) => match error.strip_prefix("Invalid server state: ") {
                Some(state) => RestError::NotReady {
                    server,
                    state: state.to_owned(),
                },
                None => RestError::Refused {
                    server,
                    code,
                    message: error,
                },
            },
            _ if matches!(status.as_u16(), 502..=504) => RestError::Unavailable { server, status },
            _ => RestError::NotParseServer { server, status },
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.content_type
            .as_deref()
            .is_some_and(|value| value.starts_with("application/json"))
    }
}
