//! Runs the binary with an environment and a folder of manifests of its own.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

use crate::parse_server::{APPLICATION_ID, MASTER_KEY, ParseServer};

/// One way to call the binary.
pub(crate) struct CloudinaryParse {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What came of a call.
pub(crate) struct Result {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl CloudinaryParse {
    /// With an empty environment and without manifests.
    pub(crate) fn bare() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            environment: Vec::new(),
        }
    }

    /// With all that `register` needs: one class, one function and a public URL on which nobody
    /// listens.
    pub(crate) fn against(server: &ParseServer) -> Self {
        Self::bare()
            .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n")
            .manifest(
                "url.toml",
                "function = \"url\"\naction = \"delivery_url\"\n",
            )
            .env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
            .env("PARSE_SERVER_URL", &server.url())
            .env("PARSE_SERVER_APPLICATION_ID", APPLICATION_ID)
            .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY)
            .env("CLOUDINARY_PARSE_PUBLIC_URL", "http://127.0.0.1:1/cp")
    }

    pub(crate) fn manifest(self, name: &str, text: &str) -> Self {
        let folder = self.folder.path().join("webhooks");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn directory(&self) -> &Path {
        self.folder.path()
    }

    /// What the environment holds.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment
            .iter()
            .map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudinary-parse"));
        command.env_clear().current_dir(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The same for a test that watches the process.
    pub(crate) fn process(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudinary-parse"));
        command.env_clear().current_dir(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command().args(arguments).output().unwrap();
        Result {
            code: status.code().unwrap(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }
}

impl Result {
    /// The last line of standard error but the one that says what to do next.
    pub(crate) fn error(&self) -> &str {
        let mut lines = self.stderr.lines().rev();
        lines
            .find(|line| !line.starts_with("next: "))
            .unwrap_or_default()
    }

    /// The lines of the table, without its head.
    pub(crate) fn table(&self) -> Vec<&str> {
        self.stdout
            .lines()
            .skip(3)
            .filter(|line| !line.is_empty())
            .collect()
    }
}
