//! What the dump is like.

use std::io::{self, Write};
use std::str::FromStr;

use contactmill_benches::contacts::{self, Duplicates};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// The generator's list, with few duplicates.
    Few,
    /// The same, where every other row brings an earlier number again.
    Half,
    /// Every phone twice, far from each other, the second time with a tag of its own.
    Twice,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "few" => Ok(Shape::Few),
            "half" => Ok(Shape::Half),
            "twice" => Ok(Shape::Twice),
            other => Err(format!("{other} is none of few, half and twice")),
        }
    }
}

impl Shape {
    pub(crate) fn write(self, out: impl Write, rows: u64) -> io::Result<()> {
        match self {
            Shape::Few => contacts::write(out, rows, 1),
            Shape::Half => contacts::write_with(out, rows, 1, Duplicates::Half),
            Shape::Twice => write_twice(out, rows),
        }
    }
}

fn write_twice(mut out: impl Write, rows: u64) -> io::Result<()> {
    writeln!(out, "Name,Phone,Email,Tags,City")?;
    let phones = rows.div_ceil(2);
    for row in 0..rows {
        // The multiplier is odd and no multiple of five, so the numbers do not repeat.
        let number = 9_000_000_000 + (row % phones) * 7_654_321 % 1_000_000_000;
        writeln!(out, "Contact {row},+91{number},contact{row}@example.com,tag {row},Pune")?;
    }
    out.flush()
}
