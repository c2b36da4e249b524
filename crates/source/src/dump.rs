//! What an input holds, and opening each part of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, OnceLock};

use crate::any::{AnySource, Bytes};
use crate::formats::csv::{CsvOptions, CsvSource, Quoting, Requoted, looks_delimited};
use crate::formats::json::JsonSource;
use crate::formats::vcard::VcardSource;
use crate::formats::workbook::{self, html};
use crate::input::decompress::{Archive, DecompressLimits, Member, unpacked};
use crate::input::digest::Digested;
use crate::input::encoding::{Decoded, TextEncoding, detect, whole_lines};
use crate::input::error::{SourceError, SourceProblem};
use crate::input::format::{Format, Kind, Packing, kind_of};
use crate::input::text::{Remembered, Text};
use crate::input::{Input, Origin};
use crate::records::header::{HeaderSearch, IsHeaderRow};
use crate::records::self_describing::{Columns, SelfDescribingOptions};
use crate::records::table::TableSource;

/// How inputs are read.
#[derive(Clone, Copy)]
pub struct ReadOptions<'o> {
    /// How delimited text is read.
    pub csv: CsvOptions,
    /// The encoding of text; found by itself when not given.
    pub encoding: Option<TextEncoding>,
    /// The sheet of a workbook; by default the one with contacts in it.
    pub sheet: Option<&'o str>,
    /// How much may come out of what is packed.
    pub decompress: DecompressLimits,
    /// Whether a row is a header row for contacts. It tells such a row from banners above it, and a
    /// sheet of contacts from others. By default none is, and the first row is the header.
    pub is_header: IsHeaderRow<'o>,
    /// Whether a row is a record of a contact, which is no banner. By default none is.
    pub is_record: IsHeaderRow<'o>,
    /// There is no header row: the first row is a record, and the columns are called `column1`,
    /// `column2`, …. Formats that name their columns are read as ever.
    pub no_header: bool,
    /// Makes an empty file without a name, for what has to be unpacked or decoded.
    pub scratch: &'o dyn Fn() -> io::Result<File>,
}

impl<'o> ReadOptions<'o> {
    /// How the header row is looked for.
    pub(crate) const fn header_search(&self) -> HeaderSearch<'o> {
        HeaderSearch::new(self.no_header, self.is_header, self.is_record)
    }

    /// The defaults, with scratch files made by this function.
    pub fn new(scratch: &'o dyn Fn() -> io::Result<File>) -> Self {
        ReadOptions {
            csv: CsvOptions::default(),
            encoding: None,
            sheet: None,
            decompress: DecompressLimits::default(),
            is_header: &|_| false,
            is_record: &|_| false,
            no_header: false,
            scratch,
        }
    }
}

/// What one input holds: itself, or the files in it.
///
/// ```
/// use contactmill_core::records::{Block, Source};
/// use contactmill_source::{Dump, Format, Input, ReadOptions};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("contacts");
/// # std::fs::write(&path, "Name;Phone\nAsha;+919876543210\n").unwrap();
/// let options = ReadOptions::new(&tempfile::tempfile);
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
    pub parts: Vec<DumpMember>,
    /// What no records can be read from, in an archive: pictures, prose and the like.
    pub skipped_members: Vec<SkippedMember>,
}

/// A file in an archive that no records can be read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMember {
    /// Its name, with that of the archive.
    pub name: String,
    /// What it is.
    pub what: &'static str,
}

impl Dump {
    /// Looks into an input.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is an archive that is damaged, protected by a password, too large
    /// once unpacked, or without anything that records could be read from.
    pub fn of(input: Input, options: ReadOptions<'_>) -> Result<Dump, SourceError> {
        let dump = Dump::look_into(&input, options);
        dump.map_err(|error| or_changed(&input, error))
    }

    fn look_into(input: &Input, options: ReadOptions<'_>) -> Result<Dump, SourceError> {
        let name: Arc<str> = input.name().into();
        let fail = |problem| SourceError { source: Arc::clone(&name), line: None, problem };
        let head =
            head_of(&mut input.clone()).map_err(|error| fail(SourceProblem::reading(error)))?;
        let mut whole = Dump { parts: Vec::new(), skipped_members: Vec::new() };
        let place = match input.origin() {
            Some(origin) => Place::File(origin.clone()),
            None => Place::Copy(input.clone()),
        };
        let columns = OnceLock::new();
        let part = DumpMember { name: Arc::clone(&name), place, member: None, columns };
        if kind_of(&head) != Kind::Packed(Packing::Zip) {
            whole.parts.push(part);
            return Ok(whole);
        }
        let archive = Archive::of(input.clone(), options.decompress).map_err(fail)?;
        if archive.document().is_some() {
            whole.parts.push(part);
            return Ok(whole);
        }
        let mut names = HashMap::new();
        for member in archive.members.iter().filter(|member| member.is_file()) {
            let name = distinct(&mut names, format!("{name}/{}", member.name));
            let part = DumpMember {
                name: name.as_str().into(),
                place: part.place.clone(),
                member: Some(member.clone()),
                columns: OnceLock::new(),
            };
            match part.is_no_dump(input, options)? {
                Some(what) => whole.skipped_members.push(SkippedMember { name, what }),
                None => whole.parts.push(part),
            }
        }
        if whole.parts.is_empty() {
            let skipped_members = whole.skipped_members;
            return Err(fail(SourceProblem::NothingInside { skipped_members }));
        }
        Ok(whole)
    }
}

/// One thing in an input that records can be read from. It holds no open file, save where the input
/// could be read only once.
#[derive(Clone, Debug)]
pub struct DumpMember {
    name: Arc<str>,
    place: Place,
    /// The file in the archive that the input is.
    member: Option<Member>,
    /// The columns that a first pass over it has found, where one is needed.
    columns: OnceLock<Arc<Columns>>,
}

#[derive(Clone, Debug)]
enum Place {
    File(Origin),
    Copy(Input),
}

/// How much of the beginning tells what something is.
const HEAD: usize = 64 << 10;

/// How many further pieces of an input tell its encoding, where the beginning does not.
const PIECES: u64 = 16;

/// How often something may be packed.
const MAX_PACKINGS: usize = 3;

/// What is being opened: bytes, and their beginning.
struct Content {
    head: Vec<u8>,
    body: Body,
}

enum Body {
    /// All of it, in place.
    Input(Input),
    /// What follows the beginning.
    Stream(Box<dyn Read + Send>),
}

impl Content {
    fn of_input(input: Input) -> Result<Content, SourceProblem> {
        let head = head_of(&mut input.clone()).map_err(SourceProblem::reading)?;
        Ok(Content { head, body: Body::Input(input) })
    }

    fn of_stream(mut reader: Box<dyn Read + Send>) -> Result<Content, SourceProblem> {
        let head = head_of(&mut reader).map_err(SourceProblem::reading)?;
        Ok(Content { head, body: Body::Stream(reader) })
    }

    /// All its bytes, from the first.
    fn into_reader(self) -> Box<dyn Read + Send> {
        match self.body {
            Body::Input(input) => Box::new(input),
            Body::Stream(rest) => Box::new(Cursor::new(self.head).chain(rest)),
        }
    }

    /// Whether the beginning is all there is.
    fn is_all_head(&self) -> bool {
        self.head.len() < HEAD
    }

    /// What it holds once it is unpacked.
    fn unpacked(mut self, limits: DecompressLimits) -> Result<Content, SourceProblem> {
        for _ in 0..MAX_PACKINGS {
            let Kind::Packed(packing @ (Packing::Gzip | Packing::Zstd)) = kind_of(&self.head)
            else {
                return Ok(self);
            };
            let reader = unpacked(packing, self.into_reader(), limits);
            self = Content::of_stream(reader.map_err(SourceProblem::reading)?)?;
        }
        Err(SourceProblem::Format { format: "packed again and again" })
    }

    /// The encoding of its text.
    fn encoding(&self) -> Result<TextEncoding, SourceProblem> {
        let mut pieces = Vec::new();
        // A piece of the beginning that ends in a character cut in two is no sign of anything.
        let head = match self.is_all_head() {
            true => &self.head[..],
            false => &self.head[..memchr::memrchr(b'\n', &self.head).map_or(HEAD, |at| at + 1)],
        };
        if let Body::Input(input) = &self.body
            && !self.is_all_head()
            && head.is_ascii()
        {
            let mut input = input.clone();
            for piece in 1..=PIECES {
                let at = (input.len() - HEAD as u64) / PIECES * piece;
                input.seek(SeekFrom::Start(at)).map_err(SourceProblem::reading)?;
                let bytes = head_of(&mut input).map_err(SourceProblem::reading)?;
                pieces.push(whole_lines(&bytes).to_vec());
            }
        }
        Ok(detect(head, &pieces))
    }
}

impl DumpMember {
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
            Place::File(origin) => origin.open()?,
            Place::Copy(input) => input.clone(),
        };
        let opened = self.open_input(input.clone(), options);
        opened.map_err(|error| or_changed(&input, error))
    }

    /// Adds columns that no record of it has, and that other inputs of its format have, where each
    /// record says which columns it has ([`Format::is_keyed`]). It has to have been opened before, and
    /// is to be opened again.
    ///
    /// ```
    /// use contactmill_source::{Dump, Input, ReadOptions};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("contacts");
    /// # std::fs::write(&path, r#"{"name": "Asha"}"#).unwrap();
    /// let options = ReadOptions::new(&tempfile::tempfile);
    /// let mut dump = Dump::of(Input::open(&path, tempfile::tempfile)?, options)?;
    /// let part = &mut dump.parts[0];
    /// assert_eq!(part.open(options)?.header(), ["name"]);
    /// part.has_also(&["phone".to_owned()]);
    /// assert_eq!(part.open(options)?.header(), ["name", "phone"]);
    /// # Ok::<(), contactmill_source::SourceError>(())
    /// ```
    pub fn has_also(&mut self, columns: &[String]) {
        if let Some(known) = self.columns.take() {
            let _ = self.columns.set(Arc::new(known.and(columns)));
        }
    }

    fn open_input(&self, input: Input, options: ReadOptions<'_>) -> Result<AnySource, SourceError> {
        let (content, bytes) =
            self.content(input, options).map_err(|problem| self.error(problem))?;
        let content =
            content.unpacked(options.decompress).map_err(|problem| self.error(problem))?;
        match kind_of(&content.head) {
            Kind::Text => self.open_text(content, bytes, options),
            Kind::Html => self.open_page(content, bytes, options),
            Kind::Foreign(format) => Err(self.error(SourceProblem::Format { format })),
            Kind::Binary(format) => self.open_binary(format, content, bytes, options),
            Kind::Compound => self.open_binary(Format::Xls, content, bytes, options),
            Kind::Packed(_) => {
                let input = self.in_place(content, options)?;
                let archive = Archive::of(input.clone(), options.decompress);
                let document = archive.map_err(|problem| self.error(problem))?.document();
                let unknown = "a zip archive inside another archive";
                match document.unwrap_or(Err(unknown)) {
                    Ok(format) => {
                        let content = Content { head: Vec::new(), body: Body::Input(input) };
                        self.open_binary(format, content, bytes, options)
                    }
                    Err(format) => Err(self.error(SourceProblem::Format { format })),
                }
            }
        }
    }

    /// What it holds, and the bytes that its name stands for.
    fn content(
        &self,
        input: Input,
        options: ReadOptions<'_>,
    ) -> Result<(Content, Bytes), SourceProblem> {
        let Some(member) = &self.member else {
            return Ok((Content::of_input(input.clone())?, Bytes::Input(input)));
        };
        let reader = Digested::new(member.reader(input.clone(), options.decompress)?);
        let bytes = Bytes::Stream(reader.digest().clone(), member.size, input);
        Ok((Content::of_stream(Box::new(reader))?, bytes))
    }

    /// Says what it is, if no records can be read from it.
    fn is_no_dump(
        &self,
        input: &Input,
        options: ReadOptions<'_>,
    ) -> Result<Option<&'static str>, SourceError> {
        let look = || -> Result<Option<&'static str>, SourceProblem> {
            let (content, _) = self.content(input.clone(), options)?;
            let content = content.unpacked(options.decompress)?;
            Ok(match kind_of(&content.head) {
                Kind::Foreign(what) => Some(what),
                // What else is wrong with it, opening it tells.
                Kind::Html => match self.page(content, options) {
                    Err(SourceError { problem: SourceProblem::Format { format }, .. }) => {
                        Some(format)
                    }
                    _ => None,
                },
                Kind::Binary(_) | Kind::Packed(_) | Kind::Compound => None,
                Kind::Text => {
                    let (text, is_all) = (text_head(&content, options)?, content.is_all_head());
                    match Format::of_text(&text) {
                        Format::Csv if text.trim_ascii().is_empty() => Some("empty"),
                        Format::Csv
                            if !looks_delimited(&text, is_all, options.csv)
                                && Quoting::of(&text, is_all, options.csv.delimiter).is_none() =>
                        {
                            Some("text without columns")
                        }
                        _ => None,
                    }
                }
            })
        };
        look().map_err(|problem| self.error(problem))
    }

    /// Reads text. Text formats are added here.
    fn open_text(
        &self,
        content: Content,
        bytes: Bytes,
        options: ReadOptions<'_>,
    ) -> Result<AnySource, SourceError> {
        let fail = |problem| self.error(problem);
        let encoding = match options.encoding {
            Some(encoding) => encoding,
            None => content.encoding().map_err(fail)?,
        };
        let head = text_head(&content, options).map_err(fail)?;
        let format = Format::of_text(&head);
        let quoting = match format {
            Format::Csv => Quoting::of(&head, content.is_all_head(), options.csv.delimiter),
            _ => None,
        };
        let is_small = content.is_all_head();
        let made = |mut reader: Box<dyn Read + Send>| -> Result<Text, SourceError> {
            if is_small {
                let mut text = Vec::new();
                let read = reader.read_to_end(&mut text);
                read.map_err(|error| fail(SourceProblem::reading(error)))?;
                return Ok(Text::InMemory(Cursor::new(text)));
            }
            let copy = (options.scratch)().map_err(|error| fail(SourceProblem::Io(error)))?;
            Ok(Text::Made(Remembered::new(reader, copy)))
        };
        let decoded = |content: Content| -> Box<dyn Read + Send> {
            match encoding == TextEncoding::UTF_8 {
                true => content.into_reader(),
                false => Box::new(Decoded::new(content.into_reader(), encoding)),
            }
        };
        let text = match (content, quoting) {
            // The common case costs nothing.
            (Content { body: Body::Input(input), .. }, None) if encoding == TextEncoding::UTF_8 => {
                Text::Plain(input)
            }
            (content, None) => made(decoded(content))?,
            (content, Some(quoting)) => made(Box::new(Requoted::new(decoded(content), quoting)))?,
        };
        let named = (Arc::clone(&self.name), bytes);
        match format {
            Format::Csv => {
                let search = options.header_search();
                let delimiter = quoting.map(|quoting| quoting.delimiter);
                let csv =
                    CsvOptions { delimiter: delimiter.or(options.csv.delimiter), ..options.csv };
                let source = CsvSource::with_banners(&self.name, text, csv, search)?;
                let (header, delimiter) = (source.header().to_vec(), source.delimiter());
                let source = AnySource::new(named, (format, encoding), header, source);
                Ok(source.delimited_by(delimiter, quoting.map(Quoting::name)))
            }
            Format::Json => {
                let options = SelfDescribingOptions::default();
                let source = match self.columns.get() {
                    Some(known) => {
                        JsonSource::of_columns(&self.name, text, options, Arc::clone(known))?
                    }
                    None => JsonSource::new(&self.name, text, options)?,
                };
                let _ = self.columns.set(Arc::clone(source.columns()));
                let header = source.header().to_vec();
                Ok(AnySource::new(named, (format, encoding), header, source))
            }
            Format::VCard => {
                let options = SelfDescribingOptions::default();
                let source = match self.columns.get() {
                    Some(known) => {
                        VcardSource::of_columns(&self.name, text, options, Arc::clone(known))?
                    }
                    None => VcardSource::new(&self.name, text, options)?,
                };
                let _ = self.columns.set(Arc::clone(source.columns()));
                let header = source.header().to_vec();
                Ok(AnySource::new(named, (format, encoding), header, source))
            }
            other => Err(fail(SourceProblem::Format { format: other.name() })),
        }
    }

    /// Reads the table of contacts in a web page.
    fn open_page(
        &self,
        content: Content,
        bytes: Bytes,
        options: ReadOptions<'_>,
    ) -> Result<AnySource, SourceError> {
        let (source, encoding) = self.page(content, options)?;
        let header = source.header.clone();
        let named = (Arc::clone(&self.name), bytes);
        Ok(AnySource::new(named, (Format::Html, encoding), header, source))
    }

    fn page(
        &self,
        content: Content,
        options: ReadOptions<'_>,
    ) -> Result<(TableSource, TextEncoding), SourceError> {
        let fail = |problem| self.error(problem);
        let encoding = match options.encoding {
            Some(encoding) => encoding,
            None => {
                let found = content.encoding().map_err(fail)?;
                // Where its letters say nothing, it is what the page says.
                let is_told = found != TextEncoding::UTF_8 && found.to_string().starts_with("utf")
                    || found == TextEncoding::UTF_8 && !content.head.is_ascii();
                let declared = html::declared_encoding(&content.head);
                declared.filter(|_| !is_told).unwrap_or(found)
            }
        };
        let input = self.in_place(content, options)?;
        let source = html::open(&input, encoding, options).map_err(fail)?;
        Ok((source.named(&self.name), encoding))
    }

    /// Reads a format that is not text, and not read in order.
    fn open_binary(
        &self,
        format: Format,
        content: Content,
        bytes: Bytes,
        options: ReadOptions<'_>,
    ) -> Result<AnySource, SourceError> {
        let input = self.in_place(content, options)?;
        let named = (Arc::clone(&self.name), bytes);
        match format {
            Format::Xlsx | Format::Xls | Format::Ods => {
                let source = workbook::open(format, input, options);
                let source = source.map_err(|problem| self.error(problem))?.named(&self.name);
                let header = source.header.clone();
                Ok(AnySource::new(named, (format, TextEncoding::UTF_8), header, source))
            }
            #[cfg(feature = "arrow")]
            Format::Parquet | Format::ArrowIpc => {
                let source = crate::formats::columnar::open(format, input, options.decompress);
                let source = source.map_err(|problem| self.error(problem))?.named(&self.name);
                let (header, skipped) = (source.header.clone(), source.skipped.clone());
                let source = AnySource::new(named, (format, TextEncoding::UTF_8), header, source);
                Ok(source.without(skipped))
            }
            other => Err(self.error(SourceProblem::Format { format: other.name() })),
        }
    }

    /// The content as an input that can be read from any place.
    fn in_place(&self, content: Content, options: ReadOptions<'_>) -> Result<Input, SourceError> {
        match content.body {
            Body::Input(input) => Ok(input),
            Body::Stream(_) => Input::spool(&self.name, content.into_reader(), options.scratch),
        }
    }

    fn error(&self, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line: None, problem }
    }
}

/// The error, or that the input was changed while it was read, which shows as damage of many kinds.
fn or_changed(input: &Input, error: SourceError) -> SourceError {
    match input.check_unchanged() {
        Ok(()) => error,
        Err(problem) => SourceError { line: None, problem, ..error },
    }
}

/// The name, with a number behind it where another file in the archive has it already. `taken` holds
/// the names so far, and the number that the next of the same name gets.
fn distinct(taken: &mut HashMap<String, u64>, name: String) -> String {
    let mut distinct = name.clone();
    while taken.contains_key(&distinct) {
        let number = taken.entry(name.clone()).or_insert(2);
        distinct = format!("{name} ({number})");
        *number += 1;
    }
    taken.insert(distinct.clone(), 2);
    distinct
}

/// The beginning of a text in UTF-8.
fn text_head(content: &Content, options: ReadOptions<'_>) -> Result<Vec<u8>, SourceProblem> {
    let encoding = match options.encoding {
        Some(encoding) => encoding,
        None => content.encoding()?,
    };
    if encoding == TextEncoding::UTF_8 {
        return Ok(content.head.clone());
    }
    let mut text = Vec::new();
    let mut decoded = Decoded::new(Cursor::new(&content.head), encoding);
    decoded.read_to_end(&mut text).map_err(SourceProblem::reading)?;
    Ok(text)
}

/// The beginning of what the reader holds.
fn head_of(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use contactmill_core::records::{Block, Source};

    use super::*;
    use crate::input::READS;

    /// How often an archive of so many files is read, from a look into it to the last record.
    fn reads_of_archive(members: u64) -> u64 {
        let mut archive = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..members {
            let options = ::zip::write::SimpleFileOptions::default();
            archive.start_file(format!("{number}.csv"), options).unwrap();
            write!(archive, "Phone\n+9198{number:08}\n").unwrap();
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&archive.finish().unwrap().into_inner()).unwrap();

        let before = READS.get();
        let options = ReadOptions::new(&tempfile::tempfile);
        let input = Input::open(file.path(), tempfile::tempfile).unwrap();
        let mut records = 0;
        for part in Dump::of(input, options).unwrap().parts {
            let mut source = part.open(options).unwrap();
            while let Some(block) = source.next_block().unwrap() {
                block.visit(&mut |_| records += 1).unwrap();
            }
        }
        assert_eq!(records, members);
        READS.get() - before
    }

    #[test]
    fn a_member_of_an_archive_costs_the_same_however_many_there_are() {
        let (few, many) = (reads_of_archive(50), reads_of_archive(400));
        assert!(many <= 9 * few, "{few} reads for 50 files, {many} for 400");
    }

    #[test]
    fn files_of_one_name_get_names_of_their_own() {
        let mut taken = HashMap::new();
        let names = ["a", "a", "b", "a (2)", "a"].map(|name| distinct(&mut taken, name.into()));
        assert_eq!(names, ["a", "a (2)", "b", "a (2) (2)", "a (3)"]);
        let many = (0..20_000).map(|_| distinct(&mut taken, "c".into()));
        assert_eq!(many.last().unwrap(), "c (20000)");
    }
}
