//! The numbering plans as tables: one walk over the digits of a national number finds its region
//! and the kind of its line, another what stands before it.
//!
//! The tables are written by `contactmill-codegen` from the metadata inside `rlibphonenumber`, so
//! that they and the library cannot drift apart.

mod generated;

pub(crate) use generated::METADATA_VERSION;

use generated::{ROWS, TAILS};

use crate::{LengthCheck, LineType, Region};

/// What the digits of a national number say by themselves.
pub(crate) struct Answer {
    pub(crate) region: Option<Region>,
    pub(crate) line_type: LineType,
    /// Bit n: the number matches the general pattern of the calling code's nth territory.
    general: u32,
}

/// A territory: a region, or the world for one calling code.
pub(crate) struct Territory {
    pub(crate) region: Region,
    pub(crate) code: u16,
    /// How many digits the calling code has.
    code_digits: u8,
    /// The place of the calling code among all, ascending.
    calling_code: u8,
    /// The main territory of its calling code.
    main: u16,
    /// Its place among the territories of its calling code.
    place: u8,
    /// Whether no other territory has its calling code.
    pub(crate) is_only: bool,
    /// Bit n: numbers of n digits exist.
    possible: u32,
    /// Bit n: numbers of n digits can be dialled from nearby.
    local_only: u32,
    pub(crate) international_prefix: Prefix,
    pub(crate) national_prefix: Prefix,
}

/// Digits that may stand before a number.
pub(crate) struct Prefix {
    /// Bit n: the digit n may begin it.
    first: u16,
    /// The row where the walk over it starts.
    start: u16,
}

/// Whether a number begins with a prefix.
#[derive(Clone, Copy)]
pub(crate) enum Begins {
    No,
    /// It does, with this many digits.
    With(u8),
    /// It does. `put`, then the `kept` range of the digits themselves, replace the `taken` digits.
    Rewritten {
        taken: u8,
        put: &'static [u8],
        kept: (u8, u8),
    },
}

/// More digits than a national number has, one more than the library reads.
const LENGTHS: usize = 18;

/// Where each digit leads, what the digits so far say if they end here, and room to a power of
/// two. An entry below [`ROWS`] is a row; above, the digits that follow make no difference.
type Row = [u16; 16];
const AT_END: usize = 10;

/// Aligned, so that no row lies in two cache lines.
#[repr(C, align(64))]
struct Walks {
    rows: [Row; ROWS],
    /// For each calling code, where the first two digits of a national number lead.
    openings: [[u16; 100]; generated::OPENINGS],
    /// The answer by the number of digits.
    tails: [[u16; LENGTHS]; TAILS],
}

static WALKS: Walks = {
    let bytes = include_bytes!("plans.bin");
    Walks {
        rows: read(bytes, 0),
        openings: read(bytes, size_of::<[Row; ROWS]>()),
        tails: read(bytes, size_of::<[Row; ROWS]>() + 200 * generated::OPENINGS),
    }
};

/// Reads a table of little-endian numbers, when the crate is compiled.
const fn read<const COLUMNS: usize, const ROWS: usize>(
    bytes: &[u8],
    mut at: usize,
) -> [[u16; COLUMNS]; ROWS] {
    let mut table = [[0; COLUMNS]; ROWS];
    let mut row = 0;
    while row < ROWS {
        let mut column = 0;
        while column < COLUMNS {
            table[row][column] = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
            at += 2;
            column += 1;
        }
        row += 1;
    }
    table
}

/// Walks on from an entry; the result is what is said where the digits end, or the leaf.
#[inline]
fn walk(mut entry: u16, digits: &[u8]) -> Result<u16, usize> {
    let mut digits = digits.iter();
    loop {
        let Some(row) = WALKS.rows.get(usize::from(entry)) else {
            return Err(usize::from(entry) - ROWS);
        };
        match digits.next() {
            // Digits are below 10: the mask tells the compiler that they are below 16.
            Some(&digit) => entry = row[usize::from(digit & 15)],
            None => return Ok(row[AT_END]),
        }
    }
}

impl Prefix {
    /// Whether the digits may begin with it, judged by the first.
    #[inline]
    pub(crate) fn may_begin(&self, digits: &[u8]) -> bool {
        digits.first().is_some_and(|first| self.first >> first & 1 == 1)
    }

    #[inline]
    pub(crate) fn of(&self, digits: &[u8]) -> Begins {
        if !self.may_begin(digits) {
            return Begins::No;
        }
        let outcome = walk(self.start, digits).map_or_else(|leaf| leaf, usize::from);
        generated::OUTCOMES[outcome]
    }
}

impl Territory {
    /// The territory of a region; the world has none.
    pub(crate) fn of_region(region: Region) -> Option<&'static Territory> {
        let at = *generated::BY_REGION.get(region as usize)?;
        generated::TERRITORIES.get(usize::from(at))
    }

    /// The main territory of a calling code.
    pub(crate) fn of_calling_code(code: u16) -> Option<&'static Territory> {
        let leading = match code {
            0..10 => code * 100,
            10..100 => code * 10,
            _ => code,
        };
        let at = *generated::BY_LEADING_DIGITS.get(usize::from(leading))?;
        generated::TERRITORIES.get(usize::from(at)).filter(|territory| territory.code == code)
    }

    /// The main territory of the calling code that the digits begin with, and those behind it.
    #[inline]
    pub(crate) fn leading(digits: &[u8]) -> Option<(&'static Territory, &[u8])> {
        let digit = |at: usize| usize::from(digits.get(at).copied().unwrap_or(0));
        let leading = 100 * digit(0) + 10 * digit(1) + digit(2);
        let at = *generated::BY_LEADING_DIGITS.get(leading)?;
        let territory = generated::TERRITORIES.get(usize::from(at))?;
        Some((territory, digits.get(usize::from(territory.code_digits)..)?))
    }

    /// The main territory of its calling code.
    pub(crate) fn main(&self) -> &'static Territory {
        &generated::TERRITORIES[usize::from(self.main)]
    }

    /// What the digits of a national number of its calling code say.
    #[inline]
    pub(crate) fn answer(&self, digits: &[u8]) -> &'static Answer {
        let at = match digits {
            [first, second, rest @ ..] => {
                let opening = &WALKS.openings[usize::from(self.calling_code)];
                let pair = usize::from(10 * first + second);
                match walk(opening.get(pair).copied().unwrap_or(0), rest) {
                    Ok(answer) => answer,
                    Err(tail) => WALKS.tails[tail].get(digits.len()).copied().unwrap_or(0),
                }
            }
            _ => 0,
        };
        &generated::ANSWERS[usize::from(at)]
    }

    /// How a national number of its calling code is laid out for readers abroad: `#` stands for the
    /// next digit, `_` for one that is left out. Digits that are left over follow.
    pub(crate) fn layout(&self, digits: &[u8]) -> &'static str {
        let start = generated::LAYOUT_STARTS[usize::from(self.calling_code)];
        let layout = match walk(start, digits) {
            Ok(layout) => layout,
            Err(tail) => WALKS.tails[tail].get(digits.len()).copied().unwrap_or(0),
        };
        generated::LAYOUTS[usize::from(layout)]
    }

    /// Whether an answer says that the digits match the territory's general pattern.
    pub(crate) fn is_general(&self, answer: &Answer) -> bool {
        answer.general >> self.place & 1 == 1
    }

    /// What the plan says of a number with this many digits.
    #[inline]
    pub(crate) fn length_check(&self, digits: usize) -> LengthCheck {
        let bit = 1_u32.checked_shl(digits as u32).unwrap_or(0);
        if self.local_only & bit != 0 {
            LengthCheck::PossibleLocalOnly
        } else if self.possible & bit != 0 {
            LengthCheck::Possible
        } else if self.possible == 0 {
            LengthCheck::InvalidLength
        } else if digits < self.possible.trailing_zeros() as usize {
            LengthCheck::TooShort
        } else if digits > self.possible.ilog2() as usize {
            LengthCheck::TooLong
        } else {
            LengthCheck::InvalidLength
        }
    }
}
