//! The guard: what Parse Server would store after its answer is what the reference says, for any
//! body.

use std::sync::OnceLock;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::hooks::{self, EMPTY, before_save, error_answer};
use cloudinary_parse::manifest::{self, ClassManifest};
use cloudinary_parse::parse::envelope::Envelope;

use super::identifier;
use super::json::{Json, all};
use super::reference::{
    Class, Expected, Field, Writes, client_writes, expected, without_signature,
};

pub(crate) const NOW: u64 = 1_789_000_000;

const PLAIN: Field = Field {
    name: "picture",
    many: false,
    max_items: None,
    required: false,
    resource_types: &["image"],
    types: &["upload"],
    formats: &[],
    in_users_folder: false,
    max_age: None,
    confirm: false,
    moderation: None,
    eager: None,
};

/// Every body is judged by each of these.
pub(super) static CLASSES: [Class; 7] = [
    Class {
        name: "Photo",
        trust_master_key: false,
        fields: &[
            PLAIN,
            Field {
                name: "pictures",
                many: true,
                confirm: true,
                ..PLAIN
            },
        ],
    },
    Class {
        name: "Photo",
        trust_master_key: false,
        fields: &[
            Field {
                resource_types: &["image", "video", "raw"],
                types: &["upload", "private", "authenticated"],
                formats: &["jpg", "png"],
                in_users_folder: true,
                max_age: Some(3600),
                confirm: true,
                ..PLAIN
            },
            Field {
                name: "pictures",
                many: true,
                resource_types: &["raw", "video"],
                types: &["private"],
                ..PLAIN
            },
        ],
    },
    Class {
        name: "Photo",
        trust_master_key: true,
        fields: &[
            Field {
                required: true,
                ..PLAIN
            },
            Field {
                name: "pictures",
                many: true,
                required: true,
                ..PLAIN
            },
        ],
    },
    // One picture: few answers have to be a write set.
    Class {
        name: "Photo",
        trust_master_key: false,
        fields: &[Field {
            moderation: Some("status"),
            ..PLAIN
        }],
    },
    Class {
        name: "Photo",
        trust_master_key: true,
        fields: &[Field {
            required: true,
            moderation: Some("status"),
            eager: Some("thumbnails"),
            ..PLAIN
        }],
    },
    Class {
        name: "Photo",
        trust_master_key: false,
        fields: &[
            Field {
                eager: Some("status"),
                max_age: Some(3600),
                ..PLAIN
            },
            Field {
                name: "pictures",
                many: true,
                max_items: Some(2),
                max_age: Some(3600),
                ..PLAIN
            },
        ],
    },
    Class {
        name: "_User",
        trust_master_key: false,
        fields: &[Field {
            name: "pictures",
            many: true,
            ..PLAIN
        }],
    },
];

pub(super) fn manifests() -> &'static [ClassManifest] {
    static MANIFESTS: OnceLock<Vec<ClassManifest>> = OnceLock::new();
    MANIFESTS.get_or_init(|| {
        let load = |class: &Class| {
            let manifests = manifest::parse(&[("class.toml", &class.manifest())]);
            manifests.expect("a good manifest").classes.remove(0)
        };
        CLASSES.iter().map(load).collect()
    })
}

/// `bytes` are a body. `@` where a signature stands, in a value (`"…/cat.jpg#@"`) or in a context
/// (`"@…/cat.jpg"`), becomes the good one: no mutation of a body would ever find it.
pub(crate) fn check(bytes: &[u8]) {
    let body = with_signatures(bytes);
    let account = super::account();
    if super::cloud_code::is_meant(&body) {
        return check_meant_for_cloud_code(&account, &body);
    }
    for (class, manifest) in CLASSES.iter().zip(manifests()) {
        let expected = expected(class, &account, &body, NOW);
        let answer = serve(class, manifest, &account, &body);
        match (&answer, &expected) {
            (None, Expected::BadRequest) => continue,
            (Some(Answer::Refused(text)), Expected::Refused) => refuses(text),
            (
                Some(Answer::Accepted {
                    text,
                    left_out,
                    to_confirm,
                }),
                Expected::Saved { .. },
            ) => {
                let writes = apply(text, &body);
                never_holds_what_is_not_signed(class, &writes, &body);
                never_lets_a_client_into(class, &writes, text != EMPTY, &body);
                let found = Expected::Saved {
                    writes,
                    write_set: text != EMPTY,
                    left_out: left_out.clone(),
                    to_confirm: to_confirm.clone(),
                };
                assert!(same(&found, &expected), "{found:?}\n{expected:?}");
            }
            _ => panic!(
                "{answer:?}\n{expected:?}\n{}",
                String::from_utf8_lossy(&body)
            ),
        }
        after(manifest, &account, &body);
    }
    super::cloud_code::check(&body);
}

/// Cloud Code's body: what it is answered besides is compared with a webhook's answer.
fn check_meant_for_cloud_code(account: &Account, body: &[u8]) {
    for (class, manifest) in CLASSES.iter().zip(manifests()) {
        match serve(class, manifest, account, body) {
            Some(Answer::Refused(text)) => refuses(&text),
            Some(Answer::Accepted { text, .. }) => {
                never_holds_what_is_not_signed(class, &apply(&text, body), body);
            }
            None => {}
        }
    }
}

#[derive(Debug)]
pub(super) enum Answer {
    Refused(String),
    Accepted {
        text: String,
        left_out: Vec<String>,
        to_confirm: Vec<String>,
    },
}

/// What the listener does with a body; `None` for a 400.
pub(super) fn serve(
    class: &Class,
    manifest: &ClassManifest,
    account: &Account,
    body: &[u8],
) -> Option<Answer> {
    let envelope = Envelope::parse(body).ok()?;
    let object = envelope.expect_trigger(class.name, "beforeSave").ok()?;
    Some(
        match before_save(manifest, account, &envelope, object, NOW) {
            Ok(decided) => Answer::Accepted {
                text: decided.answer.unwrap_or_else(|| EMPTY.to_owned()),
                left_out: decided.left_out,
                to_confirm: decided
                    .to_confirm
                    .into_iter()
                    .map(|picture| picture.identifier)
                    .collect(),
            },
            Err(refusal) => Answer::Refused(error_answer(&refusal.to_string())),
        },
    )
}

/// The other triggers of a class read the same bodies.
fn after(manifest: &ClassManifest, account: &Account, body: &[u8]) {
    let envelope = Envelope::parse(body).expect("it was read once");
    let object = envelope.object.as_ref().expect("it was read once");
    hooks::after_save(manifest, account, &envelope, object, NOW);
    hooks::after_delete(manifest, account, object, NOW);
}

/// Parse Server refuses if `error` is a text that is not empty.
fn refuses(answer: &str) {
    let answer: serde_json::Value = serde_json::from_str(answer).expect("well-formed JSON");
    let text = answer["error"].as_str().expect("a text");
    assert!(!text.is_empty());
    assert!(!text.contains(super::SECRET) && !text.contains(super::PREVIOUS_SECRET));
}

/// What Parse Server writes after an answer that lets the save through: the client's own changes
/// after `{}`, exactly what `success` holds otherwise.
fn apply(answer: &str, body: &[u8]) -> Writes {
    let answer = Json::parse(answer.as_bytes()).expect("well-formed JSON");
    let members = answer.members().expect("an object");
    let request = Json::parse(body)
        .and_then(Json::members)
        .expect("a request");
    let object = |name| {
        all(&request, name)
            .first()
            .and_then(|value| value.members())
    };
    let (asked, original) = (object("object").expect("an object"), object("original"));
    if members.is_empty() {
        return client_writes(&asked, original.as_ref());
    }
    let [(name, success)] = &members[..] else {
        panic!("{answer:?}");
    };
    assert_eq!(name, b"success");
    let success = success.members().expect("an object");
    let pairs = success
        .iter()
        .map(|(name, value)| (name.clone(), value.0.to_owned()));
    let writes: Writes = pairs.collect();
    assert_eq!(writes.len(), success.len(), "a name occurs twice");
    writes
}

fn same(found: &Expected, expected: &Expected) -> bool {
    let (
        Expected::Saved {
            writes: ours,
            write_set,
            left_out,
            to_confirm: asked,
        },
        Expected::Saved {
            writes: theirs,
            write_set: needs_write_set,
            left_out: not_theirs,
            to_confirm,
        },
    ) = (found, expected)
    else {
        return false;
    };
    let guarded = |name: &[u8]| [&b"picture"[..], b"pictures"].contains(&name);
    asked == to_confirm
        && write_set == needs_write_set
        && left_out == not_theirs
        && ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| {
            let alike =
                ours.1 == theirs.1 || (guarded(ours.0) && Json(ours.1).same(Json(theirs.1)));
            ours.0 == theirs.0 && alike
        })
}

/// Told without the reference's judgement: each new text in a guarded field is an identifier
/// without its signature, and a good signature of it came with the request.
fn never_holds_what_is_not_signed(class: &Class, writes: &Writes, body: &[u8]) {
    let request = Json::parse(body)
        .and_then(Json::members)
        .expect("a request");
    let master = all(&request, "master").first() == Some(&Json("true"));
    if master {
        return;
    }
    let mut sent = Vec::new();
    for name in ["object", "context"] {
        for value in all(&request, name) {
            texts(value, 6, &mut sent);
        }
    }
    for field in class.fields {
        let Some(written) = writes.get(field.name.as_bytes()) else {
            continue;
        };
        let (mut new, mut stored) = (Vec::new(), Vec::new());
        match Json(written).members() {
            // What is removed or deleted need not be signed.
            Some(operation) => {
                let op = all(&operation, "__op").first().and_then(|op| op.text());
                if op.is_some_and(|op| op == "Add" || op == "AddUnique") {
                    let objects = all(&operation, "objects").into_iter();
                    objects.for_each(|objects| texts(objects, 6, &mut new));
                }
            }
            None => texts(Json(written), 6, &mut new),
        }
        for original in all(&request, "original") {
            let original = original.members().unwrap_or_default();
            for value in all(&original, field.name) {
                texts(value, 6, &mut stored);
            }
        }
        for text in new {
            if stored
                .iter()
                .any(|old| *old == text || without_signature(old) == text)
            {
                continue;
            }
            let read = identifier::read(&text).unwrap_or_else(|| panic!("{text:?} is stored"));
            assert_eq!(read.signature, None, "{text:?} is stored");
            let signed = sent.iter().any(|sent| {
                let signature = sent.rsplit('#').next().unwrap_or_default();
                super::is_signed(signature, &read.public_id, &read.version)
            });
            assert!(signed, "{text:?} is stored without a good signature");
        }
    }
}

/// Told without the reference's judgement: a write set holds no path into a guarded key, and a
/// client writes no column of the service's.
fn never_lets_a_client_into(class: &Class, writes: &Writes, write_set: bool, body: &[u8]) {
    let request = Json::parse(body)
        .and_then(Json::members)
        .expect("a request");
    let has = |name| all(&request, name).first().copied();
    for name in writes.keys() {
        assert!(!class.holds_path(name), "{name:?} is written");
    }
    if has("master") == Some(Json("true")) {
        return;
    }
    let update = has("original").is_some_and(Json::is_object);
    for column in class.fields.iter().flat_map(Field::columns) {
        let cleared = r#"{"__op":"Delete"}"#;
        let written = writes.get(column.as_bytes()).map(String::as_str);
        let fine = match written {
            None => true,
            Some(text) if update => write_set && text == cleared,
            Some(text) => write_set && text == "null",
        };
        assert!(fine, "{column} is written: {written:?}");
    }
}

/// The strings in a value, names included, down to a depth.
fn texts(value: Json<'_>, depth: usize, found: &mut Vec<String>) {
    found.extend(value.text());
    if depth == 0 {
        return;
    }
    for element in value.elements().unwrap_or_default() {
        texts(element, depth - 1, found);
    }
    for (name, value) in value.members().unwrap_or_default() {
        found.extend(String::from_utf8(name));
        texts(value, depth - 1, found);
    }
}

fn with_signatures(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else {
        return body.to_vec();
    };
    let mut signed = String::with_capacity(text.len());
    for (index, string) in text.split('"').enumerate() {
        if index > 0 {
            signed.push('"');
        }
        let (identifier, is_context) = match string.strip_suffix("#@") {
            Some(identifier) => (identifier, false),
            None => (string.strip_prefix('@').unwrap_or_default(), true),
        };
        match identifier::read(identifier) {
            Some(read) => {
                let good = super::signature(super::SECRET, &read.public_id, &read.version);
                if !is_context {
                    signed.push_str(identifier);
                    signed.push('#');
                }
                signed.push_str(&good);
            }
            None => signed.push_str(string),
        }
    }
    signed.into_bytes()
}
