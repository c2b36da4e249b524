//! What a piece of work takes.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What one job took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    /// Of all processors together, by programs and by the kernel for them, as far as the system tells.
    pub(crate) processor: Option<Duration>,
    /// KiB.
    pub(crate) peak: Option<u64>,
    /// Distinct phones.
    pub(crate) phones: Option<u64>,
}

/// Work within this process, on its one thread.
pub(crate) fn within(job: impl FnOnce() -> io::Result<()>) -> io::Result<Measured> {
    let (start, before) = (Instant::now(), processor(OWN));
    job()?;
    Ok(Measured { wall: start.elapsed(), processor: since(before, OWN), peak: None, phones: None })
}

/// A program from its start to its end.
pub(crate) fn program(command: &mut Command) -> io::Result<Measured> {
    let (start, before) = (Instant::now(), processor(CHILDREN));
    let child = command.stdin(Stdio::null()).spawn().map_err(|error| {
        let program = command.get_program().display();
        io::Error::new(error.kind(), format!("{program}: {error}"))
    })?;
    let peak = peak_until_end(child)?;
    let (wall, processor) = (start.elapsed(), since(before, CHILDREN));
    Ok(Measured { wall, processor, peak, phones: None })
}

/// The peak of the memory that a process had, as far as the system tells, in KiB.
fn peak_until_end(mut child: Child) -> io::Result<Option<u64>> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).or(peak);
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(peak),
            Some(status) => return Err(io::Error::other(status.to_string())),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// Fields of `/proc/self/stat` behind the program's name, from 0: `utime` and `stime`, and those of
/// children that were waited for.
const OWN: usize = 11;
const CHILDREN: usize = 13;

/// The unit of that file: Linux has 100 a second on all processors that Rust compiles for.
const TICK: Duration = Duration::from_millis(10);

fn processor(field: usize) -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u32>().ok();
    Some(TICK * (ticks(field)? + ticks(field + 1)?))
}

fn since(before: Option<Duration>, field: usize) -> Option<Duration> {
    processor(field)?.checked_sub(before?)
}
