//! `cleanup` where there is no queue; where there is one, `tests/queue` has it.

use crate::command::CloudinaryParse;

fn with(manifest: &str) -> CloudinaryParse {
    CloudinaryParse::bare()
        .env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
        .manifest("Photo.toml", manifest)
}

const KEEPS: &str = "class = \"Photo\"\n[fields.picture]\n";
const DESTROYS: &str =
    "class = \"Photo\"\n[fields.picture]\non_replace = \"destroy\"\ndestroy_within = \"\"\n";

#[test]
fn a_list_where_no_manifest_destroys_says_so() {
    let world = with(KEEPS);
    let result = world.run(&["cleanup", "list"]);
    assert_eq!(
        (result.code, &*result.stdout, &*result.stderr),
        (
            0,
            "no jobs: no manifest destroys assets or follows notifications\n",
            ""
        )
    );
    let result = world.run(&["cleanup", "list", "--json"]);
    assert_eq!((result.code, &*result.stdout), (0, "{\"jobs\":[]}\n"));
}

#[test]
fn a_list_is_not_empty_for_want_of_the_queue() {
    let application = ("PARSE_SERVER_APPLICATION_ID", "app");
    let missing = ("CLOUDINARY_PARSE_QUEUE", "sqlite://missing.db");
    let away = ("CLOUDINARY_PARSE_QUEUE", "postgres://u:p@127.0.0.1:1/queue");
    for (manifest, queue) in [(DESTROYS, missing), (DESTROYS, away), (KEEPS, away)] {
        let world = with(manifest)
            .env(application.0, application.1)
            .env(queue.0, queue.1);
        let result = world.run(&["cleanup", "list"]);
        assert_eq!((result.code, &*result.stdout), (1, ""), "{queue:?}");
        assert!(
            result.stderr.contains("CLOUDINARY_PARSE_QUEUE"),
            "{}",
            result.stderr
        );
    }
}
