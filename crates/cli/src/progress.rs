//! Progress on standard error.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::ProgressArgument;
use crate::summary::grouped;
use crate::terminal;

/// Shows how far a run is.
pub(crate) struct Progress {
    shown: Shown,
    started: Instant,
    total: u64,
    /// Bytes and records so far.
    done: (u64, u64),
}

enum Shown {
    Nothing,
    /// A bar that is drawn again and again, on a terminal.
    Bar(ProgressBar),
    /// A line now and then, where lines stay.
    Lines {
        last: Instant,
    },
}

/// Time between two lines.
const EVERY: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new(when: ProgressArgument, quiet: bool, total: u64) -> Self {
        let started = Instant::now();
        let is_terminal = terminal::stderr_is_watched();
        let shown = match when {
            _ if quiet => Shown::Nothing,
            ProgressArgument::Never => Shown::Nothing,
            ProgressArgument::Auto | ProgressArgument::Always if is_terminal => {
                Shown::Bar(bar(total))
            }
            ProgressArgument::Auto => Shown::Nothing,
            ProgressArgument::Always => Shown::Lines { last: started },
        };
        Progress { shown, started, total, done: (0, 0) }
    }

    /// Shows how far the run is.
    pub(crate) fn show(&mut self, bytes: u64, records: u64) {
        self.done = (bytes, records);
        let rate = records as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        let rate = grouped(rate as u64);
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_position(bytes);
                bar.set_message(format!("{rate} records/s  {} s left", bar.eta().as_secs()));
            }
            Shown::Lines { last } if last.elapsed() >= EVERY => {
                *last = Instant::now();
                line(bytes, self.total, records, &rate);
            }
            Shown::Lines { .. } => {}
        }
    }

    /// Everything has been read; what was deferred for merging is written.
    pub(crate) fn writing(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.set_message("writing the arrays");
        }
    }

    /// Everything is done: the bar goes, lines get a last one.
    pub(crate) fn finish(self) {
        match self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines { .. } => {
                let seconds = self.started.elapsed().as_secs_f64().max(0.001);
                let rate = grouped((self.done.1 as f64 / seconds) as u64);
                line(self.done.0, self.total, self.done.1, &rate);
            }
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    let style =
        ProgressStyle::with_template("{bar:16} {percent:>3} %  {bytes} of {total_bytes}  {msg}");
    // The template is the constant above; were it wrong, the default bar would do.
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

fn line(bytes: u64, total: u64, records: u64, rate: &str) {
    let percent = (bytes * 100).checked_div(total).unwrap_or(100);
    let records = grouped(records);
    // Progress that cannot be shown is no reason to stop.
    let _ = writeln!(
        terminal::stderr(),
        "{percent:>3} %  {bytes} of {total} bytes  {records} records  {rate} records/s"
    );
}
