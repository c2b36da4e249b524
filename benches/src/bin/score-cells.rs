//! `score-cells [--count N] [--seed N]`: how well phone cells are read whose truth is known.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use contactmill_benches::cells::{Cell, Corpus, HELD, Part, Score, Speed, Target, speed};

const USAGE: &str = "\
Usage: score-cells [--count N] [--seed N] [--part 1|2] [--kind KIND] [--pairs]
                   [--failures N] [--show KIND]

Reads N made-up phone cells whose truth is known, and says how many are read
rightly, beside what libphonenumber alone makes of them. Exits with 1 if a
target is missed that the reader is held to.

  --count N     how many cells of each part [default: 1000000]
  --seed N      the seed, 0 or more [default: 1]
  --part 1|2    only the kinds of the design's table, or of its second part
  --kind KIND   only cells whose kinds contain KIND
  --pairs       a row for every pair of manglings
  --failures N  show up to N failing cells of every kind
  --show KIND   show 30 cells whose kinds contain KIND, and what comes out
  -h, --help    show this
";

/// What the command line asks for.
#[derive(PartialEq, Eq, Debug)]
struct Asked {
    help: bool,
    count: u64,
    seed: u64,
    part: Option<Part>,
    kind: String,
    pairs: bool,
    failures: usize,
    show: Option<String>,
}

fn main() -> ExitCode {
    let asked = match parse(env::args_os().skip(1)) {
        Ok(asked) => asked,
        Err(message) => {
            // If standard error is gone as well, nobody is left to tell.
            let _ = write!(io::stderr(), "score-cells: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut out = io::stdout().lock();
    let result = match &asked {
        Asked { help: true, .. } => out.write_all(USAGE.as_bytes()).map(|()| true),
        Asked { show: Some(kind), .. } => show(&mut out, &asked, kind).map(|()| true),
        _ => score(&mut out, &asked),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        // The reader has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

impl Asked {
    fn parts(&self) -> Vec<Part> {
        self.part.map_or_else(|| vec![Part::First, Part::Second], |part| vec![part])
    }
}

fn is_of(cell: &Cell, kind: &str) -> bool {
    cell.kinds.join(" + ").contains(kind)
}

fn score(out: &mut impl Write, asked: &Asked) -> io::Result<bool> {
    let mut is_met = true;
    for part in asked.parts() {
        is_met &= score_part(out, asked, part)? || !HELD.contains(&part);
    }
    if asked.kind.is_empty() {
        measure(out, asked)?;
    }
    Ok(is_met)
}

fn score_part(out: &mut impl Write, asked: &Asked, part: Part) -> io::Result<bool> {
    let mut corpus = Corpus::of(part, asked.seed);
    let mut score = Score::keeping(part, asked.failures);
    for _ in 0..asked.count {
        if let Some(cell) = corpus.next().filter(|cell| is_of(cell, &asked.kind)) {
            score.add(&cell);
        }
    }
    match part {
        Part::First => writeln!(out, "The design's table\n")?,
        Part::Second => writeln!(out, "The design's second part\n")?,
    }
    for (kinds, failures) in score.failures() {
        writeln!(out, "{kinds}")?;
        for failure in failures {
            writeln!(out, "  {failure}")?;
        }
    }
    writeln!(out, "{}", score.table(asked.pairs))?;
    let left_out: u64 = corpus.left_out().values().sum();
    writeln!(out, "left out, each the plain form of another valid number: {left_out}")?;
    for (kind, count) in corpus.left_out() {
        writeln!(out, "  {kind:<32}{count:>8}")?;
    }
    writeln!(out)?;
    let targets = score.targets();
    for target in &targets {
        writeln!(out, "{target}")?;
    }
    writeln!(out)?;
    Ok(targets.iter().all(Target::is_met))
}

fn measure(out: &mut impl Write, asked: &Asked) -> io::Result<()> {
    for (which, fast_only) in [("all", false), ("by the engine's tables", true)] {
        let Speed { cells, reader, engine } = speed(asked.seed, fast_only);
        writeln!(
            out,
            "clean cells, {which:<23}{cells:>7}: {reader:>7.1} ns read, {engine:>6.1} ns bare, \
             ratio {:.2} (<= 1.30)",
            reader / engine
        )?;
    }
    Ok(())
}

fn show(out: &mut impl Write, asked: &Asked, kind: &str) -> io::Result<()> {
    let mut score = Score::default();
    let count = usize::try_from(asked.count).unwrap_or(usize::MAX);
    let cells = asked.parts().into_iter().flat_map(|part| Corpus::of(part, asked.seed).take(count));
    for cell in cells.filter(|cell| is_of(cell, kind)).take(30) {
        let outcome = score.add(&cell);
        writeln!(out, "{}: {cell}, came out {outcome}", cell.kinds.join(" + "))?;
    }
    Ok(())
}

fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let mut asked = Asked {
        help: false,
        count: 1_000_000,
        seed: 1,
        part: None,
        kind: String::new(),
        pairs: false,
        failures: 0,
        show: None,
    };
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("-h" | "--help") => asked.help = true,
            Some("--count") => asked.count = number("--count", args.next())?,
            Some("--seed") => asked.seed = number("--seed", args.next())?,
            Some("--pairs") => asked.pairs = true,
            Some("--failures") => asked.failures = number("--failures", args.next())?,
            Some("--part") => {
                asked.part = Some(match number("--part", args.next())? {
                    1_u8 => Part::First,
                    2 => Part::Second,
                    other => return Err(format!("--part must be 1 or 2, not {other}")),
                });
            }
            Some("--kind") => asked.kind = kind("--kind", args.next())?,
            Some("--show") => asked.show = Some(kind("--show", args.next())?),
            _ => return Err(format!("unexpected argument {}", arg.display())),
        }
    }
    Ok(asked)
}

fn kind(what: &str, value: Option<OsString>) -> Result<String, String> {
    let kind = value.and_then(|kind| kind.into_string().ok());
    kind.ok_or_else(|| format!("{what} needs a kind"))
}

fn number<T: std::str::FromStr>(what: &str, value: Option<OsString>) -> Result<T, String> {
    let value = value.ok_or_else(|| format!("{what} needs a number"))?;
    value
        .to_str()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| format!("{what} must be a whole number, not {}", value.display()))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::ffi::OsString;

    #[test]
    fn bad_lines_are_refused() {
        for line in
            ["1", "--count", "--count x", "--seed -1", "--show", "--kind", "--part 3", "--fast"]
        {
            assert!(parse(line.split_whitespace().map(OsString::from)).is_err(), "{line}");
        }
    }
}
