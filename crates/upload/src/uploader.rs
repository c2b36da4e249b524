//! Sends a folder: workers, the journal, and events.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use contactmill_wire::files::REFUSED;

use crate::answer::Verdict;
use crate::echo::masked_values;
use crate::error::UploadError;
use crate::folder::{ImportFolder, contacts_of};
use crate::journal::{Job, Journal, JournalError, JournalEvent, Past, milliseconds};
use crate::refused::{ContactPosition, RefusedTable};
use crate::report::{Ended, Event, Report};
use crate::schedule::{Action, AnswerEffect, Refusal, Request, Rules, Schedule, Size, Stop};
use crate::slice::{ArraySlice, body};
use crate::target::Target;
use crate::transport::{CertificateFault, SendError, Transport};
use crate::words::shown;

/// How an [`Uploader`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadOptions {
    /// Maximum number of requests under way.
    pub concurrency: NonZeroUsize,
    /// Maximum number of retries of a request without a clear answer.
    pub retries: u32,
    /// Maximum time that the run waits for the service to take requests again.
    pub max_wait: Duration,
    /// A tag for every contact.
    pub tag: Option<String>,
    /// Whether to send everything once more, also what was acknowledged or refused. A run without it
    /// continues what such a run began.
    pub again: bool,
}

impl Default for UploadOptions {
    /// Four requests under way, six retries, a quarter of an hour, no tag, and nothing again.
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

/// What is still to be sent of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Number of contacts that the service has taken already.
    pub acknowledged: u64,
    /// Number of contacts that the service refused already.
    pub refused: u64,
    /// The slices to be sent, one request each if nothing is refused.
    pub slices: Vec<ArraySlice>,
}

impl Remaining {
    /// Number of contacts to be sent.
    #[must_use]
    pub fn contacts(&self) -> u64 {
        self.slices.iter().map(|slice| u64::from(slice.contacts())).sum()
    }
}

/// What is still to be sent of a folder to this target, by the journal. Nothing is sent or written.
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
        past.forget_answers();
    }
    let arrays = folder.arrays().iter().zip(0..);
    let slices = arrays.flat_map(|(array, index)| past.left(index, array.contacts)).collect();
    Ok(Remaining {
        acknowledged: past.acknowledged_contacts(),
        refused: past.refused.len() as u64,
        slices,
    })
}

/// Size of the body that sends a slice, in bytes.
///
/// # Errors
///
/// When the array cannot be read, or the tag cannot be added.
pub fn body_bytes(
    folder: &ImportFolder,
    slice: ArraySlice,
    options: &UploadOptions,
) -> Result<usize, UploadError> {
    body_of(folder, slice, options).map(|body| body.len())
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
    slice: ArraySlice,
    options: &UploadOptions,
) -> Result<Vec<u8>, UploadError> {
    let array = &folder.arrays()[slice.array as usize];
    let json = folder.read(array).map_err(UploadError::Folder)?;
    body(json, slice, options.tag.as_deref())
        .map_err(|_| UploadError::Form { file: array.file.clone(), line: array.line })
}

/// The start of a run on its own clock, so that what happened before it has a time too.
const EPOCH: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a worker that waits checks whether it should stop.
const POLL: Duration = Duration::from_millis(100);

/// How long it takes to process an answer that has arrived.
const ANSWER_SOON: Duration = Duration::from_millis(5);

/// Minimum length of a wait that is reported.
const MIN_REPORTED_WAIT: Duration = Duration::from_secs(1);

impl<T: Transport> Uploader<T> {
    /// An uploader to this target.
    #[must_use]
    pub fn new(target: Target, transport: T, options: UploadOptions) -> Self {
        Uploader { target, transport, options }
    }

    /// Sends everything that the journal does not list as acknowledged or refused, and returns when
    /// nothing is left or nothing more can be sent. Set `stop` to end it early; it then waits for the
    /// answers to requests under way.
    ///
    /// Events come in order, one at a time. Nothing is sent until `on_event` returns.
    ///
    /// # Errors
    ///
    /// When a file of the folder cannot be read or written. What the service answers is no error: see
    /// [`Report::ended`].
    pub fn run(
        &self,
        folder: &ImportFolder,
        stop: &AtomicBool,
        on_event: &(dyn Fn(&Event) + Sync),
    ) -> Result<Report, UploadError> {
        let started = Instant::now();
        let state = self.open(folder, on_event)?;
        let run = Run {
            uploader: self,
            folder,
            stop,
            on_event,
            started,
            state: Mutex::new(state),
            changed: Condvar::new(),
            halting: AtomicUsize::new(0),
        };
        run.start_workers();
        let state = run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let State { mut report, over, .. } = state;
        report.ended = over.unwrap_or(Ok(Ended::Finished))?;
        let done = report.acknowledged + report.refused + report.unknown_contacts();
        report.left = folder.contacts().saturating_sub(done);
        report.took = started.elapsed();
        Ok(report)
    }

    /// Opens journal and table, and schedules what they leave to be sent.
    fn open(
        &self,
        folder: &ImportFolder,
        on_event: &(dyn Fn(&Event) + Sync),
    ) -> Result<State, UploadError> {
        let UploadOptions { concurrency, retries, max_wait, again, .. } = self.options;
        let job = job(folder, &self.target, &self.options);
        let (mut journal, past) = Journal::open(folder.path(), &job, again, SystemTime::now())?;
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
            concurrency: concurrency.get(),
            retries,
            max_wait,
            seed: fastrand::u64(..),
        };
        let arrays = folder.arrays().iter();
        let sizes = arrays.map(|array| Size { contacts: array.contacts, bytes: array.bytes });
        let schedule = Schedule::new(rules, sizes.collect(), &past, EPOCH);
        let too_long = past.blocked_for.filter(|wait| *wait > max_wait);
        Ok(State {
            schedule,
            journal,
            refused,
            report,
            over: too_long.map(|wait| Ok(Ended::TooLongAWait { wait })),
            reported_until: Duration::ZERO,
        })
    }

    /// Opens the table with the contacts that the journal lists as refused.
    fn refused_table(
        &self,
        folder: &ImportFolder,
        past: &Past,
    ) -> Result<RefusedTable, UploadError> {
        let mut known = Vec::with_capacity(past.refused.len());
        let mut present: Option<(u32, Vec<u8>)> = None;
        for (slice, status) in &past.refused {
            let Some(array) = folder.arrays().get(slice.array as usize) else { continue };
            let json = match present.take() {
                Some((index, json)) if index == slice.array => json,
                _ => folder.read(array)?,
            };
            known.push((position(folder, *slice), contact(&json, slice.first), *status));
            present = Some((slice.array, json));
        }
        RefusedTable::open(folder.path(), known).map_err(|error| refused_error(folder, error))
    }
}

fn position(folder: &ImportFolder, slice: ArraySlice) -> ContactPosition {
    let array = &folder.arrays()[slice.array as usize];
    ContactPosition { file: array.file.clone(), line: array.line, contact: slice.first + 1 }
}

fn contact(json: &[u8], index: u32) -> String {
    let contacts = contacts_of(json).unwrap_or_default();
    contacts.get(index as usize).map_or(String::new(), |contact| contact.get().to_owned())
}

fn refused_error(folder: &ImportFolder, error: io::Error) -> UploadError {
    UploadError::Refused { path: folder.path().join(REFUSED), error }
}

/// Everything that the workers share.
struct Run<'r, T> {
    uploader: &'r Uploader<T>,
    folder: &'r ImportFolder,
    stop: &'r AtomicBool,
    on_event: &'r (dyn Fn(&Event) + Sync),
    started: Instant,
    state: Mutex<State>,
    changed: Condvar,
    /// Number of answers that forbid to send, and that have not been processed yet: a worker that waited
    /// for the disk must not send after them.
    halting: AtomicUsize,
}

struct State {
    schedule: Schedule,
    journal: Journal,
    refused: RefusedTable,
    report: Report,
    /// How the run ends, once nothing more is to be sent.
    over: Option<Result<Ended, UploadError>>,
    /// The end of the last wait that was reported.
    reported_until: Duration,
}

impl State {
    /// Ends the run this way, unless it has ended already. But a refused token is what people must know,
    /// whatever else ended the run.
    fn end(&mut self, ended: Ended) {
        let is_token = matches!(ended, Ended::Unauthorized { .. });
        if is_token && !matches!(self.over, Some(Err(_))) {
            self.over = Some(Ok(ended));
        } else {
            self.over.get_or_insert(Ok(ended));
        }
    }
}

impl<T: Transport> Run<'_, T> {
    fn now(&self) -> Duration {
        EPOCH + self.started.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on as many threads as requests may be under way, and returns when all have ended.
    fn start_workers(&self) {
        std::thread::scope(|scope| {
            for worker in 0..self.uploader.options.concurrency.get() {
                let started = std::thread::Builder::new()
                    .name(format!("contactmill-send-{worker}"))
                    .spawn_scoped(scope, || self.work());
                if started.is_err() {
                    // Fewer threads do the same in more time. Without any, this one does it.
                    if worker == 0 {
                        self.work();
                    }
                    break;
                }
            }
        });
    }

    /// Sends one slice after another until nothing is left.
    fn work(&self) {
        let mut state = self.state();
        while state.over.is_none() {
            if self.stop.load(Ordering::Relaxed) {
                state.over = Some(Ok(Ended::Interrupted));
                break;
            }
            if self.halting.load(Ordering::SeqCst) > 0 {
                state = self.wait(state, ANSWER_SOON);
                continue;
            }
            let now = self.now();
            match state.schedule.next_action(now) {
                Action::Done => break,
                Action::Stop(stop) => state.over = Some(Ok(ended(stop))),
                Action::Refuse(refusal) => {
                    if let Err(error) = self.refuse_proved(&mut state, refusal) {
                        state.over = Some(Err(error));
                    }
                }
                Action::Send(request) => state = self.send(state, request),
                Action::WaitForAnswer => state = self.wait(state, POLL),
                Action::WaitUntil(until, reason) => {
                    let wait = until.saturating_sub(now);
                    if wait >= MIN_REPORTED_WAIT && until > state.reported_until {
                        state.reported_until = until;
                        (self.on_event)(&Event::Waiting { reason, wait });
                    }
                    state = self.wait(state, wait.min(POLL));
                }
            }
        }
        self.changed.notify_all();
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>, wait: Duration) -> MutexGuard<'s, State> {
        let waited = self.changed.wait_timeout(state, wait);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn send<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        request: Request,
    ) -> MutexGuard<'s, State> {
        let begun = body_of(self.folder, request.slice, &self.uploader.options).and_then(|body| {
            state.journal.write(JournalEvent::Sending(request.slice), SystemTime::now())?;
            Ok(body)
        });
        let body = match begun {
            Ok(body) => body,
            Err(error) => {
                state.over = Some(Err(error));
                return state;
            }
        };
        (self.on_event)(&Event::Sending { slice: request.slice });
        if self.halting.load(Ordering::SeqCst) > 0 {
            state.schedule.put_back(request);
            return state;
        }
        state.report.requests += 1;
        drop(state);
        let verdict = self.post(&body);
        let halts = verdict.as_ref().map_or_else(SendError::halts, Verdict::halts);
        if halts {
            self.halting.fetch_add(1, Ordering::SeqCst);
        }
        let mut state = self.state();
        if halts {
            self.halting.fetch_sub(1, Ordering::SeqCst);
        }
        if let Err(error) = self.process(&mut state, request, verdict, &body) {
            // The first error is reported.
            if !matches!(state.over, Some(Err(_))) {
                state.over = Some(Err(error));
            }
        }
        self.changed.notify_all();
        state
    }

    fn post(&self, body: &[u8]) -> Result<Verdict, SendError> {
        let answer = self.uploader.transport.post(body)?;
        let masked = |text: &str| masked_values(&self.uploader.transport.masked(text), body);
        Ok(answer.verdict(SystemTime::now(), &masked))
    }

    /// Journals what an answer means, and reports it.
    fn process(
        &self,
        state: &mut State,
        request: Request,
        verdict: Result<Verdict, SendError>,
        body: &[u8],
    ) -> Result<(), UploadError> {
        let (now, wall) = (self.now(), SystemTime::now());
        let slice = request.slice;
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(SendError::Unclear(trouble)) => Verdict::Unclear { trouble, wait: None },
            Err(SendError::Certificate(fault)) => {
                let why = shown(&self.uploader.transport.masked(&fault.why));
                state.over.get_or_insert(Ok(Ended::Certificate(CertificateFault { why, ..fault })));
                return Ok(state.journal.write(JournalEvent::Unknown(slice), wall)?);
            }
        };
        let until = |wait: Duration| {
            milliseconds(wall).saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
        };
        let (journalled, reported) = match state.schedule.answered(request, verdict, now) {
            AnswerEffect::Acknowledged => {
                state.report.acknowledged += u64::from(slice.contacts());
                (JournalEvent::Acknowledged(slice), Some(Event::Acknowledged { slice }))
            }
            AnswerEffect::Refused { status, message } => {
                let refusal = Refusal { slice, status, message };
                return self.refuse(state, &refusal, &contact(body, 0));
            }
            AnswerEffect::Doubted { status } => {
                (JournalEvent::Doubted { slice, status }, Some(Event::Doubted { slice, status }))
            }
            AnswerEffect::Checked => (JournalEvent::Checked(slice), None),
            AnswerEffect::Halved { status } => {
                (JournalEvent::Refused { slice, status }, Some(Event::Halved { slice, status }))
            }
            AnswerEffect::Limited { wait } => {
                (JournalEvent::Limited { slice, until: until(wait) }, None)
            }
            AnswerEffect::Retried { trouble, wait } => {
                (JournalEvent::Unknown(slice), Some(Event::Retried { slice, trouble, wait }))
            }
            AnswerEffect::GivenUp { trouble } => {
                state.report.unknown.push((slice, trouble));
                (JournalEvent::Unknown(slice), Some(Event::Unknown { slice, trouble }))
            }
            AnswerEffect::Stopped { stop } => {
                let ended = ended(stop);
                let journalled = match &ended {
                    Ended::TooLongAWait { wait } | Ended::WaitUsedUp { wait, .. } => {
                        JournalEvent::Limited { slice, until: until(*wait) }
                    }
                    _ => JournalEvent::Unknown(slice),
                };
                state.end(ended);
                (journalled, None)
            }
        };
        state.journal.write(journalled, wall)?;
        if let Some(event) = reported {
            (self.on_event)(&event);
        }
        Ok(())
    }

    /// Lists a contact as refused for good: in the table first, then in the journal.
    fn refuse(
        &self,
        state: &mut State,
        refusal: &Refusal,
        contact: &str,
    ) -> Result<(), UploadError> {
        let Refusal { slice, status, ref message } = *refusal;
        let added = state.refused.add(position(self.folder, slice), contact, status, message);
        added.map_err(|error| refused_error(self.folder, error))?;
        state.report.refused += 1;
        state.journal.write(JournalEvent::Refused { slice, status }, SystemTime::now())?;
        (self.on_event)(&Event::Refused { slice, status });
        Ok(())
    }

    /// Refuses a contact whose answer came before the proof that it is at fault.
    fn refuse_proved(&self, state: &mut State, refusal: Refusal) -> Result<(), UploadError> {
        let body = body_of(self.folder, refusal.slice, &self.uploader.options)?;
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
