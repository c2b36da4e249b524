//! What only the whole run can count: a record and its duplicates may stand in several parts.

use std::collections::BTreeMap;
use std::io;

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
    /// The kept records of the last duplicates, one for each.
    kept: Vec<u64>,
    /// The kept records of those before, each with how many they were.
    counted: Sorter<'s>,
    has_counted: bool,
}

/// Maximum number of duplicates that are counted at a time.
const MAX_KEPT: usize = 1 << 19;

impl<'s> RunTally<'s> {
    pub(crate) fn new(scratch: &'s ScratchMaker<'s>) -> Self {
        RunTally {
            tallies: RunTallies::default(),
            kept: Vec::new(),
            counted: Sorter::new(scratch),
            has_counted: false,
        }
    }

    pub(crate) fn duplicate(&mut self, kept: RecordId, conflicts: &[Conflict]) -> io::Result<()> {
        for conflict in conflicts {
            let field = conflict.field.kind();
            match self.tallies.conflicts.get_mut(field) {
                Some(count) => *count += 1,
                None => drop(self.tallies.conflicts.insert(field.to_owned(), 1)),
            }
        }
        // No run has more records than 32 bits number.
        self.kept.push(u64::from(kept.source.0) << 32 | kept.record);
        if self.kept.len() == MAX_KEPT { self.count_kept() } else { Ok(()) }
    }

    /// Counts the last duplicates.
    fn count_kept(&mut self) -> io::Result<()> {
        self.has_counted = true;
        self.kept.sort_unstable();
        for same in self.kept.chunk_by(|one, other| one == other) {
            self.counted.push(same[0], |out| out.extend(u64::to_le_bytes(same.len() as u64)))?;
        }
        self.kept.clear();
        Ok(())
    }

    pub(crate) fn damage(&mut self, source: SourceId, column: &str, damage: ColumnDamage) {
        self.tallies.damage.push((source, column.to_owned(), damage));
    }

    pub(crate) fn finish(mut self) -> io::Result<RunTallies> {
        if !self.has_counted {
            // All of it is in memory.
            self.kept.sort_unstable();
            let clusters = self.kept.chunk_by(|one, other| one == other);
            clusters.for_each(|same| self.tallies.add_cluster(same.len() as u64));
            return Ok(self.tallies);
        }
        self.count_kept()?;
        let RunTally { mut tallies, counted, .. } = self;
        let (mut sorted, mut entry) = (counted.into_sorted()?, Vec::new());
        let mut next = sorted.next_entry(&mut entry)?;
        while let Some(kept) = next {
            let mut duplicates = 0;
            while next == Some(kept) {
                let count = entry.first_chunk().ok_or(io::ErrorKind::InvalidData)?;
                duplicates += u64::from_le_bytes(*count);
                next = sorted.next_entry(&mut entry)?;
            }
            tallies.add_cluster(duplicates);
        }
        Ok(tallies)
    }
}

impl RunTallies {
    /// Counts a contact that this many duplicates came to.
    pub(crate) fn add_cluster(&mut self, duplicates: u64) {
        *self.clusters.entry((1 + duplicates).min(MAX_CLUSTER)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactmill_core::pipeline::scratch_in_memory;

    #[test]
    fn clusters_are_counted_alike_however_many_duplicates_there_are() {
        for scale in [1, 1 + MAX_KEPT as u64 / 3] {
            let mut tally = RunTally::new(&scratch_in_memory);
            for record in (1..=scale).chain(1..=scale).chain(1..=scale / 2) {
                tally.duplicate(RecordId { record, ..RecordId::default() }, &[]).unwrap();
            }
            let mut expected = BTreeMap::from([(3, scale - scale / 2), (4, scale / 2)]);
            expected.retain(|_, clusters| *clusters > 0);
            assert_eq!(tally.finish().unwrap().clusters, expected);
        }
    }
}
