//! `bulk ROWS`: the whole program on a dump of that many rows, beside what merely reading and merely
//! converting it takes, all in one run.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use contactmill_benches::contacts;

const USAGE: &str = "\
Usage: bulk ROWS [options]

Writes a dump of ROWS messy contacts, runs contactmill over it as users do, and
beside it (a) the csv crate reading the records and (b) csv and serde_json
converting them with no validation. Prints times, ratios to (a) and the peak
memory beside its bound of 64 MiB and 24 bytes for each distinct phone.

Build it all first: cargo build --release -p contactmill-cli -p contactmill-benches

  --dir DIR          where the dump and the results go; both are removed
                     [default: the system's temporary folder]
  --runs N           how often everything is run; the fastest counts [default: 3]
  --half-duplicates  every phone twice, the second time with a new tag, instead
                     of the generator's dump
  -h, --help         show this
";

struct Arguments {
    rows: u64,
    dir: PathBuf,
    runs: u32,
    half_duplicates: bool,
}

fn main() -> ExitCode {
    let arguments = match parse(env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return print(USAGE),
        Err(message) => {
            let _ = write!(io::stderr(), "bulk: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match bulk(&arguments) {
        Ok(report) => print(&report),
        Err(error) => {
            let _ = writeln!(io::stderr(), "bulk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> ExitCode {
    // Whoever reads has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut rows = None;
    let (mut dir, mut runs, mut half_duplicates) = (env::temp_dir(), 3, false);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "-h" | "--help" => return Ok(None),
            "--dir" => dir = value()?.into(),
            "--runs" => {
                let value = value()?;
                let number = value.parse().ok().filter(|&runs| runs > 0);
                runs = number.ok_or(format!("{value} is no number of runs"))?;
            }
            "--half-duplicates" => half_duplicates = true,
            number if rows.is_none() => {
                let number = number.replace('_', "");
                rows = Some(number.parse().map_err(|_| format!("{number} is no number of rows"))?);
            }
            other => return Err(format!("unexpected {other}")),
        }
    }
    let rows = rows.ok_or("say how many rows")?;
    Ok(Some(Arguments { rows, dir, runs, half_duplicates }))
}

/// A folder that is removed with its content when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bulk(arguments: &Arguments) -> io::Result<String> {
    let folder = Folder(arguments.dir.join(format!("contactmill-bulk-{}", std::process::id())));
    fs::create_dir(&folder.0)?;
    let dump = folder.0.join("dump.csv");
    let file = BufWriter::new(File::create(&dump)?);
    match arguments.half_duplicates {
        true => half_duplicates(file, arguments.rows)?,
        false => contacts::write(file, arguments.rows, 1)?,
    }
    // Beside this program, as cargo puts them.
    let program = env::current_exe()?.with_file_name("contactmill");

    let mut fastest: BTreeMap<&str, Measured> = BTreeMap::new();
    let mut note = |name, measured: Measured| {
        let kept = fastest.entry(name).or_insert(measured);
        kept.wall = kept.wall.min(measured.wall);
        kept.peak = kept.peak.max(measured.peak);
        kept.phones = measured.phones;
    };
    for _ in 0..arguments.runs {
        note("read", timed(|| read(&dump))?);
        note("serde_json", timed(|| convert_without_looking(&dump, &folder.0))?);
        for (name, options) in [
            ("first", &["--on-duplicate", "first"][..]),
            ("first, 1 thread", &["--on-duplicate", "first", "--threads", "1"]),
            ("merge", &[]),
            ("merge, 1 thread", &["--threads", "1"]),
        ] {
            note(name, run(&program, &dump, &folder.0.join("out"), options)?);
        }
    }

    let bytes = fs::metadata(&dump)?.len();
    let mut report = format!("{} rows, {:.1} MB\n\n", arguments.rows, bytes as f64 / 1e6);
    report += "job                         seconds  ÷ csv   rows/s  peak MiB  bound\n";
    let base = fastest.get("read").map_or(Duration::ZERO, |read| read.wall).as_secs_f64();
    for (name, label) in [
        ("read", "csv reads the records"),
        ("serde_json", "csv and serde_json convert"),
        ("first", "--on-duplicate first"),
        ("first, 1 thread", "  on one thread"),
        ("merge", "defaults (merge)"),
        ("merge, 1 thread", "  on one thread"),
    ] {
        let Some(Measured { wall, peak, phones }) = fastest.get(name) else { continue };
        let seconds = wall.as_secs_f64();
        let rows = arguments.rows as f64 / seconds;
        report += &format!("{label:<27} {seconds:>7.2} {:>6.2} {rows:>8.0}", seconds / base);
        if let (Some(peak), Some(phones)) = (peak, phones) {
            let bound = 64.0 + 24.0 * *phones as f64 / f64::from(1 << 20);
            report += &format!("  {:>8.0} {bound:>6.0}", *peak as f64 / 1024.0);
        }
        report += "\n";
    }
    Ok(report)
}

#[derive(Clone, Copy)]
struct Measured {
    wall: Duration,
    /// KiB.
    peak: Option<u64>,
    /// Distinct phones.
    phones: Option<u64>,
}

fn timed(job: impl FnOnce() -> io::Result<()>) -> io::Result<Measured> {
    let start = Instant::now();
    job()?;
    Ok(Measured { wall: start.elapsed(), peak: None, phones: None })
}

fn read(dump: &Path) -> io::Result<()> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(dump)?;
    let mut record = csv::ByteRecord::new();
    let mut fields = 0;
    while reader.read_byte_record(&mut record)? {
        fields += record.len();
    }
    std::hint::black_box(fields);
    Ok(())
}

/// Every record as a JSON object by its header, as a quick script would write it.
fn convert_without_looking(dump: &Path, folder: &Path) -> io::Result<()> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(dump)?;
    let header = reader.headers()?.clone();
    let mut out = BufWriter::new(File::create(folder.join("converted.jsonl"))?);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let object: BTreeMap<&str, &str> = header.iter().zip(record.iter()).collect();
        serde_json::to_writer(&mut out, &object)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn run(program: &Path, dump: &Path, out: &Path, options: &[&str]) -> io::Result<Measured> {
    let start = Instant::now();
    let mut child = Command::new(program)
        .arg("convert")
        .arg(dump)
        .args(["--region", "IN", "--quiet", "--out"])
        .arg(out)
        .args(options)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
    let peak = peak_until_end(&mut child)?;
    let wall = start.elapsed();
    let manifest: serde_json::Value =
        serde_json::from_reader(File::open(out.join("manifest.json"))?)?;
    let count = |name: &str| manifest["counts"][name].as_u64().unwrap_or_default();
    let ends = ["contacts", "duplicates", "rejected", "blank"].map(count);
    if ends.iter().sum::<u64>() != count("records") {
        return Err(io::Error::other("records were lost or doubled"));
    }
    fs::remove_dir_all(out)?;
    Ok(Measured { wall, peak, phones: Some(count("contacts")) })
}

/// The peak of the memory that a process had, as far as the system tells, in KiB.
fn peak_until_end(child: &mut Child) -> io::Result<Option<u64>> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).or(peak);
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(peak),
            Some(status) => return Err(io::Error::other(format!("contactmill: {status}"))),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// Every phone twice, far from each other, the second time with a tag of its own.
fn half_duplicates(mut out: impl Write, rows: u64) -> io::Result<()> {
    writeln!(out, "Name,Phone,Email,Tags,City")?;
    let phones = rows.div_ceil(2);
    for row in 0..rows {
        // The multiplier is odd and no multiple of five, so the numbers do not repeat.
        let number = 9_000_000_000 + (row % phones) * 7_654_321 % 1_000_000_000;
        writeln!(out, "Contact {row},+91{number},contact{row}@example.com,tag {row},Pune")?;
    }
    out.flush()
}
