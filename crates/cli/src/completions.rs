//! `contactmill completions`: what a shell completes, from the very definitions of the arguments.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Arguments, CompletionsArguments};
use crate::failure::Failure;
use crate::terminal;

/// Prints the script for a shell.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "contactmill", &mut script);
    print(&script).map_err(Failure::StandardOutput)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a file that was made of the definitions of the arguments.
pub(crate) fn print(file: &[u8]) -> io::Result<()> {
    let mut out = terminal::own_file();
    match out.write_all(file).and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
