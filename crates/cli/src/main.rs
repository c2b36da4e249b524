//! `contactmill`, the command. What it does stands in the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    contactmill_cli::main(std::env::args_os())
}
