//! What is run on the dump: contactmill, and its peers.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::measure::{self, Measured};

/// Where jobs find what they need.
pub(crate) struct Setting {
    pub(crate) dump: PathBuf,
    /// For what they write.
    pub(crate) folder: PathBuf,
    pub(crate) program: PathBuf,
    pub(crate) python: PathBuf,
}

pub(crate) struct Job {
    pub(crate) label: &'static str,
    work: Work,
}

enum Work {
    Read,
    Convert,
    /// A function of `peers.py`.
    Peer(&'static str),
    /// Options of the program.
    Contactmill(&'static [&'static str]),
}

pub(crate) const READ: &str = "csv reads the records";
pub(crate) const PEERS: [&str; 3] =
    ["csv and serde_json convert", "Polars converts", "DuckDB converts"];
/// On two threads and on one.
pub(crate) const PAIRS: [[&str; 2]; 2] =
    [["first, 2 threads", "first, 1 thread"], ["merge, 2 threads", "merge, 1 thread"]];

pub(crate) const JOBS: [Job; 8] = [
    Job { label: READ, work: Work::Read },
    Job { label: PEERS[0], work: Work::Convert },
    Job { label: PEERS[1], work: Work::Peer("polars") },
    Job { label: PEERS[2], work: Work::Peer("duckdb") },
    contactmill(PAIRS[0][0], &["--threads", "2", "--on-duplicate", "first"]),
    contactmill(PAIRS[0][1], &["--threads", "1", "--on-duplicate", "first"]),
    contactmill(PAIRS[1][0], &["--threads", "2"]),
    contactmill(PAIRS[1][1], &["--threads", "1"]),
];

const fn contactmill(label: &'static str, options: &'static [&'static str]) -> Job {
    Job { label, work: Work::Contactmill(options) }
}

impl Job {
    /// What it took, or nothing if a peer is not there.
    pub(crate) fn run(&self, setting: &Setting) -> io::Result<Option<Measured>> {
        let measured = match self.work {
            Work::Read => measure::within(|| read(&setting.dump)).map(Some),
            Work::Convert => measure::within(|| convert(setting)).map(Some),
            Work::Peer(module) => peer(setting, module),
            Work::Contactmill(options) => run(setting, options).map(Some),
        };
        measured.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.label)))
    }
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
fn convert(setting: &Setting) -> io::Result<()> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&setting.dump)?;
    let header = reader.headers()?.clone();
    let mut out = BufWriter::new(File::create(setting.folder.join("converted.jsonl"))?);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let object: BTreeMap<&str, &str> = header.iter().zip(record.iter()).collect();
        serde_json::to_writer(&mut out, &object)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// The same by a library for Python, which takes the times itself: starting Python is no part of it.
fn peer(setting: &Setting, module: &str) -> io::Result<Option<Measured>> {
    let times = setting.folder.join("times");
    fs::write(&times, "")?;
    let script = measure::program(
        Command::new(&setting.python).args(["-c", include_str!("peers.py"), module]).args([
            &setting.dump,
            &setting.folder.join("converted.jsonl"),
            &times,
        ]),
    );
    let script = match script {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let times = fs::read_to_string(&times)?;
    let mut times = times.split_whitespace().filter_map(|seconds| seconds.parse().ok());
    let mut next = || times.next().map(Duration::from_secs_f64);
    let Some(wall) = next() else { return Ok(None) };
    Ok(Some(Measured { wall, processor: next(), ..script }))
}

fn run(setting: &Setting, options: &[&str]) -> io::Result<Measured> {
    let out = setting.folder.join("out");
    let measured = measure::program(
        Command::new(&setting.program)
            .arg("convert")
            .arg(&setting.dump)
            .args(["--region", "IN", "--quiet", "--out"])
            .arg(&out)
            .args(options),
    )?;
    let manifest: serde_json::Value =
        serde_json::from_reader(File::open(out.join("manifest.json"))?)?;
    let count = |name: &str| manifest["counts"][name].as_u64().unwrap_or_default();
    let ends = ["contacts", "duplicates", "rejected", "blank"].map(count);
    if ends.iter().sum::<u64>() != count("records") {
        return Err(io::Error::other("records were lost or doubled"));
    }
    fs::remove_dir_all(out)?;
    Ok(Measured { phones: Some(count("contacts")), ..measured })
}
