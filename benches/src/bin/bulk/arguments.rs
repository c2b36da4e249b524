//! What the command line asks for.

use std::env;
use std::path::PathBuf;

use crate::shape::Shape;

pub(crate) const USAGE: &str = "\
Usage: bulk ROWS [options]

Writes a dump of ROWS messy contacts, runs contactmill over it as users do, and
beside it (a) the csv crate reading the records, (b) csv and serde_json
converting them with no validation, (c) Polars and DuckDB doing the same on all
processors, if Python has them. Prints times, ratios to (a), processor time and
the peak memory, which is bound by 64 MiB and 24 bytes for each distinct phone.

Build it all first: cargo build --release -p contactmill-cli -p contactmill-benches

  --shape SHAPE  few: the generator's dump, with 6 % duplicates [default]
                 half: the same with 49 %
                 twice: every phone twice, far apart, and then with a new tag
  --memory DIR   where the dump and the results go, which are removed
                 [default: the system's temporary folder]
  --disk DIR     another such folder: everything is done there, too, and the
                 report has the ratio of both
  --python PATH  the Python that may have polars and duckdb [default: python3]
  --runs N       how often everything is run; the fastest counts [default: 3]
  -h, --help     show this
";

pub(crate) struct Arguments {
    pub(crate) rows: u64,
    pub(crate) shape: Shape,
    pub(crate) places: Vec<Place>,
    pub(crate) python: PathBuf,
    pub(crate) runs: u32,
}

/// A folder on some sort of storage.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) dir: PathBuf,
}

pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let (mut rows, mut shape, mut runs) = (None, Shape::Few, 3);
    let (mut memory, mut disk, mut python) = (None, None, PathBuf::from("python3"));
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "-h" | "--help" => return Ok(None),
            "--shape" => shape = value()?.parse()?,
            "--memory" => memory = Some(value()?.into()),
            "--disk" => disk = Some(value()?.into()),
            "--python" => python = value()?.into(),
            "--runs" => {
                let value = value()?;
                let number = value.parse().ok().filter(|&runs| runs > 0);
                runs = number.ok_or(format!("{value} is no number of runs"))?;
            }
            number if rows.is_none() => {
                let number = number.replace('_', "");
                rows = Some(number.parse().map_err(|_| format!("{number} is no number of rows"))?);
            }
            other => return Err(format!("unexpected {other}")),
        }
    }
    let rows = rows.ok_or("say how many rows")?;
    Ok(Some(Arguments { rows, shape, places: places(memory, disk), python, runs }))
}

fn places(memory: Option<PathBuf>, disk: Option<PathBuf>) -> Vec<Place> {
    let memory = memory.map(|dir| Place { name: "memory", dir });
    let disk = disk.map(|dir| Place { name: "disk", dir });
    let places: Vec<Place> = memory.into_iter().chain(disk).collect();
    match places.is_empty() {
        true => vec![Place { name: "temporary folder", dir: env::temp_dir() }],
        false => places,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::shape::Shape;

    fn parsed(line: &str) -> Result<Option<super::Arguments>, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn memory_comes_before_a_disk() {
        let asked = parsed("--disk /d 1_000 --shape half --memory /m").ok().flatten();
        let asked = asked.expect("the line is right");
        assert_eq!((asked.rows, asked.shape), (1000, Shape::Half));
        let names: Vec<_> = asked.places.iter().map(|place| place.name).collect();
        assert_eq!(names, ["memory", "disk"]);
    }

    #[test]
    fn bad_lines_are_refused() {
        for line in ["", "many", "1 2", "1 --runs 0", "1 --shape", "1 --shape thrice", "1 --fast"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
