//! `contactmill review`: a page that is served until a signal ends it, or nobody is there any more.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contactmill_review::Review;

use crate::args::ReviewArguments;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::terminal::{self, Style};

const HEADING: Style = Style::new().bold();

/// How often it checks whether it should end.
const POLL: Duration = Duration::from_millis(50);

/// Serves the page until it ends. That is no failure.
pub(crate) fn run(arguments: &ReviewArguments) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().map_err(Failure::Signals)?;
    let review = arguments.setup().and_then(Review::start).map_err(Failure::Review)?;
    let written = write_introduction(&review, &mut terminal::stdout());
    written.map_err(Failure::StandardOutput)?;
    while !signals.any().load(Ordering::Relaxed) && !review.is_idle() {
        std::thread::sleep(POLL);
    }
    let fixes = review.fixes();
    drop(review);
    if fixes.exists() {
        // The terminal may be closed already.
        let _ = writeln!(terminal::stdout(), "\nThe corrections stand in {}", fixes.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn write_introduction(review: &Review, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{HEADING}Open this address{HEADING:#} in a browser on this machine\n")?;
    writeln!(out, "  {}\n", review.url())?;
    writeln!(out, "Whoever has the whole address can read the dump; nothing leaves this machine.")?;
    writeln!(out, "Ctrl-C ends it.")?;
    if let Some(line) = review.cut_off() {
        writeln!(
            out,
            "\nLine {line} of {} had no line end and may have been",
            review.fixes().display()
        )?;
        writeln!(out, "cut off: it is taken out. Correct its cell again on the page.")?;
    }
    out.flush()
}
