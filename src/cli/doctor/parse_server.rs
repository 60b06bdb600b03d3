//! Parse Server itself: version, keys, hooks and limits.

use std::time::Duration;

use super::report::{Check, Report};
use crate::cli::probe::temporary_hooks::{random_name, random_text};
use crate::cli::registration::{ComparedHook, HookState};
use crate::cli::remarks;
use crate::manifest::Manifests;
use crate::parse::client::{MasterClient, RestClient, RestError};
use crate::parse::hook_name::HookName;

/// An update's hook request holds the object twice, and one above 10 MiB is cut off half-way and
/// can end Parse Server's process.
const UPLOAD_LIMIT: usize = 5 << 20;

/// How long a refusal of the announced length is waited for before the body is sent; the second
/// time where Parse Server was too slow for the first and closed the connection meanwhile.
const UPLOAD_HOLDS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// What is tested, by major version.
const SUPPORTED: std::ops::RangeInclusive<u64> = 5..=9;

/// Asks for the version, which proves the master key. Returns whether the key is good.
pub(super) async fn prove(
    client: &MasterClient,
    manifests: Option<&Manifests>,
    report: &mut Report,
) -> bool {
    let server = client.server();
    match client.prove_master_key().await {
        Ok(info) => {
            tell_version(&server, &info.version, report);
            // Nothing has these names; the read-only master key may do everything except changes.
            let changes = match client.delete_hook(&random_name()).await {
                Ok(()) => client.prove_writable(&random_text()).await,
                refused => refused,
            };
            match changes {
                Ok(()) => {
                    report.good(Check::MasterKey, "application id and master key are right");
                    tell_read_only_key(&info.version, manifests, report);
                    true
                }
                Err(error) => {
                    report.bad(Check::MasterKey, &error, remedy(&error));
                    false
                }
            }
        }
        Err(error) => {
            report.good(
                Check::ParseServer,
                format_args!("{server} answers, but tells its version to the master key only"),
            );
            report.bad(Check::MasterKey, &error, remedy(&error));
            false
        }
    }
}

fn tell_read_only_key(version: &str, manifests: Option<&Manifests>, report: &mut Report) {
    for note in manifests
        .into_iter()
        .flat_map(|manifests| read_only_notes(version, manifests))
    {
        report.warning(
            Check::MasterKey,
            note,
            "upgrade to Parse Server 9, or give the read-only master key to nobody who may not call it",
        );
    }
}

/// Before version 9 Parse Server does not say which of its two master keys a call was made with.
fn read_only_notes(version: &str, manifests: &Manifests) -> Vec<String> {
    let major: Option<u64> = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    match major {
        Some(..=8) => remarks::notes(manifests),
        _ => Vec::new(),
    }
}

fn tell_version(server: &str, version: &str, report: &mut Report) {
    let text = format!("{server} is {version}");
    match version_problem(version) {
        Some((problem, remedy)) => {
            report.bad(
                Check::ParseServer,
                format_args!("{text}: {problem}"),
                remedy,
            );
        }
        None => report.good(Check::ParseServer, text),
    }
}

/// What is wrong with a version, and what to do.
fn version_problem(version: &str) -> Option<(&'static str, &'static str)> {
    let mut numbers = version
        .split(['.', '-', '+'])
        .map_while(|number| number.parse::<u64>().ok());
    let mut next = || numbers.next().unwrap_or_default();
    let numbers = (next(), next(), next());
    if numbers.0 > *SUPPORTED.end() {
        let remedy = "use Parse Server 9, or a newer cloudinary-parse";
        Some(("versions 5 to 9 are supported", remedy))
    } else if numbers.0 < *SUPPORTED.start() {
        Some(("versions 5 to 9 are supported", "upgrade Parse Server"))
    } else if numbers < (5, 3, 3) {
        Some((
            "its hooks open it to attacks (GHSA-xprv-wvh7-qqqx, GHSA-93vw-8fm5-p2jf)",
            "upgrade to 5.3.3 or newer",
        ))
    } else {
        None
    }
}

/// What to do about `error`, where its own words do not say it.
pub(super) fn remedy(error: &RestError) -> &'static str {
    match error {
        RestError::Timeout { .. } | RestError::Broken { .. } => {
            "check whether Parse Server is overloaded or a proxy is in between, and see its log"
        }
        RestError::Unavailable { .. } => "start Parse Server, or correct its proxy",
        RestError::NotReady { .. } => "wait until it has started, and check that its database runs",
        RestError::Refused { .. } => "see its log",
        _ => "",
    }
}

const REGISTER: &str = "run `cloudinary-parse register`";

/// Reports how the registered hooks differ from the manifests. `obstacle` is the line that says why
/// none of them can work: then that is what to mend, and registering would break what works now.
/// `not_served` are those that the running service does not have.
pub(super) fn tell_hooks(
    hooks: &[ComparedHook],
    obstacle: Option<&str>,
    not_served: &[HookName],
    report: &mut Report,
) {
    const CHECK: Check = Check::Hooks;
    let wanted = || hooks.iter().filter(|hook| hook.wanted.is_some());
    let all = wanted().count();
    if let Some(obstacle) = obstacle {
        let differ: Vec<_> = wanted()
            .filter(|hook| hook.state != HookState::Current)
            .collect();
        let Some(first) = differ.first() else {
            return report.skipped(
                CHECK,
                format_args!("{all} are registered as the manifests say; whether they are served is not known: see \"{obstacle}\""),
            );
        };
        let at = match first.registered_shown() {
            at if at.is_empty() => "not at all".to_owned(),
            at => format!("at {at}"),
        };
        return report.skipped(
            CHECK,
            format_args!(
                "{} of {all} are registered otherwise than the manifests say ({} {at}): see \"{obstacle}\", and mend that before `cloudinary-parse register`",
                differ.len(),
                first.name
            ),
        );
    }
    for hook in not_served {
        report.bad(
            CHECK,
            format_args!("{hook}: the running service does not serve it"),
            "let `cloudinary-parse serve` load the manifests: kill -HUP, or restart it; then run `cloudinary-parse register`",
        );
    }
    let of = |state| {
        let hooks = hooks.iter().filter(move |hook| hook.state == state);
        let told: Vec<_> = hooks
            .filter(|hook| !not_served.contains(&hook.name))
            .collect();
        told
    };
    for state in [
        HookState::Missing,
        HookState::Outdated,
        HookState::Duplicate,
    ] {
        let differing = of(state);
        if !differing.is_empty() {
            report.bad(CHECK, difference(state, &differing), REGISTER);
        }
    }
    for hook in of(HookState::Stale) {
        report.bad(
            CHECK,
            format_args!(
                "{} is registered under the public URL, and no manifest names it, so its calls are refused",
                hook.name
            ),
            "run `cloudinary-parse register --prune`",
        );
    }
    for hook in of(HookState::Shared) {
        report.bad(
            CHECK,
            format_args!(
                "{}, which no manifest names, is registered more than once, and not always under the public URL: {}",
                hook.name,
                hook.registered_shown()
            ),
            "remove it by hand, in the Parse Dashboard for instance: Parse Server removes all or none of one name",
        );
    }
    let good = hooks
        .iter()
        .all(|hook| matches!(hook.state, HookState::Current | HookState::Foreign));
    if good && all == 0 {
        report.skipped(CHECK, "no manifest has a hook that Parse Server calls");
    } else if good && not_served.is_empty() {
        report.good(
            CHECK,
            format_args!("all {all} registered as the manifests say"),
        );
    }
}

/// How some of the wanted hooks, all of one state, differ.
fn difference(state: HookState, hooks: &[&ComparedHook]) -> String {
    let names: Vec<_> = hooks.iter().map(|hook| hook.name.to_string()).collect();
    let mut urls: Vec<_> = hooks.iter().map(|hook| hook.registered_shown()).collect();
    urls.dedup();
    let (names, urls) = (names.join(", "), urls.join(", "));
    let verb = if hooks.len() == 1 { "is" } else { "are" };
    match state {
        HookState::Missing => format!("{names} {verb} not registered"),
        HookState::Outdated => format!("{names} {verb} registered with another URL: {urls}"),
        _ => format!("{names} {verb} registered more than once: {urls}"),
    }
}

/// Reports whether Parse Server accepts requests that lead to hook requests above 10 MiB.
pub(super) async fn tell_upload_size(client: &RestClient, report: &mut Report) {
    let [hold, longer] = UPLOAD_HOLDS;
    let mut answer = client.takes_body_of(UPLOAD_LIMIT, hold).await;
    if matches!(answer, Err(RestError::Broken { .. })) {
        answer = client.takes_body_of(UPLOAD_LIMIT, longer).await;
    }
    match answer {
        Ok(false) => report.good(
            Check::UploadSize,
            "Parse Server refuses requests of 5 MiB",
        ),
        Ok(true) => report.warning(
            Check::UploadSize,
            "Parse Server takes requests of 5 MiB: a hook request above 10 MiB, and an update holds the object twice, can end its process",
            "set `maxUploadSize: \"4mb\"` in new ParseServer({…}), or PARSE_SERVER_MAX_UPLOAD_SIZE=4mb where Parse Server is started from variables",
        ),
        Err(RestError::Broken { .. }) => report.skipped(
            Check::UploadSize,
            "not known: the connection is closed before the answer",
        ),
        Err(error) => report.skipped(Check::UploadSize, format_args!("not known: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_versions_that_will_do() {
        for version in [
            "5.3.3",
            "5.6.0",
            "6.0.0",
            "8.6.0",
            "9.10.0",
            "9.11.0-alpha.1",
        ] {
            assert_eq!(version_problem(version), None, "{version}");
        }
    }

    #[test]
    fn warns_of_the_read_only_master_key_before_version_9() {
        let text = "function = \"sign\"\naction = \"sign_upload\"\naccess = \"master\"\n";
        let manifests = crate::manifest::parse(&[("sign.toml", text)]).unwrap();
        for (version, notes) in [
            ("5.6.0", 1),
            ("8.6.0", 1),
            ("9.10.0", 0),
            ("10.0.0", 0),
            ("", 0),
        ] {
            let found = read_only_notes(version, &manifests);
            assert_eq!(found.len(), notes, "{version}: {found:?}");
        }
        assert_eq!(read_only_notes("8.6.0", &Manifests::default()), [""; 0]);
    }

    #[test]
    fn names_what_is_wrong_with_the_others() {
        for (version, expected) in [
            ("4.10.20", "upgrade Parse Server"),
            ("5.3.2", "upgrade to 5.3.3 or newer"),
            ("5.0.0-alpha.3", "upgrade to 5.3.3 or newer"),
            ("10.0.0", "use Parse Server 9, or a newer cloudinary-parse"),
            ("", "upgrade Parse Server"),
            ("unknown", "upgrade Parse Server"),
        ] {
            let remedy = version_problem(version).map(|(_, remedy)| remedy);
            assert_eq!(remedy, Some(expected), "{version}");
        }
    }
}
