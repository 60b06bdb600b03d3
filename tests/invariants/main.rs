//! What must hold for any input: the fuzz targets' checks on their seeds and on input made here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails"
)]

mod checks;
mod choices;
mod made;
mod rows;
mod security;
mod work;

use std::fs;
use std::path::Path;

use checks::{cloudinary_url, identifier, manifest, notification, transformation, webhook};

/// Every seed of a fuzz target, those among them that once broke a promise.
#[track_caller]
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut seeds = 0;
    for file in fs::read_dir(folder).unwrap() {
        check(&fs::read(file.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds > 10, "{seeds} seeds");
}

#[test]
fn a_save_comes_to_what_the_reference_says() {
    replay("webhook", webhook::check);
}

#[test]
fn an_identifier_is_read_as_the_reference_reads_it() {
    replay("identifier", identifier::check);
}

#[test]
fn options_of_transformations_break_nothing_and_stay_in_their_place() {
    replay("transformation", transformation::check);
}

#[test]
fn a_mistake_in_a_manifest_has_a_file_and_a_line() {
    replay("manifest", manifest::check);
}

#[test]
fn a_notification_is_taken_only_as_it_was_signed() {
    replay("notification", notification::check);
}

#[test]
fn what_is_wrong_with_a_cloudinary_url_is_said_without_its_secret() {
    replay("cloudinary_url", cloudinary_url::check);
}
