//! `contactmill`: messy contact dumps in, strict import arrays out.
//!
//! This crate knows arguments, terminals, signals and exit codes, and the names of the options. It
//! knows no rule about contacts: what a command does, the library `contactmill` does.
//!
//! It is a library so that a package for another language can carry the command, too.

mod args;
mod completions;
mod convert;
mod explain;
mod failure;
mod hints;
mod inputs;
mod inspect;
mod man;
mod mapping_notes;
mod profile;
mod progress;
mod report;
mod review;
mod sandbox;
mod shell;
mod signals;
mod summary;
mod terminal;
mod upload;
mod upload_args;
mod upload_progress;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::Command;
use crate::failure::Failure;

/// Runs the command with these arguments, the first of which is its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    #[cfg(unix)]
    leave_no_core();
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let ran = profile::with_profile(&typed).and_then(|arguments| {
        let profile = arguments.command.profile().map(|(path, _)| path.to_owned());
        run(&arguments.command).map_err(|failure| failure.with_profile(profile))
    });
    let failure = match ran {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    match &failure {
        Failure::Usage(error) => terminal::say_usage(error),
        failure => terminal::say_error(failure),
    }
    ExitCode::from(failure.exit_code())
}

/// A core dump would hold contacts, and the token of an upload, for whoever finds the file.
#[cfg(unix)]
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Where that is refused, the run is as good as it would have been.
    let _ = setrlimit(Resource::Core, none);
}

fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Convert(arguments) => convert::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Review(arguments) => review::run(arguments),
        Command::Upload(arguments) => upload::run(arguments),
        Command::Sandbox(arguments) => sandbox::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}
