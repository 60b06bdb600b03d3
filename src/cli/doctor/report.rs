//! What `doctor` prints: a line for each check, or one JSON object.

use std::fmt::Display;
use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::output::Output;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Configuration,
    Manifests,
    ParseServerClock,
    CloudinaryClock,
    ParseServer,
    MasterKey,
    WebhookKey,
    Hooks,
    CloudCode,
    PublicUrl,
    Columns,
    ProtectedFields,
    HiddenRows,
    Cloudinary,
    CleanUp,
    Notifications,
    Queue,
    UploadSize,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
    /// The service works, but the operator should know.
    Warning,
    /// Not tried.
    Skipped,
}

/// Lines as they come, and JSON at the end.
#[derive(Debug)]
pub(super) struct Report {
    out: Output,
    json: Option<Vec<Value>>,
    colours: bool,
    failed: bool,
}

impl Check {
    fn title(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Manifests => "manifests",
            Self::ParseServerClock => "clock, Parse Server",
            Self::CloudinaryClock => "clock, Cloudinary",
            Self::ParseServer => "Parse Server",
            Self::MasterKey => "master key",
            Self::WebhookKey => "webhook key",
            Self::Hooks => "hooks",
            Self::CloudCode => "Cloud Code",
            Self::PublicUrl => "public URL",
            Self::Columns => "columns",
            Self::ProtectedFields => "protectedFields",
            Self::HiddenRows => "hidden rows",
            Self::Cloudinary => "Cloudinary",
            Self::CleanUp => "clean-up",
            Self::Notifications => "notifications",
            Self::Queue => "queue",
            Self::UploadSize => "maxUploadSize",
        }
    }

    /// The name for scripts.
    fn id(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Manifests => "manifests",
            Self::ParseServerClock => "clock_parse_server",
            Self::CloudinaryClock => "clock_cloudinary",
            Self::ParseServer => "parse_server",
            Self::MasterKey => "master_key",
            Self::WebhookKey => "webhook_key",
            Self::Hooks => "hooks",
            Self::CloudCode => "cloud_code",
            Self::PublicUrl => "public_url",
            Self::Columns => "columns",
            Self::ProtectedFields => "protected_fields",
            Self::HiddenRows => "hidden_rows",
            Self::Cloudinary => "cloudinary",
            Self::CleanUp => "clean_up",
            Self::Notifications => "notifications",
            Self::Queue => "queue",
            Self::UploadSize => "max_upload_size",
        }
    }
}

impl Outcome {
    fn mark(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Bad => '✗',
            Self::Warning => '!',
            Self::Skipped => '–',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Bad => "failed",
            Self::Warning => "warning",
            Self::Skipped => "skipped",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warning => "33",
            Self::Skipped => "2",
        }
    }
}

impl Report {
    /// An empty report, in JSON if `json`. Colours only for a terminal, and not where `NO_COLOR` is
    /// set.
    pub(super) fn new(json: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            out: Output::default(),
            json: json.then(Vec::new),
            colours: io::stdout().is_terminal() && !set("NO_COLOR") && !dumb,
            failed: false,
        }
    }

    /// It works.
    pub(super) fn good(&mut self, check: Check, message: impl Display) {
        self.line(check, Outcome::Good, &message.to_string(), None);
    }

    /// It does not work; `remedy` says what to do, and is empty where the message does.
    pub(super) fn bad(&mut self, check: Check, message: impl Display, remedy: &str) {
        self.failed = true;
        self.line(check, Outcome::Bad, &message.to_string(), Some(remedy));
    }

    /// Something that the operator should know, and what to do about it.
    pub(super) fn warning(&mut self, check: Check, message: impl Display, remedy: &str) {
        self.line(check, Outcome::Warning, &message.to_string(), Some(remedy));
    }

    /// Not tried.
    pub(super) fn skipped(&mut self, check: Check, why: impl Display) {
        self.line(check, Outcome::Skipped, &why.to_string(), None);
    }

    fn line(&mut self, check: Check, outcome: Outcome, message: &str, remedy: Option<&str>) {
        let remedy = remedy.filter(|remedy| !remedy.is_empty()).map(one_line);
        let message = one_line(message);
        if let Some(checks) = &mut self.json {
            checks.push(json!({
                "check": check.id(),
                "status": outcome.name(),
                "message": message,
                "remedy": remedy,
            }));
            return;
        }
        let mark = outcome.mark();
        let mark = if self.colours {
            format!("\x1b[{}m{mark}\x1b[0m", outcome.colour())
        } else {
            mark.to_string()
        };
        self.out
            .line(format_args!("{mark} {:<20} {message}", check.title()));
        if let Some(remedy) = remedy {
            self.out.line(format_args!("{:>24} {remedy}", "→"));
        }
    }

    /// Ends the report. Returns whether nothing was bad.
    ///
    /// # Errors
    /// Standard output could not be written.
    pub(super) fn finish(mut self) -> anyhow::Result<bool> {
        let healthy = !self.failed;
        if let Some(checks) = self.json {
            let document = json!({"healthy": healthy, "checks": checks});
            self.out.line(format_args!("{document:#}"));
        }
        self.out.finish().context("cannot write the result")?;
        Ok(healthy)
    }
}

/// Text from elsewhere must not control the terminal or begin a line of its own.
fn one_line(text: &str) -> String {
    text.trim().replace(char::is_control, "\u{fffd}")
}
