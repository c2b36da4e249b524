//! A conversion in steps that different machines take: the result is the one that
//! [`Convert::run`](crate::Convert::run) writes, byte for byte.
//!
//! 1. **Plan.** A [`Coordinator`] opens the inputs and decides on their columns, once. Of many inputs,
//!    [other processes](Convert::open_inputs) open some each. The [`Plan`] goes to every [`Worker`].
//!    Whoever has another version, other phone metadata or other options refuses it.
//! 2. **Split.** [`Worker::splits`] cuts an input into splits that can be read by themselves. What
//!    cannot be cut is read as a whole.
//! 3. **Number.** Every split is read once to count its records; [`records_before`] adds them up.
//! 4. **Read.** [`Worker::read`] reads a split, and encodes each record as bytes.
//! 5. **Merge.** [`Worker::merger`] decides on the contacts, sorted by key, then by source and record.
//! 6. **Emit.** [`Coordinator::finish`] takes what was decided on every record, sorted by source and
//!    record, and writes the results. They appear whole, or not at all.
//!
//! Each step depends on its input alone, so any of them can be taken again. How often, in which order, in
//! how many pieces and where does not show in the results.
//!
//! ```
//! use contactmill::distributed::{Plan, records_before};
//! use contactmill::{Convert, Error, RecordId};
//!
//! # let folder = tempfile::tempdir()?;
//! # let (dump, out) = (folder.path().join("leads.csv"), folder.path().join("out"));
//! std::fs::write(&dump, "Name,Phone\nAsha,+919876543210\n,+91 98765 43210\nRavi,none\n")?;
//! let coordinator = Convert::new([dump]).out(&out).distribute()?;
//! let plan = coordinator.plan().to_json();
//!
//! // In other processes, with the same options.
//! let worker = Convert::new::<&str>([]).worker(Plan::from_json(&plan)?)?;
//! let splits = worker.splits(0, 16)?.expect("delimited text in UTF-8");
//! let count = |&split| worker.read(0, Some(split), 0, |_| Ok::<(), Error>(()));
//! let read = splits.splits.iter().map(count).collect::<Result<Vec<_>, _>>()?;
//!
//! let (mut contacts, mut decided) = (Vec::new(), Vec::new());
//! for (&split, before) in splits.splits.iter().zip(records_before(&read)) {
//!     worker.read(0, Some(split), before, |encoded| {
//!         let row = (encoded.record, encoded.bytes.to_vec());
//!         match encoded.key {
//!             Some(key) => contacts.push((key, row)),
//!             None => decided.push(row),
//!         }
//!         Ok::<(), Error>(())
//!     })?;
//! }
//!
//! contacts.sort();
//! let mut take = |id: RecordId, bytes: &[u8]| Ok(decided.push((id.record, bytes.to_vec())));
//! let mut merger = worker.merger();
//! for (_, (_, bytes)) in &contacts {
//!     merger.push(bytes, &mut take)?;
//! }
//! merger.finish(take)?;
//!
//! decided.sort();
//! let rows = decided.iter().map(|(_, bytes)| Ok::<_, Error>(bytes));
//! let manifest = coordinator.finish(&[(splits.sha256, read)], rows)?;
//! assert_eq!((manifest.counts.contacts, manifest.counts.duplicates), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contactmill_core::columns::ColumnMap;
use contactmill_core::exclusion::ExclusionLists;
use contactmill_core::pipeline::EmittedRecord;
use contactmill_core::pipeline::{
    ColumnDamage, Counts, KeyMerger, PipelineOptions, ReadCounts, RecordEncoder, Scratch,
    SourceName, Stopped, emit_encoded,
};
pub use contactmill_core::pipeline::{EncodedRecord, MERGE_KEY_BYTES, MergeKey};
use contactmill_core::records::{RecordId, SourceId};
use contactmill_core::{ContactEncoder, Normalizer};
use contactmill_emit::{
    EmailDomains, Existing, Finished, InputTable, RejectsFormat, ResultFiles, ResultPartition,
    ResultWriter, Staging, WriteThread, indexing_encoder, join_partitions, manifest_counts,
};
use contactmill_source::{AnySource, DumpMember, ReadOptions};
pub use contactmill_source::{InputSplit, InputSplits};
use contactmill_wire::files::MANIFEST;
use contactmill_wire::object::Object;
use serde::{Deserialize, Serialize};

use crate::convert::{Convert, Output, Results, Settings, Written};
pub use crate::decided::DecidedColumns;
use crate::error::{Error, ForeignError, Problem};
use crate::event::{Event, OnEvent};
use crate::exclusion::ListReader;
use crate::inputs::{self, Input, ScratchFile};
use crate::manifest::{self, ExclusionList, Manifest, Options, RunInputs, Tool};
pub use crate::opened_inputs::OpenedInputs;
use crate::opened_inputs::{PlannedInput, PlannedRun};
use crate::opening::check_stop;
use crate::sink::ReportingSink;
use crate::tallies::RunTallies;

/// Why a run cannot be distributed, or a process cannot take part in it.
#[derive(Debug)]
pub(crate) enum DistributedProblem {
    OneProcess,
    NoFile { input: String },
    NotAPlan,
    NotOpened,
    OtherInputs,
    OtherTool { plan: Tool },
    OtherOptions,
    OtherLists,
    NoInput { input: usize },
    RecordsLost { records: u64, outcomes: u64 },
    NotInPartitions,
    Partition { folder: PathBuf, error: io::Error },
    NotSorted(RecordId),
    Merge(io::Error),
    Foreign(ForeignError),
}

impl fmt::Display for DistributedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DistributedProblem::OneProcess => f.write_str(
                "results that are split, and those of a sample or of corrected cells, are written by one \
                 process alone",
            ),
            DistributedProblem::NoFile { input } => {
                write!(f, "{input}: only files can be read by other processes")
            }
            DistributedProblem::NotAPlan => f.write_str("this is not a plan of a distributed run"),
            DistributedProblem::NotOpened => {
                f.write_str("this does not say how inputs were opened for a distributed run")
            }
            DistributedProblem::OtherInputs => {
                f.write_str("the inputs that were opened are not those of the run, in their order")
            }
            DistributedProblem::OtherTool { plan: Tool { name, version, phone_metadata } } => {
                write!(
                    f,
                    "the run is one of {name} {version} with phone metadata {phone_metadata}, and this \
                 process has another version; install the same everywhere"
                )
            }
            DistributedProblem::OtherOptions => {
                f.write_str("the options of this process are not those of the run")
            }
            DistributedProblem::OtherLists => {
                f.write_str("the exclusion lists of this process are not those of the run")
            }
            DistributedProblem::NoInput { input } => write!(f, "the plan has no input {input}"),
            DistributedProblem::RecordsLost { records, outcomes } => write!(
                f,
                "{records} records were read, and {outcomes} were decided on; nothing was written"
            ),
            DistributedProblem::NotInPartitions => f.write_str(
                "Parquet, workbooks and what is compared with an earlier result are written by one process",
            ),
            DistributedProblem::Partition { folder, error } => {
                write!(f, "{}: this partition of the results cannot be read: {error}", folder.display())
            }
            DistributedProblem::NotSorted(RecordId { source, record }) => write!(
                f,
                "record {record} of input {} came twice, or not in order; nothing was written",
                source.0
            ),
            DistributedProblem::Merge(error) => write!(f, "contacts cannot be merged: {error}"),
            DistributedProblem::Foreign(error) => error.fmt(f),
        }
    }
}

impl From<DistributedProblem> for Error {
    fn from(problem: DistributedProblem) -> Self {
        Problem::Distributed(problem).into()
    }
}

/// What every process of a distributed run must know: the inputs, what their columns hold, and who reads
/// them so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    tool: Tool,
    options: Options,
    exclusion_lists: Vec<ExclusionList>,
    inputs: Vec<PlannedInput>,
}

impl Plan {
    /// The names of the inputs. The index of each is what [`Worker::read`] knows it by, and the
    /// [`SourceId`] of its records.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.inputs.iter().map(|input| input.name.as_str())
    }

    fn tables(&self) -> Vec<InputTable<'_>> {
        let inputs = self.inputs.iter();
        inputs
            .map(|PlannedInput { name, columns, .. }| InputTable { name, header: &columns.header })
            .collect()
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Of such values, writing into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of what [`to_json`](Plan::to_json) has written.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|_| DistributedProblem::NotAPlan.into())
    }
}

/// What [`Worker::read`] has read of a split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReadSplit {
    /// Records, headers not counted.
    pub records: u64,
    /// Records without any data, which were not handed over.
    pub blank: u64,
    /// How many contacts opted out by each column of consents.
    pub opt_outs: Vec<(String, u64)>,
    /// By the index of the column, values for which a record was rejected, and warnings about values.
    pub damage: Vec<(usize, u64, u64)>,
    /// The SHA-256 of the input, where it was read as a whole.
    pub sha256: Option<String>,
}

/// How many records of an input come before each of its splits, which stand in their order.
#[must_use]
pub fn records_before(splits: &[ReadSplit]) -> Vec<u64> {
    let before = |sum: &mut u64, split: &ReadSplit| {
        let before = *sum;
        *sum += split.records;
        Some(before)
    };
    splits.iter().scan(0, before).collect()
}

/// Takes part in a distributed run: it reads, it merges, and it writes partitions of the results.
pub struct Worker<'c> {
    settings: Settings<'c>,
    plan: Plan,
    maps: Vec<Option<ColumnMap>>,
    normalizer: Normalizer,
    /// Read when the first record is.
    lists: OnceCell<ExclusionLists>,
    /// Encodes contacts as the results need them.
    encoder: Option<Box<dyn ContactEncoder>>,
    source_name: Box<SourceName<'static>>,
}

impl<'c> Worker<'c> {
    pub(crate) fn new(settings: Settings<'c>, plan: Plan) -> Result<Self, Error> {
        if plan.tool != manifest::tool() {
            return Err(DistributedProblem::OtherTool { plan: plan.tool }.into());
        }
        if plan.options != manifest::options(&settings) {
            return Err(DistributedProblem::OtherOptions.into());
        }
        let maps = plan.inputs.iter().map(|input| input.columns.map()).collect::<Result<_, _>>()?;
        let normalizer = Normalizer::new(settings.options.clone());
        // Whoever asks for an encoder alone writes no file.
        let files = ResultFiles::new(Path::new(""));
        let contacts = settings.contact_writer(&files, &[], WriteThread::Caller)?;
        let encoder = indexing_encoder(&*contacts, None);
        let names: Vec<String> = plan.inputs().map(str::to_owned).collect();
        let name = move |source: SourceId| names.get(source.0 as usize).cloned();
        let source_name = Box::new(move |source| name(source).unwrap_or_default());
        let lists = OnceCell::new();
        Ok(Worker { settings, plan, maps, normalizer, lists, encoder, source_name })
    }

    /// Reads the exclusion lists, unless that was done.
    fn lists(&self) -> Result<(), Error> {
        if self.settings.exclude.is_empty() || self.lists.get().is_some() {
            return Ok(());
        }
        let reader = ListReader::of(&self.settings, &tempfile::tempfile);
        let (lists, listed) = reader.read(&mut |_| {})?;
        if listed != self.plan.exclusion_lists {
            return Err(DistributedProblem::OtherLists.into());
        }
        self.lists.get_or_init(|| lists);
        Ok(())
    }

    /// Cuts an input into splits of about this many bytes; `None` where it can only be read as a whole.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or was changed.
    pub fn splits(&self, input: usize, bytes: u64) -> Result<Option<InputSplits>, Error> {
        self.with_member(input, |member, reading, _| Ok(member.splits(reading, bytes)?))
    }

    /// Opens a split of an input, or all of it, before which the input has this many records.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or was changed, or an exclusion list is not that of the run.
    pub fn open(
        &self,
        input: usize,
        split: Option<InputSplit>,
        before: u64,
    ) -> Result<SplitReader, Error> {
        self.lists()?;
        self.with_member(input, |member, reading, planned| {
            let member = split.map_or_else(|| member.clone(), |split| member.within(split));
            let source = member.open(reading)?;
            planned.check(&source)?;
            let id = SourceId(u32::try_from(input).unwrap_or(u32::MAX));
            let (encoder, is_whole) = (RecordEncoder::new(id, before), split.is_none());
            Ok(SplitReader { input, source, encoder, is_whole })
        })
    }

    /// Reads a split of an input, or all of it, before which the input has this many records, and hands each
    /// record over that is not blank, in order.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Worker::open), and when `take` fails.
    pub fn read<E: Into<ForeignError>>(
        &self,
        input: usize,
        split: Option<InputSplit>,
        before: u64,
        mut take: impl FnMut(EncodedRecord<'_>) -> Result<(), E>,
    ) -> Result<ReadSplit, Error> {
        let mut reader = self.open(input, split, before)?;
        while reader.next_block(self, &mut take)? {}
        reader.finish(self)
    }

    /// Decides on contacts, which come sorted by key, then by source and record.
    #[must_use]
    pub fn merger(&self) -> ContactMerger<'_> {
        ContactMerger(KeyMerger::new(self.options(), &*self.source_name))
    }

    /// Writes a partition of the results to a folder that is not there yet, all but what is known of the
    /// whole; its manifest last. `decided` is as for [`Coordinator::finish`], and without gaps: the records of
    /// the next partition come behind all of this one's. [`Coordinator::join`] makes one result of all.
    ///
    /// # Errors
    ///
    /// When the results cannot be written, or not in partitions: Parquet, workbooks and deltas are written
    /// by one process.
    pub fn write_partition<B: AsRef<[u8]>, E: Into<ForeignError>>(
        &self,
        folder: &Path,
        decided: impl IntoIterator<Item = Result<B, E>>,
    ) -> Result<(), Error> {
        self.settings.check_partitions()?;
        let staging = Staging::new(folder, Existing::Keep)?;
        let tables = self.plan.tables();
        let (files, scratch) = (staging.files(), || staging.scratch());
        let results = Results { tables: &tables, files, scratch: &scratch, earlier: None };
        let written = self.settings.write_whole(results, |result, _| {
            let emit = Emit { settings: &self.settings, on_event: &mut |_| {} };
            emit.all(result, &scratch, decided)
        })?;
        Partition::of(written).write(files)?;
        staging.commit()?;
        Ok(())
    }

    fn options(&self) -> PipelineOptions<'_> {
        PipelineOptions {
            threads: 1,
            dedup: self.settings.dedup,
            exclusion_lists: self.lists.get(),
            opt_outs: self.settings.opt_outs,
            encoder: self.encoder.as_deref(),
            scratch: &scratch,
            stop: self.settings.stop,
        }
    }

    /// Finds an input, which is not open yet.
    fn with_member<T>(
        &self,
        input: usize,
        take: impl FnOnce(&DumpMember, ReadOptions<'_>, &PlannedInput) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let planned = self.plan.inputs.get(input).ok_or(DistributedProblem::NoInput { input })?;
        let is_header = |row: &[String]| self.settings.mapping.is_header(row);
        let reading = self.settings.reading.options(&tempfile::tempfile, &is_header);
        take(&planned.member(reading)?, reading, planned)
    }

    fn stopped<S: Into<Error>, E: Into<ForeignError>>(&self, stopped: Stopped<S, E>) -> Error {
        match stopped {
            Stopped::Source(error) => error.into(),
            Stopped::Sink(error) => Error::foreign(error.into()),
            Stopped::Scratch(error) => {
                Problem::Scratch { out: self.settings.out.clone(), error }.into()
            }
            Stopped::TooManyRecords => Problem::TooManyRecords.into(),
            Stopped::Asked => Problem::Stopped.into(),
        }
    }
}

/// Reads a split block by block, for whoever asks for them: [`Worker::read`] reads all of it.
pub struct SplitReader {
    input: usize,
    source: AnySource,
    encoder: RecordEncoder,
    is_whole: bool,
}

impl SplitReader {
    /// Reads the next block as the worker that has opened the split, and hands its records over. Returns
    /// whether there was one.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or `take` fails.
    pub fn next_block<E: Into<ForeignError>>(
        &mut self,
        worker: &Worker<'_>,
        mut take: impl FnMut(EncodedRecord<'_>) -> Result<(), E>,
    ) -> Result<bool, Error> {
        let Some(map) = worker.maps.get(self.input).and_then(Option::as_ref) else {
            return Ok(false);
        };
        let (columns, options) = ((map, &worker.normalizer), worker.options());
        let read = self.encoder.next_block(&mut self.source, columns, &options, &mut take);
        read.map_err(|stopped| worker.stopped(stopped))
    }

    /// What was read, once there is no block left.
    ///
    /// # Errors
    ///
    /// When the digest of the input cannot be taken.
    pub fn finish(self, worker: &Worker<'_>) -> Result<ReadSplit, Error> {
        let map = worker.maps.get(self.input).and_then(Option::as_ref);
        let counts = map.map_or_else(ReadCounts::default, |map| self.encoder.finish(map));
        let damage = counts.damage.into_iter();
        Ok(ReadSplit {
            records: counts.records,
            blank: counts.blank,
            opt_outs: counts.opt_outs,
            damage: damage.map(|(column, own)| (column, own.rejected, own.warnings)).collect(),
            sha256: self.is_whole.then(|| self.source.sha256()).transpose()?,
        })
    }
}

impl fmt::Debug for SplitReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SplitReader").field("input", &self.input).finish_non_exhaustive()
    }
}

impl fmt::Debug for Worker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Decides which contacts are kept, and merges the others into them. However many have one key, they are
/// not in memory together; files for scratch storage are made where the system keeps temporary files.
pub struct ContactMerger<'w>(KeyMerger<'w>);

impl ContactMerger<'_> {
    /// Takes the next contact as it was encoded. Hands over what is decided by now: records, each with bytes for [`Coordinator::finish`].
    ///
    /// # Errors
    ///
    /// When the bytes are no contact, contacts are not sorted, scratch storage cannot be written, or `take`
    /// fails.
    pub fn push(
        &mut self,
        contact: &[u8],
        mut take: impl FnMut(RecordId, &[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        Ok(self.0.push(contact, &mut take).map_err(DistributedProblem::Merge)?)
    }

    /// Decides on the contacts of the last key.
    ///
    /// # Errors
    ///
    /// When scratch storage cannot be read back, or `take` fails.
    pub fn finish(
        self,
        mut take: impl FnMut(RecordId, &[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        Ok(self.0.finish(&mut take).map_err(DistributedProblem::Merge)?)
    }
}

impl fmt::Debug for ContactMerger<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactMerger").finish_non_exhaustive()
    }
}

fn scratch() -> io::Result<Box<dyn Scratch>> {
    Ok(Box::new(tempfile::tempfile()?))
}

/// Has other processes open the inputs.
pub(crate) type OpenElsewhere<'o> = dyn FnOnce() -> Result<Vec<OpenedInputs>, Error> + 'o;

/// Begins a distributed run, and ends it with the results. Until then their folder is locked.
pub struct Coordinator<'c> {
    settings: Settings<'c>,
    on_event: Box<OnEvent<'c>>,
    staging: Staging,
    inputs: RunInputs,
    plan: Plan,
}

impl<'c> Coordinator<'c> {
    /// `open` gives the inputs as other processes have opened them; without it, they are opened here.
    pub(crate) fn new(
        convert: Convert<'c>,
        open: Option<Box<OpenElsewhere<'_>>>,
    ) -> Result<Self, Error> {
        let Convert { inputs, mut on_event, settings } = convert;
        if settings.split_by.is_some() || settings.sample.is_some() || settings.fixes.is_some() {
            return Err(DistributedProblem::OneProcess.into());
        }
        inputs::check(inputs.iter().filter_map(Input::path).chain(settings.exclusion_lists()))?;
        // What is wrong with it is better known now.
        settings.earlier()?;
        let staging = settings.stage(&inputs, &mut on_event)?;
        let scratch = || staging.scratch();
        let is_header = |row: &[String]| settings.mapping.is_header(row);
        let reading = settings.reading.options(&scratch, &is_header);
        let run = match open {
            None => PlannedRun::open(&settings, inputs, reading, &mut on_event)?,
            Some(open) => {
                PlannedRun::of_opened(&settings, &inputs, open()?, reading, &mut on_event)?
            }
        };
        let (_, exclusion_lists) = ListReader::of(&settings, &scratch).read(&mut on_event)?;
        let plan = Plan {
            tool: manifest::tool(),
            options: manifest::options(&settings),
            exclusion_lists,
            inputs: run.planned,
        };
        Ok(Coordinator { settings, on_event, staging, inputs: run.inputs, plan })
    }

    /// What every [`Worker`] needs.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes the results. `read` has, for each input, its SHA-256 and what was read of its splits, in
    /// order; `decided` has what was decided on each record, sorted by source and record.
    ///
    /// # Errors
    ///
    /// When not every record that was read was decided on once, or the results cannot be written. Nothing
    /// is left behind then, and earlier results stay as they are.
    pub fn finish<B: AsRef<[u8]>, E: Into<ForeignError>>(
        self,
        read: &[(String, Vec<ReadSplit>)],
        decided: impl IntoIterator<Item = Result<B, E>>,
    ) -> Result<Manifest, Error> {
        let Coordinator { settings, mut on_event, staging, mut inputs, plan } = self;
        let all = ReadAll::of(read, &mut inputs);
        on_event(Event::Writing);
        let tables = plan.tables();
        let earlier = settings.earlier()?;
        let (files, scratch) = (staging.files(), || staging.scratch());
        let results =
            Results { tables: &tables, files, scratch: &scratch, earlier: earlier.as_ref() };
        let mut written = settings.write_whole(results, |result, _| {
            let emit = Emit { settings: &settings, on_event: &mut on_event };
            emit.all(result, &scratch, decided)
        })?;
        all.check(manifest_counts(written.counts, None))?;
        (written.counts.records, written.counts.blank) = (all.records, all.blank);
        written.finished.opt_outs = all.opt_outs;
        written.tallies.damage = all.damage;
        let manifest = written.write_manifests(&settings, inputs, plan.exclusion_lists, files)?;
        settings.commit(staging, &mut on_event)?;
        Ok(manifest)
    }

    /// Where [workers](Worker::write_partition) may write partitions: a folder beside the results, which goes when
    /// the run ends.
    #[must_use]
    pub fn partitions_folder(&self) -> PathBuf {
        self.staging.path_of(PARTITIONS)
    }

    /// Joins partitions, in their order, to the results, which are those of [`finish`](Coordinator::finish) but
    /// for where arrays end: one ends where a partition does. Contacts stay in their order.
    ///
    /// # Errors
    ///
    /// As [`finish`](Coordinator::finish); and when partitions cannot be read.
    pub fn join(
        self,
        read: &[(String, Vec<ReadSplit>)],
        partitions: &[PathBuf],
    ) -> Result<Manifest, Error> {
        let partitions_folder = self.partitions_folder();
        let Coordinator { settings, mut on_event, staging, mut inputs, plan } = self;
        settings.check_partitions()?;
        let all = ReadAll::of(read, &mut inputs);
        on_event(Event::Writing);
        let (mut counts, mut finished) = (Counts::default(), Finished::default());
        (counts.records, counts.blank) = (all.records, all.blank);
        finished.opt_outs.clone_from(&all.opt_outs);
        let tallies = RunTallies { damage: all.damage.clone(), ..RunTallies::default() };
        let (lists, counted) = (plan.exclusion_lists, (counts, tallies));
        let mut run = manifest::of_run(&settings, inputs, lists, counted, finished);
        let mut results = Vec::with_capacity(partitions.len());
        let mut domains = EmailDomains::default();
        for folder in partitions {
            let Partition { mut manifest, email_domains } = Partition::read(folder)?;
            let files = std::mem::take(&mut manifest.files);
            results.push(ResultPartition { folder: folder.clone(), files });
            manifest::add(&mut run, manifest);
            email_domains
                .iter()
                .for_each(|(name, contacts)| domains.add(name.as_bytes(), *contacts));
        }
        run.contacts_by_email_domain = domains.frequent();
        all.check(run.counts)?;
        let scratch = || Ok(Box::new(staging.scratch()?) as Box<dyn Scratch>);
        run.files = join_partitions(&results, staging.files(), &scratch)?;
        settings.write_manifest(&run, staging.files())?;
        remove_partitions(partitions_folder)?;
        settings.commit(staging, &mut on_event)?;
        Ok(run)
    }
}

/// The folder in the staging folder that partitions are written to.
const PARTITIONS: &str = "partitions";

/// Removes the folder of partitions, to which an attempt that was given up may still be writing.
fn remove_partitions(folder: PathBuf) -> Result<(), Error> {
    let mut pauses = [1, 2, 4].into_iter().map(Duration::from_secs);
    loop {
        match std::fs::remove_dir_all(&folder) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => match pauses.next() {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(DistributedProblem::Partition { folder, error }.into()),
            },
        }
    }
}

/// What a partition is made of: its manifest, and what only all partitions together can decide on.
#[derive(Serialize, Deserialize)]
struct Partition {
    manifest: Manifest,
    /// In the order in which they came.
    email_domains: Vec<(String, u64)>,
}

impl Partition {
    fn of(written: Written) -> Self {
        let domains = written.finished.contacts.email_domains.iter();
        let email_domains = domains.map(|(name, contacts)| (name.into_owned(), contacts)).collect();
        Partition { email_domains, manifest: manifest::of_partition(written) }
    }

    fn write(&self, files: &ResultFiles) -> Result<(), Error> {
        let mut file = files.create(MANIFEST)?;
        let written = serde_json::to_writer(&mut file, self).map_err(io::Error::from);
        written.map_err(|error| file.failed(error))?;
        Ok(file.finish()?)
    }

    fn read(folder: &Path) -> Result<Self, Error> {
        let read = || {
            let json = std::fs::read(folder.join(MANIFEST))?;
            let Object(partition): Object<Partition> = serde_json::from_slice(&json)?;
            Ok(partition)
        };
        read().map_err(|error| {
            DistributedProblem::Partition { folder: folder.to_owned(), error }.into()
        })
    }
}

impl fmt::Debug for Coordinator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// Hands what is decided over to the results.
struct Emit<'e, 'c> {
    settings: &'e Settings<'c>,
    on_event: &'e mut OnEvent<'c>,
}

impl Emit<'_, '_> {
    fn all<'w, B: AsRef<[u8]>, E: Into<ForeignError>>(
        self,
        result: ResultWriter<'w>,
        scratch: ScratchFile<'_>,
        decided: impl IntoIterator<Item = Result<B, E>>,
    ) -> Result<(Counts, ResultWriter<'w>, RunTallies), Error> {
        let (mut counts, mut last) = (Counts::default(), None);
        let scratch = || Ok(Box::new(scratch()?) as Box<dyn Scratch>);
        let mut sink = ReportingSink::new(result, &scratch, self.on_event);
        // Those that came to a contact may be in other partitions.
        let mut clusters = RunTallies::default();
        for row in decided {
            check_stop(self.settings.stop)?;
            let bytes = row.map_err(|error| Error::foreign(error.into()))?;
            let emitted = emit_encoded(bytes.as_ref(), &mut counts, &mut sink);
            let EmittedRecord { id, duplicates, .. } =
                emitted.map_err(|stopped| Error::stopped(stopped, &self.settings.out))?;
            if duplicates > 0 {
                clusters.add_cluster(duplicates);
            }
            if last.replace(id) >= Some(id) {
                return Err(DistributedProblem::NotSorted(id).into());
            }
        }
        let (result, tallies) = sink.finish()?;
        Ok((counts, result, RunTallies { clusters: clusters.clusters, ..tallies }))
    }
}

/// What was read of all inputs.
#[derive(Default)]
struct ReadAll {
    records: u64,
    blank: u64,
    /// Contacts that opted out, by source and column.
    opt_outs: Vec<(SourceId, String, u64)>,
    /// Damage by source and column.
    damage: Vec<(SourceId, String, ColumnDamage)>,
}

impl ReadAll {
    /// Adds up what was read, and completes the inputs.
    fn of(read: &[(String, Vec<ReadSplit>)], run: &mut RunInputs) -> Self {
        let mut all = ReadAll::default();
        let inputs = run.inputs.iter_mut().zip(&run.mapping);
        for (source, ((input, mapping), (sha256, splits))) in
            (0..).map(SourceId).zip(inputs.zip(read))
        {
            input.sha256.clone_from(sha256);
            input.records = splits.iter().map(|split| split.records).sum();
            all.records += input.records;
            all.blank += splits.iter().map(|split| split.blank).sum::<u64>();
            let mut by_column: Vec<(&str, u64)> = Vec::new();
            for (column, contacts) in splits.iter().flat_map(|split| &split.opt_outs) {
                match by_column.iter_mut().find(|(known, _)| known == column) {
                    Some((_, sum)) => *sum += contacts,
                    None => by_column.push((column, *contacts)),
                }
            }
            let some = by_column.into_iter().filter(|&(_, contacts)| contacts > 0);
            all.opt_outs.extend(some.map(|(name, contacts)| (source, name.to_owned(), contacts)));
            let damage = damage(splits).into_iter().map(|(column, damage)| {
                let name = mapping.columns.get(column).map(|column| column.column.clone());
                (source, name.unwrap_or_default(), damage)
            });
            all.damage.extend(damage);
        }
        all
    }

    /// Requires that every record was decided on.
    fn check(&self, counts: manifest::Counts) -> Result<(), Error> {
        let manifest::Counts { contacts, unchanged, duplicates, excluded, rejected, .. } = counts;
        let outcomes = contacts + unchanged + duplicates + excluded + rejected + self.blank;
        let records = self.records;
        match outcomes == records {
            true => Ok(()),
            false => Err(DistributedProblem::RecordsLost { records, outcomes }.into()),
        }
    }
}

/// Damage by column, of all splits of an input.
fn damage(splits: &[ReadSplit]) -> BTreeMap<usize, ColumnDamage> {
    let mut all: BTreeMap<usize, ColumnDamage> = BTreeMap::new();
    for &(column, rejected, warnings) in splits.iter().flat_map(|split| &split.damage) {
        let damage = all.entry(column).or_default();
        damage.rejected += rejected;
        damage.warnings += warnings;
    }
    all
}

impl Settings<'_> {
    /// Requires that results can be joined of partitions.
    fn check_partitions(&self) -> Result<(), Error> {
        #[cfg(feature = "arrow")]
        let is_text = self.output != Output::Parquet;
        #[cfg(not(feature = "arrow"))]
        let is_text = true;
        match is_text && self.rejects == RejectsFormat::Csv && self.since.is_none() {
            true => Ok(()),
            false => Err(DistributedProblem::NotInPartitions.into()),
        }
    }
}
