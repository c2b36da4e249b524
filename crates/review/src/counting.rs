//! The thread that reads everything: it counts after every change, and exports.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contactmill::columns::ColumnRole;
use contactmill::manifest::{Counts, Manifest};
use contactmill::{Convert, Error, ErrorKind, Event, Exclusion};

use crate::places::{Collecting, DUPLICATE, Listed, Places, id};
use crate::session::{Export, Refused, Session, Settings, State, member_of};

/// How long a count waits for more changes: whoever corrects cells makes several.
const PAUSE: Duration = Duration::from_millis(120);

/// What a count has found.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The version of the state that was counted.
    pub(crate) version: u64,
    pub(crate) counts: Counts,
    /// Contacts that opted out, whatever became of them.
    pub(crate) opted_out: u64,
    pub(crate) inputs: Vec<CountedInput>,
    pub(crate) places: Places,
}

/// An input as it was read.
#[derive(Debug, Default)]
pub(crate) struct CountedInput {
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) member: String,
    pub(crate) columns: Vec<String>,
    /// By column, the field.
    pub(crate) fields: Vec<Option<String>>,
}

impl Counted {
    pub(crate) fn input(&self, source: u32) -> Result<&CountedInput, Refused> {
        let input = self.inputs.get(source as usize);
        input.ok_or_else(|| Refused(404, "there is no such input".to_owned()))
    }
}

/// Counts and exports until the session ends.
pub(crate) fn run(session: &Session) {
    let mut version = 0;
    loop {
        let is_idle =
            |state: &State| state.version == version && !matches!(state.export, Export::Asked);
        let Some(state) = session.wait(session.lock(), is_idle) else { return };
        if matches!(state.export, Export::Asked) && state.version == version {
            drop(state);
            export(session);
            continue;
        }
        drop(state);
        std::thread::sleep(PAUSE);
        version = count(session);
    }
}

/// Reads everything once, and returns the version that was read.
fn count(session: &Session) -> u64 {
    let mut state = session.lock();
    session.outdated.store(session.is_ending(), Ordering::Relaxed);
    let version = state.version;
    let settings = state.settings.clone();
    let fixes = state.log.is_begun().then(|| state.log.path().to_owned());
    state.progress = Some((0, 0));
    drop(state);
    let counted = counted(session, &settings, fixes, version);
    let mut state = session.lock();
    state.progress = None;
    match counted {
        Ok(counted) => {
            state.before.get_or_insert(counted.counts);
            let is_first = state.counted.is_none();
            state.counted = Some(Arc::new(counted));
            // Whose corrections are in the file is known now.
            if is_first && state.log.is_begun() {
                session.read_sample(&mut state);
            }
        }
        Err(Failed::Run(error)) if error.kind() == ErrorKind::Stopped => {}
        // The page asks for what is missing.
        Err(Failed::Run(error)) if error.kind() == ErrorKind::Mapping => state.counted = None,
        Err(error) => state.problem = Some(error.to_string()),
    }
    version
}

/// Why a count ended.
enum Failed {
    Run(Error),
    Io(io::Error),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failed::Run(error) => error.fmt(f),
            Failed::Io(error) => {
                write!(f, "records cannot be set aside beside the corrections: {error}")
            }
        }
    }
}

/// A run with the settings of the page.
fn converting<'c>(
    session: &'c Session,
    settings: &Settings,
    fixes: Option<PathBuf>,
) -> Convert<'c> {
    let setup = &session.setup;
    setup
        .exclude
        .iter()
        .fold(Convert::new(&setup.inputs), Convert::exclude)
        .options(settings.options.clone())
        .mapping(settings.mapping())
        .reading(setup.reading.clone())
        .opt_outs(settings.opt_outs)
        .dedup(settings.dedup)
        .fixes(fixes)
}

fn counted(
    session: &Session,
    settings: &Settings,
    fixes: Option<PathBuf>,
    version: u64,
) -> Result<Counted, Failed> {
    let names = session.setup.input_names();
    let beside = session.fixes_path();
    let folder = beside.parent().filter(|folder| !folder.as_os_str().is_empty());
    let file = tempfile::tempfile_in(folder.unwrap_or(Path::new("."))).map_err(Failed::Io)?;
    let mut collecting = Collecting::into(file);
    let mut inputs: Vec<CountedInput> = Vec::new();
    let mut bytes = 0;
    let mut show = |event: Event<'_>| match event {
        Event::Opened(opened) => inputs.push(input_of(&opened, &names)),
        Event::Started { bytes: all } => bytes = all,
        Event::Progress(so_far) => session.lock().progress = Some((so_far.bytes, bytes)),
        Event::Rejected { record, rejection } => {
            let field = rejection.field.to_string();
            collecting.add(&Listed::of(record, rejection.reason.code(), field));
        }
        Event::Excluded { record, exclusion } => {
            let code = match exclusion {
                Exclusion::Listed { .. } => "contact_excluded",
                _ => "contact_opted_out",
            };
            collecting.add(&Listed::of(record, code, String::new()));
        }
        Event::Duplicate { record, kept, conflicts } => {
            let mut listed = Listed::of(record, DUPLICATE, String::new());
            listed.kept = Some(id(kept));
            let lost = conflicts.iter().map(|one| (one.field.to_string(), one.value.to_string()));
            listed.conflicts = lost.collect();
            collecting.add(&listed);
        }
        _ => {}
    };
    let convert = converting(session, settings, fixes).stop(&session.outdated);
    let manifest = convert.on_event(&mut show).count().map_err(Failed::Run)?;
    let Manifest { counts, opt_outs, inputs: read, .. } = manifest;
    for (input, read) in inputs.iter_mut().zip(read) {
        input.sha256 = read.sha256;
    }
    Ok(Counted {
        version,
        counts,
        opted_out: opt_outs.iter().map(|one| one.contacts).sum(),
        inputs,
        places: collecting.finish().map_err(Failed::Io)?,
    })
}

fn input_of(opened: &contactmill::OpenedInput<'_>, names: &[String]) -> CountedInput {
    let columns = || opened.columns.into_iter().flat_map(contactmill::columns::ColumnMap::columns);
    let field = |role: &ColumnRole| match role {
        ColumnRole::Field(field) => Some(field.to_string()),
        ColumnRole::Ignored | ColumnRole::Bookkeeping => None,
    };
    CountedInput {
        name: opened.name.to_owned(),
        sha256: String::new(),
        member: member_of(opened.name, names).to_owned(),
        columns: columns().map(|(name, _)| name.to_owned()).collect(),
        fields: columns().map(|(_, role)| field(role)).collect(),
    }
}

/// Converts into a new folder.
fn export(session: &Session) {
    let mut state = session.lock();
    state.export = Export::Running;
    let settings = state.settings.clone();
    let fixes = state.log.is_begun().then(|| state.log.path().to_owned());
    drop(state);
    let out = free(&session.setup.out);
    let ran = converting(session, &settings, fixes).out(&out).run();
    session.lock().export = match ran {
        Ok(manifest) => Export::Done { out, counts: manifest.counts },
        Err(error) => Export::Failed(error.to_string()),
    };
}

/// The folder, with a number behind its name if there is one already.
fn free(out: &Path) -> PathBuf {
    let numbered = (2..).map(|number| {
        let mut name = out.as_os_str().to_owned();
        name.push(format!("-{number}"));
        PathBuf::from(name)
    });
    let mut folders = std::iter::once(out.to_owned()).chain(numbered);
    folders.find(|folder| !folder.exists()).unwrap_or_else(|| out.to_owned())
}
