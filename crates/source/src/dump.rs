//! What an input holds, and opening each part of it.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use crate::any::{AnySource, Bytes};
use crate::csv::{CsvOptions, CsvSource};
use crate::error::{SourceError, SourceProblem};
use crate::format::{Format, Kind, kind_of};
use crate::input::Input;
use crate::json::{JsonOptions, JsonSource};
use crate::text::Text;
use crate::vcard::{VcardOptions, VcardSource};

/// How inputs are read.
#[derive(Clone, Copy)]
pub struct ReadOptions<'o> {
    /// How delimited text is read.
    pub csv: CsvOptions,
    /// Makes an empty file without a name, for what has to be unpacked or decoded.
    pub scratch: &'o dyn Fn() -> io::Result<File>,
}

/// What one input holds: itself, or the files in it.
///
/// ```
/// use contactmill_core::{Block, Source};
/// use contactmill_source::{CsvOptions, Dump, Format, Input, ReadOptions};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("contacts");
/// # std::fs::write(&path, "Name;Phone\nAsha;+919876543210\n").unwrap();
/// let options = ReadOptions { csv: CsvOptions::default(), scratch: &tempfile::tempfile };
/// let dump = Dump::of(Input::open(&path, tempfile::tempfile)?, options)?;
/// for part in &dump.parts {
///     let mut source = part.open(options)?;
///     assert_eq!((source.format(), source.header().len()), (Format::Csv, 2));
///     while let Some(block) = source.next_block()? {
///         block.visit(&mut |record| assert_eq!(record.get(0), Some("Asha")))?;
///     }
/// }
/// # Ok::<(), contactmill_source::SourceError>(())
/// ```
#[derive(Debug)]
pub struct Dump {
    /// What can be opened, in its order.
    pub parts: Vec<Part>,
}

impl Dump {
    /// Looks into an input.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn of(input: Input, options: ReadOptions<'_>) -> Result<Dump, SourceError> {
        let _ = options;
        let name = input.name().into();
        let place = match input.path() {
            Some(path) => Place::Path(path.to_owned()),
            None => Place::Copy(input),
        };
        Ok(Dump { parts: vec![Part { name, place }] })
    }
}

/// One thing in an input that records can be read from. It holds no open file, save where the input
/// could be read only once.
#[derive(Clone, Debug)]
pub struct Part {
    name: Arc<str>,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Path(PathBuf),
    Copy(Input),
}

/// How much of the beginning tells what something is.
const HEAD: usize = 64 << 10;

impl Part {
    /// The input as the user named it and, where that holds several, the one in it, such as
    /// `contacts.zip/leads.csv`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens it and reads its header. It can be opened any number of times.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is of no format that is known.
    pub fn open(&self, options: ReadOptions<'_>) -> Result<AnySource, SourceError> {
        let input = match &self.place {
            Place::Path(path) => Input::open(path, options.scratch)?,
            Place::Copy(input) => input.clone(),
        };
        let head = head_of(input.clone()).map_err(|error| self.error(SourceProblem::Io(error)))?;
        match kind_of(&head) {
            Kind::Text => {
                let bytes = Bytes::Input(input.clone());
                self.open_text(Text::Plain(input), Format::of_text(&head), "utf-8", bytes, options)
            }
            Kind::Foreign(format) => Err(self.error(SourceProblem::Format { format })),
            Kind::Binary(format) => Err(self.not_yet(format.name())),
            Kind::Packed(_) => Err(self.not_yet("packed")),
            Kind::Compound => Err(self.not_yet("an old Excel workbook (XLS)")),
        }
    }

    /// Reads text of this format. Text formats are added here.
    fn open_text(
        &self,
        text: Text,
        format: Format,
        encoding: &'static str,
        bytes: Bytes,
        options: ReadOptions<'_>,
    ) -> Result<AnySource, SourceError> {
        let named = (Arc::clone(&self.name), bytes);
        match format {
            Format::Csv => {
                let source = CsvSource::new(&self.name, text, options.csv)?;
                let header = source.header().to_vec();
                Ok(AnySource::new(named, (format, encoding), header, source))
            }
            Format::Json => {
                let source = JsonSource::new(&self.name, text, JsonOptions::default())?;
                let header = source.header().to_vec();
                Ok(AnySource::new(named, (format, encoding), header, source))
            }
            Format::VCard => {
                let source = VcardSource::new(&self.name, text, VcardOptions::default())?;
                let header = source.header().to_vec();
                Ok(AnySource::new(named, (format, encoding), header, source))
            }
            other => Err(self.not_yet(other.name())),
        }
    }

    fn not_yet(&self, format: &'static str) -> SourceError {
        self.error(SourceProblem::Format { format })
    }

    fn error(&self, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line: None, problem }
    }
}

/// The beginning of what the reader holds.
fn head_of(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}
