//! Which contact has its number first, or last, in the order of the inputs.

use crate::dedup::{DedupPolicy, KeyIndex, MatchKey, Place};
use crate::records::{RecordId, SourceId};

/// Decides in input order, so that threads do not show.
pub(super) struct Order {
    policy: DedupPolicy,
    index: KeyIndex,
    /// The inputs, and the number in the run of the first record of each.
    sources: Vec<(SourceId, u64)>,
}

/// What a contact is by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// The first with it.
    First,
    /// There was one before, which was the first of its number at this place among the first ones.
    After {
        /// The place of the number in the order in which numbers came.
        place: u32,
        /// The record that had the number.
        kept: RecordId,
    },
}

impl Order {
    pub(super) fn new(policy: DedupPolicy) -> Self {
        Order { policy, index: KeyIndex::default(), sources: Vec::new() }
    }

    pub(super) const fn policy(&self) -> DedupPolicy {
        self.policy
    }

    /// The records of this input come next; there were so many before.
    pub(super) fn begin_source(&mut self, source: SourceId, records_before: u64) {
        self.sources.push((source, records_before));
    }

    /// Takes the contact of the next record in input order. `None` where there are too many.
    pub(super) fn admit(&mut self, key: MatchKey, id: RecordId) -> Option<Admitted> {
        if self.policy == DedupPolicy::None {
            return Some(Admitted::First);
        }
        let record = self.number_in_run(id)?;
        Some(match self.index.admit(key, record) {
            Place::New => Admitted::First,
            Place::Known(place) => {
                let kept = self.id_of(self.index.record_at(place));
                if self.policy == DedupPolicy::Last {
                    self.index.give(place, record);
                }
                Admitted::After { place, kept }
            }
        })
    }

    /// The record of the current input by its number in the run.
    pub(super) fn number_in_run(&self, id: RecordId) -> Option<u32> {
        let before = self.sources.last().map_or(0, |&(_, before)| before);
        u32::try_from(before + id.record - 1).ok()
    }

    /// The record that has the key once all have been admitted, unless it is this one.
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
