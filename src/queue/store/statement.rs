//! Statements in which `{…}` stands for what the two databases spell differently.

/// For SQLite.
pub(super) fn sqlite(statement: &str) -> String {
    statement
        .replace("{jobs}", "Jobs AS jobs")
        .replace("{workers}", "Workers")
        .replace("{now}", "unixepoch()")
        .replace("{due}", "unixepoch()")
        .replace("{run_at}", "run_at")
        .replace("{done_at}", "done_at")
        .replace("{last_seen}", "last_seen")
        .replace("{result}", "last_result")
        .replace("{greatest}", "max")
        .replace("{elements $1}", "json_each($1)")
        .replace("{json $6}", "$6")
        .replace("{bytes value ->> 'job'}", "CAST(value ->> 'job' AS BLOB)")
        .replace(
            "{time value ->> 'run_at'}",
            "CAST(value ->> 'run_at' AS INTEGER)",
        )
        .replace("{version jobs.job}", &version("CAST(jobs.job AS TEXT)"))
        .replace(
            "{version excluded.job}",
            &version("CAST(excluded.job AS TEXT)"),
        )
        .replace("{time $2}", "$2")
        .replace("{time $7}", "$7")
}

/// For PostgreSQL.
pub(super) fn postgres(statement: &str) -> String {
    statement
        .replace("{jobs}", "apalis.jobs AS jobs")
        .replace("{workers}", "apalis.workers")
        .replace("{now}", "extract(epoch from now())::bigint")
        .replace("{due}", "now()")
        .replace("{run_at}", "extract(epoch from run_at)::bigint")
        .replace("{done_at}", "extract(epoch from done_at)::bigint")
        .replace("{last_seen}", "extract(epoch from last_seen)::bigint")
        .replace("{result}", "last_result::text")
        .replace("{greatest}", "greatest")
        .replace(
            "{elements $1}",
            "json_array_elements($1::json) AS element(value)",
        )
        .replace("{json $6}", "$6::jsonb")
        .replace(
            "{bytes value ->> 'job'}",
            "convert_to(value ->> 'job', 'UTF8')",
        )
        .replace(
            "{time value ->> 'run_at'}",
            "to_timestamp((value ->> 'run_at')::bigint)",
        )
        .replace(
            "{version jobs.job}",
            &version("convert_from(jobs.job, 'UTF8')::json"),
        )
        .replace(
            "{version excluded.job}",
            &version("convert_from(excluded.job, 'UTF8')::json"),
        )
        .replace("{time $2}", "to_timestamp($2)")
        .replace("{time $7}", "to_timestamp($7)")
}

/// The lost version that a job names.
fn version(job: &str) -> String {
    format!("coalesce(CAST({job} ->> 'version' AS bigint), 0)")
}
