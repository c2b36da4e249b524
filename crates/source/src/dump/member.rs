//! One thing with records in an input, and opening it. Every format is opened here.

use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use contactmill_core::records::{Block, Source};

use super::payload::{Payload, PayloadData};
use crate::any::{AnySource, SourceBytes};
use crate::formats::csv::{CsvSource, Quoting, Requoted, looks_delimited};
use crate::formats::json::JsonSource;
use crate::formats::vcard::VcardSource;
use crate::formats::workbook::{self, html};
use crate::input::decompress::{Archive, Member};
use crate::input::digest::Digested;
use crate::input::encoding::{Decoded, TextEncoding};
use crate::input::error::{SourceError, SourceProblem};
use crate::input::format::{ContentKind, Format, is_json_behind_something};
use crate::input::options::{CsvOptions, ReadOptions, SelfDescribingOptions, Sheets};
use crate::input::sheet::Sheet;
use crate::input::text::{CopyingReader, Text};
use crate::input::{ClosedInput, Input};
use crate::records::fixed::CellFixes;
use crate::records::header::HeaderSearch;
use crate::records::self_describing::Columns;
use crate::records::split::InputSplit;
use crate::records::table::TableSource;

/// One thing in an input that records can be read from. It holds no open file, unless the input can be
/// read only once.
#[derive(Clone, Debug)]
pub struct DumpMember {
    name: Arc<str>,
    input: ClosedInput,
    /// The file in the archive that the input is.
    member: Option<Member>,
    /// The sheet of the workbook that it is, by its name.
    sheet: Option<Sheets>,
    may_lack_contacts: bool,
    /// The columns that a first pass over it has collected, where one is needed.
    columns: OnceLock<Arc<Columns>>,
    /// The part of it that is read, if not all of it is.
    split: Option<InputSplit>,
    /// The corrections of its cells.
    fixes: Option<Arc<CellFixes>>,
}

impl DumpMember {
    /// All of an input.
    pub(super) fn whole(input: &Input) -> Self {
        DumpMember {
            name: input.name().into(),
            input: input.into(),
            member: None,
            sheet: None,
            may_lack_contacts: false,
            columns: OnceLock::new(),
            split: None,
            fixes: None,
        }
    }

    /// A file in the archive that this is.
    pub(super) fn member(&self, name: &str, member: &Member) -> Self {
        DumpMember { name: name.into(), member: Some(member.clone()), ..self.clone() }
    }

    /// A sheet of the workbook that this is.
    pub(super) fn sheet(&self, name: &str) -> Self {
        let path = format!("{}/{name}", self.name);
        let sheet = Some(Sheets::Named(vec![name.to_owned()]));
        DumpMember { name: path.into(), sheet, ..self.clone() }
    }

    /// The same, taken with all others and not by its name.
    pub(super) fn taken_with_others(self) -> Self {
        DumpMember { may_lack_contacts: true, ..self }
    }

    /// Whether nobody said that there are contacts in it: it is a sheet of [`Sheets::All`].
    #[must_use]
    pub const fn may_lack_contacts(&self) -> bool {
        self.may_lack_contacts
    }

    /// Its name: the input as the user named it and, in an archive, the name of the file, such as
    /// `contacts.zip/leads.csv`; and, where sheets are chosen, that of the sheet, such as
    /// `contacts.xlsx/Leads`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens it and reads its header. It can be opened any number of times.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or its format is not supported.
    pub fn open(&self, options: ReadOptions<'_>) -> Result<AnySource, SourceError> {
        let input = self.input.open()?;
        let mut opened = self.open_input(input.clone(), options);
        if let Err(SourceError { problem: SourceProblem::SeveralSheets { sheets }, .. }) =
            &mut opened
        {
            self.count_records(sheets, &input, options);
        }
        let opened = opened.and_then(|source| match &self.fixes {
            Some(fixes) => source.fixed(fixes),
            None => Ok(source),
        });
        opened.map_err(|error| input.or_changed(error))
    }

    /// The same, with these corrections of its cells.
    ///
    /// ```
    /// use contactmill_core::records::{Block, Source};
    /// use contactmill_source::{CellFix, CellFixes, Dump, Input, ReadOptions};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("leads.csv");
    /// std::fs::write(&path, "Name,Phone\nAsha,9876\n").unwrap();
    /// let options = ReadOptions::new(&tempfile::tempfile);
    /// let member = Dump::of(Input::open(&path, tempfile::tempfile)?, options)?.members.remove(0);
    /// let (column, after) = ("Phone".into(), "+919876543210".into());
    /// let fix = CellFix { line: 2, record: 1, column, before: "9876".into(), after };
    ///
    /// let mut source = member.with_fixes(CellFixes::new("fixes.csv", vec![fix])).open(options)?;
    /// let block = source.next_block()?.unwrap();
    /// block.visit(&mut |record| assert_eq!(record.get(1), Some("+919876543210")))?;
    /// # Ok::<(), contactmill_source::SourceError>(())
    /// ```
    #[must_use]
    pub fn with_fixes(self, fixes: CellFixes) -> Self {
        DumpMember { fixes: Some(Arc::new(fixes)), ..self }
    }

    /// What it is, whatever its input is called: the SHA-256 of the file, or of the file in the archive;
    /// and its name behind that of the input, which is empty for all of it. It reads all bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn identity(&self, options: ReadOptions<'_>) -> Result<(String, &str), SourceError> {
        let input = self.input.open()?;
        let within = self.name.strip_prefix(input.name()).unwrap_or_default();
        let sha256 = match &self.member {
            None => input.sha256()?,
            Some(member) => member
                .reader(input.clone(), options.decompress)
                .and_then(|reader| {
                    let mut reader = Digested::new(reader);
                    io::copy(&mut reader, &mut io::sink()).map_err(SourceProblem::reading)?;
                    Ok(reader.digest().sha256())
                })
                .map_err(|problem| input.or_changed(self.error(problem)))?,
        };
        Ok((sha256, within.trim_start_matches('/')))
    }

    /// The sheets of the workbook, or the tables of the web page, that it is; none if it is neither.
    pub(super) fn sheets(&self, options: ReadOptions<'_>) -> Result<Vec<Sheet>, SourceError> {
        let input = self.input.open()?;
        let listed = self.content(input.clone(), options).and_then(|(content, _)| {
            let listed = match content {
                Content::Page(input, encoding) => html::sheets(&input, encoding, options),
                Content::Binary(format, input) if format.is_workbook() => {
                    workbook::sheets(format, input, options)
                }
                _ => Ok(Vec::new()),
            };
            listed.map_err(|problem| self.error(problem))
        });
        listed.map_err(|error| input.or_changed(error))
    }

    /// As [`sheets`](Self::sheets), with the number of records of each.
    pub(super) fn counted_sheets(
        &self,
        options: ReadOptions<'_>,
    ) -> Result<Vec<Sheet>, SourceError> {
        let mut sheets = self.sheets(options)?;
        if sheets.len() > 1 {
            self.count_records(&mut sheets, &self.input.open()?, options);
        }
        Ok(sheets)
    }

    /// Counts the records of each sheet that can be read.
    fn count_records(&self, sheets: &mut [Sheet], input: &Input, options: ReadOptions<'_>) {
        let count = |sheet: &Sheet| -> Result<u64, SourceError> {
            let mut records = 0;
            let mut source = self.sheet(&sheet.name).open_input(input.clone(), options)?;
            while let Some(block) = source.next_block()? {
                block.visit(&mut |_| records += 1)?;
            }
            Ok(records)
        };
        for sheet in sheets {
            sheet.records = count(sheet).ok();
        }
    }

    /// Adds columns that no record of it has, and that other inputs of its format have, if each record
    /// names its columns ([`Format::is_self_describing`]). Call it after [`open`](DumpMember::open), and
    /// open it again.
    ///
    /// ```
    /// use contactmill_source::{Dump, Input, ReadOptions};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("contacts");
    /// # std::fs::write(&path, r#"{"name": "Asha"}"#).unwrap();
    /// let options = ReadOptions::new(&tempfile::tempfile);
    /// let mut dump = Dump::of(Input::open(&path, tempfile::tempfile)?, options)?;
    /// let member = &mut dump.members[0];
    /// assert_eq!(member.open(options)?.header(), ["name"]);
    /// member.has_also(&["phone".to_owned()]);
    /// assert_eq!(member.open(options)?.header(), ["name", "phone"]);
    /// # Ok::<(), contactmill_source::SourceError>(())
    /// ```
    pub fn has_also(&mut self, columns: &[String]) {
        if let Some(known) = self.columns.take() {
            let _ = self.columns.set(Arc::new(known.and(columns)));
        }
    }

    /// Tells it the columns of its records, where each record names its columns
    /// ([`Format::is_self_describing`]): opening it takes no first pass then. A record with another
    /// column is a change of the input.
    pub fn has_columns(&mut self, columns: &[String]) {
        self.columns = OnceLock::from(Arc::new(Columns::named(columns.to_vec())));
    }

    /// The file that it is, or is in; `None` for a copy of something that can be read only once.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.input.path()
    }

    /// When the file was changed last, if that is known.
    #[must_use]
    pub fn modified(&self) -> Option<SystemTime> {
        self.input.modified()
    }

    /// Cuts it into splits of about this many bytes that can be read by themselves, and returns the
    /// SHA-256 of its bytes as well. `None` where it can only be read from its beginning: all but
    /// delimited text that is not quoted in an unusual way and JSON objects one a line, in UTF-8 and not
    /// compressed.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    ///
    /// ```
    /// use contactmill_core::records::{Block, Source};
    /// use contactmill_source::{Dump, Input, ReadOptions};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("contacts.csv");
    /// # std::fs::write(&path, "Name,Phone\nAsha,+919876543210\nRavi,+919988776655\n").unwrap();
    /// let options = ReadOptions::new(&tempfile::tempfile);
    /// let dump = Dump::of(Input::open(&path, tempfile::tempfile)?, options)?;
    /// let splits = dump.members[0].splits(options, 1 << 20)?.unwrap();
    /// assert_eq!((splits.splits.len(), splits.splits[0].start, splits.splits[0].line), (1, 11, 2));
    ///
    /// let mut source = dump.members[0].within(splits.splits[0]).open(options)?;
    /// let block = source.next_block()?.unwrap();
    /// block.visit(&mut |record| assert_eq!(record.len(), 2))?;
    /// # Ok::<(), contactmill_source::SourceError>(())
    /// ```
    pub fn splits(
        &self,
        options: ReadOptions<'_>,
        bytes: u64,
    ) -> Result<Option<InputSplits>, SourceError> {
        let input = self.input.open()?;
        // A split ends where a block does.
        let block_bytes = usize::try_from(bytes).unwrap_or(usize::MAX).max(1);
        let csv =
            CsvOptions { block_bytes: options.csv.block_bytes.min(block_bytes), ..options.csv };
        let options = ReadOptions { csv, ..options };
        let cut = || {
            let (Content::Text(payload), original) = self.content(input.clone(), options)? else {
                return Ok(None);
            };
            match self.text(payload, options)? {
                text @ OpenText { format: Format::Csv, text: Text::Plain(_), .. } => {
                    let splits = self.csv(text, options)?.into_splits(bytes)?;
                    Ok(Some(InputSplits { splits, sha256: original.sha256()? }))
                }
                OpenText { format: Format::Json, text: text @ Text::Plain(_), .. } => {
                    // Where records begin does not depend on the columns.
                    let mut options = SelfDescribingOptions::default();
                    options.block_bytes = options.block_bytes.min(block_bytes);
                    let source =
                        JsonSource::with_columns(&self.name, text, options, Arc::default())?;
                    let split = |splits| Ok(InputSplits { splits, sha256: original.sha256()? });
                    source.into_splits(bytes)?.map(split).transpose()
                }
                _ => Ok(None),
            }
        };
        cut().map_err(|error| input.or_changed(error))
    }

    /// One split of it, as [`splits`](DumpMember::splits) has found it, to be opened and read.
    #[must_use]
    pub fn within(&self, split: InputSplit) -> Self {
        DumpMember { split: Some(split), ..self.clone() }
    }

    pub(super) fn error(&self, problem: SourceProblem) -> SourceError {
        SourceError { source: Arc::clone(&self.name), line: None, problem }
    }

    fn open_input(&self, input: Input, options: ReadOptions<'_>) -> Result<AnySource, SourceError> {
        let options =
            ReadOptions { sheets: self.sheet.as_ref().unwrap_or(options.sheets), ..options };
        let (content, bytes) = self.content(input, options)?;
        match content {
            Content::Text(payload) => self.open_text(payload, bytes, options),
            Content::Page(input, encoding) => {
                let source = self.page(&input, encoding, options)?;
                let header = source.header.clone();
                Ok(self.any(bytes, (Format::Html, encoding), header, source))
            }
            Content::Binary(format, input) => self.open_binary(format, input, bytes, options),
        }
    }

    /// What it is, decompressed; and the bytes that its name stands for.
    fn content(
        &self,
        input: Input,
        options: ReadOptions<'_>,
    ) -> Result<(Content, SourceBytes), SourceError> {
        let fail = |problem| self.error(problem);
        let (payload, bytes) = self.payload(input, options).map_err(fail)?;
        let payload = payload.decompressed(options.decompress).map_err(fail)?;
        let content = match payload.kind() {
            ContentKind::Text => Content::Text(payload),
            ContentKind::Html => {
                let (input, encoding) = self.page_input(payload, options)?;
                Content::Page(input, encoding)
            }
            ContentKind::Unsupported(format) => return Err(fail(SourceProblem::Format { format })),
            ContentKind::Compressed(_) => {
                let input = payload.into_input(&self.name, options)?;
                let format = self.document_format(&input, options).map_err(fail)?;
                Content::Binary(format, input)
            }
            ContentKind::Binary(format) => {
                Content::Binary(format, payload.into_input(&self.name, options)?)
            }
            ContentKind::Compound => {
                Content::Binary(Format::Xls, payload.into_input(&self.name, options)?)
            }
        };
        Ok((content, bytes))
    }

    /// Its bytes, still compressed; and the bytes that its name stands for.
    fn payload(
        &self,
        input: Input,
        options: ReadOptions<'_>,
    ) -> Result<(Payload, SourceBytes), SourceProblem> {
        let Some(member) = &self.member else {
            return Ok((Payload::of_input(input.clone())?, SourceBytes::Input(input)));
        };
        let reader = Digested::new(member.reader(input.clone(), options.decompress)?);
        let bytes = SourceBytes::Stream(reader.digest().clone(), member.size, input);
        Ok((Payload::of_stream(Box::new(reader))?, bytes))
    }

    /// The format of the workbook that a zip archive is.
    fn document_format(
        &self,
        input: &Input,
        options: ReadOptions<'_>,
    ) -> Result<Format, SourceProblem> {
        let archive = Archive::of(input.clone(), options.decompress)?;
        let unsupported = "a zip archive inside another archive";
        let document = archive.document().unwrap_or(Err(unsupported));
        document.map_err(|format| SourceProblem::Format { format })
    }

    /// Says what it is, if no records can be read from it.
    pub(super) fn lacks_records(
        &self,
        input: &Input,
        options: ReadOptions<'_>,
    ) -> Result<Option<&'static str>, SourceError> {
        let fail = |problem| self.error(problem);
        let (payload, _) = self.payload(input.clone(), options).map_err(fail)?;
        let payload = payload.decompressed(options.decompress).map_err(fail)?;
        match payload.kind() {
            ContentKind::Unsupported(what) => Ok(Some(what)),
            // Any other problem of the page is reported when it is opened.
            ContentKind::Html => {
                let (input, encoding) = self.page_input(payload, options)?;
                Ok(match self.page(&input, encoding, options) {
                    Err(SourceError { problem: SourceProblem::Format { format }, .. }) => {
                        Some(format)
                    }
                    _ => None,
                })
            }
            ContentKind::Binary(_) | ContentKind::Compressed(_) | ContentKind::Compound => Ok(None),
            ContentKind::Text => text_lacks_records(&payload, options).map_err(fail),
        }
    }

    /// Finds out how text is to be read.
    fn text(&self, payload: Payload, options: ReadOptions<'_>) -> Result<OpenText, SourceError> {
        let fail = |problem| self.error(problem);
        let encoding = payload.encoding(options).map_err(fail)?;
        let head = payload.text_head(encoding).map_err(fail)?;
        let format = Format::of_text(&head);
        if format == Format::Csv && is_json_behind_something(&head) {
            return Err(fail(SourceProblem::Format { format: "JSON behind something else" }));
        }
        let quoting = match format {
            Format::Csv => Quoting::of(&head, payload.is_all_head(), options.csv.delimiter),
            _ => None,
        };
        let text = readable_text(payload, encoding, quoting, options).map_err(fail)?;
        Ok(OpenText { text, format, encoding, quoting })
    }

    /// Opens delimited text.
    fn csv(
        &self,
        OpenText { text, quoting, .. }: OpenText,
        options: ReadOptions<'_>,
    ) -> Result<CsvSource<Text>, SourceError> {
        let delimiter = quoting.map(|quoting| quoting.delimiter).or(options.csv.delimiter);
        let csv = CsvOptions { delimiter, ..options.csv };
        CsvSource::with_preamble(&self.name, text, csv, HeaderSearch::new(&options))
    }

    /// Opens text. A new text format is added here.
    fn open_text(
        &self,
        payload: Payload,
        bytes: SourceBytes,
        options: ReadOptions<'_>,
    ) -> Result<AnySource, SourceError> {
        let opened = self.text(payload, options)?;
        let (format, encoding, quoting) = (opened.format, opened.encoding, opened.quoting);
        let can_be_split = matches!(format, Format::Csv | Format::Json) && quoting.is_none();
        if self.split.is_some() && !can_be_split {
            return Err(self.error(SourceProblem::Changed));
        }
        let (name, self_describing) = (&*self.name, SelfDescribingOptions::default());
        match (format, self.columns.get().cloned()) {
            (Format::Csv, _) => {
                let mut source = self.csv(opened, options)?;
                if let Some(split) = self.split {
                    source.read_split(split)?;
                }
                let (header, delimiter) = (source.header().to_vec(), source.delimiter());
                let source = self.any(bytes, (format, encoding), header, source);
                Ok(source.delimited_by(delimiter, quoting.map(Quoting::name)))
            }
            (Format::Json, known) => {
                let mut source = match known {
                    Some(known) => {
                        JsonSource::with_columns(name, opened.text, self_describing, known)?
                    }
                    None => JsonSource::new(name, opened.text, self_describing)?,
                };
                if let Some(split) = self.split {
                    source.read_split(split)?;
                }
                let _ = self.columns.set(Arc::clone(source.columns()));
                Ok(self.any(bytes, (format, encoding), source.header().to_vec(), source))
            }
            (Format::VCard, known) => {
                let source = match known {
                    Some(known) => {
                        VcardSource::with_columns(name, opened.text, self_describing, known)?
                    }
                    None => VcardSource::new(name, opened.text, self_describing)?,
                };
                let _ = self.columns.set(Arc::clone(source.columns()));
                Ok(self.any(bytes, (format, encoding), source.header().to_vec(), source))
            }
            (other, _) => Err(self.error(SourceProblem::Format { format: other.name() })),
        }
    }

    /// A web page as an input, and its encoding.
    fn page_input(
        &self,
        payload: Payload,
        options: ReadOptions<'_>,
    ) -> Result<(Input, TextEncoding), SourceError> {
        let encoding = match options.encoding {
            Some(encoding) => encoding,
            None => page_encoding(&payload).map_err(|problem| self.error(problem))?,
        };
        Ok((payload.into_input(&self.name, options)?, encoding))
    }

    /// Opens the table of contacts in a web page.
    fn page(
        &self,
        input: &Input,
        encoding: TextEncoding,
        options: ReadOptions<'_>,
    ) -> Result<TableSource, SourceError> {
        let source = html::open(input, encoding, options);
        Ok(source.map_err(|problem| self.error(problem))?.named(&self.name))
    }

    /// Opens a format that is not text, and is not read in order. A new binary format is added here.
    fn open_binary(
        &self,
        format: Format,
        input: Input,
        bytes: SourceBytes,
        options: ReadOptions<'_>,
    ) -> Result<AnySource, SourceError> {
        let source = match format {
            Format::Xlsx | Format::Xls | Format::Ods => workbook::open(format, input, options),
            #[cfg(feature = "arrow")]
            Format::Parquet | Format::ArrowIpc => {
                crate::formats::columnar::open(format, input, options.decompress)
            }
            other => Err(SourceProblem::Format { format: other.name() }),
        };
        let source = source.map_err(|problem| self.error(problem))?.named(&self.name);
        let (header, skipped) = (source.header.clone(), source.skipped.clone());
        let unread = source.unread_sheets.clone();
        let source = self.any(bytes, (format, TextEncoding::UTF_8), header, source);
        Ok(source.with_skipped(skipped).with_unread_sheets(unread))
    }

    fn any<S>(
        &self,
        bytes: SourceBytes,
        format: (Format, TextEncoding),
        header: Vec<String>,
        source: S,
    ) -> AnySource
    where
        S: Source<Error = SourceError> + 'static,
        S::Block: 'static,
    {
        AnySource::new((Arc::clone(&self.name), bytes), format, header, source)
    }
}

/// The splits of a [`DumpMember`], which can be read by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSplits {
    /// The splits, in order. Every record is in one of them.
    pub splits: Vec<InputSplit>,
    /// The SHA-256 of all bytes, in hexadecimal.
    pub sha256: String,
}

/// Text that can be read, and how.
struct OpenText {
    text: Text,
    format: Format,
    encoding: TextEncoding,
    quoting: Option<Quoting>,
}

/// What something is, decompressed.
enum Content {
    Text(Payload),
    Page(Input, TextEncoding),
    /// A format that is not text.
    Binary(Format, Input),
}

/// Says what a text is, if no records can be read from it.
fn text_lacks_records(
    payload: &Payload,
    options: ReadOptions<'_>,
) -> Result<Option<&'static str>, SourceProblem> {
    let text = payload.text_head(payload.encoding(options)?)?;
    let is_all = payload.is_all_head();
    if Format::of_text(&text) != Format::Csv {
        return Ok(None);
    }
    if text.trim_ascii().is_empty() {
        return Ok(Some("empty"));
    }
    // That is an error, as somebody would be lost.
    if is_json_behind_something(&text) {
        return Ok(None);
    }
    let is_table = options.takes_bare_lists
        || looks_delimited(&text, is_all, options.csv)
        || Quoting::of(&text, is_all, options.csv.delimiter).is_some();
    Ok((!is_table).then_some("text without columns"))
}

/// The text in UTF-8, quoted in the usual way, as a reader that can go back.
fn readable_text(
    payload: Payload,
    encoding: TextEncoding,
    quoting: Option<Quoting>,
    options: ReadOptions<'_>,
) -> Result<Text, SourceProblem> {
    let is_utf_8 = encoding == TextEncoding::UTF_8;
    // The most frequent case: the text is read where it lies.
    if let (PayloadData::Input(input), true, None) = (&payload.data, is_utf_8, quoting) {
        return Ok(Text::Plain(input.clone()));
    }
    let is_short = payload.is_all_head();
    let mut reader = payload.into_reader();
    if !is_utf_8 {
        reader = Box::new(Decoded::new(reader, encoding));
    }
    if let Some(quoting) = quoting {
        reader = Box::new(Requoted::new(reader, quoting));
    }
    if is_short {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).map_err(SourceProblem::reading)?;
        return Ok(Text::InMemory(Cursor::new(text)));
    }
    let copy = (options.scratch)().map_err(SourceProblem::Io)?;
    Ok(Text::Copied(CopyingReader::new(reader, copy)))
}

/// The encoding of a web page: the one that its letters show, or else the one that it declares.
fn page_encoding(payload: &Payload) -> Result<TextEncoding, SourceProblem> {
    let detected = payload.detected_encoding()?;
    let is_certain = detected != TextEncoding::UTF_8 && detected.to_string().starts_with("utf")
        || detected == TextEncoding::UTF_8 && !payload.head.is_ascii();
    let declared = html::declared_encoding(&payload.head);
    Ok(declared.filter(|_| !is_certain).unwrap_or(detected))
}
