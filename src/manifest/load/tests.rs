//! Whole folders of manifests: what they become and every mistake by its exact text.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::cloudinary::account::Account;
use crate::cloudinary::identifier::{DeliveryType, ResourceType};
use crate::manifest::{Access, CallLimit, Choice, Parameter, ResponseForm, SignUpload};

mod accept;
mod class;
mod clean_up;
mod delivery_url;
mod folder;
mod follow;
mod references;
mod sign_params;
mod sign_upload;
mod warnings;

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\n";
const SIGN: &str = "function = \"sign\"\naction = \"sign_upload\"\n";
const SIGN_PARAMS: &str = "function = \"sign\"\naction = \"sign_params\"\n";
const URL: &str = "function = \"url\"\naction = \"delivery_url\"\n";

fn folder_of(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Loads a folder of these files; findings name files without their folder.
fn load_all(files: &[(&str, &str)]) -> Result<(Manifests, Vec<String>), Vec<String>> {
    let folder = folder_of(files);
    let prefix = format!("{}/", folder.path().display());
    in_texts(load(folder.path()), &prefix)
}

/// Reads one file.
fn parse_one(text: &str) -> Result<(Manifests, Vec<String>), Vec<String>> {
    in_texts(parse(&[("m.toml", text)]), "")
}

fn in_texts(
    read: Result<Manifests, Vec<ManifestFinding>>,
    prefix: &str,
) -> Result<(Manifests, Vec<String>), Vec<String>> {
    let texts = |findings: &[ManifestFinding]| -> Vec<String> {
        let texts = findings.iter().map(ToString::to_string);
        texts.map(|text| text.replace(prefix, "")).collect()
    };
    match read {
        Ok(manifests) => {
            let warnings = texts(&manifests.warnings);
            Ok((manifests, warnings))
        }
        Err(errors) => Err(texts(&errors)),
    }
}

#[track_caller]
fn loaded(text: &str) -> Manifests {
    parse_one(text).unwrap().0
}

#[track_caller]
fn mistakes(text: &str) -> Vec<String> {
    parse_one(text).map(|_| ()).unwrap_err()
}

#[track_caller]
fn warnings(text: &str) -> Vec<String> {
    parse_one(text).unwrap().1
}

#[track_caller]
fn sign_upload(text: &str) -> SignUpload {
    match loaded(&format!("{SIGN}{text}")).functions.remove(0).action {
        FunctionAction::SignUpload(sign) => sign,
        other => panic!("not a sign_upload: {other:?}"),
    }
}

/// Each text, put after `before`, has exactly these mistakes.
#[track_caller]
fn assert_mistakes(before: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(mistakes(&format!("{before}{text}")), *expected, "{text}");
    }
}
