//! One number: read as it stands, or repaired where the repair can be proved.
//!
//! A repair proposes another text for the number. It is taken when it gives a valid number and no
//! other plausible reading gives a different one; otherwise the cell is rejected.

use contactmill_phone::{LengthCheck, ParseError, PhoneNumber, Region, parse};

use super::{PhoneContext, PhoneReading};
use crate::explain::Notes;
use crate::options::BareDigits;
use crate::reason::{Reason, WarningCode};

/// Reads the digits of one number that begin with a country calling code.
pub(super) fn read_international(
    digits: &str,
    context: &PhoneContext<'_>,
) -> Result<PhoneReading, Reason> {
    read_number(&format!("+{digits}"), context)
}

/// Reads one number: digits and layout.
pub(super) fn read_number(text: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    let cell = Cell::new(text, context)?;
    let behind_code = cell.calling_code().filter(|_| cell.has_plus).map(|(_, rest)| rest);
    if is_filler(&cell.digits) || behind_code.is_some_and(is_filler) {
        context.notes.refused(|| format!("{}: digits that mean nothing", cell.digits));
        return Err(Reason::PhonePlaceholder);
    }
    let (number, repair) = cell.read(context)?;
    if is_filler(&number.national_number().to_string()) {
        context.notes.refused(|| format!("{}: digits that mean nothing", number.e164()));
        return Err(Reason::PhonePlaceholder);
    }
    let reading = PhoneReading::plain(number);
    Ok(match repair {
        Some(code) => reading.repaired(code),
        None => reading,
    })
}

/// One digit throughout, or a plain run such as 1234567890. A run of four may well be a number.
pub(super) fn is_filler(digits: &str) -> bool {
    let steps = |step: u8| {
        digits.as_bytes().windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0')
    };
    digits.len() >= 4 && steps(0) || digits.len() >= 5 && steps(1)
}

/// One number as it was written.
struct Cell<'t> {
    /// Without what stands before the first digit, but with its `+`.
    text: std::borrow::Cow<'t, str>,
    /// All digits, without `+`, an exit code behind `+` taken off.
    digits: String,
    has_plus: bool,
}

impl<'t> Cell<'t> {
    fn new(text: &'t str, context: &PhoneContext<'_>) -> Result<Self, Reason> {
        if !text.chars().all(|c| c.is_ascii_digit() || "+-.()[]/ ~\n".contains(c)) {
            return Err(Reason::PhoneNotANumber);
        }
        let start = text.find(|c: char| c.is_ascii_digit()).ok_or(Reason::PhoneNotANumber)?;
        let (before, body) = text.split_at(start);
        // `+91-9876543210` taken for a formula gives -9876543119: another number altogether.
        if before.ends_with('-') {
            return Err(Reason::PhoneNotANumber);
        }
        if body.contains('+') {
            return Err(Reason::PhoneNotANumber);
        }
        let mut digits: String = body.chars().filter(char::is_ascii_digit).collect();
        let has_plus = before.contains('+');
        // The calling code of no region.
        if let (Some(code), None) = (context.calling_code, context.region)
            && !has_plus
        {
            digits.insert_str(0, &code.to_string());
            return Ok(Cell { text: format!("+{digits}").into(), digits, has_plus: true });
        }
        let bare_international = !has_plus
            && context.bare_digits == BareDigits::International
            && !digits.starts_with("00");
        if !has_plus && !bare_international {
            return Ok(Cell { text: text.into(), digits, has_plus });
        }
        // `+0091…`: an exit code where the + stands already.
        if let Some(rest) = digits.strip_prefix("00") {
            digits = rest.to_owned();
        }
        Ok(Cell { text: format!("+{digits}").into(), digits, has_plus: true })
    }

    fn read(
        &self,
        context: &PhoneContext<'_>,
    ) -> Result<(PhoneNumber, Option<WarningCode>), Reason> {
        let region = if self.has_plus { None } else { context.region };
        let as_written = parse(&self.text, region);
        let notes = context.notes;
        notes
            .seen(|| format!("as it stands, {}: {}", self.text, described(&self.text, as_written)));
        let mut valid = None;
        if let Ok(number) = as_written
            && number.is_valid()
        {
            valid = Some(number);
            if !REPAIRS.iter().any(|repair| repair.challenges && (repair.condition)(self, region)) {
                notes.taken(|| format!("as it stands: {}", number.e164()));
                return Ok((number, None));
            }
        }
        let repaired = self.repaired(region, valid, notes)?;
        let chosen = match (valid, repaired) {
            (None, Some((number, code))) => Ok((number, Some(code))),
            (Some(number), None) => Ok((number, None)),
            // `0011…` in Australia: an exit code of the region, or 00 and a code.
            (Some(_), Some((_, WarningCode::PhoneIddPrefix))) => Err(Reason::PhoneAmbiguous),
            (Some(number), Some((other, code))) => {
                // The mobile one is meant: contacts are people.
                match (number.line_type().may_be_mobile(), other.line_type().may_be_mobile()) {
                    (false, true) => Ok((other, Some(code))),
                    // With a calling code beside it, the cell need not bring one.
                    _ if context.calling_code.is_some() => Ok((number, None)),
                    (true, false) => Ok((number, Some(WarningCode::PhoneTwoReadings))),
                    _ => Err(Reason::PhoneAmbiguous),
                }
            }
            (None, None) => match as_written {
                Ok(number) if context.accepts(number) => Ok((number, None)),
                Ok(number) => Err(reason_of_number(number)),
                Err(error) => Err(reason_of_error(error)),
            },
        };
        match chosen {
            Ok((number, None)) => notes.taken(|| format!("as it stands: {}", number.e164())),
            Ok((number, Some(code))) => notes.taken(|| format!("{code}: {}", number.e164())),
            Err(reason) => notes.refused(|| reason.meaning().into()),
        }
        chosen
    }

    /// The one valid number, other than `as_written`, that the repairs give, if they give one.
    fn repaired(
        &self,
        region: Option<Region>,
        as_written: Option<PhoneNumber>,
        notes: Notes<'_>,
    ) -> Result<Option<(PhoneNumber, WarningCode)>, Reason> {
        let mut found: Option<(PhoneNumber, WarningCode)> = None;
        for repair in &REPAIRS {
            if as_written.is_some() && !repair.challenges || !(repair.condition)(self, region) {
                continue;
            }
            for text in (repair.proposals)(self, region) {
                let proposed = parse(&text, None);
                notes.seen(|| {
                    format!("{} would make it {text}: {}", repair.code, described(&text, proposed))
                });
                let Ok(number) = proposed else { continue };
                if !number.is_valid() || as_written == Some(number) {
                    continue;
                }
                match found {
                    Some((other, _)) if other != number => {
                        notes.refused(|| "two repairs give two numbers".into());
                        return Err(Reason::PhoneAmbiguous);
                    }
                    Some(_) => {}
                    None => found = Some((number, repair.code)),
                }
            }
        }
        Ok(found)
    }

    /// The country calling codes that the digits begin with, and the digits behind; calling codes
    /// are prefix-free (ITU-T E.164), so there is at most one.
    fn calling_code(&self) -> Option<(&str, &str)> {
        (1..=3.min(self.digits.len())).map(|len| self.digits.split_at(len)).find(|(code, _)| {
            code.parse().is_ok_and(|code| Region::of_calling_code(code).is_some())
        })
    }
}

/// A way in which numbers are damaged, and what the number was before. To add one, add it here and
/// its cells to `tests/cells/phone.tsv`.
struct Repair {
    code: WarningCode,
    /// Whether the cell shows this damage.
    condition: fn(&Cell<'_>, Option<Region>) -> bool,
    /// What the number may have been, in international form.
    proposals: fn(&Cell<'_>, Option<Region>) -> Vec<String>,
    /// Whether the repair is plausible even where the cell is valid as it stands.
    challenges: bool,
}

const REPAIRS: [Repair; 5] = [
    Repair {
        code: WarningCode::PhoneIddPrefix,
        condition: |cell, _| !cell.has_plus && cell.digits.starts_with("00"),
        proposals: |cell, _| vec![format!("+{}", &cell.digits[2..])],
        challenges: true,
    },
    Repair {
        code: WarningCode::PhoneMissingPlus,
        condition: |cell, region| {
            !cell.has_plus && own_code(region).is_some_and(|code| cell.digits.starts_with(&code))
        },
        proposals: |cell, _| vec![format!("+{}", cell.digits)],
        challenges: true,
    },
    Repair {
        code: WarningCode::PhoneTrunkZero,
        condition: |cell, _| {
            cell.has_plus && cell.calling_code().is_some_and(|(_, rest)| rest.starts_with('0'))
        },
        proposals: |cell, _| {
            let trunk =
                |(code, rest): (&str, &str)| rest.strip_prefix('0').map(|n| format!("+{code}{n}"));
            cell.calling_code().and_then(trunk).into_iter().collect()
        },
        challenges: false,
    },
    Repair {
        code: WarningCode::PhoneRepeatedCode,
        condition: |cell, region| repeated(cell, region).is_some(),
        proposals: |cell, region| repeated(cell, region).into_iter().collect(),
        challenges: false,
    },
    Repair {
        // Since 2019-08-03 Mexican mobiles are dialled without the 1 behind +52 (IFT).
        code: WarningCode::PhoneMexicoMobile1,
        condition: |cell, region| {
            cell.digits.starts_with("521")
                && cell.digits.len() == 13
                && (cell.has_plus || region == Some(Region::MX))
        },
        proposals: |cell, _| vec![format!("+52{}", &cell.digits[3..])],
        challenges: false,
    },
];

fn own_code(region: Option<Region>) -> Option<String> {
    Some(region?.calling_code()?.to_string())
}

/// The number behind a calling code that stands twice, the second time perhaps with `00`.
fn repeated(cell: &Cell<'_>, region: Option<Region>) -> Option<String> {
    let own = own_code(region);
    let (code, rest) = match &own {
        Some(own) if !cell.has_plus => (own.as_str(), cell.digits.strip_prefix(own.as_str())?),
        _ if cell.has_plus => cell.calling_code()?,
        _ => return None,
    };
    let rest = rest.strip_prefix("00").unwrap_or(rest);
    Some(format!("+{code}{}", rest.strip_prefix(code)?))
}

/// A reading of a text in words.
pub(super) fn described(text: &str, read: Result<PhoneNumber, ParseError>) -> String {
    let number = match read {
        Err(error) => return error.to_string(),
        Ok(number) => number,
    };
    let e164 = number.e164().to_string();
    let e164 = if e164 == text { String::new() } else { e164 + ", " };
    if !number.is_valid() {
        return format!("{e164}{}", reason_of_number(number).meaning());
    }
    let region = number.region().map_or("", Region::as_str);
    format!("{e164}valid ({region}, {})", number.line_type().as_str().replace('_', " "))
}

pub(super) fn reason_of_error(error: ParseError) -> Reason {
    match error {
        ParseError::InvalidCountryCode => Reason::PhoneCountryUnknown,
        ParseError::NotANumber => Reason::PhoneNotANumber,
        ParseError::TooShort | ParseError::TooShortAfterIdd => Reason::PhoneTooShort,
        ParseError::TooLong => Reason::PhoneTooLong,
    }
}

pub(super) fn reason_of_number(number: PhoneNumber) -> Reason {
    match number.length_check() {
        LengthCheck::TooShort | LengthCheck::PossibleLocalOnly => Reason::PhoneTooShort,
        LengthCheck::TooLong => Reason::PhoneTooLong,
        LengthCheck::InvalidCountryCode => Reason::PhoneCountryUnknown,
        LengthCheck::Possible | LengthCheck::InvalidLength => Reason::PhoneInvalid,
    }
}
