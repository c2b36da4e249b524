//! `contactmill man`: the manual, from the very definitions of the arguments.

use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::{Arguments, ManArguments};
use crate::completions::print;
use crate::failure::Failure;

/// Prints one page, or writes all of them into a folder.
pub(crate) fn run(arguments: &ManArguments) -> Result<ExitCode, Failure> {
    let command = Arguments::command().disable_help_subcommand(true);
    match &arguments.out {
        Some(folder) => write_all(command, folder)?,
        None => print_page(command, arguments.command.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn write_all(command: Command, folder: &Path) -> Result<(), Failure> {
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| Failure::Pages { folder: folder.to_owned(), error })
}

fn print_page(mut command: Command, name: Option<&str>) -> Result<(), Failure> {
    // Names the pages of the subcommands.
    command.build();
    let page = match name {
        None => command,
        Some(name) => match command.find_subcommand(name) {
            Some(subcommand) => subcommand.clone(),
            None => return Err(Failure::Usage(no_such_command(&mut command, name))),
        },
    };
    let mut text = Vec::new();
    let rendered = Man::new(page).render(&mut text).and_then(|()| print(&text));
    rendered.map_err(Failure::StandardOutput)
}

fn no_such_command(command: &mut Command, name: &str) -> clap::Error {
    let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let message = format!("there is no command {name:?}; the commands are {}", known.join(", "));
    command.error(ErrorKind::InvalidValue, message)
}
