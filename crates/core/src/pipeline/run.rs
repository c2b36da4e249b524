//! What a run is given, and how it ends.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dedup::DedupPolicy;
use crate::dedup::spill::{ScratchMaker, scratch_in_memory};
use crate::encoder::ContactEncoder;
use crate::exclusion::{ExclusionLists, ExclusionRules, OptOuts};

/// Where the records ended: records = contacts + duplicates + excluded + rejected + blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Records read, headers not counted.
    pub records: u64,
    /// Contacts emitted.
    pub contacts: u64,
    /// Records merged into others or skipped in favour of others.
    pub duplicates: u64,
    /// Records left out, as the person must not be written to.
    pub excluded: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Records without any data.
    pub blank: u64,
    /// Warnings.
    pub warnings: u64,
}

/// Why a run stopped.
#[derive(Debug)]
pub enum Stopped<S, K> {
    /// The source could not be read any further.
    Source(S),
    /// The sink could take no more.
    Sink(K),
    /// Scratch storage could not be written or read back.
    Scratch(io::Error),
    /// The inputs have more records than a run can number: 4,294,967,295.
    TooManyRecords,
    /// [`PipelineOptions::stop`] asked for it.
    Asked,
}

impl<S: fmt::Display, K: fmt::Display> fmt::Display for Stopped<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Source(error) => error.fmt(f),
            Stopped::Sink(error) => error.fmt(f),
            Stopped::Scratch(error) => write!(f, "cannot set contacts aside: {error}"),
            Stopped::TooManyRecords => {
                f.write_str("more than 4,294,967,295 records; split the inputs")
            }
            Stopped::Asked => f.write_str("stopped before the end, as asked"),
        }
    }
}

impl<S, K> std::error::Error for Stopped<S, K>
where
    S: fmt::Debug + fmt::Display,
    K: fmt::Debug + fmt::Display,
{
}

/// How a run works.
#[derive(Clone, Copy)]
pub struct PipelineOptions<'a> {
    /// Number of worker threads; 0 for one per core. With 1, the calling thread does everything.
    pub threads: usize,
    /// Which of several contacts with the same number is kept.
    pub dedup: DedupPolicy,
    /// Numbers and addresses that must not be written to.
    pub exclusion_lists: Option<&'a ExclusionLists>,
    /// What happens to contacts that a column of consents says must not be written to.
    pub opt_outs: OptOuts,
    /// Encodes contacts and limits their size. Without one, contacts are handed over as they are, of
    /// any size.
    pub encoder: Option<&'a dyn ContactEncoder>,
    /// Makes storage for the contacts that [`Merge`](DedupPolicy::Merge) and
    /// [`Last`](DedupPolicy::Last) defer until everything has been read; in memory by default.
    pub scratch: &'a ScratchMaker<'a>,
    /// Stops the run at the next block once any thread sets it.
    pub stop: Option<&'a AtomicBool>,
}

impl<'a> PipelineOptions<'a> {
    pub(super) const fn exclusion(&self) -> ExclusionRules<'a> {
        ExclusionRules { lists: self.exclusion_lists, opt_outs: self.opt_outs }
    }

    pub(super) fn is_asked_to_stop(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Default for PipelineOptions<'_> {
    fn default() -> Self {
        PipelineOptions {
            threads: 0,
            dedup: DedupPolicy::default(),
            exclusion_lists: None,
            opt_outs: OptOuts::default(),
            encoder: None,
            scratch: &scratch_in_memory,
            stop: None,
        }
    }
}
