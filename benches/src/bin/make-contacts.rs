//! `make-contacts ROWS [options]`: writes a messy contact CSV, always the same for the same arguments.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use contactmill_benches::contacts::{self, Duplicates};

const USAGE: &str = "\
Usage: make-contacts ROWS [--seed N] [--half-duplicates] [-o FILE]

Writes a CSV of ROWS messy contacts and a header line. The same ROWS and seed
always give the same bytes.

  --seed N          the seed, 0 or more [default: 1]
  --half-duplicates every other row brings an earlier number again
  -o, --output FILE where to write [default: standard output]
  -h, --help        show this
";

/// What the command line asks for.
#[derive(PartialEq, Eq, Debug)]
enum Command {
    Help,
    Make { rows: u64, seed: u64, duplicates: Duplicates, output: Option<PathBuf> },
}

fn main() -> ExitCode {
    let mut stderr = io::stderr();
    // If standard error is gone as well, nobody is left to tell.
    let result = match parse(env::args_os().skip(1)) {
        Ok(Command::Help) => io::stdout().write_all(USAGE.as_bytes()),
        Ok(Command::Make { rows, seed, duplicates, output }) => match output {
            Some(path) => File::create(&path)
                .and_then(|file| contacts::write_with(file, rows, seed, duplicates))
                .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display()))),
            None => contacts::write_with(io::stdout().lock(), rows, seed, duplicates),
        },
        Err(message) => {
            let _ = write!(stderr, "make-contacts: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(stderr, "make-contacts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut rows, mut seed, mut output) = (None, 1, None);
    let mut duplicates = Duplicates::Few;
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("-h" | "--help") => return Ok(Command::Help),
            Some("--seed") => seed = number("--seed", args.next())?,
            Some("--half-duplicates") => duplicates = Duplicates::Half,
            Some("-o" | "--output") => {
                let path = args.next().ok_or("-o needs a file name")?;
                output = Some(PathBuf::from(path));
            }
            Some(option) if option.starts_with('-') => {
                return Err(format!("unknown option {option}"));
            }
            _ if rows.is_some() => {
                return Err(format!("unexpected argument {}", arg.display()));
            }
            _ => rows = Some(number("ROWS", Some(arg))?),
        }
    }
    Ok(Command::Make { rows: rows.ok_or("ROWS is missing")?, seed, duplicates, output })
}

fn number(what: &str, value: Option<OsString>) -> Result<u64, String> {
    let value = value.ok_or_else(|| format!("{what} needs a number"))?;
    value
        .to_str()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| format!("{what} must be a whole number, not {}", value.display()))
}

#[cfg(test)]
mod tests {
    use super::{Command, Duplicates, parse};
    use std::ffi::OsString;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_stand_anywhere() {
        let output = Some("a.csv".into());
        let asked = Command::Make { rows: 300, seed: 9, duplicates: Duplicates::Half, output };
        assert_eq!(parsed("-o a.csv 300 --half-duplicates --seed 9"), Ok(asked));
    }

    #[test]
    fn bad_lines_are_refused() {
        for line in ["", "many", "-1", "1 2", "1 --seed", "1 --seed x", "1 -o", "1 --fast"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
