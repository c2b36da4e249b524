//! Sends a folder: workers, the journal, and what is told of it.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::answer::Verdict;
use crate::error::UploadError;
use crate::folder::{ImportFolder, contacts_of};
use crate::journal::{Entry, Job, Journal, JournalError, Past, milliseconds};
use crate::part::{ArraySlice, body};
use crate::refused::{Place, REFUSED, RefusedTable};
use crate::report::{Ended, Event, Report};
use crate::schedule::{Next, Outcome, Refusal, Rules, Schedule, Size, Stop, Task};
use crate::target::Target;
use crate::transport::{SendError, Transport};
use crate::words::shown;

/// How an [`Uploader`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadOptions {
    /// Requests that may be under way at once.
    pub concurrency: NonZeroUsize,
    /// How often what has no clear answer is sent again.
    pub retries: u32,
    /// The longest that the run waits for the service to take requests again.
    pub max_wait: Duration,
    /// A tag for every contact.
    pub tag: Option<String>,
    /// Sends everything once more, whatever became of it before. A run without it goes on with what
    /// such a run began.
    pub again: bool,
}

impl Default for UploadOptions {
    /// Four requests at once, six retries, a quarter of an hour, no tag, and nothing again.
    fn default() -> Self {
        UploadOptions {
            concurrency: NonZeroUsize::MIN.saturating_add(3),
            retries: 6,
            max_wait: Duration::from_secs(15 * 60),
            tag: None,
            again: false,
        }
    }
}

/// Sends import arrays to a target, within its limit, and keeps a journal of it.
///
/// See the [crate](crate) for an example.
#[derive(Debug)]
pub struct Uploader<T> {
    target: Target,
    transport: T,
    options: UploadOptions,
}

/// What is still to be done in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Contacts that the service has taken already.
    pub acknowledged: u64,
    /// Contacts that the service refused already.
    pub refused: u64,
    /// What is to be sent, one request each if nothing is refused.
    pub parts: Vec<ArraySlice>,
}

impl Remaining {
    /// Contacts to be sent.
    #[must_use]
    pub fn contacts(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.contacts())).sum()
    }
}

/// What is still to be done in a folder for this target, by the journal; nothing is sent or written.
///
/// # Errors
///
/// When there is a journal that cannot be read.
pub fn remaining(
    folder: &ImportFolder,
    target: &Target,
    options: &UploadOptions,
) -> Result<Remaining, JournalError> {
    let job = job(folder, target, options);
    let mut past = Journal::look(folder.path(), &job, SystemTime::now())?;
    if options.again {
        past.forget_outcomes();
    }
    let arrays = folder.arrays().iter().zip(0..);
    let parts = arrays.flat_map(|(array, index)| past.left(index, array.contacts)).collect();
    Ok(Remaining {
        acknowledged: past.acknowledged_contacts(),
        refused: past.refused.len() as u64,
        parts,
    })
}

/// How many bytes the body has that sends a part.
///
/// # Errors
///
/// When the array cannot be read, or the tag cannot be added.
pub fn body_bytes(
    folder: &ImportFolder,
    part: ArraySlice,
    options: &UploadOptions,
) -> Result<usize, UploadError> {
    body_of(folder, part, options).map(|body| body.len())
}

fn job(folder: &ImportFolder, target: &Target, options: &UploadOptions) -> Job {
    Job {
        url: target.url(),
        manifest: folder.manifest_sha256().to_owned(),
        tag: options.tag.clone(),
    }
}

fn body_of(
    folder: &ImportFolder,
    part: ArraySlice,
    options: &UploadOptions,
) -> Result<Vec<u8>, UploadError> {
    let array = &folder.arrays()[part.array as usize];
    let json = folder.read(array).map_err(UploadError::Folder)?;
    body(json, part, options.tag.as_deref())
        .map_err(|_| UploadError::Form { file: array.file.clone(), line: array.line })
}

/// The monotonic clock begins here, so that what happened before a run has a time too.
const EPOCH: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a worker that waits looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How long an answer that is here takes to be settled.
const SETTLED_SOON: Duration = Duration::from_millis(5);

/// Shorter waits are no event.
const WORTH_TELLING: Duration = Duration::from_secs(1);

impl<T: Transport> Uploader<T> {
    /// An uploader of this target.
    #[must_use]
    pub fn new(target: Target, transport: T, options: UploadOptions) -> Self {
        Uploader { target, transport, options }
    }

    /// Sends what the journal does not know as settled, and returns when everything is settled, or
    /// nothing more can be sent. Set `stop` to end it early: what is under way is waited for.
    ///
    /// Events come in order, one at a time; until `on_event` returns, nothing else is sent.
    ///
    /// # Errors
    ///
    /// When a file of the folder cannot be read or written. What the service does is no error: see
    /// [`Report::ended`].
    pub fn run(
        &self,
        folder: &ImportFolder,
        stop: &AtomicBool,
        on_event: &(dyn Fn(&Event) + Sync),
    ) -> Result<Report, UploadError> {
        let started = Instant::now();
        let wall = SystemTime::now();
        let job = job(folder, &self.target, &self.options);
        let (mut journal, past) = Journal::open(folder.path(), &job, self.options.again, wall)?;
        if let Some(error) = journal.not_locked() {
            on_event(&Event::NotLocked { why: error.to_string() });
        }
        let refused = self.refused_table(folder, &past)?;
        let acknowledged_before = past.acknowledged_contacts();
        let report = Report {
            ended: Ended::Finished,
            acknowledged: acknowledged_before,
            acknowledged_before,
            refused: past.refused.len() as u64,
            unknown: Vec::new(),
            left: 0,
            requests: 0,
            took: Duration::ZERO,
        };
        let rules = Rules {
            rate: self.target.rate(),
            concurrency: self.options.concurrency.get(),
            retries: self.options.retries,
            max_wait: self.options.max_wait,
            seed: fastrand::u64(..),
        };
        let sizes = folder
            .arrays()
            .iter()
            .map(|array| Size { contacts: array.contacts, bytes: array.bytes });
        let schedule = Schedule::new(rules, sizes.collect(), &past, EPOCH);
        let asked = past.blocked_for.filter(|wait| *wait > self.options.max_wait);
        let run = Run {
            uploader: self,
            folder,
            stop,
            on_event,
            started,
            state: Mutex::new(State {
                schedule,
                journal,
                refused,
                report,
                over: asked.map(|wait| Ok(Ended::TooLongAWait { wait })),
                told_until: Duration::ZERO,
            }),
            changed: Condvar::new(),
            halting: AtomicUsize::new(0),
        };
        std::thread::scope(|scope| {
            for worker in 0..self.options.concurrency.get() {
                let started = std::thread::Builder::new()
                    .name(format!("contactmill-send-{worker}"))
                    .spawn_scoped(scope, || run.work());
                if started.is_err() {
                    // Fewer do the same in more time; where there is none, it is done here.
                    if worker == 0 {
                        run.work();
                    }
                    break;
                }
            }
        });
        let State { mut report, over, .. } =
            run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.ended = over.unwrap_or(Ok(Ended::Finished))?;
        let settled = report.acknowledged + report.refused + report.unknown_contacts();
        report.left = folder.contacts().saturating_sub(settled);
        report.took = started.elapsed();
        Ok(report)
    }

    /// The table with what the journal knows as refused.
    fn refused_table(
        &self,
        folder: &ImportFolder,
        past: &Past,
    ) -> Result<RefusedTable, UploadError> {
        let mut known = Vec::with_capacity(past.refused.len());
        let mut present: Option<(u32, Vec<u8>)> = None;
        for (part, status) in &past.refused {
            let Some(array) = folder.arrays().get(part.array as usize) else { continue };
            let json = match present.take() {
                Some((index, json)) if index == part.array => json,
                _ => folder.read(array)?,
            };
            known.push((place(folder, *part), contact(&json, part.first), *status));
            present = Some((part.array, json));
        }
        RefusedTable::open(folder.path(), known).map_err(|error| refused_error(folder, error))
    }
}

fn place(folder: &ImportFolder, part: ArraySlice) -> Place {
    let array = &folder.arrays()[part.array as usize];
    Place { file: array.file.clone(), line: array.line, contact: part.first + 1 }
}

fn contact(json: &[u8], index: u32) -> String {
    let contacts = contacts_of(json).unwrap_or_default();
    contacts.get(index as usize).map_or(String::new(), |contact| contact.get().to_owned())
}

fn refused_error(folder: &ImportFolder, error: io::Error) -> UploadError {
    UploadError::Refused { path: folder.path().join(REFUSED), error }
}

/// What the workers share.
struct Run<'r, T> {
    uploader: &'r Uploader<T>,
    folder: &'r ImportFolder,
    stop: &'r AtomicBool,
    on_event: &'r (dyn Fn(&Event) + Sync),
    started: Instant,
    state: Mutex<State>,
    changed: Condvar,
    /// Answers after which nothing may be sent, and that have not been settled yet: a worker that
    /// waited for the disk must not send past them.
    halting: AtomicUsize,
}

struct State {
    schedule: Schedule,
    journal: Journal,
    refused: RefusedTable,
    report: Report,
    /// Set when nothing more is to be sent.
    over: Option<Result<Ended, UploadError>>,
    /// Up to when the wait was told.
    told_until: Duration,
}

impl<T: Transport> Run<'_, T> {
    fn now(&self) -> Duration {
        EPOCH + self.started.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one part after the other until nothing is left.
    fn work(&self) {
        let mut state = self.state();
        while state.over.is_none() {
            if self.stop.load(Ordering::Relaxed) {
                state.over = Some(Ok(Ended::Interrupted));
                break;
            }
            if self.halting.load(Ordering::SeqCst) > 0 {
                state = self.wait(state, SETTLED_SOON);
                continue;
            }
            let now = self.now();
            match state.schedule.next(now) {
                Next::Done => break,
                Next::Stop(stop) => state.over = Some(Ok(ended(stop))),
                Next::Refuse(refusal) => {
                    if let Err(error) = self.refuse_proved(&mut state, refusal) {
                        state.over = Some(Err(error));
                    }
                }
                Next::Send(task) => state = self.send(state, task),
                Next::WaitForAnswer => state = self.wait(state, LOOK_UP),
                Next::WaitUntil(until, reason) => {
                    let wait = until.saturating_sub(now);
                    if wait >= WORTH_TELLING && until > state.told_until {
                        state.told_until = until;
                        (self.on_event)(&Event::Waiting { reason, wait });
                    }
                    state = self.wait(state, wait.min(LOOK_UP));
                }
            }
        }
        self.changed.notify_all();
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>, wait: Duration) -> MutexGuard<'s, State> {
        let waited = self.changed.wait_timeout(state, wait);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn send<'s>(&'s self, mut state: MutexGuard<'s, State>, task: Task) -> MutexGuard<'s, State> {
        let begun = body_of(self.folder, task.part, &self.uploader.options).and_then(|body| {
            state.journal.write(Entry::Sending(task.part), SystemTime::now())?;
            Ok(body)
        });
        let body = match begun {
            Ok(body) => body,
            Err(error) => {
                state.over = Some(Err(error));
                return state;
            }
        };
        (self.on_event)(&Event::Sending { part: task.part });
        if self.halting.load(Ordering::SeqCst) > 0 {
            state.schedule.put_back(task);
            return state;
        }
        state.report.requests += 1;
        drop(state);
        let answer = self.uploader.transport.post(&body);
        let masked = |text: &str| self.uploader.transport.masked(text);
        let verdict = answer.map(|answer| answer.verdict(SystemTime::now(), &masked));
        let halts = verdict.as_ref().map_or_else(SendError::halts, Verdict::halts);
        if halts {
            self.halting.fetch_add(1, Ordering::SeqCst);
        }
        let mut state = self.state();
        if halts {
            self.halting.fetch_sub(1, Ordering::SeqCst);
        }
        if let Err(error) = self.settle(&mut state, task, verdict, &body) {
            // The first error is the one to tell.
            if !matches!(state.over, Some(Err(_))) {
                state.over = Some(Err(error));
            }
        }
        self.changed.notify_all();
        state
    }

    /// Writes down what an answer came to, and tells it.
    fn settle(
        &self,
        state: &mut State,
        task: Task,
        verdict: Result<Verdict, SendError>,
        body: &[u8],
    ) -> Result<(), UploadError> {
        let (now, wall) = (self.now(), SystemTime::now());
        let part = task.part;
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(SendError::Unclear(trouble)) => Verdict::Unclear { trouble, wait: None },
            Err(SendError::Certificate(why)) => {
                let why = shown(&self.uploader.transport.masked(&why));
                state.over.get_or_insert(Ok(Ended::Certificate { why }));
                return Ok(state.journal.write(Entry::Unknown(part), wall)?);
            }
        };
        let outcome = state.schedule.answered(task, verdict, now);
        let until = |wait: Duration| {
            milliseconds(wall).saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
        };
        let (entry, event) = match outcome {
            Outcome::Acknowledged => {
                state.report.acknowledged += u64::from(part.contacts());
                (Entry::Acknowledged(part), Some(Event::Acknowledged { part }))
            }
            Outcome::Refused { status, message } => {
                let refusal = Refusal { part, status, message };
                return self.refuse(state, &refusal, &contact(body, 0));
            }
            Outcome::Doubted { status } => {
                (Entry::Doubted { part, status }, Some(Event::Doubted { part, status }))
            }
            Outcome::Checked => (Entry::Checked(part), None),
            Outcome::Halved { status } => {
                (Entry::Refused { part, status }, Some(Event::Halved { part, status }))
            }
            Outcome::Limited { wait } => (Entry::Limited { part, until: until(wait) }, None),
            Outcome::Retried { trouble, wait } => {
                (Entry::Unknown(part), Some(Event::Retried { part, trouble, wait }))
            }
            Outcome::GivenUp { trouble } => {
                state.report.unknown.push((part, trouble));
                (Entry::Unknown(part), Some(Event::Unknown { part, trouble }))
            }
            Outcome::Stopped { stop } => {
                let ended = ended(stop);
                let entry = match &ended {
                    Ended::TooLongAWait { wait } | Ended::WaitUsedUp { wait, .. } => {
                        Entry::Limited { part, until: until(*wait) }
                    }
                    _ => Entry::Unknown(part),
                };
                // A refused token is what people must know, whatever else ended the run.
                let is_token = matches!(ended, Ended::Unauthorized { .. });
                if is_token && !matches!(state.over, Some(Err(_))) {
                    state.over = Some(Ok(ended));
                } else {
                    state.over.get_or_insert(Ok(ended));
                }
                (entry, None)
            }
        };
        state.journal.write(entry, wall)?;
        if let Some(event) = event {
            (self.on_event)(&event);
        }
        Ok(())
    }

    /// Puts a contact down as refused for good: in the table first, then in the journal.
    fn refuse(
        &self,
        state: &mut State,
        refusal: &Refusal,
        contact: &str,
    ) -> Result<(), UploadError> {
        let Refusal { part, status, ref message } = *refusal;
        let added = state.refused.add(place(self.folder, part), contact, status, message);
        added.map_err(|error| refused_error(self.folder, error))?;
        state.report.refused += 1;
        state.journal.write(Entry::Refused { part, status }, SystemTime::now())?;
        (self.on_event)(&Event::Refused { part, status });
        Ok(())
    }

    /// The same for a contact whose answer came before the proof.
    fn refuse_proved(&self, state: &mut State, refusal: Refusal) -> Result<(), UploadError> {
        let body = body_of(self.folder, refusal.part, &self.uploader.options)?;
        self.refuse(state, &refusal, &contact(&body, 0))
    }
}

fn ended(stop: Stop) -> Ended {
    match stop {
        Stop::Unauthorized { status } => Ended::Unauthorized { status },
        Stop::Unexpected { status, location } => Ended::Unexpected { status, location },
        Stop::TooLongAWait { wait } => Ended::TooLongAWait { wait },
        Stop::WaitUsedUp { waited, wait } => Ended::WaitUsedUp { waited, wait },
        Stop::Unreachable => Ended::Unreachable,
        Stop::RefusesEverything { status, message } => Ended::RefusesEverything { status, message },
    }
}
