//! What the pipeline hands over goes to the results, and is reported.

use std::io;
use std::sync::Arc;

use contactmill_core::dedup::Conflict;
use contactmill_core::exclusion::Exclusion;
use contactmill_core::pipeline::{ColumnDamage, DuplicateEncoder, Emitted, ScratchMaker, Sink};
use contactmill_core::records::{Position, Record, RecordId, SourceId};
use contactmill_core::{PhoneNumber, Rejection, Warning};
use contactmill_emit::{EmitError, Finished};
use contactmill_wire::files::DUPLICATES;

use crate::event::{Event, OnEvent, Progress};
use crate::tallies::{RunTallies, RunTally};

/// Writes outcomes to the results and reports them.
pub(crate) struct ReportingSink<'s, 'e, K> {
    result: K,
    tally: RunTally<'s>,
    on_event: &'s mut OnEvent<'e>,
    /// The inputs that were read to their end.
    done: Progress,
}

impl<'s, 'e, K> ReportingSink<'s, 'e, K> {
    pub(crate) fn new(
        result: K,
        scratch: &'s ScratchMaker<'s>,
        on_event: &'s mut OnEvent<'e>,
    ) -> Self {
        let tally = RunTally::new(scratch);
        ReportingSink { result, tally, on_event, done: Progress::default() }
    }

    /// An input of this size was read to its end.
    pub(crate) fn end_input(&mut self, bytes: u64, records: u64) {
        self.done.bytes += bytes;
        self.done.records += records;
        (self.on_event)(Event::Progress(self.done));
    }

    /// Everything has been read.
    pub(crate) fn end_reading(&mut self) {
        (self.on_event)(Event::Writing);
    }

    fn note_duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        (self.on_event)(Event::Duplicate { record, kept, conflicts });
        self.tally.duplicate(kept, conflicts).map_err(not_counted)
    }

    /// The results, and what was counted.
    pub(crate) fn finish(self) -> Result<(K, RunTallies), EmitError> {
        let tallies = self.tally.finish().map_err(not_counted)?;
        Ok((self.result, tallies))
    }
}

fn not_counted(error: io::Error) -> EmitError {
    EmitError::Io { path: DUPLICATES.into(), action: "cannot be counted", error }
}

/// Takes the outcomes of a run that writes nothing.
#[derive(Debug, Default)]
pub(crate) struct CountingSink(Finished);

impl CountingSink {
    /// What a run that writes nothing has to say.
    pub(crate) fn into_finished(self) -> Finished {
        self.0
    }
}

impl Sink for CountingSink {
    type Error = EmitError;

    fn contact(&mut self, _: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        if let Some(region) = contact.phone().region() {
            *self.0.contacts.regions.entry(region).or_default() += 1;
        }
        Ok(())
    }

    fn rejected(&mut self, _: Record<'_>, _: &Rejection) -> Result<(), EmitError> {
        Ok(())
    }

    fn excluded(&mut self, _: Record<'_>, _: Exclusion<'_>) -> Result<(), EmitError> {
        Ok(())
    }

    fn opt_outs(&mut self, source: SourceId, column: &str, contacts: u64) {
        self.0.opt_outs.push((source, column.to_owned(), contacts));
    }

    fn duplicate(&mut self, _: Record<'_>, _: RecordId, _: &[Conflict]) -> Result<(), EmitError> {
        Ok(())
    }

    fn warning(&mut self, _: Position, _: &Warning) -> Result<(), EmitError> {
        Ok(())
    }
}

impl<K: Sink<Error = EmitError>> Sink for ReportingSink<'_, '_, K> {
    type Error = EmitError;

    fn record(&mut self, record: Record<'_>, phone: Option<PhoneNumber>) -> Result<(), EmitError> {
        self.result.record(record, phone)
    }

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
        self.result.contact(position, contact)
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), EmitError> {
        (self.on_event)(Event::Rejected { record, rejection });
        self.result.rejected(record, rejection)
    }

    fn excluded(&mut self, record: Record<'_>, exclusion: Exclusion<'_>) -> Result<(), EmitError> {
        (self.on_event)(Event::Excluded { record, exclusion });
        self.result.excluded(record, exclusion)
    }

    fn opt_outs(&mut self, source: SourceId, column: &str, contacts: u64) {
        self.result.opt_outs(source, column, contacts);
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), EmitError> {
        self.note_duplicate(record, kept, conflicts)?;
        self.result.duplicate(record, kept, conflicts)
    }

    fn duplicate_encoder(&self) -> Option<Arc<dyn DuplicateEncoder>> {
        self.result.duplicate_encoder()
    }

    fn encoded_duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
        encoded: &[u8],
    ) -> Result<(), EmitError> {
        self.note_duplicate(record, kept, conflicts)?;
        self.result.encoded_duplicate(record, kept, conflicts, encoded)
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), EmitError> {
        (self.on_event)(Event::Warning { position, warning });
        self.result.warning(position, warning)
    }

    fn damage(&mut self, source: SourceId, column: &str, damage: ColumnDamage) {
        self.tally.damage(source, column, damage);
    }

    fn source_name(&self, source: SourceId) -> String {
        self.result.source_name(source)
    }

    fn progress(&mut self, bytes: u64, records: u64) {
        let Progress { bytes: done_bytes, records: done_records } = self.done;
        (self.on_event)(Event::Progress(Progress {
            bytes: done_bytes + bytes,
            records: done_records + records,
        }));
    }
}
