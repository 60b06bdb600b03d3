//! Puts the commit and the kind of build into the binary, for `--version`. Without git, or from a
//! tarball, the commit is what `CLOUDINARY_PARSE_COMMIT` says, or `unknown`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const COMMIT: &str = "CLOUDINARY_PARSE_COMMIT";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={COMMIT}");
    let commit = commit()
        .or_else(|| env::var(COMMIT).ok().filter(|commit| !commit.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env={COMMIT}={commit}");
    for (name, variable) in [("PROFILE", "PROFILE"), ("TARGET", "TARGET")] {
        let value = env::var(variable).unwrap_or_else(|_| "unknown".to_owned());
        println!("cargo::rustc-env=CLOUDINARY_PARSE_{name}={value}");
    }
}

fn commit() -> Option<String> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    // An unpacked tarball may lie inside somebody else's repository.
    let root = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&root).canonicalize().ok()? != package.canonicalize().ok()? {
        return None;
    }
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
