//! How inputs are read.

use std::fs::File;
use std::io;

use crate::input::delimiter::Delimiter;
use crate::input::encoding::TextEncoding;
use crate::input::limits::DecompressLimits;

/// Whether a row is a header row for contacts, or a record of one. This crate does not know what
/// columns are called, so the caller says.
pub type IsHeaderRow<'o> = &'o dyn Fn(&[String]) -> bool;

/// How inputs are read.
#[derive(Clone, Copy)]
pub struct ReadOptions<'o> {
    /// How delimited text is read.
    pub csv: CsvOptions,
    /// The encoding of text; detected when not given.
    pub encoding: Option<TextEncoding>,
    /// Which sheets of a workbook are read.
    pub sheets: &'o Sheets,
    /// How much may come out of compressed input.
    pub decompress: DecompressLimits,
    /// Whether a row is a header row for contacts. It distinguishes the header row from preamble rows
    /// above it, and a sheet of contacts from other sheets. By default no row is one, and the first
    /// row is the header.
    pub is_header: IsHeaderRow<'o>,
    /// Whether a row is the record of a contact, and so no preamble row. By default no row is one.
    pub is_record: IsHeaderRow<'o>,
    /// There is no header row: the first row is a record, and the columns are called `column1`,
    /// `column2`, …. Formats that name their columns themselves ignore this.
    pub no_header: bool,
    /// Whether text of one column is read in an archive, too, where it is rather a readme: a bare list.
    pub takes_bare_lists: bool,
    /// Makes an empty file without a name, for bytes that have to be decompressed or decoded.
    pub scratch: &'o dyn Fn() -> io::Result<File>,
}

impl<'o> ReadOptions<'o> {
    /// The defaults, with scratch files made by this function.
    pub fn new(scratch: &'o dyn Fn() -> io::Result<File>) -> Self {
        ReadOptions {
            csv: CsvOptions::default(),
            encoding: None,
            sheets: &Sheets::OneWithContacts,
            decompress: DecompressLimits::default(),
            is_header: &|_| false,
            is_record: &|_| false,
            no_header: false,
            takes_bare_lists: false,
            scratch,
        }
    }
}

/// Which sheets of a workbook are read, or which tables of a web page. Of sheets that are chosen by name,
/// or with all others, each is a [`DumpMember`](crate::DumpMember) of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sheets {
    /// The one with a header row for contacts, or else the first that holds anything. Several with such
    /// a header row are an error.
    #[default]
    OneWithContacts,
    /// As above, but several with such a header row are all read, and
    /// [`Dump::workbooks`](crate::Dump::workbooks) says what there is.
    EachWithContacts,
    /// Those of these names. Case makes no difference where only one sheet has the name without it.
    Named(Vec<String>),
    /// All that hold anything and are not hidden.
    All,
}

impl Sheets {
    /// Whether a sheet of this name may be read.
    pub(crate) fn may_be(&self, name: &str) -> bool {
        match self {
            Sheets::Named(wanted) => wanted.iter().any(|wanted| is_same_but_for_case(wanted, name)),
            _ => true,
        }
    }
}

pub(crate) fn is_same_but_for_case(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// How delimited text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// The delimiter; detected when not given.
    pub delimiter: Option<Delimiter>,
    /// Target size of a block, in bytes.
    pub block_bytes: usize,
    /// Maximum size of a record, in bytes. A larger record is rejected as too large.
    pub max_record_bytes: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { delimiter: None, block_bytes: 128 << 10, max_record_bytes: 1 << 20 }
    }
}

/// How JSON and vCards are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfDescribingOptions {
    /// Target size of a block, in bytes.
    pub block_bytes: usize,
    /// Maximum size of a record, in bytes, without its photos. A larger record is rejected as too
    /// large.
    pub max_record_bytes: usize,
    /// Maximum number of columns.
    pub max_columns: usize,
}

impl Default for SelfDescribingOptions {
    fn default() -> Self {
        SelfDescribingOptions {
            block_bytes: 512 << 10,
            max_record_bytes: 1 << 20,
            max_columns: 4_096,
        }
    }
}
