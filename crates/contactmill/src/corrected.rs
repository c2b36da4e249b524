//! Tables that an earlier run wrote, and people have corrected.
//!
//! What columns hold is decided by their cells, too, and of a dump only a few rows are left in `rejects.csv`: a
//! number that many shared there is that of one person here. So columns are what they were.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;

use contactmill_core::columns::{
    ColumnMap, ColumnRole, ContentSample, FieldMapping, MappedField, MappingError,
    is_bookkeeping_header,
};
use contactmill_wire::files::MANIFEST;
use contactmill_wire::manifest::Manifest;
use contactmill_wire::object::Object;

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

/// What the user has assigned is as it should be, and an empty column is nothing.
fn check_columns(
    manifest: &Manifest,
    map: &ColumnMap,
    sample: &ContentSample,
    given: &FieldMapping,
) -> Result<(), MappingError> {
    let before = fields_of(manifest);
    let is_given = |field: &Option<MappedField>| {
        given.assignments.iter().any(|(assigned, _)| Some(assigned) == field.as_ref())
    };
    let differs = |(index, (name, role)): (usize, (&str, &ColumnRole))| {
        if sample.column(index).filled == 0 {
            return None;
        }
        let now = field(role);
        let was = before.get(name)?.clone()?;
        (was != now && !is_given(&was) && !is_given(&now)).then_some([was, now])
    };
    let changed: Vec<MappedField> =
        map.columns().enumerate().filter_map(differs).flatten().flatten().collect();
    if changed.is_empty() {
        return Ok(());
    }
    // All columns of a field, as the field is then theirs alone.
    let was_changed = |(name, _): (&str, &ColumnRole)| {
        let field = before.get(name).cloned().flatten().flatten()?;
        changed.contains(&field).then(|| (field, name.to_owned()))
    };
    let mut assignments: Vec<(MappedField, String)> =
        map.columns().filter_map(was_changed).collect();
    let is_kept = |field: &MappedField| assignments.iter().any(|(kept, _)| kept == field);
    let attributes = map.columns().filter_map(|(name, role)| {
        let now = field(role).filter(|now| changed.contains(now) && !is_kept(now))?;
        let is_other = before.get(name).is_some_and(|was| *was != Some(Some(now)));
        is_other.then(|| (MappedField::Attribute(name.into()), name.to_owned()))
    });
    let attributes: Vec<_> = attributes.collect();
    assignments.extend(attributes);
    Err(MappingError::OtherThanBefore { assignments })
}

/// The manifest in the folder of a file, where there is one.
fn manifest_beside(file: &Path) -> Option<Manifest> {
    let path = file.parent()?.join(MANIFEST);
    let is_small = fs::metadata(&path).ok()?.len() <= MAX_MANIFEST_BYTES;
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

/// What the columns of the inputs were taken for: a field, or none. Nothing is known of those that were something
/// else in every input.
fn fields_of(manifest: &Manifest) -> HashMap<&str, Option<Option<MappedField>>> {
    let mut fields = HashMap::new();
    for column in manifest.mapping.iter().flat_map(|mapping| &mapping.columns) {
        let field = column.field.as_deref().and_then(|field| field.parse().ok());
        let field = field.filter(|field| !matches!(field, MappedField::Attribute(_)));
        let known = fields.entry(&*column.column).or_insert_with(|| Some(field.clone()));
        if *known != Some(field) {
            *known = None;
        }
    }
    fields
}
