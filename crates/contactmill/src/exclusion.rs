//! Reading exclusion lists.

use contactmill_core::columns::{
    AttributeSelection, ColumnMap, ContentSample, FieldMapping, MappedField, MappingError, Resumed,
    Sampled,
};
use contactmill_core::exclusion::{self, ExclusionLists, ListCounts};
use contactmill_core::{Normalizer, Options};
use contactmill_source::{AnySource, Dump, DumpMember, ReadOptions, Sheets, SkippedMember};

use crate::convert::Settings;
use crate::error::{Error, Problem};
use crate::event::{Event, OnEvent};
use crate::inputs::{Input, Reading, ScratchFile};
use crate::manifest::ExclusionList;
use crate::opening;

/// Reads the exclusion lists of a run. Of how its inputs are read, only the limits of decompression
/// are about them.
pub(crate) struct ListReader<'r> {
    settings: &'r Settings<'r>,
    scratch: ScratchFile<'r>,
    reading: Reading,
    normalizer: Normalizer,
}

impl<'r> ListReader<'r> {
    pub(crate) fn of(settings: &'r Settings<'r>, scratch: ScratchFile<'r>) -> Self {
        let decompress = settings.reading.decompress;
        // Whoever stands in a sheet that is skipped would be written to.
        let reading = Reading { decompress, sheets: Sheets::All, ..Reading::default() };
        let normalizer = Normalizer::new(settings.options.clone());
        ListReader { settings, scratch, reading, normalizer }
    }

    /// All lists, and what the manifest says of them.
    pub(crate) fn read(
        &self,
        on_event: &mut OnEvent<'_>,
    ) -> Result<(ExclusionLists, Vec<ExclusionList>), Error> {
        let mut listed = Vec::new();
        if self.settings.exclude.is_empty() {
            return Ok((ExclusionLists::default(), listed));
        }
        let mut reader = exclusion::ListReader::new(&self.normalizer, self.settings.threads)?;
        let is_header = |row: &[String]| FieldMapping::default().is_header(row);
        let mut reading = self.reading.options(self.scratch, &is_header);
        // Whoever stands in a list that is skipped would be written to.
        reading.takes_bare_lists = true;
        for path in &self.settings.exclude {
            let input = Input::file(path).open(self.scratch, on_event)?;
            let Dump { members, skipped_members, .. } = Dump::of(input, reading)?;
            for SkippedMember { name, what } in &skipped_members {
                on_event(Event::SkippedMember { member: name, what });
            }
            let (before, mut empty) = (listed.len(), None);
            for member in members {
                match self.member(&member, reading, &mut reader) {
                    Err(error)
                        if member.may_lack_contacts()
                            && error.is_of_exclusion_list()
                            && !may_hold_entries(&member, reading) =>
                    {
                        let what = "a sheet without numbers or addresses";
                        on_event(Event::SkippedMember { member: member.name(), what });
                        empty.get_or_insert(error);
                    }
                    read => listed.push(read?),
                }
            }
            if let Some(error) = empty.filter(|_| listed.len() == before) {
                return Err(error);
            }
        }
        Ok((reader.finish(), listed))
    }

    /// Reads one list.
    fn member(
        &self,
        member: &DumpMember,
        reading: ReadOptions<'_>,
        reader: &mut exclusion::ListReader<'_>,
    ) -> Result<ExclusionList, Error> {
        let (mut source, map) = self.open(member, reading, reader)?;
        let name = source.source().name().to_owned();
        let proceed = || opening::check_stop(self.settings.stop);
        let counts = reader.read(&name, &mut source, &map, proceed)?;
        let ListCounts { numbers, addresses, unreadable, first_unreadable, .. } = counts;
        if numbers + addresses == 0 {
            return Err(Problem::ExclusionList { list: name, error: None }.into());
        }
        let (bytes, sha256) = (source.source().bytes(), source.source().sha256()?);
        let path = name;
        Ok(ExclusionList { path, bytes, sha256, numbers, addresses, unreadable, first_unreadable })
    }

    /// Opens a list and decides on its columns.
    fn open(
        &self,
        member: &DumpMember,
        mut reading: ReadOptions<'_>,
        reader: &exclusion::ListReader<'_>,
    ) -> Result<(Resumed<AnySource>, ColumnMap), Error> {
        let open = |reading| -> Result<Sampled<AnySource>, Error> {
            Ok(Sampled::of(member.open(reading)?, self.settings.options.clone())?)
        };
        let mut sampled = open(reading)?;
        let mut map = columns_of(&sampled);
        if is_without_header(&sampled, &map, reader) {
            reading.no_header = true;
            sampled = open(reading)?;
            map = bare_columns_of(&sampled);
        }
        let map = map.map_err(|error| Problem::ExclusionList {
            list: sampled.source().name().to_owned(),
            // Of an empty list there is nothing more to say.
            error: (!sampled.source().header().is_empty()).then_some(error),
        })?;
        let source = match sampled.resume() {
            Some(source) => source,
            None => Resumed::from(member.open(reading)?),
        };
        Ok((source, map))
    }
}

/// Whether something in a sheet has the look of a number or an address, so that nobody knows whom it names.
fn may_hold_entries(sheet: &DumpMember, reading: ReadOptions<'_>) -> bool {
    let sampled = sheet.open(reading).map(|source| Sampled::of(source, Options::default()));
    let Ok(Ok(sampled)) = sampled else { return true };
    let (header, sample) = (sampled.source().header(), sampled.sample());
    let has_entries = |index: usize| {
        let content = sample.column(index);
        content.numbers + content.emails > 0
    };
    let is_entry =
        |cell: &String| cell.contains('@') || cell.bytes().filter(u8::is_ascii_digit).count() >= 7;
    header.iter().any(is_entry) || (0..header.len()).any(has_entries)
}

/// Whether the first row is an entry of the list. Where one column is not known by its name, its
/// first row is one that cannot be read.
fn is_without_header(
    sampled: &Sampled<AnySource>,
    map: &Result<ColumnMap, MappingError>,
    reader: &exclusion::ListReader<'_>,
) -> bool {
    let header = sampled.source().header();
    matches!(map, Err(MappingError::NoHeader { .. }))
        || (map.is_err() && header.len() == 1)
        || header.iter().any(|cell| reader.is_entry(cell))
}

/// The columns of numbers and addresses, and of all else. Whose they are, and what they are called, makes no
/// difference: each is one that must not be written to.
fn columns_of(sampled: &Sampled<AnySource>) -> Result<ColumnMap, MappingError> {
    let (header, sample) = (sampled.source().header(), sampled.sample());
    let mapping = FieldMapping::default();
    match mapping.resolve_list(header, sample) {
        Err(MappingError::AmbiguousPhone { candidates }) => {
            let phones = candidates.into_iter().map(|one| (MappedField::Phone, one.column));
            let assignments = phones.collect();
            FieldMapping { assignments, ..mapping }.resolve_list(header, sample)
        }
        resolved => resolved,
    }
}

/// The columns of a list without a header row: one column holds numbers and addresses, of several
/// the cells decide.
fn bare_columns_of(sampled: &Sampled<AnySource>) -> Result<ColumnMap, MappingError> {
    let header = sampled.source().header();
    let [only] = header else { return columns_of(sampled) };
    let assignments = vec![(MappedField::Phone, only.clone())];
    let mapping = FieldMapping { assignments, attributes: AttributeSelection::None };
    mapping.resolve_list(header, &ContentSample::default())
}
