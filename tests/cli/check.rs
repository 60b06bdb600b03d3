use crate::command::CloudinaryParse;

const UNBOUND: &str = "function = \"sign\"\naction = \"sign_upload\"\n[accept]\npublic_id = true\n";

fn configured() -> CloudinaryParse {
    CloudinaryParse::bare()
        .env("CLOUDINARY_URL", "cloudinary://key:hush@demo")
        .env("PARSE_SERVER_WEBHOOK_KEY", "webhook")
}

#[test]
fn says_what_would_be_served() {
    let result = configured()
        .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n")
        .run(&["check", "--strict"]);
    assert_eq!(
        (result.code, &*result.stdout, &*result.stderr),
        (0, "webhooks: 1 class guarded, 0 functions served\n", "")
    );
}

#[test]
fn lists_everything_that_is_missing_in_one_go() {
    let caller = CloudinaryParse::bare().manifest(
        "url.toml",
        "function = \"url\"\naction = \"delivery_url\"\nclass = \"Photo\"\nfield = \"picture\"\n",
    );
    let result = caller.run(&["check"]);
    assert_eq!((result.code, &*result.stdout), (1, ""));
    let missing = [
        "CLOUDINARY_URL",
        "PARSE_SERVER_WEBHOOK_KEY",
        "PARSE_SERVER_URL",
        "PARSE_SERVER_APPLICATION_ID",
    ];
    let folder = caller.directory().display();
    let lines =
        missing.map(|name| format!("{name}: is missing, and there is no .env in {folder}\n"));
    assert_eq!(result.stderr, lines.concat());
}

#[test]
fn reports_mistakes_of_configuration_and_manifests_together() {
    let result = configured()
        .env("CLOUDINARY_PARSE_WORKERS", "0")
        .env("CLOUDINARY_PARSE_LOG_FORMAT", "xml")
        .manifest(
            "Photo.toml",
            "class = \"Photo\"\n[fields.picture]\nmany = 1\nrequird = true\n",
        )
        .manifest("empty.toml", "")
        .run(&["check"]);
    assert_eq!((result.code, &*result.stdout), (1, ""));
    assert_eq!(
        result.stderr,
        "CLOUDINARY_PARSE_LOG_FORMAT: expected text or json\n\
         CLOUDINARY_PARSE_WORKERS: expected a whole number above 0\n\
         webhooks/Photo.toml:3: `many`: expected true or false, found integer\n\
         webhooks/Photo.toml:4: unknown key `requird`, did you mean `required`?\n\
         webhooks/empty.toml:1: empty: expected `class` or `function`\n"
    );
}

#[test]
fn warns_and_fails_only_when_strict() {
    let service = configured().manifest("sign.toml", UNBOUND);
    let warning = "warning: webhooks/sign.toml:4: `public_id`: the caller chooses the public_id, and no folder or public_id_prefix is bound to {user.objectId}: any user could overwrite any picture, or claim another user's private one\n";
    let result = service.run(&["check"]);
    assert_eq!(
        (result.code, &*result.stdout, &*result.stderr),
        (
            0,
            "webhooks: 0 classes guarded, 1 function served\n",
            warning
        )
    );
    let strict = service.run(&["check", "--strict"]);
    assert_eq!(
        (strict.code, &*strict.stdout, &*strict.stderr),
        (1, "", warning)
    );
}

#[test]
fn warns_of_version_1_of_the_signature() {
    let service = configured()
        .env(
            "CLOUDINARY_URL",
            "cloudinary://key:hush@demo?signature_version=1",
        )
        .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n");
    let warning = "warning: CLOUDINARY_URL: signature_version=1 signs what follows a `&` in a value as another parameter; leave it out\n";
    for (arguments, code) in [(&["check"][..], 0), (&["check", "--strict"], 1)] {
        let result = service.run(arguments);
        assert_eq!((result.code, &*result.stderr), (code, warning));
    }
}

#[test]
fn warns_of_what_a_caller_should_not_choose() {
    let manifest = "function = \"sign\"\naction = \"sign_upload\"\n[accept]\neval = true\non_success = [\"x\"]\noverlay = true\nunderlay = [\"logo\"]\n";
    let result = configured()
        .manifest("sign.toml", manifest)
        .run(&["check", "--strict"]);
    assert_eq!(
        (result.code, &*result.stderr),
        (
            1,
            "warning: webhooks/sign.toml:4: `eval`: the caller chooses code that Cloudinary runs when the upload is done; set it in [upload]\n\
             warning: webhooks/sign.toml:5: `on_success`: the caller chooses code that Cloudinary runs when the upload is done; set it in [upload]\n\
             warning: webhooks/sign.toml:6: `overlay`: layers, code and raw transformations that a caller makes up are refused where they are signed; list them here, or as `named`\n"
        )
    );
}

#[test]
fn says_which_master_key_passes_before_parse_server_9() {
    let manifest = "function = \"sign\"\naction = \"sign_upload\"\naccess = \"master\"\n";
    let service = configured().manifest("sign.toml", manifest);
    let note = "sign: access = \"master\": on Parse Server 5 to 8 a read-only master key passes where the call does not show it in a header (the JavaScript SDK, Cloud Code); other calls must show PARSE_SERVER_MASTER_KEY, if that is set";
    let result = service.run(&["check", "--strict"]);
    assert_eq!((result.code, result.stderr), (0, format!("note: {note}\n")));
    let result = service.run(&["check", "--strict", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(said["notes"], serde_json::json!([note]));
    assert_eq!((result.code, &said["ready"]), (0, &serde_json::json!(true)));
}

#[test]
fn refuses_layers_from_callers_of_an_account_that_signs_every_url() {
    let url = "function = \"url\"\naction = \"delivery_url\"\n[accept]\noverlay = true\n";
    let result = configured().manifest("url.toml", url).run(&["check"]);
    assert_eq!(result.code, 0);
    let result = configured()
        .env("CLOUDINARY_URL", "cloudinary://key:hush@demo?sign_url=true")
        .manifest("url.toml", url)
        .run(&["check"]);
    assert_eq!((result.code, &*result.stdout), (1, ""));
    assert_eq!(
        result.stderr,
        "webhooks/url.toml:4: `overlay`: layers, code and raw or named transformations cannot be accepted where the URL may be signed\n"
    );
}

#[test]
fn reads_the_certificate_before_serve_does() {
    let result = configured()
        .env("CLOUDINARY_PARSE_TLS_CERT", "cert.pem")
        .env("CLOUDINARY_PARSE_TLS_KEY", "key.pem")
        .manifest("sign.toml", UNBOUND)
        .run(&["check"]);
    assert_eq!((result.code, &*result.stdout), (1, ""));
    assert!(
        result
            .stderr
            .starts_with("CLOUDINARY_PARSE_TLS_CERT: cert.pem: "),
        "{}",
        result.stderr
    );
}

#[test]
fn never_shows_a_secret() {
    let result = configured()
        .env("CLOUDINARY_URL", "cloudinary:/key:hush@demo")
        .env("CLOUDINARY_API_SECRET_PREVIOUS", "hush")
        .env("CLOUDINARY_API_SECRET_PREVIOUS_FILE", "file")
        .run(&["check"]);
    assert_eq!(result.code, 1);
    assert!(!result.stderr.contains("hush"), "{}", result.stderr);
}

/// The manifests of the repository are what the README shows, and raise no warning.
#[test]
fn takes_the_shipped_manifests() {
    let webhooks = concat!(env!("CARGO_MANIFEST_DIR"), "/webhooks");
    let result = configured()
        .env("CLOUDINARY_PARSE_WEBHOOKS", webhooks)
        .env("PARSE_SERVER_URL", "http://127.0.0.1:1/parse")
        .env("PARSE_SERVER_APPLICATION_ID", "app")
        .run(&["check", "--strict"]);
    assert_eq!((result.code, &*result.stderr), (0, ""));
    assert_eq!(
        result.stdout,
        format!("{webhooks}: 2 classes guarded, 4 functions served\n")
    );
}

#[test]
fn answers_in_json() {
    let service = configured().manifest("sign.toml", UNBOUND);
    for (arguments, code, ready) in [
        (&["check", "--json"][..], 0, true),
        (&["check", "--json", "--strict"], 1, false),
    ] {
        let result = service.run(arguments);
        assert_eq!((result.code, &*result.stderr), (code, ""));
        let said: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
        assert_eq!(said["ready"], ready);
        assert_eq!(said["mistakes"], serde_json::json!([]));
        assert_eq!(said["warnings"].as_array().unwrap().len(), 1);
    }
    let caller = CloudinaryParse::bare();
    let result = caller.run(&["check", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&result.stdout).unwrap();
    let folder = caller.directory().display();
    let mistake = format!("CLOUDINARY_URL: is missing, and there is no .env in {folder}");
    assert_eq!((result.code, &said["mistakes"][0]), (1, &mistake.into()));
}
