//! `audit` against doubles of Parse Server and Cloudinary.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::parse_server::answer;
use crate::world::{World, asset, param, unix_time};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\nfolder = \"app/{user.objectId}\"\ndestroy_within = \"app/\"\n";
// sha1("public_id=app/cat&version=1secret")
const SIGNATURE: &str = "67cd007507dbdee3131073189cfcd686f20fb461";
const DESTROY: [&str; 3] = ["audit", "--destroy-orphans", "--yes"];

fn cat() -> World {
    let row = json!({"objectId": "r1", "picture": "image/upload/v1/app/cat.jpg"});
    World::new().row("Photo", row).image("app/cat", 30)
}

/// Lines of a report, but for the sums.
fn findings(stdout: &str) -> Vec<&str> {
    let lines = stdout.lines();
    lines
        .take_while(|line| !line.starts_with("rows "))
        .collect()
}

fn destroyed(world: &World) -> usize {
    let requests = world.asked_of_cloudinary();
    requests
        .iter()
        .filter(|request| request.method.as_str() == "POST")
        .count()
}

#[test]
fn reports_everything_that_is_not_as_it_should_be_and_changes_nothing() {
    let signed = format!("image/upload/v1/app/cat.jpg#{SIGNATURE}");
    let world = cat()
        .row("Photo", json!({"objectId": "r2", "picture": signed}))
        .row("Photo", json!({"objectId": "r3", "picture": format!("image/upload/v1/app/cat.jpg#{}", "0".repeat(40))}))
        .row("Photo", json!({"objectId": "r4", "picture": "cat.jpg#not-shown"}))
        .row("Photo", json!({"objectId": "r5", "picture": {"__type": "File"}}))
        .row("Photo", json!({"objectId": "r6", "picture": "image/upload/v9/app/gone.png"}))
        .row("Photo", json!({"objectId": "r7"}))
        .row("Photo", json!({"objectId": "r8", "picture": null}))
        .image("app/orphan", 1)
        .image("elsewhere/asset", 30)
        .asset("video/upload", "app/film", 30);
    let result = world.command(PHOTO).run(&["audit"]);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    assert_eq!(
        result.stdout,
        "left-over signature: Photo r2 picture: image/upload/v1/app/cat.jpg\n\
         not signed by this account: Photo r3 picture: image/upload/v1/app/cat.jpg\n\
         malformed: Photo r4 picture: cat.jpg: expected resource_type/type/vVERSION/public_id\n\
         malformed: Photo r5 picture: {\"__type\":\"File\"}: expected an identifier\n\
         asset does not exist: Photo r6 picture: image/upload/v9/app/gone.png\n\
         nothing refers to: image/upload/app/orphan (1000000 bytes)\n\
         rows                       8\n\
         identifiers                4\n\
         left-over signatures       1 (0 stripped)\n\
         not signed by this account 1\n\
         malformed                  2\n\
         URLs                       0 (0 can become identifiers; rows rewritten: 0)\n\
         assets that do not exist   1\n\
         rejected or deleted        0\n\
         assets in the folders      2\n\
         nothing refers to          1 (1.0 MB; 1 within destroy_within, 0 destroyed)\n"
    );
    let asked = [world.asked_of_parse(), world.asked_of_cloudinary()].concat();
    assert!(asked.iter().all(|request| request.method.as_str() == "GET"));
}

#[test]
fn prints_json_lines_for_programs() {
    let world = cat()
        .row("Photo", json!({"objectId": "r2", "picture": 5}))
        .image("app/b", 1);
    let result = world.command(PHOTO).run(&["audit", "--json"]);
    let lines: Vec<Value> = result
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[0],
        json!({"finding": "malformed", "class": "Photo", "objectId": "r2", "field": "picture", "value": "5", "expected": "expected an identifier"})
    );
    assert_eq!(lines[1]["finding"], "orphan");
    assert_eq!(lines[1]["public_id"], "app/b");
    assert_eq!(lines[1]["destroyable"], true);
    assert_eq!(
        lines[2]["summary"],
        json!({"rows": 2, "identifiers": 1, "left_over_signatures": 0, "unsigned": 0, "malformed": 1, "delivery_urls": 0, "kept_urls": 0, "rewritten": 0, "not_rewritten": 0, "missing_assets": 0, "placeholders": 0, "stripped": 0,
            "not_stripped": 0, "assets": 2, "orphans": 1, "orphan_bytes": 1_000_000, "destroyable": 1, "destroyed": 0, "kept": 0})
    );
}

#[test]
fn an_array_s_elements_are_looked_at_one_by_one() {
    let manifest = format!("{PHOTO}many = true\n");
    let list = json!(["image/upload/v1/app/cat.jpg", "image/upload/v1/app/gone", 5]);
    let world = cat().row("Photo", json!({"objectId": "r0", "picture": list}));
    let result = world.command(&manifest).run(&["audit"]);
    assert_eq!(
        findings(&result.stdout),
        [
            "malformed: Photo r0 picture: 5: expected an array of identifiers",
            "malformed: Photo r1 picture: \"image/upload/v1/app/cat.jpg\": expected an array of identifiers",
            "asset does not exist: Photo r0 picture: image/upload/v1/app/gone",
        ]
    );
}

#[test]
fn a_wrong_master_key_is_found_out_before_any_row_is_read() {
    let world = cat();
    let command = world.command(PHOTO).env("PARSE_SERVER_MASTER_KEY", "wrong");
    let result = command.run(&DESTROY);
    assert_eq!(result.code, 1);
    assert!(
        result.error().contains("check PARSE_SERVER_MASTER_KEY"),
        "{}",
        result.stderr
    );
    let paths: Vec<_> = world
        .asked_of_parse()
        .iter()
        .map(|r| r.url.path().to_owned())
        .collect();
    assert_eq!(paths, ["/parse/serverInfo"]);
    assert_eq!(world.assets(), ["app/cat"]);
}

#[test]
fn a_master_key_that_stops_being_one_hides_rows_and_destroys_nothing() {
    // The key is proved once before the rows are read, once after, and so around every later
    // reading.
    for good in 1..6 {
        let proofs = AtomicUsize::new(0);
        let world = cat()
            .image("app/orphan", 30)
            .before(move |request, contents| {
                if request.url.path() == "/parse/serverInfo" {
                    let proof = proofs.fetch_add(1, Ordering::Relaxed);
                    return (proof >= good)
                        .then(|| answer(403, json!({"error": "Permission denied"})));
                }
                if proofs.load(Ordering::Relaxed) >= good
                    && request.url.path() == "/parse/aggregate/Photo"
                {
                    contents.rows.clear();
                }
                None
            });
        let result = world.command(PHOTO).run(&DESTROY);
        assert_eq!(result.code, 1, "{good}");
        assert_eq!(world.assets(), ["app/cat", "app/orphan"], "{good}");
    }
}

#[test]
fn destroys_old_orphans_within_destroy_within_and_nothing_else() {
    let manifest = "class = \"Photo\"\n[fields.picture]\nfolder = \"shared/pictures\"\ndestroy_within = \"shared/pictures/app/\"\n";
    let row = |id: &str, text: &str| json!({"objectId": id, "picture": text});
    let world = World::new()
        .row(
            "Photo",
            row("r1", "image/upload/v1/shared/pictures/app/used.jpg"),
        )
        .row("Photo", row("r2", "shared/pictures/app/legacy.jpg"))
        .row(
            "Photo",
            row("r3", "image/upload/v1/shared/pictures/app/old-signature#00"),
        )
        .image("shared/pictures/app/used", 30)
        .image("shared/pictures/app/legacy", 30)
        .image("shared/pictures/app/old-signature", 30)
        .image("shared/pictures/app/orphan", 30)
        .image("shared/pictures/app/young", 6)
        .image("shared/pictures/other-app", 30)
        .image("elsewhere", 30)
        .asset("image/private", "shared/pictures/app/private", 30)
        .asset("raw/upload", "shared/pictures/app/raw", 30);
    let result = world.command(manifest).run(&DESTROY);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    assert!(
        result.stdout.contains(
            "\nnothing refers to: image/upload/shared/pictures/other-app (1000000 bytes)\n"
        )
    );
    assert!(
        result
            .stdout
            .contains("\ndestroyed: image/upload/shared/pictures/app/orphan\n")
    );
    let left = world.assets();
    assert_eq!(left.len(), 8);
    assert!(!left.contains(&"shared/pictures/app/orphan".to_owned()));
    assert_eq!(destroyed(&world), 1);
}

#[test]
fn an_age_on_the_command_line_counts() {
    for (age, left) in [("5d", 1), ("7d", 2), ("4000d", 2)] {
        let world = cat().image("app/orphan", 6);
        let result = world
            .command(PHOTO)
            .run(&[&DESTROY[..], &["--older-than", age]].concat());
        assert_eq!((result.code, world.assets().len()), (0, left), "{age}");
    }
}

#[test]
fn without_yes_and_a_terminal_it_is_a_dry_run() {
    let world = cat().image("app/orphan", 30);
    let result = world.command(PHOTO).run(&["audit", "--destroy-orphans"]);
    assert_eq!(result.code, 0);
    assert_eq!(
        result.error(),
        "nothing is destroyed: pass --yes to destroy without being asked (assets: 1)"
    );
    assert_eq!(
        findings(&result.stdout),
        ["nothing refers to: image/upload/app/orphan (1000000 bytes)"]
    );
    assert_eq!(world.assets(), ["app/cat", "app/orphan"]);
}

#[test]
fn an_orphan_that_a_row_refers_to_by_now_is_kept() {
    // The first reading of rows sees none; the second, or what was written during it, sees a
    // reference.
    for (reading, updated) in [
        (1, "2020-01-01T00:00:00.000Z"),
        (2, "2999-01-01T00:00:00.000Z"),
    ] {
        let readings = AtomicUsize::new(0);
        let world = cat().image("app/orphan", 30).before(move |request, contents| {
            let reads_rows = request.url.path() == "/parse/aggregate/Photo";
            let begins = param(request, "pipeline").is_some_and(|pipeline| !pipeline.contains("$gt\""));
            if reads_rows && begins && readings.fetch_add(1, Ordering::Relaxed) == reading {
                let row = json!({"objectId": "r0", "updatedAt": updated, "picture": "image/upload/v1/app/orphan.jpg"});
                contents.rows.push(("Photo".into(), row));
            }
            None
        });
        let result = world.command(PHOTO).run(&DESTROY);
        assert_eq!(
            findings(&result.stdout),
            [
                "nothing refers to: image/upload/app/orphan (1000000 bytes)",
                "kept: image/upload/app/orphan: a row refers to it now",
            ]
        );
        assert_eq!(destroyed(&world), 0);
    }
}

#[test]
fn an_orphan_that_was_uploaded_again_is_kept() {
    let world = cat().image("app/orphan", 30).before(|request, contents| {
        if request
            .url
            .as_str()
            .contains("public_ids%5B%5D=app%2Forphan")
        {
            contents.assets.last_mut().unwrap().1 = asset("app/orphan", 0);
        }
        None
    });
    let result = world.command(PHOTO).run(&DESTROY);
    assert_eq!(
        findings(&result.stdout)[1..],
        ["kept: image/upload/app/orphan: it has been uploaded again"]
    );
    assert_eq!(destroyed(&world), 0);
}

#[test]
fn an_application_without_rows_destroys_nothing() {
    let world = World::new().image("app/a", 30);
    let result = world.command(PHOTO).run(&DESTROY);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: nothing is destroyed: no guarded class has a row, so everything looks like an orphan; is PARSE_SERVER_APPLICATION_ID the right application?"
    );
    assert_eq!(world.assets(), ["app/a"]);
}

#[test]
fn strips_good_signatures_if_nobody_has_changed_the_row() {
    let manifest = format!("{PHOTO}[fields.list]\nmany = true\n");
    let signed = format!("image/upload/v1/app/cat.jpg#{SIGNATURE}");
    let bare = "image/upload/v1/app/cat.jpg";
    let world = World::new()
        .image("app/cat", 1)
        .row("Photo", json!({"objectId": "r1", "picture": signed}))
        .row(
            "Photo",
            json!({"objectId": "r2", "list": [bare, signed, "x"]}),
        )
        .row(
            "Photo",
            json!({"objectId": "r3", "picture": format!("{bare}#00")}),
        )
        .row("Photo", json!({"objectId": "r4", "picture": signed}))
        .before(|request, contents| {
            if request.url.path() == "/parse/classes/Photo/r4" {
                contents.rows[3].1["picture"] = json!("image/upload/v2/app/cat.jpg");
            }
            None
        });
    let result = world.command(&manifest).run(&["audit", "--fix", "strip"]);
    assert_eq!(result.code, 1);
    let lines = findings(&result.stdout);
    for line in [
        "stripped: Photo r1 picture",
        "stripped: Photo r2 list",
        "not stripped: Photo r4 picture: it has changed since it was read",
    ] {
        assert!(lines.contains(&line), "{line}\n{}", result.stdout);
    }
    let rows = world.rows();
    assert_eq!(rows[0]["picture"], bare);
    assert_eq!(rows[1]["list"], json!([bare, bare, "x"]));
    assert_eq!(rows[2]["picture"], format!("{bare}#00"));
    assert_eq!(rows[3]["picture"], "image/upload/v2/app/cat.jpg");
}

#[test]
fn a_run_that_is_broken_off_is_taken_up_after_the_last_row() {
    let failed = AtomicUsize::new(0);
    let mut world = cat().image("app/orphan", 30);
    for n in 2..9 {
        world = world.row(
            "Photo",
            json!({"objectId": format!("r{n}"), "picture": "image/upload/v1/app/cat.jpg"}),
        );
    }
    let world = world.before(move |request, _| {
        let third = param(request, "pipeline").is_some_and(|pipeline| pipeline.contains("r6"));
        let fails = third && failed.fetch_add(1, Ordering::Relaxed) == 0;
        fails.then(|| answer(400, json!({"code": 102, "error": "no"})))
    });
    let command = world.command(PHOTO);
    let broken = command.run(&["audit"]);
    assert_eq!(broken.code, 1);
    assert!(
        broken.error().ends_with("refused: no (code 102)"),
        "{}",
        broken.stderr
    );
    let before = world.asked_of_parse().len();
    let result = command.run(&["audit"]);
    assert_eq!(
        (result.code, &*result.stderr),
        (0, "resuming the audit that was interrupted\n")
    );
    assert!(
        result.stdout.contains("rows                       8\n"),
        "{}",
        result.stdout
    );
    assert_eq!(
        findings(&result.stdout),
        ["nothing refers to: image/upload/app/orphan (1000000 bytes)"]
    );
    let again: Vec<_> = world.asked_of_parse()[before..]
        .iter()
        .filter_map(|r| param(r, "pipeline"))
        .map(|pipeline| serde_json::from_str::<Value>(&pipeline).unwrap()[0].clone())
        .collect();
    assert_eq!(
        again,
        ["r6", "r8"].map(|id| json!({"$match": {"objectId": {"$gt": id}}}))
    );
    assert!(!command.directory().join(".cloudinary-parse-audit").exists());
}

#[test]
fn waits_for_the_end_of_cloudinary_s_rate_limit() {
    let limited = AtomicUsize::new(0);
    let world = cat().before(move |request, _| {
        let first = request.url.path().contains("/resources/")
            && limited.fetch_add(1, Ordering::Relaxed) == 0;
        let second = jiff::Timestamp::from_second(i64::try_from(unix_time()).unwrap() + 1).unwrap();
        let reset =
            jiff::fmt::rfc2822::to_string(&second.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        first.then(|| ResponseTemplate::new(420).insert_header("X-FeatureRateLimit-Reset", reset))
    });
    let started = std::time::Instant::now();
    let result = world.command(PHOTO).run(&["audit"]);
    assert_eq!((result.code, findings(&result.stdout).len()), (0, 0));
    assert!(started.elapsed().as_secs() >= 1);
    assert!(
        result
            .stderr
            .contains("Cloudinary's rate limit is reached, continuing in"),
        "{}",
        result.stderr
    );
}

#[test]
fn says_what_it_does_not_look_for() {
    let world = cat();
    let result = world
        .command("class = \"Photo\"\n[fields.picture]\n")
        .run(&["audit"]);
    assert!(
        result.stderr.contains(
            "Photo.picture has neither a folder nor destroy_within, so its assets are not looked for"
        ),
        "{}",
        result.stderr
    );
    assert!(result.stdout.contains("assets in the folders      0\n"));
}

#[test]
fn refuses_what_makes_no_sense_before_it_asks_anybody() {
    let world = cat();
    let command = world.command("class = \"Photo\"\n[fields.picture]\n");
    let result = command.run(&DESTROY);
    assert_eq!(
        (result.code, result.error()),
        (
            1,
            "error: --destroy-orphans: no field of any manifest has destroy_within, so nothing may be destroyed"
        )
    );
    for arguments in [
        &["audit", "--yes"][..],
        &["audit", "--older-than", "7 days"],
        &["audit", "--fix", "everything"],
    ] {
        assert_eq!(command.run(arguments).code, 64, "{arguments:?}");
    }
    assert!(world.asked_of_parse().is_empty() && world.asked_of_cloudinary().is_empty());
}

#[test]
fn a_cursor_that_cloudinary_no_longer_takes_lists_the_place_anew() {
    let manifest = "class = \"Photo\"\n[fields.picture]\nfolder = \"app\"\ntypes = [\"upload\", \"private\"]\n";
    let expired = || {
        let message = "Invalid value for parameter next_cursor: 2";
        ResponseTemplate::new(400).set_body_json(json!({"error": {"message": message}}))
    };
    let calls = AtomicUsize::new(0);
    let mut world = cat().before(move |request, _| {
        let is_private = request.url.path().ends_with("/image/private");
        let goes_on = is_private && param(request, "next_cursor").is_some();
        // Another failure first, so that the next run has a stored cursor.
        match goes_on.then(|| calls.fetch_add(1, Ordering::Relaxed)) {
            Some(0) => {
                Some(ResponseTemplate::new(409).set_body_json(json!({"error": {"message": "no"}})))
            }
            Some(1 | 2) => Some(expired()),
            _ => None,
        }
    });
    for name in ["a", "b", "c", "d", "e"] {
        world = world.asset("image/private", &format!("app/{name}"), 30);
    }
    let command = world.command(manifest);
    assert_eq!(command.run(&["audit"]).code, 1);
    let result = command.run(&["audit"]);
    assert_eq!(result.code, 0, "{}", result.stderr);
    let listed = ["a", "b", "c", "d", "e"]
        .map(|name| format!("nothing refers to: image/private/app/{name} (1000000 bytes)"));
    assert_eq!(findings(&result.stdout), listed);
    assert!(result.stdout.contains("assets in the folders      6\n"));
}

#[test]
fn cursors_that_always_expire_end_the_audit() {
    let world = cat()
        .image("app/b", 1)
        .image("app/c", 1)
        .before(|request, _| {
            let message = "Invalid value for parameter next_cursor";
            param(request, "next_cursor").map(|_| {
                ResponseTemplate::new(400).set_body_json(json!({"error": {"message": message}}))
            })
        });
    let result = world.command(PHOTO).run(&["audit"]);
    assert_eq!(
        (result.code, result.error()),
        (
            1,
            "error: Cloudinary's cursors expire before all assets within \"app/\" are listed"
        )
    );
}

#[test]
fn a_state_folder_with_anything_else_is_refused_before_anybody_is_asked() {
    let world = cat();
    let command = world.command(PHOTO);
    let queue = command.directory().join("state/cloudinary-parse.db");
    for folder in ["state", "."] {
        std::fs::create_dir_all(queue.parent().unwrap()).unwrap();
        std::fs::write(&queue, "precious").unwrap();
        let result = command.run(&["audit", "--state", folder]);
        assert_eq!(result.code, 1);
        let what = if folder == "." {
            "state, webhooks"
        } else {
            "cloudinary-parse.db"
        };
        let expected = format!(
            "error: --state: {folder} holds files that are not an audit's: {what}; name an empty folder, or the one of an audit that was interrupted"
        );
        assert_eq!(result.error(), expected);
        assert_eq!(std::fs::read_to_string(&queue).unwrap(), "precious");
        assert!(command.directory().join("webhooks").exists());
    }
    assert!(world.asked_of_parse().is_empty() && world.asked_of_cloudinary().is_empty());
}

#[test]
fn the_default_folder_is_no_exception() {
    let world = cat();
    let command = world.command(PHOTO);
    let folder = command.directory().join(".cloudinary-parse-audit");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("notes.txt"), "precious").unwrap();
    let result = command.run(&["audit"]);
    assert_eq!(result.code, 1);
    assert_eq!(
        result.error(),
        "error: --state: .cloudinary-parse-audit holds files that are not an audit's: notes.txt; name an empty folder, or the one of an audit that was interrupted"
    );
    std::fs::remove_file(folder.join("notes.txt")).unwrap();
    // A folder that was there stays, without what the audit wrote.
    assert_eq!(command.run(&["audit"]).code, 0);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn what_is_put_into_the_state_folder_during_the_audit_stays() {
    let world = cat();
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join("made");
    let notes = folder.join("notes.txt");
    let to_write = notes.clone();
    let world = world.before(move |_, _| {
        std::fs::write(&to_write, "precious").unwrap();
        None
    });
    let command = world.command(PHOTO);
    let result = command.run(&["audit", "--state", folder.to_str().unwrap()]);
    assert_eq!(
        (result.code, &*result.stderr),
        (
            0,
            "the folder of --state is kept, because it holds other files: notes.txt\n"
        )
    );
    assert_eq!(std::fs::read_to_string(notes).unwrap(), "precious");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn a_rejected_asset_is_neither_missing_nor_an_orphan() {
    let mut rejected = asset("app/rejected", 30);
    rejected["placeholder"] = json!(true);
    rejected["bytes"] = json!(0);
    let row = json!({"objectId": "r2", "picture": "image/upload/v1/app/rejected.jpg"});
    let world = cat().row("Photo", row).before(move |_, contents| {
        let mut alone = rejected.clone();
        alone["public_id"] = json!("app/rejected-alone");
        for asset in [&rejected, &alone] {
            if !contents.assets.iter().any(|(_, known)| known == asset) {
                contents.assets.push(("image/upload".into(), asset.clone()));
            }
        }
        None
    });
    let result = world.command(PHOTO).run(&["audit"]);
    assert_eq!(
        findings(&result.stdout),
        ["asset is rejected or deleted: Photo r2 picture: image/upload/v1/app/rejected.jpg"]
    );
    assert!(result.stdout.contains(
        "assets that do not exist   0\nrejected or deleted        1\nassets in the folders      1\n"
    ));
    let result = world.command(PHOTO).run(&DESTROY);
    assert_eq!((result.code, destroyed(&world)), (0, 0));
}

#[test]
fn a_manifest_that_names_what_parse_server_does_not_have_destroys_nothing() {
    let field = "destroy_within = \"app/\"\n";
    for (manifest, mistake) in [
        (
            format!("class = \"Phto\"\n[fields.picture]\n{field}"),
            "Parse Server has no class Phto: did you mean Photo?",
        ),
        (
            format!("class = \"Invoice\"\n[fields.picture]\n{field}"),
            "Parse Server has no class Invoice",
        ),
        (
            format!("class = \"Photo\"\n[fields.pictrue]\n{field}"),
            "Photo has no column pictrue: did you mean picture?",
        ),
        (
            format!("class = \"Photo\"\n[fields.picture]\n{field}[fields.zoom]\n"),
            "Photo has no column zoom",
        ),
        (
            format!("class = \"Photo\"\n[fields.owner]\n{field}"),
            "Photo.owner is of type Pointer, which holds no identifiers",
        ),
    ] {
        let world = cat()
            .column("Photo", "owner", "Pointer")
            .image("app/orphan", 30);
        let command = world.command(&manifest);
        let result = command.run(&DESTROY);
        let expected = format!(
            "error: --destroy-orphans: nothing is destroyed, because what is in use is unknown: correct the manifests, or create what is missing\n{mistake}\n"
        );
        assert_eq!(result.code, 1);
        assert_eq!(result.stderr.split("next: ").next(), Some(&*expected));
        assert_eq!(destroyed(&world), 0);
        // A report is given all the same, and says what to think of it.
        let result = command.run(&["audit"]);
        assert_eq!(result.code, 0);
        assert!(result.stderr.contains(mistake), "{}", result.stderr);
    }
}
