//! `contactmill report`: one page about a result folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contactmill_report::of_folder;

use crate::args::ReportArguments;
use crate::completions::print;
use crate::failure::Failure;
use crate::terminal;

/// What the page is called in its folder.
const REPORT: &str = "report.html";

/// Writes the page, and prints where it is.
pub(crate) fn run(arguments: &ReportArguments) -> Result<ExitCode, Failure> {
    let page = of_folder(&arguments.folder).map_err(Failure::Report)?;
    let out = arguments.out.clone().unwrap_or_else(|| arguments.folder.join(REPORT));
    if out == Path::new("-") {
        print(page.as_bytes()).map_err(Failure::StandardOutput)?;
        return Ok(ExitCode::SUCCESS);
    }
    write_whole(&out, page.as_bytes())
        .map_err(|error| Failure::Page { out: out.clone(), error })?;
    match writeln!(terminal::stdout(), "{}", out.display()) {
        // The page is in place.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::StandardOutput(error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Writes a file that its owner alone can read, and that is whole under its name or not there.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file: File| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
