//! URLs of the databases that can hold the queue.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// What [`is_known`] takes.
pub(crate) const FORM: &str = "sqlite://<file> or postgres://<user>:<password>@<host>/<database>";

/// Whether a database may be there.
pub(crate) fn is_known(url: &str) -> bool {
    if is_postgres(url) {
        PgConnectOptions::from_str(url).is_ok()
    } else {
        url.starts_with("sqlite:") && SqliteConnectOptions::from_str(url).is_ok()
    }
}

/// Whether it names a file that does not exist.
pub(crate) fn is_missing_file(url: &str) -> bool {
    let sqlite = SqliteConnectOptions::from_str(url).ok();
    let sqlite = sqlite.filter(|_| !is_postgres(url));
    sqlite.is_some_and(|options| !options.get_filename().exists())
}

/// Whether it is PostgreSQL's, not SQLite's.
pub(crate) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
