//! `contactmill inspect`: what is in a dump, and how it would be read.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use contactmill::{Inspect, Report};

use crate::args::InspectArguments;
use crate::failure::Failure;
use crate::inputs::inputs;
use crate::profile;
use crate::terminal;

mod table;

/// Looks at every input and says what was found.
pub(crate) fn run(arguments: &InspectArguments) -> Result<ExitCode, Failure> {
    let inputs = inputs(&arguments.inputs, None)?;
    if let Some(path) = arguments.write_profile.as_deref() {
        profile::check(path)?;
    }
    let report = Inspect::new(inputs)
        .options(arguments.options())
        .mapping(arguments.mapping())
        .reading(arguments.reading.reading())
        .show_values(arguments.show_values)
        .on_event(|event| terminal::say_event(&event))
        .run()?;
    if let Some(path) = &arguments.write_profile {
        write_profile(path, &report, arguments)?;
    }
    match write_report(&report, arguments) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::StandardOutput(error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn write_report(report: &Report, arguments: &InspectArguments) -> io::Result<()> {
    if arguments.json {
        let mut out = terminal::json();
        serde_json::to_writer_pretty(&mut out, report)?;
        out.write_all(b"\n")?;
        return out.flush();
    }
    let mut out = terminal::stdout();
    table::write(&mut out, report, arguments)?;
    out.flush()
}

fn write_profile(
    path: &Path,
    report: &Report,
    arguments: &InspectArguments,
) -> Result<(), Failure> {
    let mut seen = report.inputs.iter().filter_map(|input| input.seen.as_ref());
    let Some(seen) = seen.find(|seen| seen.map.columns().next().is_some()) else {
        let message = "no input has columns to write a profile of".to_owned();
        return Err(Failure::Profile { path: path.to_owned(), message });
    };
    profile::write(path, &seen.map, &arguments.for_profile())
}
