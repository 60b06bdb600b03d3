//! The commands of the binary: arguments, dispatch, exit codes.
//!
//! Results go to standard output, logs and errors to standard error.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::Environment;

mod audit;
mod check;
mod cleanup;
mod columns;
mod doctor;
mod generate;
mod health;
mod health_probe;
mod hooks;
mod init;
mod inputs;
mod logging;
mod output;
mod probe;
mod register;
mod registration;
mod remarks;
mod serve;
mod sign;
mod unregister;
mod url;
mod verify;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 0
    Done,
    /// 1
    Failed,
    /// 2: `register --dry-run` found something to change.
    Drift,
    /// 64, `EX_USAGE` of sysexits.h
    WrongUsage,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Done => 0,
            Status::Failed => 1,
            Status::Drift => 2,
            Status::WrongUsage => 64,
        })
    }
}

/// What `--version` says; `-V` says its first line.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("CLOUDINARY_PARSE_COMMIT"),
    "\nbuild:  ",
    env!("CLOUDINARY_PARSE_PROFILE"),
    ", ",
    env!("CLOUDINARY_PARSE_TARGET"),
);

/// Cloudinary for a self-hosted Parse Server: signed uploads, verified identifiers, delivery URLs.
///
/// Configured by the environment, then by .env in the working directory.
#[derive(Debug, Parser)]
#[command(
    name = "cloudinary-parse",
    version,
    long_version = LONG_VERSION,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example:\n  cloudinary-parse register --dry-run\n\nExit codes: 0 done, 1 failed, 2 drift found by --dry-run, 64 wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    Register(register::Register),
    Unregister(unregister::Unregister),
    Hooks(hooks::Hooks),
    Audit(audit::Audit),
    Cleanup(cleanup::Cleanup),
    Health(health::Health),
    Check(check::Check),
    Doctor(doctor::Doctor),
    Sign(sign::SignArgs),
    Verify(verify::VerifyArgs),
    Url(url::UrlArgs),
    Completions(generate::Completions),
    Man(generate::Man),
}

/// The commands with their arguments.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command that `arguments` (the program's name first) ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Status {
    let command = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli.command,
        Err(error) => {
            // A reader that has gone has seen enough.
            let _ = error.print();
            return if error.use_stderr() {
                Status::WrongUsage
            } else {
                Status::Done
            };
        }
    };
    let next = command.next();
    match dispatch(command) {
        Ok(status) => status,
        Err(error) => {
            output::complain(format_args!("error: {error:#}\nnext: {next}"));
            Status::Failed
        }
    }
}

impl Command {
    /// What to do after an error.
    fn next(&self) -> &'static str {
        match self {
            Self::Serve(_) | Self::Check(_) => {
                "correct this; `cloudinary-parse check` tells whether configuration and manifests are in order"
            }
            Self::Register(_)
            | Self::Unregister(_)
            | Self::Hooks(_)
            | Self::Health(_)
            | Self::Audit(_) => "`cloudinary-parse doctor` finds out what is wrong and what to do",
            Self::Cleanup(_) => {
                "`cloudinary-parse cleanup list` shows the jobs, `cloudinary-parse doctor` whether the queue is in order"
            }
            Self::Init(_) | Self::Doctor(_) => "correct this and run it again",
            Self::Sign(_) => "see `cloudinary-parse sign --help`",
            Self::Verify(_) => "see `cloudinary-parse verify --help`",
            Self::Url(_) => "see `cloudinary-parse url --help`",
            Self::Completions(_) => "see `cloudinary-parse completions --help`",
            Self::Man(_) => "name a folder that this user may write to",
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<Status> {
    let environment = Environment::load();
    // Mistakes here are reported with the command's own.
    logging::start(&environment.logging().unwrap_or_default());
    match command {
        Command::Init(command) => command.run(&environment),
        Command::Serve(_) => serve::Serve::run(&environment),
        Command::Register(command) => wait(command.run(&environment)),
        Command::Unregister(command) => wait(command.run(&environment)),
        Command::Hooks(command) => wait(command.run(&environment)),
        Command::Audit(command) => wait(command.run(&environment)),
        Command::Cleanup(command) => wait(command.run(&environment)),
        Command::Health(command) => wait(command.run(&environment)),
        Command::Check(command) => command.run(&environment),
        Command::Doctor(command) => wait(command.run(&environment)),
        Command::Sign(args) => print(&sign::run(&args, &environment.account()?, unix_time())?),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
        Command::Url(args) => print(&url::run(&args, &environment.account()?, unix_time())?),
        Command::Verify(args) => {
            let verdict = verify::run(&args, &environment.account()?)?;
            let status = print(&verdict.text)?;
            Ok(if verdict.is_valid {
                status
            } else {
                Status::Failed
            })
        }
    }
}

fn print(text: &str) -> anyhow::Result<Status> {
    let mut output = output::Output::default();
    output.line(text);
    output.finish().context("cannot write the result")?;
    Ok(Status::Done)
}

fn unix_time() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// Runs one command's requests on this thread.
fn wait(work: impl Future<Output = anyhow::Result<Status>>) -> anyhow::Result<Status> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
