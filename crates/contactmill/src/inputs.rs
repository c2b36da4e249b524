//! What a run reads, and how.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contactmill_core::columns::FieldMapping;
use contactmill_source::{
    CsvOptions, DecompressLimits, Delimiter, IsHeaderRow, ReadOptions, Sheets, SourceError,
    TextEncoding,
};

use crate::error::Error;
use crate::event::{Event, OnEvent};

/// One input of a run: a file, or anything that bytes can be read from.
///
/// A path becomes one by itself.
///
/// ```
/// use contactmill::{Input, Inspect};
///
/// let dump = "Name,Phone\nAsha,+91 98765 43210\n";
/// let report = Inspect::new([Input::reader("leads", dump.as_bytes())]).run()?;
/// assert_eq!(report.inputs[0].name, "leads");
/// # Ok::<(), contactmill::Error>(())
/// ```
pub struct Input<'i>(Kind<'i>);

/// Makes an empty file without a name.
pub(crate) type ScratchFile<'s> = &'s dyn Fn() -> io::Result<File>;

/// Copies a reader to a scratch file. It is called with the reader's own type, for which the
/// standard library may know a faster way to copy.
type Copy<'i> =
    Box<dyn FnOnce(&str, ScratchFile<'_>) -> Result<contactmill_source::Input, SourceError> + 'i>;

enum Kind<'i> {
    File(PathBuf),
    Reader { name: String, copy: Copy<'i> },
}

impl<'i> Input<'i> {
    /// A file, a pipe or a device.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Input(Kind::File(path.into()))
    }

    /// Bytes from a reader, under a name for messages and the manifest. They are copied to a
    /// temporary file first, as a dump is read more than once.
    #[must_use]
    pub fn reader(name: impl Into<String>, reader: impl Read + 'i) -> Self {
        let copy: Copy<'i> =
            Box::new(|name, scratch| contactmill_source::Input::spool(name, reader, scratch));
        Input(Kind::Reader { name: name.into(), copy })
    }

    /// The path, if it is a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::File(path) => Some(path),
            Kind::Reader { .. } => None,
        }
    }

    /// Opens it; a reader is copied.
    pub(crate) fn open(
        self,
        scratch: ScratchFile<'_>,
        on_event: &mut OnEvent<'_>,
    ) -> Result<contactmill_source::Input, SourceError> {
        match self.0 {
            Kind::File(path) => contactmill_source::Input::open(&path, scratch),
            Kind::Reader { name, copy } => {
                on_event(Event::Copying { input: &name });
                copy(&name, scratch)
            }
        }
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::File(path) => f.debug_tuple("Input::file").field(path).finish(),
            Kind::Reader { name, .. } => f.debug_tuple("Input::reader").field(name).finish(),
        }
    }
}

impl From<PathBuf> for Input<'_> {
    fn from(path: PathBuf) -> Self {
        Input::file(path)
    }
}

impl From<&PathBuf> for Input<'_> {
    fn from(path: &PathBuf) -> Self {
        Input::file(path)
    }
}

impl From<&Path> for Input<'_> {
    fn from(path: &Path) -> Self {
        Input::file(path)
    }
}

impl From<&str> for Input<'_> {
    fn from(path: &str) -> Self {
        Input::file(path)
    }
}

impl From<String> for Input<'_> {
    fn from(path: String) -> Self {
        Input::file(path)
    }
}

/// Checks that all files are there, before any of them is read or anything else is reported.
pub(crate) fn check<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<(), Error> {
    for path in paths {
        contactmill_source::Input::check(path)?;
    }
    Ok(())
}

/// How inputs are read. What is not given is found out for each input.
///
/// ```
/// use contactmill::{Reading, Sheets};
///
/// let sheets = Sheets::Named(vec!["Leads".into()]);
/// let reading = Reading { sheets, ..Reading::default() };
/// assert_eq!(reading.encoding, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The encoding of text.
    pub encoding: Option<TextEncoding>,
    /// What stands between two fields of delimited text.
    pub delimiter: Option<Delimiter>,
    /// The sheets of a workbook; by default the one with contacts in it.
    pub sheets: Sheets,
    /// How much may come out of a compressed input.
    pub decompress: DecompressLimits,
    /// The first row is a record: the columns are `column1`, `column2`, ….
    pub no_header: bool,
}

impl Reading {
    /// As the sources take it. `is_header` knows a header row for contacts.
    pub(crate) fn options<'o>(
        &'o self,
        scratch: ScratchFile<'o>,
        is_header: IsHeaderRow<'o>,
    ) -> ReadOptions<'o> {
        ReadOptions {
            csv: CsvOptions { delimiter: self.delimiter, ..CsvOptions::default() },
            encoding: self.encoding,
            sheets: &self.sheets,
            decompress: self.decompress,
            no_header: self.no_header,
            is_header,
            is_record: &FieldMapping::is_record,
            takes_bare_lists: false,
            scratch,
        }
    }
}
