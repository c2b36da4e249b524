//! Tables that an earlier run wrote, and people have corrected.
//!
//! What columns hold is decided by their cells, too, and of a dump only a few rows are left in `rejects.csv`: a
//! number that many shared there is that of one person here. So columns are what they were.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::Path;

use contactmill_core::columns::{
    ColumnMap, ColumnRole, ContentSample, FieldMapping, MappedField, MappingError,
    is_bookkeeping_header,
};
use contactmill_core::exclusion::OptOuts;
use contactmill_source::AnySource;
use contactmill_wire::files::MANIFEST;
use contactmill_wire::manifest::Manifest;
use contactmill_wire::object::Object;

use crate::error::{Error, Problem};
use crate::opening::Exclusions;

/// Maximum size of a manifest that is looked at, in bytes. One of a thousand inputs has a few megabytes.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// The run that wrote a table.
pub(crate) enum EarlierRun {
    /// None: it is somebody else's table.
    None,
    /// One that is not known, as its manifest is not beside the table.
    Unknown,
    Known(Box<Manifest>),
}

impl EarlierRun {
    /// The run that wrote a table with this header.
    pub(crate) fn of(table: &str, header: &[String]) -> Self {
        if !is_bookkeeping_header(header) {
            return EarlierRun::None;
        }
        let manifest = manifest_beside(Path::new(table));
        manifest.map_or(EarlierRun::Unknown, |manifest| EarlierRun::Known(Box::new(manifest)))
    }

    /// Fails where that run left people out whom this one would not leave out.
    pub(crate) fn check_exclusions(
        &self,
        table: &str,
        header: &[String],
        now: Exclusions,
    ) -> Result<(), Error> {
        let excluded =
            if !matches!(self, EarlierRun::None) && header.iter().any(|name| name == "_list") {
                ExcludedBefore::InTable
            } else if let EarlierRun::Known(manifest) = self {
                let lists = manifest.exclusion_lists.iter().map(|list| list.path.clone());
                let lists: Vec<String> = lists.filter(|_| !now.has_lists).collect();
                let by_consents = manifest.options.opt_outs.as_deref() == Some("exclude");
                if !lists.is_empty() {
                    ExcludedBefore::ByLists(lists)
                } else if by_consents && now.opt_outs == OptOuts::Keep {
                    ExcludedBefore::ByConsents
                } else {
                    return Ok(());
                }
            } else {
                return Ok(());
            };
        Err(Problem::ExcludedBefore { input: table.to_owned(), excluded }.into())
    }

    /// The error for columns of which this run does not know what they hold, and that run did.
    pub(crate) fn with_columns(
        &self,
        error: &Error,
        source: &AnySource,
        given: &FieldMapping,
    ) -> Option<Error> {
        let EarlierRun::Known(manifest) = self else { return None };
        let is_given = given.assignments.iter().any(|(field, _)| *field == MappedField::Phone);
        if !error.is_of_unclear_columns() || is_given {
            return None;
        }
        let before = fields_of(manifest, |_| true);
        let assignments: Vec<(MappedField, String)> = source
            .header()
            .iter()
            .filter_map(|name| match before.get(name.as_str())? {
                Before::Same(field) => Some((field.clone()?, name.clone())),
                Before::Different => None,
            })
            .collect();
        if !assignments.iter().any(|(field, _)| *field == MappedField::Phone) {
            return None;
        }
        let can_omit_header = source.format().has_header_row();
        let (input, error) =
            (source.name().to_owned(), MappingError::OtherThanBefore { assignments });
        Some(Problem::Mapping { input, error, can_omit_header }.into())
    }

    /// Fails where columns would be taken for other fields than they were in a run that is known.
    pub(crate) fn check_columns(
        &self,
        map: &ColumnMap,
        sample: &ContentSample,
        given: &FieldMapping,
    ) -> Result<(), MappingError> {
        match self {
            EarlierRun::Known(manifest) => check_columns(manifest, map, sample, given),
            EarlierRun::None | EarlierRun::Unknown => Ok(()),
        }
    }
}

/// Whom an earlier run left out, and this one would not.
#[derive(Debug)]
pub(crate) enum ExcludedBefore {
    /// Whoever stands in the table.
    InTable,
    /// Whoever stands in these exclusion lists.
    ByLists(Vec<String>),
    /// Whoever opted out.
    ByConsents,
}

impl fmt::Display for ExcludedBefore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ExcludedBefore::InTable => {
                "these are contacts that a run left out; they can be an exclusion list, and no input"
            }
            ExcludedBefore::ByLists(_) => {
                "the run that wrote it left out who stands in exclusion lists, and this one would not"
            }
            ExcludedBefore::ByConsents => {
                "the run that wrote it left out who opted out, and this one would not"
            }
        })
    }
}

/// What the user has assigned is as it should be, and an empty column is nothing.
fn check_columns(
    manifest: &Manifest,
    map: &ColumnMap,
    sample: &ContentSample,
    given: &FieldMapping,
) -> Result<(), MappingError> {
    let source_column = map.columns().position(|(name, _)| name == "_source");
    // Of a table that is longer than the sample, the rows may be of any input.
    let is_whole = sample.is_of_all_records();
    let has_rows =
        |path: &str| !is_whole || source_column.is_none_or(|column| sample.has_cell(column, path));
    let before = fields_of(manifest, has_rows);
    let is_given = |field: &Option<MappedField>| {
        given.assignments.iter().any(|(assigned, _)| Some(assigned) == field.as_ref())
    };
    let differs = |(index, (name, role)): (usize, (&str, &ColumnRole))| {
        if sample.column(index).filled == 0 {
            return None;
        }
        let now = field(role);
        let Before::Same(was) = before.get(name)?.clone() else { return None };
        (was != now && !is_given(&was) && !is_given(&now)).then_some([was, now])
    };
    let is_of_several = |(index, (name, role)): (usize, (&str, &ColumnRole))| {
        let now = field(role);
        let differs = matches!(before.get(name), Some(Before::Different));
        let is_taken = now.is_some() && !is_given(&now) && sample.column(index).filled > 0;
        (differs && is_taken).then(|| name.to_owned())
    };
    let of_several: Vec<String> = map.columns().enumerate().filter_map(is_of_several).collect();
    if !of_several.is_empty() {
        return Err(MappingError::OfSeveralInputs { columns: of_several });
    }
    let changed: Vec<MappedField> =
        map.columns().enumerate().filter_map(differs).flatten().flatten().collect();
    if changed.is_empty() {
        return Ok(());
    }
    // All columns of a field, as the field is then theirs alone.
    let was_changed = |(name, _): (&str, &ColumnRole)| {
        let Before::Same(Some(field)) = before.get(name)?.clone() else { return None };
        changed.contains(&field).then(|| (field, name.to_owned()))
    };
    let mut assignments: Vec<(MappedField, String)> =
        map.columns().filter_map(was_changed).collect();
    let is_kept = |field: &MappedField| assignments.iter().any(|(kept, _)| kept == field);
    let attributes = map.columns().filter_map(|(name, role)| {
        let now = field(role).filter(|now| changed.contains(now) && !is_kept(now))?;
        let is_other = before.get(name).is_some_and(|was| *was != Before::Same(Some(now)));
        is_other.then(|| (MappedField::Attribute(name.into()), name.to_owned()))
    });
    let attributes: Vec<_> = attributes.collect();
    assignments.extend(attributes);
    Err(MappingError::OtherThanBefore { assignments })
}

/// The manifest in the folder of a file, where there is one.
fn manifest_beside(file: &Path) -> Option<Manifest> {
    let path = file.parent()?.join(MANIFEST);
    let is_small = std::fs::metadata(&path).ok()?.len() <= MAX_MANIFEST_BYTES;
    let file = File::open(path).ok().filter(|_| is_small)?;
    let Object(manifest) = serde_json::from_reader(std::io::BufReader::new(file)).ok()?;
    Some(manifest)
}

/// The field of a column, unless it is an attribute or nothing.
fn field(role: &ColumnRole) -> Option<MappedField> {
    match role {
        ColumnRole::Field(MappedField::Attribute(_)) => None,
        ColumnRole::Field(field) => Some(field.clone()),
        ColumnRole::Ignored | ColumnRole::Bookkeeping => None,
    }
}

/// What a column was taken for in the inputs that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Before {
    /// A field, or none.
    Same(Option<MappedField>),
    /// For one in some of them, and for another, or none, in others.
    Different,
}

/// What the columns of those inputs were taken for.
fn fields_of(manifest: &Manifest, counts: impl Fn(&str) -> bool) -> HashMap<&str, Before> {
    let mut fields = HashMap::new();
    let inputs = manifest.mapping.iter().filter(|mapping| counts(&mapping.path));
    for column in inputs.flat_map(|mapping| &mapping.columns) {
        let field = column.field.as_deref().and_then(|field| field.parse().ok());
        let field = field.filter(|field| !matches!(field, MappedField::Attribute(_)));
        let field = Before::Same(field);
        let known = fields.entry(&*column.column).or_insert_with(|| field.clone());
        if *known != field {
            *known = Before::Different;
        }
    }
    fields
}
