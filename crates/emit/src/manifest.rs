//! The manifest of a result: its counts, and `manifest.json`; and the page that is made of it.

use std::io::Write;

use contactmill_core::pipeline;
use contactmill_wire::files::{MANIFEST, REPORT};
use contactmill_wire::manifest::{Counts, Manifest, Since};

use crate::error::EmitError;
use crate::file::ResultFiles;

/// The counts of a run, as the manifest lists them. To the pipeline, a contact that is unchanged since an
/// earlier result is one like any other.
#[must_use]
pub fn manifest_counts(counts: pipeline::Counts, since: Option<Since>) -> Counts {
    let pipeline::Counts {
        records, contacts, duplicates, excluded, rejected, blank, warnings, ..
    } = counts;
    let unchanged = since.map_or(0, |since| since.unchanged);
    let contacts = contacts - unchanged;
    Counts { records, contacts, unchanged, duplicates, excluded, rejected, blank, warnings }
}

/// Writes `report.html`.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_report(page: &str, files: &ResultFiles) -> Result<(), EmitError> {
    let mut file = files.create(REPORT)?;
    file.write_all(page.as_bytes()).map_err(|error| file.failed(error))?;
    file.finish()
}

/// Writes `manifest.json`, the last file of a result: without it a folder is no result.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_manifest(manifest: &Manifest, files: &ResultFiles) -> Result<(), EmitError> {
    let mut file = files.create(MANIFEST)?;
    manifest.write(&mut file).map_err(|error| file.failed(error))?;
    file.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unchanged_is_no_contact_of_the_manifest() {
        let mut counts = pipeline::Counts::default();
        (counts.records, counts.contacts, counts.rejected) = (9, 7, 2);
        let since = Since { unchanged: 3, new: 4, ..Since::default() };
        let expected =
            Counts { records: 9, contacts: 4, unchanged: 3, rejected: 2, ..Counts::default() };
        assert_eq!(manifest_counts(counts, Some(since)), expected);
        let expected = Counts { records: 9, contacts: 7, rejected: 2, ..Counts::default() };
        assert_eq!(manifest_counts(counts, None), expected);
    }

    #[test]
    fn the_manifest_and_the_page_are_files_of_the_result() {
        let folder = tempfile::tempdir().unwrap();
        let files = ResultFiles::new(folder.path());
        write_report("<p>Asha</p>", &files).unwrap();
        write_manifest(&Manifest::default(), &files).unwrap();
        let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read(REPORT), "<p>Asha</p>");
        let mut json = Vec::new();
        Manifest::default().write(&mut json).unwrap();
        assert_eq!(read(MANIFEST).as_bytes(), json);
    }
}
