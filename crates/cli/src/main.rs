//! `contactmill`: messy contact dumps in, strict import arrays out.
//!
//! This crate knows arguments, terminals and how to say things. It knows no rule about contacts.

mod args;
mod convert;
mod explain;
mod inspect;
mod opening;
mod profile;
mod progress;
mod sandbox;
mod signals;
mod summary;
mod upload;
mod upload_args;
mod upload_progress;

use std::io::Write;
use std::process::ExitCode;

use crate::args::Command;

fn main() -> ExitCode {
    let ran = profile::arguments().and_then(|arguments| match arguments.command {
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Upload(arguments) => upload::run(&arguments),
        Command::Sandbox(arguments) => sandbox::run(&arguments),
    });
    match ran {
        Ok(code) => code,
        Err(failure) => {
            let (error, reset) = (anstyle::AnsiColor::Red.on_default().bold(), anstyle::Reset);
            // Where even this cannot be written, the exit code has to do.
            let _ = writeln!(anstream::stderr(), "{error}error:{reset} {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
