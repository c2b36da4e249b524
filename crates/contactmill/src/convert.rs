//! From inputs to a result folder.

use std::fmt;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use contactmill_core::columns::FieldMapping;
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::exclusion::{ExclusionLists, OptOuts};
use contactmill_core::pipeline::{Counts, Pipeline, PipelineOptions, Scratch, Sink};
use contactmill_core::records::{Sample, SourceId};
use contactmill_core::regions::{RegionFits, RegionSample};
use contactmill_core::split::SplitBy;
use contactmill_core::{ContactEncoder, Normalizer, Options};
use contactmill_emit::{
    ArrayEncoder, ArrayLayout, ArrayWriter, BatchLimits, ContactTable, ContactWriter, EmitError,
    Existing, Finished, FinishedPart, InputTable, RejectsFormat, ResultFiles, ResultWriter,
    SplitWriter, Staging, WriteThread, indexing_encoder, write_manifest, write_report,
};
use contactmill_source::ReadOptions;

use crate::distributed::{Coordinator, Plan, Worker};
use crate::error::{Error, ForeignError, Problem};
use crate::event::{Event, OnEvent, Progress, StagingFolder};
use crate::exclusion::ListReader;
use crate::fixes::Fixes;
use crate::inputs::{self, Input, Reading, ScratchFile};
use crate::limits::MaxRejects;
use crate::manifest::{self, ExclusionList, Manifest, RunInputs};
use crate::opened_inputs::OpenedInputs;
use crate::opening::{Exclusions, Opened, Opening};
use crate::scratch::scratch;
use crate::since::{Earlier, SinceProblem};
use crate::sink::{CountingSink, ReportingSink};
use crate::split;
use crate::tallies::RunTallies;

/// What contacts are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// JSON arrays for the import API.
    #[default]
    Import,
    /// A table, `contacts.csv`.
    Csv,
    /// A table, `contacts.ndjson`: one object a line.
    Ndjson,
    /// A table, `contacts.parquet`.
    #[cfg(feature = "arrow")]
    Parquet,
}

impl Output {
    /// The table that contacts are written as; `None` for arrays.
    const fn table(self) -> Option<ContactTable> {
        match self {
            Output::Import => None,
            Output::Csv => Some(ContactTable::Csv),
            Output::Ndjson => Some(ContactTable::Ndjson),
            #[cfg(feature = "arrow")]
            Output::Parquet => Some(ContactTable::Parquet),
        }
    }
}

/// Reads contact dumps and writes a result folder, which appears whole or not at all.
///
/// ```
/// use std::sync::atomic::AtomicBool;
///
/// use contactmill::columns::{FieldMapping, MappedField};
/// use contactmill::{Convert, Event, Input, Options, Output, Region};
///
/// # let folder = tempfile::tempdir()?;
/// # let out = folder.path().join("out");
/// let dump = "Kunde,Nummer\nAsha,098765-43210\nRavi,9.19877E+11\n";
/// let assignments =
///     vec![(MappedField::Name, "Kunde".into()), (MappedField::Phone, "Nummer".into())];
/// let stop = AtomicBool::new(false);
/// let mut rejected = Vec::new();
///
/// let manifest = Convert::new([Input::reader("kunden", dump.as_bytes())])
///     .out(&out)
///     .options(Options { region: Some(Region::IN), ..Options::default() })
///     .mapping(FieldMapping { assignments, ..FieldMapping::default() })
///     .to(Output::Import)
///     .threads(2)
///     .on_event(|event| {
///         if let Event::Rejected { record, rejection } = event {
///             rejected.push((record.position().line, rejection.reason.code()));
///         }
///     })
///     .stop(&stop)
///     .run()?;
/// assert_eq!(manifest.counts.contacts, 1);
/// assert_eq!(rejected, [(3, "phone_excel_rounded")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing happens before `run`"]
pub struct Convert<'c> {
    pub(crate) inputs: Vec<Input<'c>>,
    pub(crate) on_event: Box<OnEvent<'c>>,
    pub(crate) settings: Settings<'c>,
}

/// Says whether the results in a folder may be replaced.
type MayReplace<'c> = dyn Fn(&Path) -> Result<(), ForeignError> + 'c;

/// How a run works: all but what it reads.
pub(crate) struct Settings<'c> {
    pub(crate) out: PathBuf,
    pub(crate) options: Options,
    pub(crate) mapping: FieldMapping,
    pub(crate) reading: Reading,
    pub(crate) output: Output,
    pub(crate) existing: Existing,
    pub(crate) limits: BatchLimits,
    pub(crate) layout: ArrayLayout,
    pub(crate) rejects: RejectsFormat,
    pub(crate) dedup: DedupPolicy,
    /// The exclusion lists.
    pub(crate) exclude: Vec<PathBuf>,
    pub(crate) opt_outs: OptOuts,
    /// Whether a page about the run is written.
    pub(crate) report: bool,
    pub(crate) max_rejects: Option<MaxRejects>,
    /// The number of records that are read; `None` for all.
    pub(crate) sample: Option<NonZeroU64>,
    pub(crate) split_by: Option<SplitBy>,
    /// The earlier result that contacts are compared with.
    pub(crate) since: Option<PathBuf>,
    /// The file of corrections.
    pub(crate) fixes: Option<PathBuf>,
    pub(crate) threads: usize,
    pub(crate) stop: Option<&'c AtomicBool>,
    pub(crate) may_replace: Box<MayReplace<'c>>,
}

impl<'c> Convert<'c> {
    /// A conversion of these inputs, in this order, to the folder `contactmill-out`.
    pub fn new<I: Into<Input<'c>>>(inputs: impl IntoIterator<Item = I>) -> Self {
        Convert {
            inputs: inputs.into_iter().map(Into::into).collect(),
            on_event: Box::new(|_| {}),
            settings: Settings {
                out: "contactmill-out".into(),
                options: Options::default(),
                mapping: FieldMapping::default(),
                reading: Reading::default(),
                output: Output::default(),
                existing: Existing::default(),
                limits: BatchLimits::default(),
                layout: ArrayLayout::default(),
                rejects: RejectsFormat::default(),
                dedup: DedupPolicy::default(),
                exclude: Vec::new(),
                opt_outs: OptOuts::default(),
                report: false,
                max_rejects: None,
                sample: None,
                split_by: None,
                since: None,
                fixes: None,
                threads: 0,
                stop: None,
                may_replace: Box::new(|_| Ok(())),
            },
        }
    }

    /// The folder for the results.
    pub fn out(mut self, out: impl Into<PathBuf>) -> Self {
        self.settings.out = out.into();
        self
    }

    /// How contacts are read.
    pub fn options(mut self, options: Options) -> Self {
        self.settings.options = options;
        self
    }

    /// What columns hold. What is not said, the header says, or the cells.
    pub fn mapping(mut self, mapping: FieldMapping) -> Self {
        self.settings.mapping = mapping;
        self
    }

    /// How inputs are read.
    pub fn reading(mut self, reading: Reading) -> Self {
        self.settings.reading = reading;
        self
    }

    /// What contacts are written as. The limits and the layout of arrays are those of
    /// [`Output::Import`] alone, and so is an upload.
    ///
    /// ```
    /// use contactmill::{Convert, Input, Output};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("out");
    /// let dump = "Name,Phone\nMario,+39 06 1234 5678\n";
    /// Convert::new([Input::reader("leads", dump.as_bytes())]).out(&out).to(Output::Ndjson).run()?;
    /// let rows = std::fs::read_to_string(out.join("contacts.ndjson"))?;
    /// assert!(rows.contains(r#""calling_code":39,"national_number":"0612345678","region":"IT""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn to(mut self, output: Output) -> Self {
        self.settings.output = output;
        self
    }

    /// What to do with results that stand in the folder already. They are kept by default: the run
    /// is an error.
    pub const fn existing(mut self, existing: Existing) -> Self {
        self.settings.existing = existing;
        self
    }

    /// Asks this function before results are replaced, once at the beginning and once at the end,
    /// when nobody else can work in their folder any more. Its error ends the run.
    pub fn may_replace<E: Into<ForeignError>>(
        mut self,
        may_replace: impl Fn(&Path) -> Result<(), E> + 'c,
    ) -> Self {
        self.settings.may_replace = Box::new(move |out| may_replace(out).map_err(Into::into));
        self
    }

    /// Maximum size of an import array.
    pub const fn array_limits(mut self, limits: BatchLimits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// How arrays are laid out in files.
    pub const fn array_layout(mut self, layout: ArrayLayout) -> Self {
        self.settings.layout = layout;
        self
    }

    /// What rejected records are written as.
    pub const fn rejects(mut self, format: RejectsFormat) -> Self {
        self.settings.rejects = format;
        self
    }

    /// Which of several contacts with the same number is kept.
    pub const fn dedup(mut self, dedup: DedupPolicy) -> Self {
        self.settings.dedup = dedup;
        self
    }

    /// Leaves out whoever stands in this file: a contact dump of any format, or a bare list with a
    /// number or an e-mail address on each line. Numbers are read as those of the inputs are. Every
    /// call adds a list.
    ///
    /// ```
    /// use contactmill::{Convert, Input, Options, Region};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (out, list) = (folder.path().join("out"), folder.path().join("do-not-call.txt"));
    /// std::fs::write(&list, "098765 43210\nravi@example.com\n")?;
    /// let dump = "Name,Phone\nAsha,https://wa.me/919876543210\nMeera,99887 76655\n";
    /// let manifest = Convert::new([Input::reader("leads", dump.as_bytes())])
    ///     .out(&out)
    ///     .options(Options { region: Some(Region::IN), ..Options::default() })
    ///     .exclude(&list)
    ///     .run()?;
    /// assert_eq!((manifest.counts.contacts, manifest.counts.excluded), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn exclude(mut self, list: impl Into<PathBuf>) -> Self {
        self.settings.exclude.push(list.into());
        self
    }

    /// What happens to contacts that a column of consents says must not be written to. They are kept
    /// by default; the manifest says how many there are.
    pub const fn opt_outs(mut self, opt_outs: OptOuts) -> Self {
        self.settings.opt_outs = opt_outs;
        self
    }

    /// Whether `report.html` is written, too: a page about the run, to look at in a browser. It is one
    /// file without scripts, and masks all values. Of results that are split there is one about the run,
    /// and one about each part.
    ///
    /// ```
    /// use contactmill::{Convert, Input};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("out");
    /// let dump = "Name,Phone\nAsha,+919876543210\nRavi,98765\n";
    /// Convert::new([Input::reader("leads", dump.as_bytes())]).out(&out).report(true).run()?;
    /// let page = std::fs::read_to_string(out.join("report.html"))?;
    /// assert!(page.contains("00000") && !page.contains("98765"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn report(mut self, report: bool) -> Self {
        self.settings.report = report;
        self
    }

    /// How many records may be rejected before the run counts as bad. The manifest states it; what
    /// follows from it is up to the caller.
    pub const fn max_rejects(mut self, max: Option<MaxRejects>) -> Self {
        self.settings.max_rejects = max;
        self
    }

    /// Reads only this number of records, evenly spread over all inputs as if they were one, to see what
    /// would come out. All of every input is read to find them, twice. The manifest says so under
    /// `sample`, unless there are no more records than that, and `contactmill-upload` refuses such
    /// results.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    ///
    /// use contactmill::{Convert, Input};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("out");
    /// let dump = "Phone\n+919876543210\n+919876543211\n+919876543212\n+919876543213\n";
    /// let manifest = Convert::new([Input::reader("leads", dump.as_bytes())])
    ///     .out(&out)
    ///     .sample(NonZeroU64::new(2))
    ///     .run()?;
    /// assert_eq!(manifest.counts.records, 2);
    /// assert_eq!(manifest.sample.map(|sample| sample.of), Some(4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn sample(mut self, records: Option<NonZeroU64>) -> Self {
        self.settings.sample = records;
        self
    }

    /// Splits the results by a value: for each there is a folder in the result folder, with all files
    /// of a result and a manifest of its own. The folder is called like its value, as far as file
    /// systems take that; the manifest above says which is which. Each record is
    /// listed in the folder of its own value, whatever its outcome; duplicates are looked for in all of them.
    ///
    /// More than 1,000 values are an error.
    ///
    /// ```
    /// use contactmill::{Convert, Input, SplitBy};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("out");
    /// let dump = "Name,Phone\nAsha,+91 98765 43210\nGreta,+49 1512 3456789\n";
    /// let manifest = Convert::new([Input::reader("leads", dump.as_bytes())])
    ///     .out(&out)
    ///     .split_by(Some(SplitBy::Country))
    ///     .run()?;
    /// let folders: Vec<&str> = manifest.parts.iter().map(|part| part.folder.as_str()).collect();
    /// assert_eq!(folders, ["IN", "DE"]);
    /// assert!(out.join("DE").join("manifest.json").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split_by(mut self, split_by: Option<SplitBy>) -> Self {
        self.settings.split_by = split_by;
        self
    }

    /// Writes only contacts that are new or changed since an earlier result, the one in this folder.
    /// The manifest counts the others as `unchanged`. Contacts of the earlier result that this run has
    /// not are listed in `gone.csv`.
    ///
    /// Contacts are compared by their number, and by all that the API would receive. What this run
    /// stands for, unchanged contacts too, is in its index again, so that the next run can be compared
    /// with this one. If the earlier result was uploaded (there is an `upload.journal`), those of its own
    /// contacts that were not acknowledged count as not known, and are written again.
    ///
    /// A sample is not compared, nor are results that are split.
    ///
    /// ```
    /// use contactmill::{Convert, Input};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (monday, tuesday) = (folder.path().join("monday"), folder.path().join("tuesday"));
    /// let dump = "Name,Phone\nAsha,+919876543210\nRavi,+919988776655\n";
    /// Convert::new([Input::reader("leads", dump.as_bytes())]).out(&monday).run()?;
    ///
    /// let dump = "Name,Phone\nAsha,+919876543210\nMeera,+919811122233\n";
    /// let manifest = Convert::new([Input::reader("leads", dump.as_bytes())])
    ///     .out(&tuesday)
    ///     .since(Some(monday))
    ///     .run()?;
    /// assert_eq!((manifest.counts.contacts, manifest.counts.unchanged), (1, 1));
    /// assert_eq!(manifest.since.map(|since| (since.new, since.gone)), Some((1, 1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn since(mut self, folder: Option<PathBuf>) -> Self {
        self.settings.since = folder;
        self
    }

    /// Corrects cells before they are read: each line of this file names a cell by the
    /// SHA-256 of its input, its record and its column, what stands in it, and what it is to be read as
    /// ([`contactmill_wire::fixes`]). The results are those of inputs in which the cells were corrected. A
    /// line that does not fit is an error.
    ///
    /// Every input is read once more, for its SHA-256.
    ///
    /// ```
    /// use contactmill::{Convert, ErrorKind};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let at = |name: &str| folder.path().join(name);
    /// std::fs::write(at("leads.csv"), "Phone\n98765\n")?;
    /// let (fixes, out) = (at("fixes.csv"), at("out"));
    /// let head = "sha256,member,record,column,before,after\n";
    /// let sha256 = "8c00b7f0f02ec3ff0fd7a31e7eba5f50ded46f7a5d1e2a4bd9d3b2ab3ea3d1be";
    /// std::fs::write(&fixes, format!("{head}{sha256},,1,Phone,98765,+919876543210\n"))?;
    /// let run = Convert::new([at("leads.csv")]).out(&out).fixes(Some(fixes)).run();
    /// // The line is about another file.
    /// assert_eq!(run.unwrap_err().kind(), ErrorKind::Fixes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fixes(mut self, file: Option<PathBuf>) -> Self {
        self.settings.fixes = file;
        self
    }

    /// Number of worker threads, at most 256; 0, the default, is one per core. With 1, the calling thread does
    /// everything. The results are the same.
    pub const fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = threads;
        self
    }

    /// Reports what happens to this function. It is called on the calling thread; the run waits for
    /// it.
    pub fn on_event(mut self, on_event: impl FnMut(Event<'_>) + 'c) -> Self {
        self.on_event = Box::new(on_event);
        self
    }

    /// Stops the run at the next block once any thread sets this. Nothing is written then.
    pub const fn stop(mut self, stop: &'c AtomicBool) -> Self {
        self.settings.stop = Some(stop);
        self
    }

    /// Begins a conversion whose steps different machines take; see [`distributed`](crate::distributed).
    ///
    /// # Errors
    ///
    /// Those of [`run`](Convert::run); and when the options, or an input, cannot be distributed.
    pub fn distribute(self) -> Result<Coordinator<'c>, Error> {
        Coordinator::new(self, None)
    }

    /// Begins a conversion as [`distribute`](Convert::distribute) does, with inputs that other processes
    /// have opened. `open` is called once the result folder is known to be free; it gives all inputs, in
    /// their order. What is to be said of single inputs is not reported.
    ///
    /// ```
    /// use contactmill::Convert;
    /// use contactmill::distributed::OpenedInputs;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (dumps, out) = ([folder.path().join("a.csv"), folder.path().join("b.csv")], folder.path().join("out"));
    /// std::fs::write(&dumps[0], "Name,Phone\nAsha,+919876543210\n")?;
    /// std::fs::write(&dumps[1], "Name,Phone\nRavi,+919988776655\n")?;
    /// // In other processes, with the same options.
    /// let opened = dumps.iter().map(|dump| Ok(Convert::new([dump]).open_inputs()?.to_json()));
    /// let opened = opened.collect::<Result<Vec<_>, contactmill::Error>>()?;
    ///
    /// let open = || opened.iter().map(|json| OpenedInputs::from_json(json)).collect::<Result<_, _>>();
    /// let coordinator = Convert::new(&dumps).out(&out).distribute_opened(open)?;
    /// assert_eq!(coordinator.plan().inputs().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`distribute`](Convert::distribute); and when `open` fails, or the inputs were opened by
    /// another version or with other options, or are others.
    pub fn distribute_opened<E: Into<ForeignError>>(
        self,
        open: impl FnOnce() -> Result<Vec<OpenedInputs>, E>,
    ) -> Result<Coordinator<'c>, Error> {
        let open = || open().map_err(|error| Error::foreign(error.into()));
        Coordinator::new(self, Some(Box::new(open)))
    }

    /// Opens these inputs, some of a distributed conversion, for
    /// [`distribute_opened`](Convert::distribute_opened). All that is set here must be what is set there,
    /// but for the inputs, the folder and what is done with results that stand in it.
    ///
    /// # Errors
    ///
    /// When an input cannot be read, or its columns are not known.
    pub fn open_inputs(self) -> Result<OpenedInputs, Error> {
        OpenedInputs::of(self)
    }

    /// Takes part in a conversion that another process coordinates. All that is set here must be what is
    /// set there, but for the inputs, the folder and what is done with results that stand in it.
    ///
    /// # Errors
    ///
    /// When the plan is of another version or of other options, or an exclusion list cannot be read.
    pub fn worker(self, plan: Plan) -> Result<Worker<'c>, Error> {
        Worker::new(self.settings, plan)
    }

    /// Converts, and returns the manifest that stands in the result folder.
    ///
    /// # Errors
    ///
    /// When an input cannot be read, its columns are not known, or the results cannot be written.
    /// Nothing is left behind then, and earlier results stay as they are.
    pub fn run(self) -> Result<Manifest, Error> {
        let Convert { inputs, mut on_event, settings } = self;
        let on_event = &mut *on_event;
        inputs::check(inputs.iter().filter_map(Input::path).chain(settings.exclusion_lists()))?;
        let earlier = settings.earlier()?;
        let fixes = settings.fixes.as_deref().map(Fixes::open).transpose()?;
        let staging = settings.stage(&inputs, on_event)?;
        let scratch = || staging.scratch();
        let is_header = |row: &[String]| settings.mapping.is_header(row);
        let reading = settings.reading.options(&scratch, &is_header);
        let (mut opened, regions) = settings.open(inputs, (reading, fixes.as_ref()), on_event)?;
        settings.count_for_sample(&mut opened, reading, on_event)?;
        let (lists, listed) = ListReader::of(&settings, &scratch).read(on_event)?;
        let lists = (!listed.is_empty()).then_some(&lists);
        let run = Run { reading, lists, earlier: earlier.as_ref(), scratch: &scratch };
        let written = settings.write(&mut opened, run, staging.files(), on_event)?;
        let inputs = RunInputs::of(&opened, regions);
        let manifest = written.write_manifests(&settings, inputs, listed, staging.files())?;
        settings.commit(staging, on_event)?;
        Ok(manifest)
    }

    /// Reads everything as [`run`](Convert::run) does, reports the same about records, and writes nothing.
    /// Of the manifest, the files, the counts by reason and by warning, which the events tell, and most of
    /// what contacts have in common are left out. An earlier result to compare with and a sample make no
    /// difference, nor do parts.
    ///
    /// ```
    /// use contactmill::{Convert, Input};
    ///
    /// let dump = "Name,Phone\nAsha,+919876543210\nRavi,12\n";
    /// let counted = Convert::new([Input::reader("leads", dump.as_bytes())]).count()?;
    /// assert_eq!((counted.counts.contacts, counted.counts.rejected), (1, 1));
    /// # Ok::<(), contactmill::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When an input cannot be read, or its columns are not known.
    pub fn count(self) -> Result<Manifest, Error> {
        let Convert { inputs, mut on_event, settings } = self;
        let on_event = &mut *on_event;
        inputs::check(inputs.iter().filter_map(Input::path).chain(settings.exclusion_lists()))?;
        let fixes = settings.fixes.as_deref().map(Fixes::open).transpose()?;
        let is_header = |row: &[String]| settings.mapping.is_header(row);
        let reading = settings.reading.options(&scratch, &is_header);
        let (mut opened, regions) = settings.open(inputs, (reading, fixes.as_ref()), on_event)?;
        let (lists, listed) = ListReader::of(&settings, &scratch).read(on_event)?;
        let lists = (!listed.is_empty()).then_some(&lists);
        let run = Run { reading, lists, earlier: None, scratch: &scratch };
        let encoder = ArrayEncoder { max_array_bytes: settings.limits.max_bytes };
        let sink = (CountingSink::default(), Some(&encoder as &dyn ContactEncoder));
        let (counts, sink, tallies) = settings.feed(&mut opened, run, sink, on_event)?;
        let (counted, finished) = ((counts, tallies), sink.into_finished());
        let inputs = RunInputs::of(&opened, regions);
        Ok(manifest::of_run(&settings, inputs, listed, counted, finished))
    }
}

impl fmt::Debug for Convert<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Convert")
            .field("inputs", &self.inputs)
            .field("out", &self.settings.out)
            .field("options", &self.settings.options)
            .finish_non_exhaustive()
    }
}

impl Settings<'_> {
    /// The earlier result that contacts are compared with.
    pub(crate) fn earlier(&self) -> Result<Option<Earlier<'_>>, Error> {
        let Some(folder) = &self.since else { return Ok(None) };
        let problem = match (&self.split_by, self.sample) {
            (Some(_), _) => SinceProblem::WithParts,
            (_, Some(_)) => SinceProblem::WithSample,
            (None, None) => return Earlier::open(folder).map(Some),
        };
        Err(Problem::Since { folder: folder.clone(), problem }.into())
    }

    /// Makes the staging folder, if results may go to the folder at all.
    pub(crate) fn stage(
        &self,
        inputs: &[Input<'_>],
        on_event: &mut OnEvent<'_>,
    ) -> Result<Staging, Error> {
        let staging = Staging::new(&self.out, self.existing)?;
        on_event(Event::Staged(StagingFolder(&staging)));
        for note in staging.notes() {
            on_event(Event::Note(note));
        }
        // Better now than after a long run; at its end it is asked again.
        (self.may_replace)(staging.out()).map_err(Problem::NotReplaced)?;
        let read = self.exclusion_lists().chain(self.since.as_deref()).chain(self.fixes.as_deref());
        let mut paths = inputs.iter().filter_map(Input::path).chain(read);
        if let Some(input) = paths.find(|path| staging.replaces(path)) {
            return Err(Problem::InputInOut { input: input.display().to_string() }.into());
        }
        Ok(staging)
    }

    pub(crate) fn exclusion_lists(&self) -> impl Iterator<Item = &Path> {
        self.exclude.iter().map(PathBuf::as_path)
    }

    /// Opens all inputs and decides on their columns.
    pub(crate) fn open(
        &self,
        inputs: Vec<Input<'_>>,
        (reading, fixes): (ReadOptions<'_>, Option<&Fixes>),
        on_event: &mut OnEvent<'_>,
    ) -> Result<(Opened, RegionFits), Error> {
        let mut opened = self.opening(reading, fixes).all(inputs, on_event)?;
        let mut regions = RegionSample::new(&self.options);
        for input in &mut opened.inputs {
            on_event(Event::Opened(input.opened()));
            regions.append(std::mem::take(&mut input.regions));
        }
        let fits = self.report_opened(&regions, opened.bytes(), on_event);
        Ok((opened, fits))
    }

    pub(crate) fn opening<'o>(
        &'o self,
        reading: ReadOptions<'o>,
        fixes: Option<&'o Fixes>,
    ) -> Opening<'o> {
        let Settings { mapping, options, opt_outs, stop, .. } = self;
        let exclusions = Exclusions { has_lists: !self.exclude.is_empty(), opt_outs: *opt_outs };
        Opening { reading, mapping, options, exclusions: Some(exclusions), fixes, stop: *stop }
    }

    /// Reports that everything is open, and what regions the phones may be of.
    pub(crate) fn report_opened(
        &self,
        regions: &RegionSample,
        bytes: u64,
        on_event: &mut OnEvent<'_>,
    ) -> RegionFits {
        let fits = regions.fits();
        on_event(Event::Regions(&fits));
        // A sample takes two passes.
        let passes = 1 + u64::from(self.sample.is_some());
        on_event(Event::Started { bytes: passes * bytes });
        fits
    }

    /// Counts the records of all inputs, if only a sample of them is to be read.
    fn count_for_sample(
        &self,
        opened: &mut Opened,
        reading: ReadOptions<'_>,
        on_event: &mut OnEvent<'_>,
    ) -> Result<(), Error> {
        let Some(sample) = self.sample else { return Ok(()) };
        let mut done = Progress::default();
        let mut records = 0;
        for input in opened.inputs.iter_mut().filter(|input| input.map.is_some()) {
            records += input.count_records(reading, self.stop)?;
            done.bytes += input.bytes;
            on_event(Event::Progress(done));
        }
        opened.sampled = (sample.get() < records).then_some(records);
        Ok(())
    }

    /// Reads all inputs and writes what comes of them, all but the manifests.
    fn write(
        &self,
        opened: &mut Opened,
        run: Run<'_>,
        files: &ResultFiles,
        on_event: &mut OnEvent<'_>,
    ) -> Result<Written, Error> {
        let described = opened.described();
        let tables: Vec<InputTable<'_>> =
            described.iter().map(|(name, header)| InputTable { name, header }).collect();
        let Some(split_by) = &self.split_by else {
            let Run { earlier, scratch, .. } = run;
            let results = Results { tables: &tables, files, scratch, earlier };
            return self.write_whole(results, |sink, encoder| {
                self.feed(opened, run, (sink, encoder), on_event)
            });
        };
        let scratch = || Ok(Box::new((run.scratch)()?) as Box<dyn Scratch>);
        let values = split::values(split_by, &opened.inputs)?;
        // A thread for each part would be too many.
        let contacts =
            |files: &ResultFiles| self.contact_writer(files, &tables, WriteThread::Caller);
        let encoder = indexing_encoder(&*contacts(files)?, None);
        let by = (split_by.clone(), values);
        let mut result =
            SplitWriter::new(files, &tables, by, &contacts, &scratch).with_rejects(self.rejects);
        if self.has_excluded() {
            result = result.with_excluded();
        }
        let (counts, result, tallies) =
            self.feed(opened, run, (result, encoder.as_deref()), on_event)?;
        let records: Vec<u64> = opened.inputs.iter().map(|input| input.records).collect();
        let (finished, parts) = result.finish(&records)?;
        Ok(Written { counts, tallies, finished, parts })
    }

    /// Writes results that are not split, all but the manifest. `feed` hands over all outcomes.
    pub(crate) fn write_whole(
        &self,
        results: Results<'_>,
        feed: impl for<'w> FnOnce(
            ResultWriter<'w>,
            Option<&dyn ContactEncoder>,
        ) -> Result<(Counts, ResultWriter<'w>, RunTallies), Error>,
    ) -> Result<Written, Error> {
        let Results { tables, files, scratch, earlier } = results;
        let scratch = || Ok(Box::new(scratch()?) as Box<dyn Scratch>);
        let contacts = self.contact_writer(files, tables, self.write_thread())?;
        let known = earlier.map(Earlier::known).transpose()?.map(Arc::new);
        let encoder = indexing_encoder(&*contacts, known.clone());
        let mut result = ResultWriter::new(files, tables, contacts, self.rejects, &scratch)?;
        if self.has_excluded() {
            result = result.with_excluded(files)?;
        }
        if let Some(known) = known {
            result = result.with_known(known);
        }
        let (counts, result, tallies) = feed(result, encoder.as_deref())?;
        let finished = result.finish()?;
        if let Some((earlier, compared)) = earlier.zip(finished.compared.as_ref()) {
            earlier.write_gone(compared, files)?;
        }
        Ok(Written { counts, tallies, finished, parts: Vec::new() })
    }

    /// Whether anybody may be excluded.
    fn has_excluded(&self) -> bool {
        !self.exclude.is_empty() || self.opt_outs == OptOuts::Exclude
    }

    /// Reads all inputs and hands what comes of them to a sink.
    fn feed<K: Sink<Error = EmitError>>(
        &self,
        opened: &mut Opened,
        run: Run<'_>,
        (sink, encoder): (K, Option<&dyn ContactEncoder>),
        on_event: &mut OnEvent<'_>,
    ) -> Result<(Counts, K, RunTallies), Error> {
        let counted = self.sample.map(|_| opened.bytes());
        let mut sample =
            self.sample.zip(opened.sampled).map(|(take, of)| Sample::new(take.get(), of));
        let scratch = || Ok(Box::new((run.scratch)()?) as Box<dyn Scratch>);
        let mut sink = ReportingSink::new(sink, &scratch, on_event);
        counted.into_iter().for_each(|bytes| sink.end_input(bytes, 0));
        let normalizer = Normalizer::new(self.options.clone());
        let options = PipelineOptions {
            threads: self.threads,
            dedup: self.dedup,
            exclusion_lists: run.lists,
            opt_outs: self.opt_outs,
            encoder,
            scratch: &scratch,
            stop: self.stop,
        };
        let mut pipeline = Pipeline::new(&normalizer, options)?;
        for (index, input) in opened.inputs.iter_mut().enumerate() {
            let mut source = input.take_source(run.reading)?;
            if let Some(map) = &input.map {
                let id = SourceId(u32::try_from(index).unwrap_or(u32::MAX));
                let fed = match &mut sample {
                    None => pipeline.feed(id, &mut source, map, &mut sink),
                    Some(sample) => {
                        pipeline.feed(id, &mut sample.of_next(&mut source), map, &mut sink)
                    }
                };
                input.records = fed.map_err(|stopped| Error::stopped(stopped, &self.out))?;
            }
            input.sha256 = source.source().sha256()?;
            sink.end_input(input.bytes, input.records);
        }
        sink.end_reading();
        let finished = pipeline.finish(&mut sink);
        let counts = finished.map_err(|stopped| Error::stopped(stopped, &self.out))?;
        let (result, tallies) = sink.finish()?;
        Ok((counts, result, tallies))
    }

    /// Who asks for one thread gets one.
    const fn write_thread(&self) -> WriteThread {
        if self.threads == 1 { WriteThread::Caller } else { WriteThread::Own }
    }

    /// Writes contacts in the format that was asked for.
    pub(crate) fn contact_writer(
        &self,
        files: &ResultFiles,
        inputs: &[InputTable<'_>],
        thread: WriteThread,
    ) -> Result<Box<dyn ContactWriter>, EmitError> {
        match self.output.table() {
            None => Ok(Box::new(ArrayWriter::new(files, self.limits, self.layout, thread)?)),
            Some(table) => table.writer(files, inputs, thread),
        }
    }

    /// Writes the manifest of a result, and before it the report if one was asked for.
    pub(crate) fn write_manifest(
        &self,
        manifest: &Manifest,
        files: &ResultFiles,
    ) -> Result<(), Error> {
        if self.report {
            let page = contactmill_report::page(manifest, files.folder());
            write_report(&page.map_err(Problem::Report)?, files)?;
        }
        Ok(write_manifest(manifest, files)?)
    }

    /// Puts the results in place.
    pub(crate) fn commit(&self, staging: Staging, on_event: &mut OnEvent<'_>) -> Result<(), Error> {
        let committed = staging.commit_if(|out| {
            (self.may_replace)(out).map_err(|error| Error::from(Problem::NotReplaced(error)))
        })?;
        on_event(Event::Committed { path: &committed.path });
        for note in &committed.notes {
            on_event(Event::Note(note));
        }
        Ok(())
    }
}

/// What a run needs beside its inputs.
#[derive(Clone, Copy)]
struct Run<'r> {
    reading: ReadOptions<'r>,
    lists: Option<&'r ExclusionLists>,
    earlier: Option<&'r Earlier<'r>>,
    scratch: ScratchFile<'r>,
}

/// Where results that are not split go.
#[derive(Clone, Copy)]
pub(crate) struct Results<'r> {
    pub(crate) tables: &'r [InputTable<'r>],
    pub(crate) files: &'r ResultFiles,
    pub(crate) scratch: ScratchFile<'r>,
    pub(crate) earlier: Option<&'r Earlier<'r>>,
}

/// What a run has written, all but the manifests.
pub(crate) struct Written {
    pub(crate) counts: Counts,
    pub(crate) tallies: RunTallies,
    pub(crate) finished: Finished,
    parts: Vec<FinishedPart>,
}

impl Written {
    /// Writes the manifests: that of the run last, without which nothing is a result.
    pub(crate) fn write_manifests(
        self,
        settings: &Settings<'_>,
        inputs: RunInputs,
        listed: Vec<ExclusionList>,
        files: &ResultFiles,
    ) -> Result<Manifest, Error> {
        let Written { counts, tallies, finished, parts } = self;
        let counted = (counts, tallies);
        let mut manifest = manifest::of_run(settings, inputs, listed, counted, finished);
        for part in parts {
            let files = part.files.clone();
            let (entry, of_part) = manifest::of_part(&manifest, part);
            settings.write_manifest(&of_part, &files)?;
            manifest.parts.push(entry);
        }
        settings.write_manifest(&manifest, files)?;
        Ok(manifest)
    }
}
