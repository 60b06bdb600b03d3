//! The samples of `webhooks/`, which an app is to take as they are only where they fit.

use crate::manifest::{self, Manifests};
use crate::parse::hook_name::HookName;

const SAMPLES: [(&str, &str); 6] = [
    ("Photo.toml", include_str!("../../../webhooks/Photo.toml")),
    (
        "Portrait.toml",
        include_str!("../../../webhooks/Portrait.toml"),
    ),
    (
        "photo_thumbnail_url.toml",
        include_str!("../../../webhooks/photo_thumbnail_url.toml"),
    ),
    (
        "sign_cloudinary_upload_request.toml",
        include_str!("../../../webhooks/sign_cloudinary_upload_request.toml"),
    ),
    (
        "sign_portrait_upload.toml",
        include_str!("../../../webhooks/sign_portrait_upload.toml"),
    ),
    (
        "sign_widget_upload.toml",
        include_str!("../../../webhooks/sign_widget_upload.toml"),
    ),
];

/// The classes and functions of `manifests` that say what a sample does and have one of the hooks
/// that are about to be `set`.
pub(super) fn unchanged(manifests: &Manifests, set: &[HookName]) -> Vec<String> {
    // Err: a test reads them all.
    let samples = manifest::parse(&SAMPLES).unwrap_or_default();
    let classes = manifests.classes.iter().filter(|class| {
        samples.classes.contains(class)
            && set.iter().any(|hook| {
                matches!(hook, HookName::Trigger { class_name, .. } if *class_name == class.class)
            })
    });
    let functions = manifests.functions.iter().filter(|function| {
        samples.functions.contains(function) && set.contains(&HookName::function(&function.name))
    });
    let classes = classes.map(|class| class.class.clone());
    classes
        .chain(functions.map(|function| function.name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn found(text: &str, set: &[HookName]) -> Vec<String> {
        unchanged(&manifest::parse(&[("m.toml", text)]).unwrap(), set)
    }

    #[test]
    fn knows_every_sample() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/webhooks");
        assert_eq!(fs::read_dir(folder).unwrap().count(), SAMPLES.len());
        let samples = manifest::parse(&SAMPLES).unwrap();
        let names = unchanged(&samples, &samples.registered_hooks());
        let mut files: Vec<_> = names.iter().map(|name| format!("{name}.toml")).collect();
        files.sort();
        assert_eq!(files, SAMPLES.map(|(file, _)| file));
    }

    #[test]
    fn takes_the_same_content_for_a_sample_however_it_is_written() {
        let photo = HookName::trigger("Photo", "beforeSave");
        let text = "class = 'Photo'\nfields.cloudinaryIdentifier.required = false\n";
        assert_eq!(found(text, &[photo]), ["Photo"]);
    }

    #[test]
    fn takes_no_changed_manifest_for_a_sample_and_none_whose_hooks_stay() {
        let photo = HookName::trigger("Photo", "beforeSave");
        let note = HookName::trigger("Note", "beforeSave");
        for (text, set) in [
            (
                "class = \"Photo\"\n[fields.cloudinaryIdentifier]\nrequired = true\n",
                &photo,
            ),
            ("class = \"Photo\"\n[fields.picture]\n", &photo),
            ("class = \"Note\"\n[fields.cloudinaryIdentifier]\n", &note),
            ("class = \"Photo\"\n[fields.cloudinaryIdentifier]\n", &note),
        ] {
            assert_eq!(found(text, std::slice::from_ref(set)), [""; 0], "{text}");
        }
    }
}
