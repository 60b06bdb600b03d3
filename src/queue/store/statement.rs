//! Statements that both databases take, but for a few words.

/// For SQLite.
pub(super) fn sqlite(statement: &str) -> String {
    statement
        .replace("{jobs}", "Jobs")
        .replace("{workers}", "Workers")
        .replace("{now}", "unixepoch()")
        .replace("{run_at}", "run_at")
        .replace("{done_at}", "done_at")
        .replace("{last_seen}", "last_seen")
        .replace("{result}", "last_result")
        .replace("{time $2}", "$2")
}

/// For PostgreSQL.
pub(super) fn postgres(statement: &str) -> String {
    statement
        .replace("{jobs}", "apalis.jobs")
        .replace("{workers}", "apalis.workers")
        .replace("{now}", "extract(epoch from now())::bigint")
        .replace("{run_at}", "extract(epoch from run_at)::bigint")
        .replace("{done_at}", "extract(epoch from done_at)::bigint")
        .replace("{last_seen}", "extract(epoch from last_seen)::bigint")
        .replace("{result}", "last_result::text")
        .replace("{time $2}", "to_timestamp($2)")
}
