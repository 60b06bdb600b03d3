//! `completions` and `man`: what shells and `man` need, made from the arguments themselves.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

use super::{Cli, Status};

const NAME: &str = "cloudinary-parse";

/// Print shell completions
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse completions bash > /etc/bash_completion.d/cloudinary-parse\n  cloudinary-parse completions zsh > /usr/local/share/zsh/site-functions/_cloudinary-parse\n  cloudinary-parse completions fish > ~/.config/fish/completions/cloudinary-parse.fish"
)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(["bash", "zsh", "fish"]))]
    shell: String,
}

/// Print the manual page, or write one for every command
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cloudinary-parse man | man -l -\n  cloudinary-parse man --to /usr/local/share/man/man1"
)]
pub(super) struct Man {
    /// Write a page for each command into this folder instead, creating it if it is missing
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn run(&self) -> anyhow::Result<Status> {
        let shell = Shell::from_str(&self.shell, false).map_err(anyhow::Error::msg)?;
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), NAME, &mut text);
        show(&text)
    }
}

impl Man {
    /// Prints or writes them.
    ///
    /// # Errors
    /// Standard output or the folder cannot be written.
    pub(super) fn run(&self) -> anyhow::Result<Status> {
        let command = Cli::command();
        let Some(folder) = &self.to else {
            let mut text = Vec::new();
            clap_mangen::Man::new(command).render(&mut text)?;
            return show(&text);
        };
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        Ok(Status::Done)
    }
}

/// Writes to standard output; a reader that has seen enough is no error.
fn show(text: &[u8]) -> anyhow::Result<Status> {
    let mut output = io::stdout();
    match output.write_all(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write the result")
        }
        _ => Ok(Status::Done),
    }
}
