use super::*;

const UNBOUND: &str = "the caller chooses the public_id, and no folder or public_id_prefix is bound to {user.objectId}: any user could overwrite any picture, or claim another user's private one";
const NAME: &str = "names can change hands, and the pictures with them; use {user.objectId}";

#[test]
fn warns_of_a_public_id_that_is_not_bound_to_the_user() {
    let unbound = [
        ("[accept]\npublic_id = true", 4, "public_id"),
        (
            "[accept]\npublic_id = { pattern = \"[a-z]+\" }",
            4,
            "public_id",
        ),
        (
            "[upload]\nfolder = \"all\"\n[accept]\npublic_id = true",
            6,
            "public_id",
        ),
        (
            "[upload]\nfolder = \"{params.f}\"\n[accept]\npublic_id = true",
            6,
            "public_id",
        ),
        (
            "[upload]\nasset_folder = \"{user.objectId}\"\n[accept]\npublic_id = true",
            6,
            "public_id",
        ),
        ("[accept]\nfolder = true\npublic_id = true", 5, "public_id"),
        ("[upload]\npublic_id = \"{params.name}\"", 4, "public_id"),
        (
            "[upload]\nuse_filename = true\nunique_filename = false",
            4,
            "use_filename",
        ),
    ];
    for (text, line, name) in unbound {
        for function in [SIGN, SIGN_PARAMS] {
            assert_eq!(
                warnings(&format!("{function}{text}")),
                [format!("m.toml:{line}: `{name}`: {UNBOUND}")],
                "{text}"
            );
        }
    }
}

#[test]
fn does_not_warn_of_a_public_id_in_a_place_of_the_users_own() {
    for text in [
        "[upload]\nfolder = \"users/{user.objectId}\"\n[accept]\npublic_id = true",
        "[upload]\npublic_id_prefix = \"{user.objectId}\"\n[accept]\npublic_id = true",
        "[upload]\nasset_folder = \"u/{user.objectId}\"\nuse_asset_folder_as_public_id_prefix = true\n[accept]\npublic_id = true",
        "[upload]\npublic_id = \"users/{user.objectId}/{params.name}\"",
        "[upload]\npublic_id = \"logo\"",
        "[upload]\nuse_filename = true",
        "[upload]\ntags = \"{user.username}\"",
        "[accept]\nfolder = true",
    ] {
        for function in [SIGN, SIGN_PARAMS] {
            assert_eq!(warnings(&format!("{function}{text}")), [""; 0], "{text}");
        }
    }
}

#[test]
fn warns_of_folders_built_from_names() {
    assert_eq!(
        warnings(&format!("{PHOTO}folder = \"users/{{user.username}}\"")),
        [format!("m.toml:3: `folder`: {NAME}")]
    );
    for name in ["folder", "public_id_prefix", "asset_folder", "public_id"] {
        assert_eq!(
            warnings(&format!(
                "{SIGN}[upload]\n{name} = \"users/{{user.username}}\""
            )),
            [format!("m.toml:4: `{name}`: {NAME}")]
        );
    }
}

#[test]
fn warns_of_signed_urls_of_an_unguarded_field() {
    let url = format!("{URL}class = \"Photo\"\nfield = \"picture\"");
    let warning = "m.toml:4: Photo.picture is not guarded by any manifest: whoever may write it could have the URL of another user's private asset signed";
    assert_eq!(warnings(&url), [warning]);
    let (_, guarded) = load_all(&[("a.toml", PHOTO), ("m.toml", &url)]).unwrap();
    assert_eq!(guarded, [""; 0]);
}

#[test]
fn shows_warnings_of_all_files_in_order() {
    let folder = format!("{PHOTO}folder = \"users/{{user.username}}\"");
    let sign = format!("{SIGN}[accept]\npublic_id = true");
    let (_, warnings) = load_all(&[("b.toml", &folder), ("a.toml", &sign)]).unwrap();
    assert_eq!(
        warnings,
        [
            format!("a.toml:4: `public_id`: {UNBOUND}"),
            format!("b.toml:3: `folder`: {NAME}")
        ]
    );
}
