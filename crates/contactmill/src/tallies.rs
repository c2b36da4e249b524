//! What only the whole run can count: a record and its duplicates may stand in several parts.

use std::collections::BTreeMap;
use std::io;

use contactmill_core::Field;
use contactmill_core::dedup::Conflict;
use contactmill_core::pipeline::{ColumnDamage, ScratchMaker, Sorter};
use contactmill_core::records::{RecordId, SourceId};
use contactmill_wire::manifest::MAX_CLUSTER;

/// Counts of a whole run.
#[derive(Debug, Default)]
pub(crate) struct RunTallies {
    /// Contacts that several records came to, by the number of those.
    pub(crate) clusters: BTreeMap<u64, u64>,
    /// Values that lost, by field.
    pub(crate) conflicts: BTreeMap<String, u64>,
    /// Damage by source and column.
    pub(crate) damage: Vec<(SourceId, String, ColumnDamage)>,
}

/// Counts while a run goes on, in bounded memory.
pub(crate) struct RunTally<'s> {
    tallies: RunTallies,
    /// The kept record of every duplicate.
    kept: Sorter<'s>,
}

impl<'s> RunTally<'s> {
    pub(crate) fn new(scratch: &'s ScratchMaker<'s>) -> Self {
        RunTally { tallies: RunTallies::default(), kept: Sorter::new(scratch) }
    }

    pub(crate) fn duplicate(&mut self, kept: RecordId, conflicts: &[Conflict]) -> io::Result<()> {
        for conflict in conflicts {
            let field = match &conflict.field {
                Field::Attribute(_) => "attributes".to_owned(),
                field => field.to_string(),
            };
            *self.tallies.conflicts.entry(field).or_default() += 1;
        }
        // No run has more records than 32 bits number.
        self.kept.push(u64::from(kept.source.0) << 32 | kept.record, |_| {})
    }

    pub(crate) fn damage(&mut self, source: SourceId, column: &str, damage: ColumnDamage) {
        self.tallies.damage.push((source, column.to_owned(), damage));
    }

    pub(crate) fn finish(self) -> io::Result<RunTallies> {
        let RunTally { mut tallies, kept } = self;
        let (mut sorted, mut entry) = (kept.into_sorted()?, Vec::new());
        let mut next = sorted.next_entry(&mut entry)?;
        while let Some(kept) = next {
            let mut records = 1;
            while next == Some(kept) {
                records += 1;
                next = sorted.next_entry(&mut entry)?;
            }
            *tallies.clusters.entry(records.min(MAX_CLUSTER)).or_default() += 1;
        }
        Ok(tallies)
    }
}
