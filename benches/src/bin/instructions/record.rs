//! The record of an earlier count, and a count as it is now.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io;
use std::process::{Command, Output};

use crate::work::Work;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/record/instructions.tsv");

const HEAD: &str = "\
# Instructions for each row, without those of the C library and of SHA-256. Renew them with
# cargo run --release -p contactmill-benches --bin instructions -- --renew
";

/// Instructions for each row.
pub(crate) struct Record {
    /// The version of the compiler, and what it compiles for: others give other instructions.
    pub(crate) compiler: [String; 2],
    counts: HashMap<String, f64>,
}

const COMPILER: [&str; 2] = ["rustc", "host"];

impl Record {
    pub(crate) fn read() -> io::Result<Self> {
        let text = fs::read_to_string(PATH)
            .map_err(|error| io::Error::new(error.kind(), format!("{PATH}: {error}")))?;
        Ok(Self::parse(&text))
    }

    pub(crate) fn parse(text: &str) -> Self {
        let rows = || text.lines().filter_map(|line| line.split_once('\t'));
        let word = |name| rows().find(|row| row.0 == name).map_or("", |row| row.1).to_owned();
        let counts =
            rows().filter_map(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
        Self { compiler: COMPILER.map(word), counts: counts.collect() }
    }

    /// Builds contactmill and counts.
    pub(crate) fn count() -> io::Result<Self> {
        build()?;
        let mut counts = HashMap::new();
        for work in Work::ALL {
            counts.insert(work.name().to_owned(), work.count()?);
        }
        Ok(Self { compiler: compiler()?, counts })
    }

    /// Instructions for each row, or 0 where the record does not have the work.
    pub(crate) fn of(&self, work: Work) -> f64 {
        self.counts.get(work.name()).copied().unwrap_or_default()
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        fs::write(PATH, self.text())
    }

    fn text(&self) -> String {
        let compiler = COMPILER.iter().zip(&self.compiler);
        let compiler = compiler.map(|(name, word)| format!("{name}\t{word}\n"));
        let counts = Work::ALL.map(|work| format!("{}\t{:.0}\n", work.name(), self.of(work)));
        HEAD.to_owned() + &compiler.chain(counts).collect::<String>()
    }
}

/// As the README does, so that what is counted is what users have.
fn build() -> io::Result<()> {
    let program = env::current_exe()?;
    let target = program.parent().and_then(|folder| folder.parent());
    let target = target.ok_or_else(|| io::Error::other("this program is in no target folder"))?;
    let mut build = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    // What `cargo run` says of this package; build scripts look at it, and all above them would be
    // compiled again.
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            build.env_remove(name);
        }
    }
    let status = build
        .args(["build", "--release", "--locked", "-p", "contactmill-cli", "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    status.success().then_some(()).ok_or_else(|| io::Error::other("contactmill was not built"))
}

fn compiler() -> io::Result<[String; 2]> {
    let Output { stdout, .. } =
        Command::new("rustc").arg("-vV").current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
    let text = String::from_utf8_lossy(&stdout);
    // Its first line is `rustc 1.89.0 (…)`, and the others are `host: …`.
    let word = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim_start_matches(':').trim().to_owned()
    };
    Ok(COMPILER.map(word))
}

#[cfg(test)]
mod tests {
    use super::Record;
    use crate::work::Work;

    #[test]
    fn what_is_written_is_read() {
        let text = super::HEAD.to_owned()
            + "rustc\t1.89.0 (0 2026)\nhost\tx-y\nfirst\t12\nmerge\t34\nphones\t5\n";
        let record = Record::parse(&text);
        assert_eq!(record.compiler, ["1.89.0 (0 2026)", "x-y"]);
        assert_eq!(Work::ALL.map(|work| record.of(work) as u64), [12, 34, 5]);
        assert_eq!(record.text(), text);
    }

    #[test]
    fn the_record_has_all_work() {
        let record = Record::read().expect("the record can be read");
        assert!(record.compiler.iter().all(|word| !word.is_empty()));
        assert!(Work::ALL.iter().all(|work| record.of(*work) > 0.0));
    }
}
