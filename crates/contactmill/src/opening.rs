//! Opening inputs and deciding what their columns hold, for [`Convert`](crate::Convert) and
//! [`Inspect`](crate::Inspect) alike, so that they never differ.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use contactmill_core::Options;
use contactmill_core::columns::{
    ColumnMap, ContentSample, FieldMapping, MappedField, MappingError, Resumed, Sampled,
};
use contactmill_core::exclusion::OptOuts;
use contactmill_core::records::{Block, Source};
use contactmill_core::regions::RegionSample;
use contactmill_source::{
    AnySource, Dump, DumpMember, Format, ReadOptions, SkippedColumn, SkippedMember, SourceError,
    TextEncoding, Workbook,
};

use crate::corrected::EarlierRun;
use crate::error::{Error, Problem};
use crate::event::{Event, OnEvent, OpenedInput};
use crate::fixes::Fixes;
use crate::inputs::Input;
use crate::manifest::{Fixed, Skipped};

/// A member of an input, or the input itself, whose header has been read.
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
    /// Whether it is a table of an earlier run whose manifest is not beside it.
    pub(crate) decided_anew: bool,
    pub(crate) records: u64,
    /// Its first phone cells, for advice on their region.
    pub(crate) regions: RegionSample,
    /// Open since its header was read, if it is one of the first. The others are opened again when
    /// their turn comes: there may be more of them than can be open.
    source: Option<Resumed<AnySource>>,
    pub(crate) member: DumpMember,
}

impl OpenInput {
    /// The records from the first, for the one time that they are read.
    pub(crate) fn take_source(
        &mut self,
        reading: ReadOptions<'_>,
    ) -> Result<Resumed<AnySource>, Error> {
        let source = match self.source.take() {
            Some(source) => source,
            None => Resumed::from(self.member.open(reading)?),
        };
        if source.source().header() != self.header {
            return Err(Problem::Changed { input: self.name.clone() }.into());
        }
        Ok(source)
    }

    /// Counts its records. They can be read all the same.
    pub(crate) fn count_records(
        &mut self,
        reading: ReadOptions<'_>,
        stop: Option<&AtomicBool>,
    ) -> Result<u64, Error> {
        let mut records = 0;
        let mut source = self.take_source(reading)?;
        while let Some(block) = source.next_block()? {
            check_stop(stop)?;
            block.visit(&mut |_| records += 1)?;
        }
        Ok(records)
    }

    fn columns(&self) -> InputColumns<'_> {
        InputColumns {
            name: &self.name,
            format: self.format,
            header: &self.header,
            phone: self.map.as_ref().and_then(phone_column),
        }
    }

    /// What is reported of it.
    pub(crate) fn opened(&self) -> OpenedInput<'_> {
        OpenedInput {
            name: &self.name,
            format: self.format,
            bytes: self.bytes,
            columns: self.map.as_ref(),
            decided_anew: self.decided_anew,
        }
    }
}

/// Number of inputs that stay open between the reading of their headers and their turn.
const KEPT_OPEN: usize = 4;

/// How inputs are opened.
pub(crate) struct Opening<'o> {
    pub(crate) reading: ReadOptions<'o>,
    pub(crate) mapping: &'o FieldMapping,
    pub(crate) options: &'o Options,
    /// Who is left out; nothing where records are only looked at.
    pub(crate) exclusions: Option<Exclusions>,
    /// The corrections of their cells.
    pub(crate) fixes: Option<&'o Fixes>,
    /// Ends the opening with an error once it is set.
    pub(crate) stop: Option<&'o AtomicBool>,
}

/// Whom a run leaves out.
#[derive(Clone, Copy)]
pub(crate) struct Exclusions {
    /// Whether there are exclusion lists.
    pub(crate) has_lists: bool,
    pub(crate) opt_outs: OptOuts,
}

/// The inputs that are open so far.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) inputs: Vec<OpenInput>,
    /// What of them is not read.
    pub(crate) skipped: Vec<Skipped>,
    /// Those that have several sheets, if each sheet with contacts is to be read.
    pub(crate) workbooks: Vec<Workbook>,
    /// The number of records of all inputs, if only a sample of them is read.
    pub(crate) sampled: Option<u64>,
    /// How many cells were corrected by hand.
    pub(crate) fixed: Option<Fixed>,
    pub(crate) unresolved: Vec<Unresolved>,
    /// How many of them stay open.
    kept: usize,
}

impl Opened {
    /// The size of all inputs together.
    pub(crate) fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.bytes).sum()
    }

    /// The name and the header of each input.
    pub(crate) fn described(&self) -> Vec<(String, Vec<String>)> {
        self.inputs.iter().map(|input| (input.name.clone(), input.header.clone())).collect()
    }

    fn skip(&mut self, member: &str, what: &str, on_event: &mut OnEvent<'_>) {
        on_event(Event::SkippedMember { member, what });
        self.skipped.push(Skipped { path: member.to_owned(), what: what.to_owned() });
    }
}

/// An input whose columns may be known by those of others.
pub(crate) struct Unresolved {
    pub(crate) index: usize,
    /// What is wrong with it where they are not.
    error: Error,
    /// Whether none of its cells looks like a phone number.
    pub(crate) lacks_phones: bool,
}

impl Opening<'_> {
    /// Opens everything that the inputs hold, to see its columns.
    pub(crate) fn all(
        &self,
        inputs: Vec<Input<'_>>,
        on_event: &mut OnEvent<'_>,
    ) -> Result<Opened, Error> {
        let mut opened = self.each(inputs, on_event)?;
        let unresolved = std::mem::take(&mut opened.unresolved);
        if !unresolved.is_empty() {
            self.resolve_by_others(&mut opened.inputs, unresolved)?;
        }
        self.check_exceptions(opened.inputs.iter().map(OpenInput::columns))?;
        opened.fixed = self.fixes.map(Fixes::finish).transpose()?;
        Ok(opened)
    }

    /// Opens everything that some of the inputs of a run hold. What only all of them together can decide is
    /// left open.
    pub(crate) fn each(
        &self,
        inputs: Vec<Input<'_>>,
        on_event: &mut OnEvent<'_>,
    ) -> Result<Opened, Error> {
        let mut opened = Opened::default();
        for input in inputs {
            let input = input.open(self.reading.scratch, on_event)?;
            let Dump { members, skipped_members, workbooks } = Dump::of(input, self.reading)?;
            opened.workbooks.extend(workbooks);
            for SkippedMember { name, what } in &skipped_members {
                opened.skip(name, what, on_event);
            }
            let before = opened.inputs.len();
            let mut lacking = None;
            for member in members {
                self.check_stop()?;
                let member = match self.fixes {
                    Some(fixes) => fixes.applied_to(member, self.reading)?,
                    None => member,
                };
                lacking = lacking.or(self.open(member, &mut opened, on_event)?);
            }
            if let Some(error) = lacking.filter(|_| opened.inputs.len() == before) {
                return Err(error);
            }
        }
        Ok(opened)
    }

    /// Requires that what is to become no attribute is a column of some input.
    pub(crate) fn check_exceptions<'i>(
        &self,
        inputs: impl Iterator<Item = InputColumns<'i>>,
    ) -> Result<(), Error> {
        let inputs: Vec<_> = inputs.filter(|input| !input.header.is_empty()).collect();
        let headers: Vec<&[String]> = inputs.iter().map(|input| input.header).collect();
        match (inputs.first(), self.mapping.unknown_exception(&headers)) {
            (Some(first), Some(error)) => {
                let can_omit_header = first.format.has_header_row();
                let input = first.name.to_owned();
                Err(Problem::Mapping { input, error, can_omit_header }.into())
            }
            _ => Ok(()),
        }
    }

    /// An error once the caller has asked to stop.
    pub(crate) fn check_stop(&self) -> Result<(), Error> {
        check_stop(self.stop)
    }

    /// Opens a member and decides on its columns. Returns what is wrong with a sheet that is skipped, as
    /// it has no contacts.
    fn open(
        &self,
        member: DumpMember,
        opened: &mut Opened,
        on_event: &mut OnEvent<'_>,
    ) -> Result<Option<Error>, Error> {
        let sampled = Sampled::of(member.open(self.reading)?, self.options.clone())?;
        self.check_consents(sampled.source())?;
        self.report(sampled.source(), on_event);
        // Where all sheets were looked at, they are listed.
        let is_listed = !opened.workbooks.is_empty();
        for sheet in sampled.source().unread_sheets().iter().filter(|_| !is_listed) {
            let sheet = format!("{}/{sheet}", member.name());
            opened.skip(&sheet, "another sheet", on_event);
        }
        let run = EarlierRun::of(sampled.source().name(), sampled.source().header());
        if let Some(exclusions) = self.exclusions {
            run.check_exclusions(sampled.source().name(), sampled.source().header(), exclusions)?;
        }
        let map = match self.columns_of(&sampled) {
            Ok(map) => map,
            Err(error) => {
                if let Some(error) = run.with_columns(&error, sampled.source(), self.mapping) {
                    return Err(error);
                }
                let lacks_phones = sampled.sample().likely_phone_column().is_none();
                if lacks_phones && member.may_lack_contacts() && error.is_column_missing() {
                    opened.skip(member.name(), "a sheet without contacts", on_event);
                    return Ok(Some(error));
                }
                if !self.may_lack_columns(&sampled, lacks_phones) {
                    return Err(error);
                }
                let index = opened.inputs.len();
                opened.unresolved.push(Unresolved { index, error, lacks_phones });
                None
            }
        };
        let mut regions = RegionSample::new(self.options);
        let mut decided_anew = false;
        if let Some(map) = &map {
            let source = sampled.source();
            decided_anew =
                matches!(run, EarlierRun::Unknown) && self.mapping.assignments.is_empty();
            run.check_columns(map, sampled.sample(), self.mapping).map_err(|error| {
                let can_omit_header = source.format().has_header_row();
                Problem::Mapping { input: source.name().to_owned(), error, can_omit_header }
            })?;
            sampled.visit(&mut |record| regions.add(record, map))?;
        }
        let source = sampled.source();
        let mut input = OpenInput {
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
            decided_anew,
            records: 0,
            regions,
            source: None,
            member,
        };
        if opened.kept < KEPT_OPEN {
            input.source = sampled.resume();
            opened.kept += usize::from(input.source.is_some());
        }
        opened.inputs.push(input);
        Ok(None)
    }

    fn leaves_out_opt_outs(&self) -> bool {
        self.exclusions.is_some_and(|exclusions| exclusions.opt_outs == OptOuts::Exclude)
    }

    /// Requires that who opted out can be read where they are left out.
    fn check_consents(&self, source: &AnySource) -> Result<(), Error> {
        let skipped = source.skipped_columns().iter().find(|skipped| says_consents(skipped));
        match skipped.filter(|_| self.leaves_out_opt_outs()) {
            Some(skipped) => Err(source.cannot_read(skipped).into()),
            None => Ok(()),
        }
    }

    /// Reports what is not read of a source, or not as the caller says.
    fn report(&self, source: &AnySource, on_event: &mut OnEvent<'_>) {
        if self.reading.no_header && !source.format().has_header_row() {
            on_event(Event::NoHeaderRow { input: source.name(), format: source.format() });
        }
        for SkippedColumn { name, holds } in source.skipped_columns() {
            on_event(Event::SkippedColumn { input: source.name(), column: name, holds });
        }
    }

    /// What the columns of a source hold, by its header and its first thousand records; nothing when
    /// it is empty.
    pub(crate) fn columns_of(
        &self,
        sampled: &Sampled<AnySource>,
    ) -> Result<Option<ColumnMap>, Error> {
        let (source, sample) = (sampled.source(), sampled.sample());
        if source.header().is_empty() {
            // Its records, if any, are damaged or hold nothing.
            return Ok(source.format().is_self_describing().then(ColumnMap::default));
        }
        let described = Described {
            name: source.name(),
            header: source.header(),
            skipped: source.skipped_columns(),
            can_omit_header: source.format().has_header_row(),
        };
        let cannot_read = |skipped: &SkippedColumn| source.cannot_read(skipped);
        described.columns(self.mapping, sample, cannot_read).map(Some)
    }

    /// Whether a source may lack a column only because no record of it has such a value: one that the
    /// caller named, or that of the phones where nothing in it looks like one.
    fn may_lack_columns(&self, sampled: &Sampled<AnySource>, lacks_phones: bool) -> bool {
        let source = sampled.source();
        source.format().is_self_describing()
            && (lacks_phones || !self.mapping.missing_in(source.header()).is_empty())
    }

    /// Gives inputs the columns that they lack and that others of their format have. Where no other
    /// has them either, the first error stands.
    fn resolve_by_others(
        &self,
        inputs: &mut [OpenInput],
        unresolved: Vec<Unresolved>,
    ) -> Result<(), Error> {
        let known = self.known_columns(inputs.iter().map(OpenInput::columns));
        for Unresolved { index, error, lacks_phones } in unresolved {
            let input = &mut inputs[index];
            let known = known.get(&input.format);
            let Some((sampled, map)) = self.complete(&mut input.member, known, lacks_phones)?
            else {
                return Err(error);
            };
            input.map = map;
            input.header = sampled.source().header().to_vec();
            if input.source.is_some() {
                input.source = sampled.resume();
            }
        }
        Ok(())
    }

    /// Opens a member again, with columns that it lacks and others have. Nothing where that is not enough.
    pub(crate) fn complete(
        &self,
        member: &mut DumpMember,
        known: Option<&KnownColumns>,
        lacks_phones: bool,
    ) -> Result<Option<Completed>, Error> {
        let Some(KnownColumns { named, phone }) = known else { return Ok(None) };
        let phone = phone.iter().filter(|_| lacks_phones);
        member.has_also(&named.iter().chain(phone).cloned().collect::<Vec<_>>());
        let sampled = Sampled::of(member.open(self.reading)?, self.options.clone())?;
        Ok(self.columns_of(&sampled).ok().map(|map| (sampled, map)))
    }

    /// The columns that inputs have, by format.
    pub(crate) fn known_columns<'i>(
        &self,
        inputs: impl Iterator<Item = InputColumns<'i>>,
    ) -> HashMap<Format, KnownColumns> {
        let mut known: HashMap<Format, KnownColumns> = HashMap::new();
        for input in inputs.filter(|input| input.format.is_self_describing()) {
            let KnownColumns { named, phone } = known.entry(input.format).or_default();
            let missing = self.mapping.missing_in(input.header);
            let present = self.mapping.missing_in(&[]).into_iter();
            named.extend(present.filter(|name| !missing.contains(name)).map(str::to_owned));
            *phone = phone.take().or_else(|| input.phone.map(str::to_owned));
        }
        known
    }
}

/// What is known of the columns of a source.
pub(crate) struct Described<'d> {
    pub(crate) name: &'d str,
    pub(crate) header: &'d [String],
    pub(crate) skipped: &'d [SkippedColumn],
    /// Whether it can be read without a header row.
    pub(crate) can_omit_header: bool,
}

impl Described<'_> {
    /// What the columns hold, by the header and a sample of the records.
    pub(crate) fn columns(
        self,
        mapping: &FieldMapping,
        sample: &ContentSample,
        cannot_read: impl Fn(&SkippedColumn) -> SourceError,
    ) -> Result<ColumnMap, Error> {
        if let Some(skipped) = self.skipped.iter().find(|skipped| makes_numbers(skipped, mapping)) {
            return Err(cannot_read(skipped).into());
        }
        mapping.resolve_with(self.header, sample).map_err(|error| {
            // A column that is not read is not needed, unless something is to be found in it.
            let is_meant = |skipped: &&SkippedColumn| match &error {
                MappingError::UnknownColumn { column, .. } => {
                    column.eq_ignore_ascii_case(&skipped.name)
                }
                _ => FieldMapping::default().resolve(std::slice::from_ref(&skipped.name)).is_ok(),
            };
            if let Some(skipped) = self.skipped.iter().find(is_meant) {
                return cannot_read(skipped).into();
            }
            let (input, can_omit_header) = (self.name.to_owned(), self.can_omit_header);
            Problem::Mapping { input, error, can_omit_header }.into()
        })
    }
}

/// Whether a column that is not read would hold numbers, or their countries, by its name: without it, a number is
/// another's, or of another country. Whoever says which columns hold those does not need it.
fn makes_numbers(skipped: &SkippedColumn, mapping: &FieldMapping) -> bool {
    let Some(map) = named_alone(skipped) else { return false };
    let mut fields = map.field_columns().filter(|&(_, column)| column == 1);
    fields.any(|(field, _)| {
        matches!(field, MappedField::Phone | MappedField::Country)
            && !mapping.assignments.iter().any(|(assigned, _)| assigned == field)
    })
}

/// Whether a column that is not read would say, by its name, who opted out.
fn says_consents(skipped: &SkippedColumn) -> bool {
    named_alone(skipped).is_some_and(|map| map.has_consents() && !map.has_remarks_alone())
}

/// What a column that is not read would be taken for, by its name, beside one of phones.
fn named_alone(skipped: &SkippedColumn) -> Option<ColumnMap> {
    FieldMapping::default().resolve(&["phone", &skipped.name].map(str::to_owned)).ok()
}

/// An error once the caller has asked to stop.
pub(crate) fn check_stop(stop: Option<&AtomicBool>) -> Result<(), Error> {
    match stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
        true => Err(Problem::Stopped.into()),
        false => Ok(()),
    }
}

/// What must be known of an input to decide on the columns of others.
#[derive(Clone, Copy)]
pub(crate) struct InputColumns<'i> {
    pub(crate) name: &'i str,
    pub(crate) format: Format,
    pub(crate) header: &'i [String],
    /// The first column with phones.
    pub(crate) phone: Option<&'i str>,
}

/// A member that was opened again, and what its columns hold now.
pub(crate) type Completed = (Sampled<AnySource>, Option<ColumnMap>);

/// Columns that one of several inputs has.
#[derive(Default)]
pub(crate) struct KnownColumns {
    /// Those that the caller named.
    named: BTreeSet<String>,
    /// The first one with phones.
    phone: Option<String>,
}

/// The name of the first column of phones.
pub(crate) fn phone_column(map: &ColumnMap) -> Option<&str> {
    map.columns().find(|(_, role)| role.is_phone()).map(|(name, _)| name)
}
