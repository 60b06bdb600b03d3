//! Compares what `examples/evaluate` answers with what Cloudinary's SDKs answer.
//!
//! `tests/vectors/*.jsonl` holds one question per line with the answers of the released SDKs:
//! `expect` (Node), `expect_python` and `expect_seed` (the old Parse module) where they differ. Any
//! of them will do. Two errors are equal whatever they say.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// Answers that are not the SDKs' on purpose.
struct Deviation {
    ids: &'static [&'static str],
    /// Ours, given the SDKs'.
    answer: fn(&Value) -> Value,
    reason: &'static str,
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        ids: &[
            "url.analytics.1",
            "url.analytics.2",
            "url.analytics.3",
            "url.analytics.6",
            "url.analytics.8",
            "url.analytics.10",
            "url.analytics.12",
            "url.analytics.13",
            "url.analytics.14",
            "url.analytics.16",
            "url.analytics.17",
            "url.analytics.18",
            "url.analytics.21",
            "url.analytics.22",
            "url.analytics.23",
        ],
        answer: without_analytics,
        reason: "a server adds no analytics token",
    },
    Deviation {
        ids: &["url.preloaded.13"],
        answer: |_| json!("https://res.cloudinary.com/demo-cloud/video/upload/v1/a.mp4"),
        reason: "a stored identifier is read for video as for image and raw",
    },
    Deviation {
        ids: &[
            "verify_identifier.130",
            "rnd.verify_identifier.r8",
            "rnd.verify_identifier.r65",
        ],
        answer: opposite,
        reason: "the extension of a raw asset belongs to its public_id: Cloudinary signs it with it",
    },
    Deviation {
        ids: &[
            "verify_identifier.190",
            "verify_identifier.205",
            "verify_identifier.219",
            "verify_identifier.255",
            "verify_identifier.263",
        ],
        answer: opposite,
        reason: "characters that give a signature a second meaning or end a URL's path are refused in a public_id",
    },
    Deviation {
        ids: &[
            "verify_identifier.14",
            "verify_identifier.29",
            "verify_identifier.43",
            "verify_identifier.71",
            "verify_identifier.86",
            "verify_identifier.114",
            "verify_identifier.128",
            "verify_identifier.143",
            "verify_identifier.158",
            "verify_identifier.173",
            "verify_identifier.188",
            "verify_identifier.233",
            "verify_identifier.248",
            "rnd.verify_identifier.r7",
            "verify_notification.66",
            "rnd.verify_notification.r1",
        ],
        answer: opposite,
        reason: "40 digits are SHA-1 and 64 SHA-256, whatever the configuration signs with",
    },
    Deviation {
        ids: &["verify_identifier.270"],
        answer: opposite,
        reason: "a version has 1 to 12 digits",
    },
    Deviation {
        ids: &[
            "verify_notification.8",
            "verify_notification.17",
            "verify_notification.18",
            "verify_notification.26",
            "verify_notification.36",
            "verify_notification.45",
            "verify_notification.53",
            "rnd.verify_notification.r3",
        ],
        answer: opposite,
        reason: "a timestamp more than 5 minutes ahead is refused: it would make a notification valid for as long as one likes",
    },
];

fn without_analytics(url: &Value) -> Value {
    let url = url.as_str().unwrap();
    url.split("?_a=").next().unwrap().into()
}

fn opposite(verified: &Value) -> Value {
    (!verified.as_bool().unwrap()).into()
}

/// Runs the example on `lines`; its answers in order.
fn evaluate(lines: &[u8]) -> Vec<Value> {
    // The profile that this test was built with, so that nothing is built twice:
    // target/<folder>/deps/vectors-….
    let test = env::current_exe().unwrap();
    let folder = test
        .ancestors()
        .nth(2)
        .and_then(Path::file_name)
        .unwrap()
        .to_str()
        .unwrap();
    let profile = if folder == "debug" { "dev" } else { folder };
    let mut child = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--example",
            "evaluate",
            "--profile",
            profile,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = thread::spawn(move || stdin.write_all(&lines).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers = str::from_utf8(&output.stdout).unwrap().lines();
    answers
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn cases() -> Vec<Map<String, Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let text: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Without what is expected: the example never sees it.
fn question(case: &Map<String, Value>) -> String {
    let question: Map<String, Value> = ["id", "op", "config", "args", "now"]
        .iter()
        .filter_map(|&name| Some((name.to_owned(), case.get(name)?.clone())))
        .collect();
    Value::Object(question).to_string() + "\n"
}

/// Whether `answer` is an answer that is as good as `expected`.
fn agrees(case: &Map<String, Value>, answer: &Value, expected: &Value) -> bool {
    let Some(answer) = answer.get("answer") else {
        return answer.get("error").is_some() && expected.get("error").is_some();
    };
    match (case.get("query_equivalent"), answer, expected) {
        (Some(Value::Bool(true)), Value::String(answer), Value::String(expected)) => {
            decoded_query(answer) == decoded_query(expected)
        }
        _ => answer == expected,
    }
}

/// The URL before `?`, and the pairs after it in any order: SDKs write spaces as `%20` or `+`.
fn decoded_query(url: &str) -> (&str, BTreeSet<(String, String)>) {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text)
            .decode_utf8()
            .unwrap()
            .into_owned()
    };
    let (path, query) = url.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    (
        path,
        pairs
            .map(|(name, value)| (decode(name), decode(value)))
            .collect(),
    )
}

#[test]
fn answers_as_the_sdks_do_but_where_the_table_says() {
    let cases = cases();
    let questions: String = cases.iter().map(question).collect();
    let answers = evaluate(questions.as_bytes());
    assert_eq!(answers.len(), cases.len());

    let mut deviations = BTreeMap::new();
    for deviation in DEVIATIONS {
        for id in deviation.ids {
            assert!(
                deviations.insert(*id, deviation).is_none(),
                "{id} deviates twice"
            );
        }
    }
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(case["id"], answer["id"]);
        let as_sdks = ["expect", "expect_python", "expect_seed"]
            .iter()
            .filter_map(|name| case.get(*name))
            .any(|expected| agrees(case, answer, expected));
        let right = match deviations.remove(case["id"].as_str().unwrap()) {
            None => as_sdks,
            Some(deviation) => {
                assert!(
                    !as_sdks,
                    "{} does not deviate: {}",
                    case["id"], deviation.reason
                );
                answer["answer"] == (deviation.answer)(&case["expect"])
            }
        };
        if !right {
            wrong.push(format!("{answer}\n    for {}", Value::Object(case.clone())));
        }
    }
    assert!(
        deviations.is_empty(),
        "no such cases: {:?}",
        deviations.keys()
    );
    assert!(
        wrong.is_empty(),
        "{} of {} wrong:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn answers_every_line_whatever_it_holds() {
    let deep = format!(
        r#"{{"id":7,"op":"eager","args":{{"eager":{}1{}}}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    let lines: &[(&[u8], Value)] = &[
        (b"not json", json!(null)),
        (b"[1]", json!(null)),
        (b"\xff\xfe", json!(null)),
        (br#"{"id":1,"op":"sign","args":{"params":"x"}}"#, json!(1)),
        (br#"{"id":"two","op":"sign","config":[],"args":{}}"#, json!("two")),
        (br#"{"id":3,"op":"context","args":{"context":{"a":"\ud800"}}}"#, json!(3)),
        (br#"{"id":4,"op":"sign","config":{"api_secret":"s"},"args":{"params":{},"api_secret":""}}"#, json!(4)),
        (br#"{"id":5,"op":"sign","config":{"api_secret":"s"},"args":{"params":{},"api_secret":null}}"#, json!(5)),
        (br#"{"id":6,"op":"url","args":{"public_id":"a","options":{}}}"#, json!(6)),
        (deep.as_bytes(), json!(7)),
    ];
    let mut input = Vec::new();
    for (line, _) in lines {
        input.extend_from_slice(line);
        input.extend_from_slice(b"\n \r\n");
    }
    let answers = evaluate(&input);
    assert_eq!(answers.len(), lines.len());
    for ((line, id), answer) in lines.iter().zip(&answers) {
        let line = String::from_utf8_lossy(line);
        assert_eq!(answer["id"], *id, "{line}");
        assert!(answer["error"].is_string(), "{answer} for {line}");
    }
}

#[test]
fn says_what_it_does_not_support() {
    for (line, id) in [
        (&br#"{"id":"x","op":"video_tag","args":{}}"#[..], json!("x")),
        (br#"{"id":{"a":1},"op":5}"#, json!({"a": 1})),
        (b"{}", json!(null)),
    ] {
        assert_eq!(evaluate(line), [json!({"id": id, "unsupported": true})]);
    }
}
