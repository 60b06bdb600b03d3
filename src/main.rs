//! Entry point of the `cloudinary-parse` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    cloudinary_parse::cli::run(std::env::args_os()).into()
}
