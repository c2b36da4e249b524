//! Writes the tables of `contactmill-phone` from the metadata that ships inside `rlibphonenumber`,
//! and verifies them against that library.
//!
//! ```text
//! cargo run --release -p contactmill-codegen                      write the tables
//! cargo run --release -p contactmill-codegen -- --check           are they current?
//! cargo run --release -p contactmill-codegen -- verify --count 10000000 --seed 1
//! ```

mod automaton;
mod encode;
mod layout;
mod metadata;
mod plan;
mod prefix;
mod tables;
mod verify;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the tables stand in the repository.
const PLANS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../phone/src/plans");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => write(),
        ["--check"] => check(),
        ["verify", rest @ ..] => match verify::VerifyOptions::parse(rest) {
            Some(settings) => Ok(verify::run(settings)),
            None => Err("usage: verify [--count N] [--seed N]".into()),
        },
        _ => Err("usage: contactmill-codegen [--check | verify [--count N] [--seed N]]".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints a line for the developer who runs this.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn write() -> Result<bool, Box<dyn Error>> {
    for (path, bytes) in files()? {
        std::fs::write(&path, bytes)?;
        say(&format!("wrote {}", path.display()));
    }
    Ok(true)
}

fn check() -> Result<bool, Box<dyn Error>> {
    let mut current = true;
    for (path, bytes) in files()? {
        if std::fs::read(&path).ok().as_deref() != Some(bytes.as_slice()) {
            say(&format!(
                "{} is not current: run cargo run --release -p contactmill-codegen",
                path.display()
            ));
            current = false;
        }
    }
    Ok(current)
}

/// A file of the tables, and what it must hold.
type File = (PathBuf, Vec<u8>);

fn files() -> Result<Vec<File>, Box<dyn Error>> {
    let metadata = metadata::load()?;
    let tables = tables::Tables::build(&metadata)?;
    let encoded = encode::Encoded::of(&tables);
    let folder = Path::new(PLANS);
    Ok(vec![
        (folder.join("plans.bin"), encoded.plans_bin()?),
        (folder.join("generated.rs"), encoded.generated_rs()?.into_bytes()),
    ])
}
