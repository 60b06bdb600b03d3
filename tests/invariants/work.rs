//! The work for a body grows with its length, never with its square: instructions are counted, not
//! time.
//!
//! The test runs itself once more under valgrind. There each body is judged by [`measured_work`],
//! whose instructions callgrind counts and writes out call by call.

mod bodies;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::cloudinary::notification::Notification;
use cloudinary_parse::cloudinary::notification_event::events;
use cloudinary_parse::hooks::{self, FixedFields, FunctionContext, Limits, Roles};
use cloudinary_parse::manifest::{self, ClassManifest, FunctionManifest};
use cloudinary_parse::parse::envelope::Envelope;
use futures_util::FutureExt as _;

use bodies::{ALBUM, FUNCTIONS, Hook, NOW, PHOTO, SECRET, SHAPES};

/// A body twice as long may be this many hundredths of the work. Twice is linear, a logarithm adds
/// little; a square comes to four.
const MOST: u64 = 260;

/// Where the bodies lie, for the run under valgrind.
const FOLDER: &str = "CLOUDINARY_PARSE_TEST_BODIES";

/// The name of [`measured_work`], as callgrind looks for it. It knows each pattern for one purpose
/// only.
const COLLECTED_IN: &str = "*measured_work*";
const DUMPED_AFTER: &str = "invariants::work::measured_work";

#[test]
#[ignore = "needs valgrind: scripts/test.sh runs it where there is one"]
fn a_body_twice_as_long_is_at_most_twice_the_work() {
    if let Some(folder) = env::var_os(FOLDER) {
        return judge_all(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    for (place, shape) in SHAPES.iter().enumerate() {
        let (once, twice) = ((shape.body)(shape.size), (shape.body)(2 * shape.size));
        let growth = 100 * twice.len() / once.len();
        assert!((190..=210).contains(&growth), "{}: {growth}", shape.name);
        fs::write(path(folder.path(), 2 * place), once).unwrap();
        fs::write(path(folder.path(), 2 * place + 1), twice).unwrap();
    }
    let counts = counted(folder.path());
    let mut table = String::new();
    let mut is_linear = true;
    for (shape, pair) in SHAPES.iter().zip(counts.chunks(2)) {
        let hundredths = 100 * pair[1] / pair[0];
        is_linear &= hundredths <= MOST;
        writeln!(table, "{hundredths} % of {}: {}", pair[0], shape.name).unwrap();
    }
    assert!(is_linear, "\n{table}");
}

fn path(folder: &Path, place: usize) -> PathBuf {
    folder.join(format!("body-{place}"))
}

/// The instructions that each body takes.
fn counted(folder: &Path) -> Vec<u64> {
    let out = folder.join("counted");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args([
            format!("--toggle-collect={COLLECTED_IN}"),
            format!("--dump-after={DUMPED_AFTER}"),
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--test-threads=1", "--nocapture"])
        .arg("work::a_body_twice_as_long_is_at_most_twice_the_work")
        .env(FOLDER, folder)
        .status()
        .unwrap();
    assert!(ran.success(), "valgrind: {ran}");
    let total = |place: usize| {
        let dump = fs::read_to_string(format!("{}.{}", out.display(), place + 1)).unwrap();
        let line = dump.lines().find_map(|line| line.strip_prefix("totals:"));
        line.unwrap().trim().parse().unwrap()
    };
    (0..2 * SHAPES.len()).map(total).collect()
}

/// What a body meets.
struct Service {
    account: Account,
    album: ClassManifest,
    photo: ClassManifest,
    functions: Vec<FunctionManifest>,
}

fn service() -> Service {
    let classes = [("Album.toml", ALBUM), ("Photo.toml", PHOTO)];
    let files: Vec<_> = classes.iter().chain(FUNCTIONS).copied().collect();
    let loaded = manifest::parse(&files).unwrap();
    let mut classes = loaded.classes.into_iter();
    Service {
        account: Account::from_url(&format!("cloudinary://key:{SECRET}@demo")).unwrap(),
        album: classes.next().unwrap(),
        photo: classes.next().unwrap(),
        functions: loaded.functions,
    }
}

/// Judges every body, in the run under valgrind.
fn judge_all(folder: &Path) {
    let service = service();
    for (place, shape) in SHAPES.iter().flat_map(|shape| [shape, shape]).enumerate() {
        let body = fs::read(path(folder, place)).unwrap();
        let answer = measured_work(&service, shape.hook, &body);
        assert!(!answer.is_empty(), "{}", shape.name);
    }
}

/// All that is done for a body between its last byte and its answer.
#[inline(never)]
fn measured_work(service: &Service, hook: Hook, body: &[u8]) -> String {
    let mut answer = match hook {
        Hook::BeforeSave(class) => before_save(service, class.of(service), body),
        Hook::AfterSave(class) => after_save(service, class.of(service), body),
        Hook::AfterDelete(class) => after_delete(service, class.of(service), body),
        Hook::Function(name) => function(service, name, body),
        Hook::Notification => notification(service, body),
    };
    answer.truncate(60);
    answer
}

impl bodies::Class {
    fn of(self, service: &Service) -> &ClassManifest {
        match self {
            bodies::Class::Album => &service.album,
            bodies::Class::Photo => &service.photo,
        }
    }
}

fn before_save(service: &Service, class: &ClassManifest, body: &[u8]) -> String {
    let envelope = match Envelope::parse(body) {
        Ok(envelope) => envelope,
        Err(error) => return error.to_string(),
    };
    let object = envelope.expect_trigger(&class.class, "beforeSave").unwrap();
    match hooks::before_save(class, &service.account, &envelope, object, NOW) {
        Ok(decided) => decided.answer.unwrap_or_else(|| "{}".to_owned()),
        Err(refusal) => refusal.to_string(),
    }
}

fn after_save(service: &Service, class: &ClassManifest, body: &[u8]) -> String {
    let envelope = Envelope::parse(body).unwrap();
    let object = envelope.expect_trigger(&class.class, "afterSave").unwrap();
    let outcome = hooks::after_save(class, &service.account, &envelope, object, NOW);
    format!("{} lost", outcome.jobs.len())
}

fn after_delete(service: &Service, class: &ClassManifest, body: &[u8]) -> String {
    let envelope = Envelope::parse(body).unwrap();
    let object = envelope
        .expect_trigger(&class.class, "afterDelete")
        .unwrap();
    let outcome = hooks::after_delete(class, &service.account, object, NOW);
    format!("{} lost", outcome.jobs.len())
}

fn function(service: &Service, name: &str, body: &[u8]) -> String {
    let function = service.functions.iter().find(|f| f.name == name).unwrap();
    let envelope = match Envelope::parse(body) {
        Ok(envelope) => envelope,
        Err(error) => return error.to_string(),
    };
    envelope.expect_function(name).unwrap();
    let means = FunctionContext {
        account: &service.account,
        master_key: None,
        parse_server: None,
        roles: &Roles::default(),
        limits: &Limits::new(function.limit),
        fixed: &FixedFields::of(function, &service.account),
    };
    // None of them asks anybody anything.
    let decided = hooks::call(function, means, &envelope, NOW).now_or_never();
    match decided.unwrap() {
        Ok(decided) => decided.answer.unwrap(),
        Err(refusal) => refusal.to_string(),
    }
}

fn notification(service: &Service, body: &[u8]) -> String {
    let notification = Notification {
        body,
        timestamp: &NOW.to_string(),
        signature: &"0".repeat(40),
    };
    assert!(notification.verify(&service.account, NOW).is_err());
    let body = serde_json::from_slice(body).unwrap();
    format!("{} notices", events(&body, NOW).len())
}
