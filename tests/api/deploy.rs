//! The files in `deploy/` ask for metrics that the service has, in expressions that Prometheus
//! understands.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::app::App;

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(deploy(name)).unwrap()
}

/// Names of our metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("cloudinary_parse_"))
        .collect()
}

/// Names of the series that a scrape yields.
fn scraped(text: &str) -> BTreeSet<&str> {
    let series = text.lines().filter(|line| !line.starts_with('#'));
    series
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect()
}

/// Whether it is one of those that only a service with a queue has.
fn is_of_the_queue(metric: &str) -> bool {
    let name = metric.strip_prefix("cloudinary_parse_").unwrap_or(metric);
    let name = name.strip_suffix("_total").unwrap_or(name);
    let registered = include_str!("../../src/queue/health.rs");
    name.starts_with("queue_") && registered.contains(&format!("\"{name}\""))
}

/// The expressions of a dashboard with Grafana's variables filled in.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    targets
        .map(|target| {
            let expression = target["expr"].as_str().unwrap();
            let filled = expression
                .replace("$__rate_interval", "5m")
                .replace("$__range", "6h");
            filled.replace("$instance", ".*").replace("$hook", ".*")
        })
        .collect()
}

/// Runs promtool. Where it is missing the test counts as skipped; with `CI` set that is a failure.
fn promtool(arguments: &[&Path]) {
    let Ok(output) = Command::new("promtool").args(arguments).output() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "promtool is not installed"
        );
        count_as_skipped("promtool is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

/// Notes in the file that `scripts/test.sh` names that this test could not run.
fn count_as_skipped(reason: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    eprintln!("skipped: {test}: {reason}");
    if let Some(file) = std::env::var_os("SKIPPED_TESTS") {
        let file = OpenOptions::new().append(true).create(true).open(file);
        writeln!(file.unwrap(), "{test}: {reason}").unwrap();
    }
}

#[test]
fn asks_for_metrics_that_there_are() {
    let app = App::with(&["class = \"Photo\"\n[fields.picture]\n"]);
    app.send("POST", "/triggers/Photo/beforeSave", "", b"");
    let scrape = app.get_admin("/metrics", "").body;
    let scraped = scraped(&scrape);
    for name in [
        "grafana-dashboard.json",
        "prometheus-rules.yml",
        "prometheus-rules.test.yml",
    ] {
        let text = text(name);
        let asked = metrics_in(&text);
        assert!(!asked.is_empty(), "{name}");
        for metric in asked {
            let known = scraped.contains(metric) || is_of_the_queue(metric);
            assert!(known, "{name}: {metric}\n{scrape}");
        }
    }
}

#[test]
fn alerts_are_what_prometheus_understands_and_mean_what_they_say() {
    promtool(&[
        "check".as_ref(),
        "rules".as_ref(),
        &deploy("prometheus-rules.yml"),
    ]);
    promtool(&[
        "test".as_ref(),
        "rules".as_ref(),
        &deploy("prometheus-rules.test.yml"),
    ]);
}

#[test]
fn the_dashboard_asks_what_prometheus_understands() {
    let dashboard: Value = serde_json::from_str(&text("grafana-dashboard.json")).unwrap();
    let rules = expressions(&dashboard)
        .into_iter()
        .enumerate()
        .map(|(at, expression)| {
            assert!(!expression.contains('$'), "{expression}");
            json!({"record": format!("panel:{at}"), "expr": expression})
        });
    let rules = json!({"groups": [{"name": "dashboard", "rules": rules.collect::<Vec<_>>()}]});
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.json");
    fs::write(&file, rules.to_string()).unwrap();
    promtool(&["check".as_ref(), "rules".as_ref(), &file]);
}
