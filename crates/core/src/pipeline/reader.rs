//! One record after the other, without duplicates being looked for.

use std::fmt;

use crate::columns::column_map::{ColumnMap, RecordKind};
use crate::contact::{Contact, ContactLists};
use crate::normalize::{Normalized, Normalizer};
use crate::raw::RawContact;
use crate::reason::{Field, Rejection, Warning, WarningCode};
use crate::records::Record;

/// What a single record says, before anybody asks who came first.
#[derive(Clone, Debug)]
pub enum ReadRecord<'r> {
    /// A contact, with what was changed in it or is suspect.
    Contact(&'r Contact<'r>, Vec<Warning>),
    /// It cannot be imported.
    Rejected(Rejection),
    /// No data: all fields empty, or the header row again.
    Blank,
}

/// Reads records one after the other, as a [`Pipeline`](super::Pipeline) does before it looks for
/// duplicates. It uses the memory of one record for the next.
///
/// ```
/// use contactmill_core::columns::FieldMapping;
/// use contactmill_core::pipeline::{ReadRecord, RecordReader};
/// use contactmill_core::records::{Integrity, Position, Record};
/// use contactmill_core::{Normalizer, Options};
///
/// let normalizer = Normalizer::new(Options::default());
/// let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from))?;
/// let mut reader = RecordReader::new(&map, &normalizer);
/// let text = "Asha+91 98765 43210";
/// let ends = [4, text.len()];
/// let record = Record::new(text, &ends, Position::default(), Integrity::Whole);
/// let name = reader.read(record, |read| match read {
///     ReadRecord::Contact(contact, _) => contact.name.to_string(),
///     _ => String::new(),
/// });
/// assert_eq!(name, "Asha");
/// # Ok::<(), contactmill_core::columns::MappingError>(())
/// ```
pub struct RecordReader<'w> {
    map: &'w ColumnMap,
    normalizer: &'w Normalizer,
    empty: RawContact<'static>,
    lists: ContactLists<'static>,
}

impl<'w> RecordReader<'w> {
    /// A reader of records with these columns.
    #[must_use]
    pub fn new(map: &'w ColumnMap, normalizer: &'w Normalizer) -> Self {
        let (empty, lists) = (RawContact::default(), ContactLists::default());
        RecordReader { map, normalizer, empty, lists }
    }

    /// Reads a record, and hands over what it says.
    #[inline]
    pub fn read<T>(&mut self, record: Record<'_>, take: impl FnOnce(ReadRecord<'_>) -> T) -> T {
        match self.map.kind(record) {
            RecordKind::Blank => take(ReadRecord::Blank),
            RecordKind::Rejected(reason) => take(ReadRecord::Rejected(reason.into())),
            RecordKind::Contact => {
                let mut raw: RawContact<'_> = std::mem::take(&mut self.empty);
                self.map.fill(record, &mut raw);
                let lists = std::mem::take(&mut self.lists);
                let taken = match self.normalizer.normalize_into(&raw, lists) {
                    Err(rejection) => take(ReadRecord::Rejected(rejection)),
                    Ok(Normalized { contact, mut warnings }) => {
                        warnings.extend(unclear_consents(self.map, record));
                        let taken = take(ReadRecord::Contact(&contact, warnings));
                        self.lists = contact.into_lists();
                        taken
                    }
                };
                self.empty = raw.emptied();
                taken
            }
        }
    }
}

/// What is said of consents that say neither yes nor no.
fn unclear_consents<'r>(
    map: &'r ColumnMap,
    record: Record<'r>,
) -> impl Iterator<Item = Warning> + 'r {
    map.unclear_consents(record).map(|(column, cell)| Warning {
        field: Field::Attribute(map.name(column).into()),
        code: WarningCode::ConsentUnclear,
        before: cell.into(),
        after: cell.into(),
    })
}

impl fmt::Debug for RecordReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordReader").finish_non_exhaustive()
    }
}
