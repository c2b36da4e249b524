//! Progress of an upload on standard error: contacts, waits and retries.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contactmill_upload::{Event, WaitFor};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::args::ProgressArgument;
use crate::summary::grouped;
use crate::terminal::{self, one_line};

/// Minimum time between two lines.
const EVERY: Duration = Duration::from_secs(1);

/// The text after the bar.
enum Note {
    Text(String),
    /// A wait, which is counted down.
    Wait {
        until: Instant,
        why: &'static str,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The bar is not drawn through `terminal`, so the text is made safe here.
            Note::Text(text) => f.write_str(&one_line(text)),
            Note::Wait { until, why } => {
                let left = until.saturating_duration_since(Instant::now());
                write!(f, "waits {} {why}", long(left))
            }
        }
    }
}

/// How often the bar is drawn again.
const TICK: Duration = Duration::from_millis(250);

/// Shows the progress of an upload.
pub(crate) struct UploadProgress {
    shown: Shown,
    quiet: bool,
    started: Instant,
    done_before: u64,
    total: u64,
    state: Mutex<State>,
}

struct State {
    done: u64,
    refused: u64,
    last_line: Instant,
}

enum Shown {
    Nothing,
    Bar(ProgressBar, Arc<Mutex<Note>>),
    /// A line now and then, where the output is no terminal.
    Lines,
}

impl UploadProgress {
    /// Begins with `done` of `total` contacts, which need not be sent any more.
    pub(crate) fn new(when: ProgressArgument, quiet: bool, done: u64, total: u64) -> Self {
        let is_terminal = terminal::stderr_is_watched();
        let shown = match when {
            _ if quiet => Shown::Nothing,
            ProgressArgument::Never => Shown::Nothing,
            ProgressArgument::Auto | ProgressArgument::Always if is_terminal => {
                let note = Arc::new(Mutex::new(Note::Text(String::new())));
                Shown::Bar(bar(done, total, &note), note)
            }
            ProgressArgument::Auto => Shown::Nothing,
            ProgressArgument::Always => Shown::Lines,
        };
        let started = Instant::now();
        let state = State { done, refused: 0, last_line: started };
        UploadProgress { shown, quiet, started, done_before: done, total, state: Mutex::new(state) }
    }

    /// Shows what has happened.
    pub(crate) fn show(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::NotLocked { why } if !self.quiet => line(&format!(
                "note: the file system refuses locks ({why}); start no other upload of this folder"
            )),
            Event::Acknowledged { slice } => {
                state.done += u64::from(slice.contacts());
                self.update(&mut state);
            }
            Event::Refused { .. } => {
                state.done += 1;
                state.refused += 1;
                self.update(&mut state);
            }
            Event::Waiting { reason, wait } => {
                let why = match reason {
                    WaitFor::Rate => "for the limit",
                    WaitFor::Service => "as the service asks",
                    _ => "to try again",
                };
                self.tell(Note::Wait { until: Instant::now() + *wait, why });
            }
            Event::Unknown { trouble, .. } => self.tell(Note::Text(format!("given up: {trouble}"))),
            Event::Retried { trouble, .. } => self.tell(Note::Text(trouble.to_string())),
            _ => {}
        }
    }

    fn update(&self, state: &mut State) {
        let done_now = state.done.saturating_sub(self.done_before) as f64;
        let rate = done_now / self.started.elapsed().as_secs_f64().max(0.001);
        let left = self.total.saturating_sub(state.done) as f64 / rate.max(0.001);
        let left = long(Duration::from_secs_f64(left.min(1e7)));
        let refused = match state.refused {
            0 => String::new(),
            refused => format!("  {} refused", grouped(refused)),
        };
        let speed = format!("{rate:.0}/s  {left} left{refused}");
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar, note) => {
                put(note, Note::Text(speed));
                bar.set_position(state.done);
            }
            Shown::Lines if state.last_line.elapsed() >= EVERY || state.done == self.total => {
                state.last_line = Instant::now();
                let (done, total) = (grouped(state.done), grouped(self.total));
                line(&format!("{done} of {total} contacts  {speed}"));
            }
            Shown::Lines => {}
        }
    }

    fn tell(&self, what: Note) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(_, note) => put(note, what),
            Shown::Lines => line(&what.to_string()),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Shown::Bar(bar, _) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn put(note: &Mutex<Note>, what: Note) {
    *note.lock().unwrap_or_else(PoisonError::into_inner) = what;
}

fn bar(done: u64, total: u64, note: &Arc<Mutex<Note>>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template(
        "{bar:16} {percent:>3} %  {human_pos} of {human_len} contacts  {note}",
    );
    // The template is the constant above. Were it wrong, the default bar would do.
    if let Ok(style) = style {
        let note = Arc::clone(note);
        bar.set_style(style.with_key(
            "note",
            move |_: &ProgressState, out: &mut dyn fmt::Write| {
                let note = note.lock().unwrap_or_else(PoisonError::into_inner);
                // Progress that cannot be drawn is no reason to stop.
                let _ = write!(out, "{note}");
            },
        ));
    }
    // Waits are counted down while nothing else happens.
    bar.enable_steady_tick(TICK);
    bar.set_position(done);
    bar
}

fn line(text: &str) {
    // Progress that cannot be shown is no reason to stop.
    let _ = writeln!(terminal::stderr(), "{text}");
}

/// A time in words.
pub(crate) fn long(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{:.1} s", time.as_secs_f64()),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_to_units_that_people_use() {
        for (milliseconds, text) in [
            (300, "0.3 s"),
            (12_400, "12 s"),
            (119_000, "119 s"),
            (121_000, "3 min"),
            (3_700_000, "62 min"),
            (9_000_000, "2 h 30 min"),
        ] {
            assert_eq!(long(Duration::from_millis(milliseconds)), text);
        }
    }
}
