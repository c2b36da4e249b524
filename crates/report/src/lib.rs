//! `report.html`: what came of a run, for people who would rather look than read.
//!
//! The page is made of a result folder alone: of its manifest, its tables and the journal of its upload. It
//! is one file without scripts that asks for nothing from anywhere. The same folder gives the same bytes:
//! there is no clock in it. Values of records are [`masked`].
//!
//! | module | holds |
//! |---|---|
//! | `mask` | what hides letters and digits of a value |
//! | `examples` | masked values from the tables of a result |
//! | `upload` | how an upload went, by its journal |
//! | `figures` | numbers as people read them |
//! | `chart` | bars and the curve, as SVG, each with its table |
//! | `page`, `sections` | the page, and what stands in it |

mod chart;
mod examples;
mod figures;
mod mask;
mod page;
mod sections;
mod upload;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use contactmill_wire::files::MANIFEST;
use contactmill_wire::manifest::{Manifest, SCHEMA};

use crate::examples::Examples;
use crate::page::Detail;
use crate::upload::Upload;

pub use crate::figures::{grouped, percent};
pub use crate::mask::masked;

/// Maximum size of a page, in bytes. Where a run has more to show, less of it is shown.
pub const MAX_BYTES: usize = 60_000;

/// Why there is no page.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReportError {
    /// A file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder has no manifest.
    NoResult {
        /// The folder.
        folder: PathBuf,
    },
    /// The manifest is none, or one of a later version.
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReportError::Unreadable { path, error } => {
                write!(f, "{}: cannot be read: {error}", path.display())
            }
            ReportError::NoResult { folder } => write!(
                f,
                "{}: is no result: it has no manifest.json. Name the folder that a conversion wrote",
                folder.display()
            ),
            ReportError::BadManifest { path, what } => {
                write!(f, "{}: is no manifest that can be read: {what}", path.display())
            }
        }
    }
}

impl std::error::Error for ReportError {}

/// What the title of each page begins with.
const TITLE: &str = "contactmill report: ";

/// Number of bytes that [`is_page`] has to see.
pub const PAGE_BEGIN_BYTES: u64 = 1024;

/// Whether a file that begins like this is a page about a result, which a new one may replace.
///
/// ```
/// assert!(!contactmill_report::is_page(b"Name,Phone\n"));
/// ```
#[must_use]
pub fn is_page(begin: &[u8]) -> bool {
    let title = ["<title>", TITLE].concat();
    begin.windows(title.len()).any(|bytes| bytes == title.as_bytes())
}

/// The page about the result in a folder.
///
/// # Errors
///
/// When the folder holds no result, or its files cannot be read.
pub fn of_folder(folder: &Path) -> Result<String, ReportError> {
    let path = folder.join(MANIFEST);
    let json = match fs::read(&path) {
        Ok(json) => json,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ReportError::NoResult { folder: folder.to_owned() });
        }
        Err(error) => return Err(ReportError::Unreadable { path, error }),
    };
    let bad = |what| ReportError::BadManifest { path: path.clone(), what };
    let manifest: Manifest =
        serde_json::from_slice(&json).map_err(|error| bad(error.to_string()))?;
    if manifest.schema > SCHEMA {
        return Err(bad(format!("its form is version {}", manifest.schema)));
    }
    page(&manifest, folder)
}

/// The page about a result with this manifest, whose other files stand in this folder.
///
/// ```
/// use contactmill_wire::manifest::{Counts, Manifest};
///
/// # let folder = tempfile::tempdir()?;
/// let counts = Counts { records: 3, contacts: 2, rejected: 1, ..Counts::default() };
/// let manifest = Manifest { counts, ..Manifest::default() };
/// let page = contactmill_report::page(&manifest, folder.path())?;
/// assert!(page.starts_with("<!DOCTYPE html>") && page.len() < contactmill_report::MAX_BYTES);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When files of the result cannot be read.
pub fn page(manifest: &Manifest, folder: &Path) -> Result<String, ReportError> {
    let examples = Examples::read(manifest, folder)?;
    let upload = Upload::read(folder)?;
    let mut page = String::new();
    for detail in Detail::ALL {
        page = page::of(manifest, &examples, upload.as_ref(), detail).into_string();
        if page.len() <= MAX_BYTES {
            break;
        }
    }
    Ok(page)
}
