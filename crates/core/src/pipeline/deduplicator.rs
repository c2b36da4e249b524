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

/// Where a contact stands among those with its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The index of the number, in the order in which numbers came.
    pub(super) index: u32,
    /// The number in the run of the record that has the number so far; `None` for the first.
    pub(super) kept: Option<u32>,
    /// The index of another form of the number, where that came first and contacts are merged.
    pub(super) variant_of: Option<u32>,
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

    /// Prepares to [admit](Self::admit) contacts with these keys.
    pub(super) fn prefetch(&self, keys: impl Iterator<Item = MatchKey>) {
        if self.policy != DedupPolicy::None {
            self.index.prefetch(keys);
        }
    }

    /// Takes the contact of the next record in input order. Returns `None` when there are too many.
    pub(super) fn admit(&mut self, key: MatchKey, id: RecordId) -> Option<Admitted> {
        if self.policy == DedupPolicy::None {
            return Some(Admitted::default());
        }
        let record = self.number_in_run(id)?;
        let (index, kept) = match self.index.admit(key, record) {
            Lookup::New => (self.index.last(), None),
            Lookup::Known(index) => (index, Some(self.index.record_at(index))),
        };
        if self.policy == DedupPolicy::Last {
            self.index.assign(index, record);
        }
        let variant_of = match self.policy {
            DedupPolicy::Merge => self.index.other_form_of(key).filter(|&other| other < index),
            _ => None,
        };
        Some(Admitted { index, kept, variant_of })
    }

    /// The record that had the number with this index first.
    pub(super) fn first_of(&self, index: u32) -> RecordId {
        self.id_of(self.index.record_at(index))
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

    /// The record with this number in the run.
    pub(super) fn id_of(&self, record: u32) -> RecordId {
        let record = u64::from(record);
        let after = self.sources.partition_point(|&(_, before)| before <= record);
        let (source, before) = self.sources[..after].last().copied().unwrap_or_default();
        RecordId { source, record: record - before + 1 }
    }
}
