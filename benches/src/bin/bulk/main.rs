//! `bulk ROWS`: the whole program on a dump of that many rows, beside what merely reading and merely
//! converting it takes, all in one run.

mod arguments;
mod jobs;
mod measure;
mod report;
mod shape;

use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use self::arguments::{Arguments, Place, USAGE};
use self::jobs::{JOBS, Setting};
use self::report::Table;

fn main() -> ExitCode {
    let arguments = match arguments::parse(env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return print(USAGE),
        Err(message) => {
            let _ = write!(io::stderr(), "bulk: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match bulk(&arguments) {
        Ok(report) => print(&report),
        Err(error) => {
            let _ = writeln!(io::stderr(), "bulk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> ExitCode {
    // Whoever reads has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// A folder that is removed with its content when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(place: &Place) -> io::Result<Self> {
        let folder = place.dir.join(format!("contactmill-bulk-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
        })?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bulk(arguments: &Arguments) -> io::Result<String> {
    // One place after the other, so that the dump is there once.
    let mut tables = Vec::new();
    for place in &arguments.places {
        let folder = Folder::new(place)?;
        let dump = folder.0.join("dump.csv");
        arguments.shape.write(BufWriter::new(File::create(&dump)?), arguments.rows)?;
        let bytes = fs::metadata(&dump)?.len();
        let setting = Setting {
            dump,
            folder: folder.0.clone(),
            // Beside this program, as cargo puts them.
            program: env::current_exe()?.with_file_name("contactmill"),
            python: arguments.python.clone(),
        };
        let mut table = Table::new(place.name, arguments.rows, bytes);
        for _ in 0..arguments.runs {
            for job in JOBS {
                table.note(job.label, job.run(&setting)?);
            }
        }
        tables.push(table);
    }
    Ok(report::report(&tables))
}
