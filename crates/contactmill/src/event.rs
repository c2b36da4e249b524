//! What a run reports while it goes on.

use std::fmt;
use std::path::Path;

use contactmill_core::columns::ColumnMap;
use contactmill_core::dedup::Conflict;
use contactmill_core::exclusion::Exclusion;
use contactmill_core::records::{Position, Record, RecordId};
use contactmill_core::regions::RegionFits;
use contactmill_core::{Rejection, Warning};
use contactmill_emit::{Staging, StagingNote};
use contactmill_source::Format;

/// Something that happens in a run. It is reported on the thread that called `run`, in this order:
/// the staging folder, what stands in the inputs, the inputs, regions, records and progress, the end.
///
/// Records hold personal data. Whoever logs events decides which of it may be written.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// The staging folder was created. Until the run has [`Started`](Event::Started), it may wait
    /// for an input and look at nothing else.
    Staged(StagingFolder<'e>),
    /// Something about the result folder that people should know. The results are whole all the
    /// same.
    Note(&'e StagingNote),
    /// An input that is no file is copied now. That may wait for whoever writes it.
    Copying {
        /// The name of the input.
        input: &'e str,
    },
    /// A member of an archive is skipped, as no records can be read from it, or one of all sheets of a
    /// workbook, as it is empty, hidden or without contacts.
    SkippedMember {
        /// The name of the member, behind that of the archive or the workbook.
        member: &'e str,
        /// What it is, such as `a PNG image`.
        what: &'e str,
    },
    /// A column is skipped: its values have no text.
    SkippedColumn {
        /// The name of the input.
        input: &'e str,
        /// The name of the column.
        column: &'e str,
        /// What its cells hold, such as `lists`.
        holds: &'e str,
    },
    /// [`Reading::no_header`](crate::Reading::no_header) changes nothing for this input, as its
    /// format has no header row.
    NoHeaderRow {
        /// The name of the input.
        input: &'e str,
        /// Its format.
        format: Format,
    },
    /// An input, or a member of one, is open and its columns are known. All of them are reported
    /// before the first record, in the order of their
    /// [`SourceId`](contactmill_core::records::SourceId).
    Opened(OpenedInput<'e>),
    /// How the first numbers without a country code fit the regions of the world. It is advice:
    /// nothing is read by it.
    Regions(&'e RegionFits),
    /// All inputs are open. From here on, `stop` is looked at after every block.
    Started {
        /// The size of all inputs together, in bytes.
        bytes: u64,
    },
    /// How far the run is.
    Progress(Progress),
    /// A record was rejected.
    Rejected {
        /// The record.
        record: Record<'e>,
        /// Why.
        rejection: &'e Rejection,
    },
    /// A record was excluded: the person must not be written to.
    Excluded {
        /// The record.
        record: Record<'e>,
        /// Why.
        exclusion: Exclusion<'e>,
    },
    /// A record was merged into the contact of another, or skipped in its favour.
    Duplicate {
        /// The record.
        record: Record<'e>,
        /// The record of the other.
        kept: RecordId,
        /// The values that it loses.
        conflicts: &'e [Conflict],
    },
    /// A value was changed beyond layout, or is suspect.
    Warning {
        /// Where its record stands.
        position: Position,
        /// The warning.
        warning: &'e Warning,
    },
    /// Everything has been read. What was deferred for merging is written now.
    Writing,
    /// The results are in place.
    Committed {
        /// Where they stand.
        path: &'e Path,
    },
}

/// How far a run is, over all its inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes read.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
}

/// An input, or a member of one, whose columns are known.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OpenedInput<'e> {
    /// The name of the input and, where it is an archive, of the member.
    pub name: &'e str,
    /// The format.
    pub format: Format,
    /// Size in bytes.
    pub bytes: u64,
    /// What its columns hold; `None` when it is empty.
    pub columns: Option<&'e ColumnMap>,
    /// Whether it is a table that an earlier run wrote, such as `rejects.csv`, and the `manifest.json` of that run
    /// is not beside it: its columns were decided by its own rows, which are few.
    pub decided_anew: bool,
}

/// The folder in which results grow before they appear whole.
#[derive(Clone, Copy)]
pub struct StagingFolder<'e>(pub(crate) &'e Staging);

impl StagingFolder<'_> {
    /// Removes the folder, for a process that must end before the run returns. Whoever only wants
    /// to stop the run does not need it: a run that ends with an error leaves nothing.
    #[must_use]
    pub fn removal(&self) -> Box<dyn FnOnce() + Send> {
        Box::new(self.0.removal())
    }
}

impl fmt::Debug for StagingFolder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StagingFolder").field(&self.0.out()).finish()
    }
}

/// Takes the events of a run.
pub(crate) type OnEvent<'a> = dyn FnMut(Event<'_>) + 'a;
