//! `contactmill sandbox`: a stand-in for the import API that runs until a signal ends it.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contactmill_sandbox::Sandbox;

use crate::failure::Failure;
use crate::signals::Signals;
use crate::summary::grouped;
use crate::terminal::{self, Style};
use crate::upload_args::SandboxArguments;

const HEADING: Style = Style::new().bold();

/// How often it checks whether it should end.
const POLL: Duration = Duration::from_millis(50);

/// Runs until a signal ends it. That is no failure.
pub(crate) fn run(arguments: &SandboxArguments) -> Result<ExitCode, Failure> {
    let signals = Signals::listen().map_err(Failure::Signals)?;
    let sandbox = Sandbox::start(arguments.options()).map_err(Failure::Sandbox)?;
    let written = write_introduction(&sandbox, &mut terminal::stdout());
    written.map_err(Failure::StandardOutput)?;
    while !signals.any().load(Ordering::Relaxed) {
        std::thread::sleep(POLL);
    }
    let stats = sandbox.stats();
    // The terminal may be closed already.
    let _ = writeln!(
        terminal::stdout(),
        "\n{} contacts in {} requests; they are gone now",
        grouped(stats.contacts),
        grouped(stats.requests)
    );
    Ok(ExitCode::SUCCESS)
}

fn write_introduction(sandbox: &Sandbox, out: &mut impl Write) -> io::Result<()> {
    let url = format!("http://{}", sandbox.address());
    let program = std::env::args().next().unwrap_or_else(|| "contactmill".to_owned());
    writeln!(out, "{HEADING}The sandbox listens{HEADING:#} on this machine alone\n")?;
    writeln!(out, "  page      {url}/")?;
    writeln!(out, "  numbers   {url}/stats")?;
    writeln!(out, "  contacts  {url}/contacts\n")?;
    writeln!(out, "{HEADING}Next{HEADING:#}, in another terminal (any token will do)")?;
    writeln!(
        out,
        "  CONTACTMILL_TOKEN=rehearsal {} upload contactmill-out --base-url {url}\n",
        crate::shell::shell_word(&program)
    )?;
    writeln!(out, "Ctrl-C ends it.")?;
    out.flush()
}
