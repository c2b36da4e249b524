//! Decides which contact has its number first, or last, in the order of the inputs.

use crate::dedup::index::{KeyIndex, Lookup};
use crate::dedup::{DedupPolicy, MatchKey};
use crate::records::{RecordId, SourceId};

/// Takes contacts in input order, so that the number of threads does not show.
pub(super) struct Deduplicator {
    policy: DedupPolicy,
    index: KeyIndex,
    /// The inputs, each with the number of records of the run before it.
    sources: Vec<(SourceId, u64)>,
}

/// Whether a contact has its number first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// It is the first.
    First,
    /// Another came before.
    After {
        /// The index of the number, in the order in which numbers came.
        index: u32,
        /// The record that has the number so far.
        kept: RecordId,
    },
}

impl Deduplicator {
    pub(super) fn new(policy: DedupPolicy) -> Self {
        Deduplicator { policy, index: KeyIndex::default(), sources: Vec::new() }
    }

    pub(super) const fn policy(&self) -> DedupPolicy {
        self.policy
    }

    /// Announces the input whose records come next, and how many records came before.
    pub(super) fn begin_source(&mut self, source: SourceId, records_before: u64) {
        self.sources.push((source, records_before));
    }

    /// Takes the contact of the next record in input order. Returns `None` when there are too many.
    pub(super) fn admit(&mut self, key: MatchKey, id: RecordId) -> Option<Admitted> {
        if self.policy == DedupPolicy::None {
            return Some(Admitted::First);
        }
        let record = self.number_in_run(id)?;
        Some(match self.index.admit(key, record) {
            Lookup::New => Admitted::First,
            Lookup::Known(index) => {
                let kept = self.id_of(self.index.record_at(index));
                if self.policy == DedupPolicy::Last {
                    self.index.assign(index, record);
                }
                Admitted::After { index, kept }
            }
        })
    }

    /// The number in the run of a record of the current input.
    pub(super) fn number_in_run(&self, id: RecordId) -> Option<u32> {
        let before = self.sources.last().map_or(0, |&(_, before)| before);
        u32::try_from(before + id.record - 1).ok()
    }

    /// Once all have been admitted: the record that has the key, unless it is this one.
    pub(super) fn successor(&self, key: MatchKey, record: u32) -> Option<RecordId> {
        let last = self.index.record_of(key)?;
        (last != record).then(|| self.id_of(last))
    }

    fn id_of(&self, record: u32) -> RecordId {
        let record = u64::from(record);
        let after = self.sources.partition_point(|&(_, before)| before <= record);
        let (source, before) = self.sources[..after].last().copied().unwrap_or_default();
        RecordId { source, record: record - before + 1 }
    }
}
