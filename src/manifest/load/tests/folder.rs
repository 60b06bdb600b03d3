use super::*;

#[test]
fn names_file_and_line_of_every_mistake_of_every_file() {
    let errors = load_all(&[
        (
            "b.toml",
            "class = \"Photo\"\n\n[fields.picture]\nrequird = true\nmany = \"yes\"\nmax_age = 3600",
        ),
        ("a.toml", "function = \"sign\"\naction = \"sign_uplod\""),
        ("c.toml", "class = "),
        ("d.toml", "# nothing\n\n"),
        ("e.txt", "not a manifest"),
        (".hidden.toml", "not a manifest"),
    ]);
    assert_eq!(
        errors.map(|_| ()).unwrap_err(),
        [
            "a.toml:2: `action`: unknown value `sign_uplod`, did you mean `sign_upload`?",
            "b.toml:4: unknown key `requird`, did you mean `required`?",
            "b.toml:5: `many`: expected true or false, found string",
            "b.toml:6: `max_age`: expected a string, found integer",
            "c.toml:1: string values must be quoted, expected literal string",
            "d.toml:1: empty: expected `class` or `function`",
        ]
    );
}

#[test]
fn reports_every_mistake_of_one_list_or_table() {
    let formats = format!("{PHOTO}formats = [\".a\", \"jpg\",\n\".b\"]");
    assert_eq!(mistakes(&formats).len(), 2);
    let tags = format!(
        "{SIGN}[upload]\ntags = [\"{{a}}\", 2020-01-01, \"{{b}}\"]\ncontext = {{ a = \"{{\", b = nan }}"
    );
    assert_eq!(mistakes(&tags).len(), 5);
    let named =
        format!("{SIGN}[accept]\neager = {{ named = {{ a = 1, b = 2 }} }}\noverwrite = [3, 4]");
    assert_eq!(mistakes(&named).len(), 4);
}

#[test]
fn refuses_two_files_for_one_hook() {
    let errors = load_all(&[
        ("a.toml", PHOTO),
        ("b.toml", PHOTO),
        ("c.toml", SIGN),
        ("d.toml", SIGN),
    ])
    .map(|_| ())
    .unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("b.toml:1: class `Photo` has a manifest already: "),
        "{}",
        errors[0]
    );
    assert!(errors[0].ends_with("a.toml"), "{}", errors[0]);
    assert!(
        errors[1].starts_with("d.toml:1: function `sign` has a manifest already: "),
        "{}",
        errors[1]
    );
}

#[test]
fn finds_a_second_file_even_if_it_has_other_mistakes() {
    let errors = load_all(&[
        ("a.toml", PHOTO),
        ("b.toml", "class = \"Photo\"\nfield = 1"),
    ]);
    assert_eq!(errors.map(|_| ()).unwrap_err().len(), 3);
}

#[test]
fn a_class_and_a_function_may_share_a_name() {
    let (manifests, _) = load_all(&[
        ("a.toml", "class = \"sign\"\n[fields.picture]"),
        ("b.toml", SIGN),
    ])
    .unwrap();
    assert_eq!((manifests.classes.len(), manifests.functions.len()), (1, 1));
}

#[test]
fn refuses_a_missing_folder() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("webhooks");
    let errors = load(&missing).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        format!(
            "{}: cannot read the folder of manifests: No such file or directory (os error 2)",
            missing.display()
        )
    );
}

#[test]
fn warns_of_an_empty_folder() {
    let (_, warnings) = load_all(&[("README.md", "")]).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].ends_with(": no manifest (*.toml) in it, so nothing is guarded or served"),
        "{}",
        warnings[0]
    );
}

#[test]
fn reads_manifests_in_any_case_of_their_extension() {
    let (manifests, _) = load_all(&[("Photo.TOML", PHOTO)]).unwrap();
    assert_eq!(manifests.classes.len(), 1);
}

#[test]
fn refuses_what_is_not_a_text_file() {
    let folder = folder_of(&[]);
    fs::write(folder.path().join("a.toml"), b"class = \"\xff\"").unwrap();
    fs::create_dir(folder.path().join("b.toml")).unwrap();
    let errors = load(folder.path()).unwrap_err();
    let messages: Vec<_> = errors
        .iter()
        .map(|error| (error.line, error.message.as_str()))
        .collect();
    assert_eq!(
        messages,
        [
            (0, "cannot be read: stream did not contain valid UTF-8"),
            (0, "cannot be read: Is a directory (os error 21)"),
        ]
    );
}

#[test]
fn refuses_files_that_are_neither_class_nor_function_or_both() {
    assert_mistakes(
        "",
        &[
            (
                "acces = \"user\"",
                &[
                    "m.toml:1: neither `class` nor `function`: a file guards a class or serves a function",
                    "m.toml:1: unknown key `acces`, did you mean `access`?",
                ],
            ),
            (
                "function = \"f\"\naction = \"sign_upload\"\nclass = \"Photo\"",
                &[
                    "m.toml:3: both `class` and `function`: a file is one or the other, unless it is a delivery_url",
                ],
            ),
            (
                "function = \"f\"",
                &[
                    "m.toml:1: `action` is missing: expected sign_upload, sign_params or delivery_url",
                ],
            ),
            (
                "function = \"f\"\nactoin = \"sign_upload\"",
                &[
                    "m.toml:1: `action` is missing: expected sign_upload, sign_params or delivery_url",
                    "m.toml:2: unknown key `actoin`, did you mean `action`?",
                ],
            ),
            (
                "class = 1",
                &[
                    "m.toml:1: `class`: expected a string, found integer",
                    "m.toml:1: a class without fields: write a table [fields.<name>] for each field to guard, or name columns in `references`",
                ],
            ),
        ],
    );
}

#[test]
fn refuses_names_that_parse_server_would_never_call() {
    assert_mistakes(
        "",
        &[
            (
                "class = \"_Session\"\n[fields.picture]",
                &[
                    "m.toml:1: `_Session` cannot be guarded: Parse Server takes no hook but afterLogout on it",
                ],
            ),
            (
                "class = \"Photo\"\n[fields.objectId]",
                &[
                    "m.toml:2: `objectId` cannot hold an identifier: it is one of Parse Server's own fields",
                ],
            ),
            (
                "class = \"Photo\"\n[fields.\"a.b\"]",
                &[
                    "m.toml:2: `a.b` cannot hold an identifier: expected a letter, then letters, digits and `_`, as Parse Server takes them",
                ],
            ),
            (
                "function = \"a.b\"\naction = \"sign_upload\"",
                &[
                    "m.toml:1: `a.b` cannot be called: expected letters, digits, `_` and `-` (Parse Server answers \"Invalid function\" to others)",
                ],
            ),
        ],
    );
}
