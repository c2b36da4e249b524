//! The numbering plans as tables: one walk over the digits of a national number tells its region
//! and the kind of its line.
//!
//! The tables are written by `contactmill-codegen` from the metadata inside `rlibphonenumber`, so
//! that they and the library cannot drift apart.

mod generated;

pub(crate) use generated::METADATA_VERSION;

use crate::{LengthCheck, LineType, Region};

/// What the digits of a national number say by themselves.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) region: Option<Region>,
    pub(crate) line_type: LineType,
    /// Bit n: the number matches the general pattern of the calling code's nth territory.
    general: u32,
}

/// A country calling code.
pub(crate) struct CallingCode {
    pub(crate) code: u16,
    /// Where the walk over a national number starts.
    start: u16,
    /// Its main territory.
    pub(crate) main: u8,
    /// The region, where there is only one.
    pub(crate) only_region: Option<Region>,
}

/// A territory: a region, or the world for one calling code.
pub(crate) struct Territory {
    pub(crate) region: Region,
    /// Its place in the list of calling codes.
    pub(crate) calling_code: u8,
    /// Its place among the territories of its calling code.
    place: u8,
    /// Bit n: numbers of n digits exist.
    possible: u32,
    /// Bit n: numbers of n digits can be dialled from nearby.
    local_only: u32,
    pub(crate) international_prefix: Prefix,
    pub(crate) national_prefix: Prefix,
}

/// Digits that may stand before a number.
pub(crate) enum Prefix {
    /// None.
    None,
    /// Just these.
    Digits(&'static [u8]),
    /// A pattern; where the walk starts that tells whether any digits may match it.
    Pattern(u16),
}

/// Whether a number begins with a prefix.
pub(crate) enum Begins {
    No,
    /// It does, and the prefix has so many digits.
    With(usize),
    /// The pattern has to be asked.
    Perhaps,
}

impl Prefix {
    #[inline]
    pub(crate) fn of(&self, digits: &[u8]) -> Begins {
        match self {
            Prefix::None => Begins::No,
            Prefix::Digits(prefix) => {
                // A prefix has one digit or a few: comparing them one by one is faster than a call.
                let begins = digits.len() >= prefix.len()
                    && prefix.iter().zip(digits).all(|(wanted, digit)| wanted == digit);
                if begins { Begins::With(prefix.len()) } else { Begins::No }
            }
            Prefix::Pattern(start) => {
                let mut state = usize::from(*start);
                for &digit in digits {
                    state = entry(10 * state + usize::from(digit));
                    if state == 0 {
                        break;
                    }
                    if answer(state).general != 0 {
                        return Begins::Perhaps;
                    }
                }
                Begins::No
            }
        }
    }
}

/// Ten transitions for each state, then an answer for each; two bytes each, little-endian.
static TRANSITIONS: &[u8; generated::STATES * 22] = include_bytes!("transitions.bin");

#[inline]
fn entry(index: usize) -> usize {
    match TRANSITIONS.get(2 * index..2 * index + 2) {
        Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
        _ => 0,
    }
}

fn answer(state: usize) -> &'static Answer {
    &generated::ANSWERS[entry(10 * generated::STATES + state)]
}

impl CallingCode {
    /// The calling code with this number.
    pub(crate) fn of(code: u16) -> Option<&'static CallingCode> {
        let at = *generated::BY_CODE.get(usize::from(code))?;
        generated::CALLING_CODES.get(usize::from(at))
    }

    /// The calling code that the digits begin with; calling codes are prefix-free (ITU-T E.164).
    pub(crate) fn leading(digits: &[u8]) -> Option<(&'static CallingCode, &[u8])> {
        let mut code = 0;
        for len in 1..=digits.len().min(3) {
            code = 10 * code + u16::from(digits[len - 1]);
            if code == 0 {
                return None;
            }
            if let Some(found) = CallingCode::of(code) {
                return Some((found, &digits[len..]));
            }
        }
        None
    }

    /// Its main territory.
    pub(crate) fn territory(&self) -> &'static Territory {
        &generated::TERRITORIES[usize::from(self.main)]
    }

    /// What the digits of a national number of this calling code say.
    pub(crate) fn answer(&self, digits: &[u8]) -> Answer {
        let mut state = usize::from(self.start);
        for &digit in digits {
            state = entry(10 * state + usize::from(digit));
        }
        *answer(state)
    }
}

impl Territory {
    /// The territory of a region; the world has none.
    pub(crate) fn of_region(region: Region) -> Option<&'static Territory> {
        let at = *generated::BY_REGION.get(region as usize)?;
        generated::TERRITORIES.get(usize::from(at))
    }

    pub(crate) fn calling_code(&self) -> &'static CallingCode {
        &generated::CALLING_CODES[usize::from(self.calling_code)]
    }

    /// Whether the digits match the territory's general pattern.
    pub(crate) fn is_general(&self, digits: &[u8]) -> bool {
        self.calling_code().answer(digits).general >> self.place & 1 == 1
    }

    /// What the plan says of a number of so many digits.
    pub(crate) fn length_check(&self, digits: usize) -> LengthCheck {
        if self.possible == 0 {
            return LengthCheck::InvalidLength;
        }
        let bit = 1_u32.checked_shl(digits as u32).unwrap_or(0);
        if self.local_only & bit != 0 {
            return LengthCheck::PossibleLocalOnly;
        }
        let (shortest, longest) =
            (self.possible.trailing_zeros() as usize, self.possible.ilog2() as usize);
        match digits {
            _ if digits < shortest => LengthCheck::TooShort,
            _ if digits > longest => LengthCheck::TooLong,
            _ if self.possible & bit != 0 => LengthCheck::Possible,
            _ => LengthCheck::InvalidLength,
        }
    }
}
