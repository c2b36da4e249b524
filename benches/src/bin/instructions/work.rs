//! The work whose instructions are counted.

use std::env;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use contactmill_benches::{contacts, phones};
use contactmill_core::Options;
use contactmill_core::cells::read_phone;

use crate::callgrind;

/// Of two sizes, so that what a run costs once does not count.
const FEW: usize = 5_000;
const MANY: usize = 20_000;

pub(crate) const PHONES: &str = "phones";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// The whole program, the first of duplicates kept.
    First,
    /// The whole program with its defaults.
    Merge,
    /// The reader of phone cells.
    Phones,
}

impl Work {
    pub(crate) const ALL: [Work; 3] = [Work::First, Work::Merge, Work::Phones];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Work::First => "first",
            Work::Merge => "merge",
            Work::Phones => PHONES,
        }
    }

    /// Instructions for each row.
    pub(crate) fn count(self) -> io::Result<f64> {
        let [few, many] = [self.count_run(FEW)?, self.count_run(MANY)?];
        Ok((many as f64 - few as f64) / (MANY - FEW) as f64)
    }

    /// Instructions of a run over this number of rows.
    fn count_run(self, rows: usize) -> io::Result<u64> {
        let folder = tempfile::tempdir()?;
        let itself = env::current_exe()?;
        // Beside this program, as cargo puts them.
        let contactmill = itself.with_file_name("contactmill");
        match self {
            Work::Phones => count(&itself, &[PHONES, &rows.to_string()], folder.path()),
            Work::First => convert(&contactmill, &["--on-duplicate", "first"], rows, folder.path()),
            Work::Merge => convert(&contactmill, &[], rows, folder.path()),
        }
    }
}

fn convert(program: &Path, options: &[&str], rows: usize, folder: &Path) -> io::Result<u64> {
    contacts::write(File::create(folder.join("dump.csv"))?, rows as u64, 1)?;
    // No thread waits for another one. Names without a folder are as long on every machine.
    let fixed = ["convert", "dump.csv", "--region", "IN", "--quiet", "--threads", "1", "-o", "out"];
    count(program, &[&fixed, options].concat(), folder)
}

fn count(program: &Path, args: &[&str], folder: &Path) -> io::Result<u64> {
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--callgrind-out-file=callgrind.out"])
        .arg(program)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => io::Error::other("valgrind is needed: apt-get install valgrind"),
            kind => io::Error::new(kind, format!("valgrind: {error}")),
        })?;
    if !status.success() {
        return Err(io::Error::other(format!("{} below valgrind: {status}", program.display())));
    }
    let profile = fs::read(folder.join("callgrind.out"))?;
    match callgrind::own_instructions(&String::from_utf8_lossy(&profile), program) {
        0 => Err(io::Error::other(format!("callgrind does not name {}", program.display()))),
        instructions => Ok(instructions),
    }
}

/// Reads that many phone cells of the mixed corpus. All of it is made, so that making it does not count.
pub(crate) fn read_phones(cells: usize) {
    for (text, region) in phones::mixed(MANY).iter().take(cells) {
        let region = region.and_then(|region| region.as_region_str().as_str().parse().ok());
        let options = Options { region, ..Options::default() };
        let _ = black_box(read_phone(black_box(text), &options));
    }
}
