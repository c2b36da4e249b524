//! `contactmill report`: one page about a result folder.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use contactmill_report::{PAGE_BEGIN_BYTES, is_page, of_folder};

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

/// Writes a file that its owner alone can read, and that is whole under its name or not there. It replaces an
/// earlier page, and nothing else.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if !may_replace(path)? {
        let message = "it is there already, and no page about a result; name another file";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".contactmill-report-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Whether nothing has this name, or a page. A link or a device is none.
fn may_replace(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => return Ok(false),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    }
    let mut begin = Vec::new();
    File::open(path)?.take(PAGE_BEGIN_BYTES).read_to_end(&mut begin)?;
    Ok(is_page(&begin))
}
