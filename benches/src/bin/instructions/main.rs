//! `instructions`: how many of them contactmill takes for a row, beside the record of an earlier count.

mod callgrind;
mod record;
mod work;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use self::record::Record;
use self::work::Work;

const USAGE: &str = "\
Usage: cargo run --release -p contactmill-benches --bin instructions -- [option]

Counts the instructions that contactmill takes for each row of a made-up dump,
and for each phone cell, with valgrind, and shows them beside the record in
benches/record/instructions.tsv. It builds contactmill first.

  --check     exit with 1 if there are over 3 % more than in the record; with
              another compiler than that of the record, only say so
  --renew     write the record
  -h, --help  show this
";

/// What is still no regression.
const ALLOWED: f64 = 1.03;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        [] => compare().map(|_| true),
        ["--check"] => compare(),
        ["--renew"] => Record::count().and_then(|counted| counted.write()).map(|()| true),
        ["-h" | "--help"] => say(USAGE).map(|()| true),
        // Run by this program itself, below valgrind.
        [work::PHONES, cells] => Ok(cells.parse().map(work::read_phones).is_ok()),
        _ => {
            let _ = write!(io::stderr(), "{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

/// Counts, and says whether that is within the record.
fn compare() -> io::Result<bool> {
    let record = Record::read()?;
    let (text, is_within) = comparison(&Record::count()?, &record);
    say(&text).map(|()| is_within)
}

fn comparison(counted: &Record, record: &Record) -> (String, bool) {
    let mut text = String::from("instructions a row     now   record   now ÷ record\n");
    let mut is_within = true;
    for work in Work::ALL {
        let (now, before) = (counted.of(work), record.of(work));
        let ratio = now / before;
        is_within &= ratio <= ALLOWED;
        text += &format!("{:<18}{now:>8.0} {before:>8.0} {ratio:>14.3}\n", work.name());
    }
    if counted.compiler != record.compiler {
        let [now, before] = [counted, record].map(|record| record.compiler.join(", "));
        text += &format!(
            "\nNothing is checked: this is {now}, and the record was made by {before}, whose \
             instructions are others. Renew the record with --renew.\n"
        );
        return (text, true);
    }
    if !is_within {
        text += "\nThat is over 3 % more than in the record. If it is worth it, renew the record \
                 with --renew, and say in the commit what it is for.\n";
    }
    (text, is_within)
}

#[cfg(test)]
mod tests {
    use super::{Record, comparison};

    fn record(rustc: &str, merge: u64) -> Record {
        Record::parse(&format!("rustc\t{rustc}\nfirst\t1000\nmerge\t{merge}\nphones\t100\n"))
    }

    #[test]
    fn more_than_the_record_is_refused_and_fewer_are_not() {
        for (merge, is_within) in [(1_000, true), (2_000, true), (2_059, true), (2_061, false)] {
            assert_eq!(comparison(&record("1", merge), &record("1", 2_000)).1, is_within);
        }
    }

    #[test]
    fn another_compiler_is_named_and_not_held_to_the_record() {
        let (text, is_within) = comparison(&record("2", 9_000), &record("1", 2_000));
        assert!(is_within);
        assert!(text.contains("Nothing is checked: this is 2"), "{text}");
    }

    #[test]
    fn work_that_the_record_does_not_have_is_refused() {
        let text = "rustc\t1\nfirst\t1000\n";
        assert!(!comparison(&record("1", 2_000), &Record::parse(text)).1);
    }
}
