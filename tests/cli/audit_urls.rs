//! `audit --fix urls` against doubles of Parse Server and Cloudinary.

use cloudinary_parse::parse::json::JsonText;
use cloudinary_parse::parse::signed_write::{SignedWrite, WriteProof};
use serde_json::{Value, json};
use wiremock::Request;

use crate::parse_server::answer;
use crate::world::{World, param, unix_time};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\nfolder = \"app/{user.objectId}\"\n[fields.list]\nmany = true\n";
const URL: &str = "https://res.cloudinary.com/demo/image/upload/c_fill,w_150/v1/app/cat.webp";
const FIX: [&str; 3] = ["audit", "--fix", "urls"];

fn photo(id: &str, picture: impl Into<Value>) -> Value {
    json!({"objectId": id, "picture": picture.into()})
}

/// An application with a guard, and an account with `app/cat` in its third version.
fn cat() -> World {
    version_three(World::new().guarded("Photo").image("app/cat", 30))
}

fn version_three(world: World) -> World {
    world.change(|contents| {
        for (_, asset) in &mut contents.assets {
            asset["version"] = json!(3);
        }
    })
}

fn findings(stdout: &str) -> Vec<&str> {
    let lines = stdout.lines();
    lines
        .take_while(|line| !line.starts_with("rows "))
        .collect()
}

fn puts(world: &World) -> Vec<Request> {
    let asked = world.asked_of_parse().into_iter();
    asked
        .filter(|request| request.method.as_str() == "PUT")
        .collect()
}

fn proof(request: &Request) -> WriteProof {
    let context = request.headers.get("x-parse-cloud-context").unwrap();
    let context = JsonText::parse(context.to_str().unwrap()).unwrap();
    WriteProof::read(Some(context)).unwrap()
}

#[test]
fn without_fix_it_says_what_it_would_do_and_changes_nothing() {
    let world = cat()
        .row("Photo", photo("r1", URL))
        .row("Photo", photo("r2", "https://example.com/cat.jpg"))
        .row(
            "Photo",
            json!({"objectId": "r3", "list": [URL, "image/upload/v1/app/cat.jpg"]}),
        );
    for fix in [&["audit"][..], &["audit", "--fix", "strip"]] {
        let before = world.asked_of_parse().len();
        let result = world.command(PHOTO).run(fix);
        assert_eq!(result.code, 0, "{}", result.stderr);
        assert_eq!(
            findings(&result.stdout),
            [
                format!("delivery URL: Photo r1 picture: {URL}: names image/upload/v3/app/cat.jpg"),
                "kept URL: Photo r2 picture: https://example.com/cat.jpg: not a delivery URL of this account: its host or its cloud name is another".to_owned(),
                format!("delivery URL: Photo r3 list: {URL}: names image/upload/v3/app/cat.jpg"),
            ]
        );
        let sums = "malformed                  0\n\
             URLs                       3 (2 can become identifiers; rows rewritten: 0)\n";
        assert!(result.stdout.contains(sums), "{}", result.stdout);
        let asked = world.asked_of_parse();
        assert!(
            asked[before..]
                .iter()
                .all(|request| request.method.as_str() == "GET")
        );
    }
}

#[test]
fn stores_identifiers_with_the_version_that_cloudinary_tells_and_a_proof() {
    let world = cat().row("Photo", photo("r1", URL));
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert_eq!(
        findings(&result.stdout)[1..],
        ["rewritten: Photo r1 picture"]
    );
    assert!(
        result
            .stdout
            .contains("1 (1 can become identifiers; rows rewritten: 1)\n")
    );
    let to = "image/upload/v3/app/cat.jpg";
    assert_eq!(world.rows()[0]["picture"], to);
    let put = &puts(&world)[0];
    assert_eq!(put.body_json::<Value>().unwrap(), json!({ "picture": to }));
    let write = SignedWrite {
        class: "Photo",
        object_id: "r1",
        field: "picture",
        from: URL,
        to,
    };
    assert!(proof(put).covers(&write, &["secret".into()], unix_time()));
    // Once more: nothing is left to do.
    let again = world.command(PHOTO).run(&FIX);
    assert_eq!((again.code, findings(&again.stdout).len()), (0, 0));
    assert_eq!(puts(&world).len(), 1);
}

#[test]
fn of_an_array_only_urls_change_and_everything_keeps_its_place() {
    let list = json!([
        "image/upload/v1/app/cat.jpg",
        URL,
        "legacy.jpg",
        "https://example.com/cat.jpg",
        5,
        URL,
        {"__type": "File", "name": "a.jpg", "url": "https://res.cloudinary.com/demo/image/upload/v1/app/cat.jpg"},
    ]);
    let world = cat().row("Photo", json!({"objectId": "r1", "list": list}));
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!(result.code, 0, "{}", result.stderr);
    let to = "image/upload/v3/app/cat.jpg";
    let mut expected = list.clone();
    expected[1] = json!(to);
    expected[5] = json!(to);
    assert_eq!(world.rows()[0]["list"], expected);
    let write = SignedWrite {
        class: "Photo",
        object_id: "r1",
        field: "list",
        from: &list.to_string(),
        to: &expected.to_string(),
    };
    let puts = puts(&world);
    assert_eq!(puts.len(), 1);
    assert!(proof(&puts[0]).covers(&write, &["secret".into()], unix_time()));
}

#[test]
fn what_cannot_become_an_identifier_is_told_and_stays() {
    let host = "https://res.cloudinary.com/demo";
    let world = cat()
        .image("app/rejected", 1)
        .image("elsewhere/cat", 1)
        .asset("video/upload", "app/film", 1)
        .asset("image/private", "app/private", 1)
        .change(|contents| contents.assets[1].1["placeholder"] = json!(true));
    let cases = [
        (
            "https://res.cloudinary.com/other/image/upload/v1/app/cat.jpg".to_owned(),
            "not a delivery URL of this account: its host or its cloud name is another",
        ),
        (
            format!("{host}/image/fetch/v1/https://example.com/cat.jpg"),
            "type: expected upload, private or authenticated",
        ),
        (
            format!("{host}/image/facebook/v1/1.jpg"),
            "type: expected upload, private or authenticated",
        ),
        (
            format!("{host}/image/upload/v1/app/gone.jpg"),
            "its asset does not exist: image/upload/app/gone",
        ),
        (
            format!("{host}/image/upload/v1/app/rejected.jpg"),
            "its asset is rejected or deleted: image/upload/app/rejected",
        ),
        (
            format!("{host}/image/upload/v1/elsewhere/cat.jpg"),
            "the field does not take image/upload/v3/elsewhere/cat.jpg: expected a public_id that begins with \"app/\"",
        ),
        (
            format!("{host}/video/upload/v1/app/film.jpg"),
            "the field does not take video/upload/v3/app/film.jpg: expected resource type image",
        ),
        (
            format!("{host}/image/private/s--4xbqTlIV--/v1/app/private.jpg"),
            "the field does not take image/private/v3/app/private.jpg: expected type upload",
        ),
        (
            format!("{host}/image/upload/v1/app/%E9.jpg"),
            "expected each % to be followed by two hex digits, UTF-8 in all",
        ),
    ];
    let mut world = version_three(world);
    for (n, (url, _)) in cases.iter().enumerate() {
        world = world.row("Photo", photo(&format!("r{n}"), url.as_str()));
    }
    let before = world.rows();
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!(result.code, 0, "{}", result.stderr);
    for (n, (url, reason)) in cases.iter().enumerate() {
        let url = url.replace("s--4xbqTlIV--", "s--…--");
        let line = format!("kept URL: Photo r{n} picture: {url}: {reason}");
        let lines = findings(&result.stdout);
        assert!(lines.contains(&&*line), "{line}\n{}", result.stdout);
    }
    assert!(
        result
            .stdout
            .contains("9 (0 can become identifiers; rows rewritten: 0)\n")
    );
    assert_eq!(world.rows(), before);
    assert!(puts(&world).is_empty());
}

#[test]
fn formats_are_those_that_cloudinary_tells() {
    let manifest = "class = \"Photo\"\n[fields.picture]\nformats = [\"webp\"]\n";
    let world = cat().row("Photo", photo("r1", URL));
    let result = world.command(manifest).run(&FIX);
    assert_eq!(
        findings(&result.stdout),
        [format!(
            "kept URL: Photo r1 picture: {URL}: the field does not take image/upload/v3/app/cat.jpg: expected format webp"
        )]
    );
}

#[test]
fn files_are_not_touched() {
    let file = json!({"__type": "File", "name": "cat.jpg", "url": URL});
    let world = cat()
        .column("Photo", "picture", "File")
        .row("Photo", photo("r1", file.clone()));
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!(world.rows()[0]["picture"], file);
    assert!(puts(&world).is_empty());
    assert!(
        result.stdout.starts_with("malformed: Photo r1 picture: "),
        "{}",
        result.stdout
    );
}

#[test]
fn a_row_that_a_client_has_changed_is_left_alone() {
    let newer = "image/upload/v4/app/dog.jpg";
    for (changed, value) in [
        ("picture", Some(json!(newer))),
        ("picture", Some(Value::Null)),
        ("picture", None),
    ] {
        let world = cat()
            .row("Photo", photo("r1", URL))
            .row("Photo", photo("r2", URL));
        let to = value.clone();
        let world = world.before(move |request, contents| {
            if request.url.path() == "/parse/classes/Photo/r1" {
                match &to {
                    Some(value) => contents.rows[0].1[changed] = value.clone(),
                    // Deleted.
                    None => contents.rows.retain(|(_, row)| row["objectId"] != "r1"),
                }
            }
            None
        });
        let result = world.command(PHOTO).run(&FIX);
        assert_eq!(result.code, 1);
        let lines = findings(&result.stdout);
        let line = "not rewritten: Photo r1 picture: it has changed since it was read";
        assert!(lines.contains(&line), "{}", result.stdout);
        assert!(lines.contains(&"rewritten: Photo r2 picture"));
        assert_eq!(puts(&world).len(), 1);
        if let Some(value) = value {
            assert_eq!(world.rows()[0]["picture"], value);
        }
    }
}

#[test]
fn a_guard_that_finds_another_picture_keeps_it() {
    for (message, reason) in [
        (
            "picture holds another picture by now",
            "it has changed since it was read",
        ),
        ("no", "Parse Server at <url> refused: no (code 141)"),
    ] {
        let world = cat()
            .row("Photo", photo("r1", URL))
            .before(move |request, _| {
                let writes = request.method.as_str() == "PUT";
                writes.then(|| answer(400, json!({"code": 141, "error": message})))
            });
        let command = world.command(PHOTO);
        let result = command.run(&FIX);
        assert_eq!(result.code, 1);
        let mut variables = command.variables();
        let url = variables
            .find(|(name, _)| *name == "PARSE_SERVER_URL")
            .unwrap()
            .1;
        let line = format!("not rewritten: Photo r1 picture: {reason}").replace("<url>", url);
        assert_eq!(findings(&result.stdout)[1..], [line]);
        assert_eq!(world.rows()[0]["picture"], URL);
    }
}

#[test]
fn without_a_registered_guard_nothing_is_read_and_nothing_written() {
    let refused = |classes: &str| {
        format!(
            "error: --fix urls: Parse Server does not call the guard of {classes}, so a client's save at the same moment could be overwritten: start serve, run cloudinary-parse register, and try again"
        )
    };
    let world = World::new()
        .guarded("Album")
        .image("app/cat", 30)
        .row("Photo", photo("r1", URL));
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!((result.code, result.error()), (1, &*refused("Photo")));
    let asked = world.asked_of_parse();
    assert!(
        asked
            .iter()
            .all(|request| !request.url.path().contains("aggregate"))
    );
    // Another service's hook is no guard of ours.
    let world = cat().row("Photo", photo("r1", URL)).before(|request, _| {
        let hook = json!([{"className": "Photo", "triggerName": "beforeSave", "url": "http://other/hook"}]);
        (request.url.path() == "/parse/hooks/triggers").then(|| answer(200, hook))
    });
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!((result.code, result.error()), (1, &*refused("Photo")));
    assert_eq!(world.rows()[0]["picture"], URL);
    // A class that Cloud Code guards has no hook.
    let world = World::new()
        .image("app/cat", 30)
        .row("Photo", photo("r1", URL));
    let manifest = format!("called_from = \"cloud_code\"\n{PHOTO}");
    assert_eq!(version_three(world).command(&manifest).run(&FIX).code, 0);
}

#[test]
fn cloudinary_is_asked_for_a_hundred_public_ids_at_a_time() {
    let mut world = cat();
    let gallery: Vec<_> = (0..150)
        .map(|n| format!("https://res.cloudinary.com/demo/image/upload/v1/app/{n}.jpg"))
        .collect();
    for n in 0..150 {
        world = world.image(&format!("app/{n}"), 30);
    }
    let world = version_three(world).row("Photo", json!({"objectId": "r1", "list": gallery}));
    let result = world.command(PHOTO).run(&FIX);
    assert_eq!(result.code, 0, "{}", result.stderr);
    let asked = world.asked_of_cloudinary();
    let counts = asked.iter().map(|request| {
        let pairs = request.url.query_pairs();
        pairs.filter(|(key, _)| key == "public_ids[]").count()
    });
    let counts: Vec<_> = counts.filter(|count| *count > 0).collect();
    assert_eq!(counts, [100, 50]);
    assert_eq!(world.rows()[0]["list"][149], "image/upload/v3/app/149.jpg");
}

#[test]
fn a_run_that_is_broken_off_goes_on_after_its_last_page() {
    let mut failed = false;
    let mut world = cat();
    for n in 1..6 {
        world = world.row("Photo", photo(&format!("r{n}"), URL));
    }
    let world = world.before(move |request, _| {
        let second = param(request, "pipeline").is_some_and(|pipeline| pipeline.contains("r3"));
        let fails = second && !std::mem::replace(&mut failed, true);
        fails.then(|| answer(400, json!({"code": 102, "error": "no"})))
    });
    let command = world.command(PHOTO);
    assert_eq!(command.run(&FIX).code, 1);
    let result = command.run(&FIX);
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert!(
        result
            .stderr
            .contains("resuming the audit that was interrupted")
    );
    assert!(
        result
            .stdout
            .contains("5 (5 can become identifiers; rows rewritten: 5)\n"),
        "{}",
        result.stdout
    );
    assert_eq!(puts(&world).len(), 5);
}

#[test]
fn json_lines_name_class_row_and_reason() {
    let foreign = "https://user:pw@example.com/cat.jpg?token=secret#x";
    let world = cat()
        .row("Photo", photo("r1", URL))
        .row("Photo", photo("r2", foreign));
    let result = world
        .command(PHOTO)
        .run(&["audit", "--fix", "urls", "--json"]);
    let lines: Vec<Value> = result
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let cell = |id: &str, rest: Value| {
        let mut line = json!({"class": "Photo", "objectId": id, "field": "picture"});
        line.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        line
    };
    assert_eq!(
        lines[..3],
        [
            cell(
                "r1",
                json!({"finding": "delivery_url", "url": URL, "identifier": "image/upload/v3/app/cat.jpg"})
            ),
            cell("r1", json!({"finding": "rewritten"})),
            cell(
                "r2",
                json!({"finding": "kept_url", "url": "https://example.com/cat.jpg", "reason": "not a delivery URL of this account: its host or its cloud name is another"})
            ),
        ]
    );
    let sums = &lines[3]["summary"];
    let sums = [
        "delivery_urls",
        "kept_urls",
        "rewritten",
        "not_rewritten",
        "malformed",
    ]
    .map(|name| &sums[name]);
    assert_eq!(sums, [1, 1, 1, 0, 0]);
}
