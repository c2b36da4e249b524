//! Opening inputs and deciding what their columns hold, for `convert` and `inspect` alike, so that
//! they never differ.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contactmill_core::Options;
use contactmill_core::columns::{ColumnMap, FieldMapping, MappingError, Resumed, Sampled};
use contactmill_source::{
    AnySource, Dump, DumpMember, Format, Input, ReadOptions, SkippedColumn, SkippedMember,
    TextEncoding,
};

use crate::convert::Failure;
use crate::terminal::{self, one_line};

/// A part of an input whose header has been read.
pub(crate) struct OpenInput {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) encoding: TextEncoding,
    /// Of delimited text.
    pub(crate) delimiter: Option<String>,
    /// How its fields are quoted, where it is not the usual way.
    pub(crate) quotes: Option<&'static str>,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) header: Vec<String>,
    pub(crate) skipped: Vec<SkippedColumn>,
    /// What its columns hold; nothing when it is empty.
    pub(crate) map: Option<ColumnMap>,
    pub(crate) records: u64,
    /// Open since its header was read, if it is one of the first. The others are opened again when
    /// their turn comes: there may be more of them than can be open.
    pub(crate) source: Option<Resumed<AnySource>>,
    pub(crate) part: DumpMember,
}

/// So many inputs stay open between the reading of their headers and their turn.
const KEPT_OPEN: usize = 4;

/// How inputs are opened.
pub(crate) struct Opening<'o> {
    pub(crate) reading: ReadOptions<'o>,
    pub(crate) mapping: FieldMapping,
    pub(crate) options: Options,
    /// Whether nothing is said of files in an archive that are skipped.
    pub(crate) is_quiet: bool,
}

pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Checks that all inputs are there, before any of them is read or anything else is reported.
pub(crate) fn check_inputs(inputs: &[PathBuf]) -> Result<(), Failure> {
    for path in inputs.iter().filter(|path| !is_standard_input(path)) {
        Input::check(path)?;
    }
    Ok(())
}

/// Says that `--no-header` changes nothing where the format itself names the columns.
fn say_header_is_its_own(source: &AnySource, reading: ReadOptions<'_>) {
    if reading.no_header && !source.format().has_header_row() {
        let (name, format) = (source.name(), source.format());
        let text = format!("{name}: {format} has no header row; --no-header changes nothing");
        // Where this cannot be written, the run is still worth its while.
        let _ = writeln!(terminal::stderr(), "{}", one_line(&text));
    }
}

/// Says which columns of a source are not read.
fn say_skipped_columns(source: &AnySource) {
    for SkippedColumn { name, holds } in source.skipped_columns() {
        let text = format!("{}: the column {name} holds {holds}; skipped", source.name());
        // Where this cannot be written, the run is still worth its while.
        let _ = writeln!(terminal::stderr(), "{}", one_line(&text));
    }
}

impl Opening<'_> {
    /// Opens everything that the inputs hold, to see its columns.
    pub(crate) fn all(&self, paths: &[PathBuf]) -> Result<Vec<OpenInput>, Failure> {
        let mut inputs = Vec::with_capacity(paths.len());
        let mut unresolved = Vec::new();
        let mut kept = 0;
        for path in paths {
            let input = if is_standard_input(path) {
                if !self.is_quiet {
                    terminal::say_waiting();
                }
                Input::spool("<stdin>", io::stdin().lock(), self.reading.scratch)?
            } else {
                Input::open(path, self.reading.scratch)?
            };
            let Dump { parts, skipped_members } = Dump::of(input, self.reading)?;
            for SkippedMember { name, what } in skipped_members.iter().filter(|_| !self.is_quiet) {
                // Where this cannot be written, the run is still worth its while.
                let _ = writeln!(terminal::stderr(), "{} is {what}; skipped", one_line(name));
            }
            for part in parts {
                let sampled = Sampled::of(part.open(self.reading)?, self.options.clone())?;
                if !self.is_quiet {
                    say_header_is_its_own(sampled.source(), self.reading);
                    say_skipped_columns(sampled.source());
                }
                let map = match self.columns_of(&sampled) {
                    Ok(map) => map,
                    Err(failure) => {
                        let lacks_phones = sampled.sample().likely_phone_column().is_none();
                        if !self.may_lack_columns(&sampled, lacks_phones) {
                            return Err(failure);
                        }
                        unresolved.push(Unresolved { index: inputs.len(), failure, lacks_phones });
                        None
                    }
                };
                let source = sampled.source();
                inputs.push(OpenInput {
                    name: source.name().to_owned(),
                    format: source.format(),
                    encoding: source.encoding(),
                    delimiter: source.delimiter().map(|delimiter| delimiter.to_string()),
                    quotes: source.quotes(),
                    bytes: source.bytes(),
                    sha256: String::new(),
                    header: source.header().to_vec(),
                    skipped: source.skipped_columns().to_vec(),
                    map,
                    records: 0,
                    source: if kept < KEPT_OPEN { sampled.resume() } else { None },
                    part,
                });
                kept += usize::from(inputs.last().is_some_and(|input| input.source.is_some()));
            }
        }
        if !unresolved.is_empty() {
            self.resolve_by_others(&mut inputs, unresolved)?;
        }
        Ok(inputs)
    }

    /// What the columns of a source hold, by its header and its first thousand records; nothing when
    /// it is empty.
    fn columns_of(&self, sampled: &Sampled<AnySource>) -> Result<Option<ColumnMap>, Failure> {
        let (source, sample) = (sampled.source(), sampled.sample());
        if source.header().is_empty() {
            // Such records are damaged or hold nothing.
            return Ok(source.format().is_keyed().then(ColumnMap::default));
        }
        self.mapping.resolve_with(source.header(), sample).map(Some).map_err(|error| {
            // A column that is not read is not needed, unless something is to be found in it.
            let is_meant = |skipped: &&SkippedColumn| match &error {
                MappingError::UnknownColumn { column, .. } => {
                    column.eq_ignore_ascii_case(&skipped.name)
                }
                _ => FieldMapping::default().resolve(std::slice::from_ref(&skipped.name)).is_ok(),
            };
            if let Some(skipped) = source.skipped_columns().iter().find(is_meant) {
                return Failure::Source(source.cannot_read(skipped));
            }
            let takes_no_header = source.format().has_header_row();
            Failure::Mapping { source: source.name().to_owned(), error, takes_no_header }
        })
    }

    /// Whether a source may lack a column just because no record of it has such a value: one that the
    /// user named, or that of the phones where nothing in it has the look of one.
    fn may_lack_columns(&self, sampled: &Sampled<AnySource>, lacks_phones: bool) -> bool {
        let source = sampled.source();
        source.format().is_keyed()
            && (lacks_phones || !self.mapping.missing_in(source.header()).is_empty())
    }

    /// Gives inputs the columns that they lack and that others of their format have. Where no other has
    /// them either, the first failure stands.
    fn resolve_by_others(
        &self,
        inputs: &mut [OpenInput],
        unresolved: Vec<Unresolved>,
    ) -> Result<(), Failure> {
        #[derive(Default)]
        struct Known {
            named: BTreeSet<String>,
            phone: Option<String>,
        }
        let mut known: HashMap<Format, Known> = HashMap::new();
        for input in inputs.iter().filter(|input| input.format.is_keyed()) {
            let Known { named, phone } = known.entry(input.format).or_default();
            let missing = self.mapping.missing_in(&input.header);
            let present = self.mapping.missing_in(&[]).into_iter();
            named.extend(present.filter(|name| !missing.contains(name)).map(str::to_owned));
            let of_input = || input.map.as_ref().and_then(phone_column).map(str::to_owned);
            *phone = phone.take().or_else(of_input);
        }
        for Unresolved { index, failure, lacks_phones } in unresolved {
            let input = &mut inputs[index];
            let Some(Known { named, phone }) = known.get(&input.format) else {
                return Err(failure);
            };
            let phone = phone.iter().filter(|_| lacks_phones);
            input.part.has_also(&named.iter().chain(phone).cloned().collect::<Vec<_>>());
            let sampled = Sampled::of(input.part.open(self.reading)?, self.options.clone())?;
            let Ok(map) = self.columns_of(&sampled) else { return Err(failure) };
            input.map = map;
            input.header = sampled.source().header().to_vec();
            if input.source.is_some() {
                input.source = sampled.resume();
            }
        }
        Ok(())
    }
}

/// An input whose columns may be known by those of others.
struct Unresolved {
    index: usize,
    /// What is wrong with it where they are not.
    failure: Failure,
    /// Whether none of its cells has the look of a phone number.
    lacks_phones: bool,
}

/// The name of the first column of phones.
fn phone_column(map: &ColumnMap) -> Option<&str> {
    map.columns().find(|(_, role)| role.is_phone()).map(|(name, _)| name)
}
