//! Phone cells as people and programs leave them.
//!
//! A cell goes through four rooms: [`layout`] takes away what carries no meaning, [`shape`] tells
//! the shapes that are no plain number, [`list`] cuts a cell that holds several, and [`repair`]
//! reads one number, repairing it only where the repair can be proved.

pub(crate) mod layout;
mod list;
mod repair;
mod shape;

use contactmill_phone::{PhoneNumber, Region, parse_with_extension};

use crate::options::{Acceptance, BareDigits, Options, PhoneMode};
use crate::reason::{Reason, WarningCode};
use crate::text::{ascii_digit, says_nothing};

/// Longer cells hold no phone number; libphonenumber has the same bound (characters).
const MAX_CHARACTERS: usize = 250;

/// What a phone cell says, once read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PhoneReading {
    /// The numbers, in the order of the cell; never empty, none twice.
    pub(crate) numbers: Vec<PhoneNumber>,
    /// The extension of the first number.
    pub(crate) extension: Option<String>,
    /// What was repaired, each once.
    pub(crate) repairs: Vec<WarningCode>,
}

impl PhoneReading {
    fn plain(number: PhoneNumber) -> Self {
        PhoneReading { numbers: vec![number], extension: None, repairs: Vec::new() }
    }

    fn repaired(mut self, code: WarningCode) -> Self {
        if !self.repairs.contains(&code) {
            self.repairs.push(code);
        }
        self
    }
}

/// What is known of a phone cell beside its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhoneContext {
    pub(crate) region: Option<Region>,
    pub(crate) mode: PhoneMode,
    pub(crate) bare_digits: BareDigits,
    pub(crate) accept: Acceptance,
}

impl PhoneContext {
    pub(crate) fn new(options: &Options) -> Self {
        PhoneContext {
            region: options.region,
            mode: options.phones,
            bare_digits: options.bare_digits,
            accept: options.accept,
        }
    }

    fn accepts(&self, number: PhoneNumber) -> bool {
        match self.accept {
            Acceptance::Valid => number.is_valid(),
            Acceptance::Possible => number.is_possible(),
        }
    }
}

/// Reads a phone cell.
pub(crate) fn read(cell: &str, context: &PhoneContext) -> Result<PhoneReading, Reason> {
    match context.mode {
        PhoneMode::Recover => recover(cell, context),
        PhoneMode::Strict => strict(cell, context),
    }
}

/// Just what libphonenumber says of the cell.
fn strict(cell: &str, context: &PhoneContext) -> Result<PhoneReading, Reason> {
    if cell.trim().is_empty() {
        return Err(Reason::PhoneMissing);
    }
    let (text, region) = match context.bare_digits {
        BareDigits::International
            if cell.trim_start().starts_with(|c| ascii_digit(c).is_some()) =>
        {
            (format!("+{}", cell.trim_start()), None)
        }
        _ => (cell.to_owned(), context.region),
    };
    let (number, extension) =
        parse_with_extension(&text, region).map_err(repair::reason_of_error)?;
    if !context.accepts(number) {
        return Err(repair::reason_of_number(number));
    }
    let mut reading = PhoneReading::plain(number);
    if let Some(extension) = extension {
        reading.extension = Some(extension.as_str().to_owned());
        reading.repairs.push(WarningCode::PhoneExtension);
    }
    Ok(reading)
}

fn recover(cell: &str, context: &PhoneContext) -> Result<PhoneReading, Reason> {
    if cell.len() > MAX_CHARACTERS && cell.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(Reason::PhoneNotANumber);
    }
    let text = layout::tidy(cell);
    if text.is_empty() || says_nothing(&text) {
        return Err(Reason::PhoneMissing);
    }
    read_text(&text, context)
}

/// Reads tidied text that is not empty.
fn read_text(text: &str, context: &PhoneContext) -> Result<PhoneReading, Reason> {
    if let Some(reason) = shape::refused(text) {
        return Err(reason);
    }
    if let Some(digits) = shape::chat_link(text) {
        let number = repair::read_international(digits?, context)?;
        return Ok(number.repaired(WarningCode::PhoneFromLink));
    }
    let text = shape::without_label(text);
    if let Some(digits) = shape::scientific(text) {
        return Ok(read_text(&digits?, context)?.repaired(WarningCode::PhoneScientific));
    }
    if let Some(digits) = shape::float(text) {
        return Ok(repair::read_number(digits?, context)?.repaired(WarningCode::PhoneFloatSuffix));
    }
    if let Some(whole) = shape::float_like(text)
        && let Ok(reading) = repair::read_number(whole, context)
    {
        return match repair::read_number(text, context) {
            Ok(_) => Err(Reason::PhoneAmbiguous),
            Err(_) => Ok(reading.repaired(WarningCode::PhoneFloatSuffix)),
        };
    }
    if let Some((number, extension)) = shape::extension(text) {
        let mut reading = repair::read_number(number, context)?;
        reading.extension = Some(extension.to_owned());
        return Ok(reading.repaired(WarningCode::PhoneExtension));
    }
    if list::may_hold_several(text) {
        return list::read(text, context);
    }
    repair::read_number(text, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of cells: `cell<TAB>outcome<TAB>note`, the cell with an optional region before it.
    const CELLS: &str = include_str!("../../tests/cells/phone.tsv");

    fn outcome(cell: &str, context: &PhoneContext) -> String {
        match read(cell, context) {
            Err(reason) => reason.code().to_owned(),
            Ok(reading) => {
                let number = |number: &PhoneNumber| {
                    format!("{}/{}", number.calling_code(), number.national_number())
                };
                let mut text = reading.numbers.iter().map(number).collect::<Vec<_>>().join(" + ");
                if let Some(extension) = reading.extension {
                    text += &format!(" x{extension}");
                }
                for code in reading.repairs {
                    text += &format!(" [{code}]");
                }
                text
            }
        }
    }

    #[test]
    fn every_cell_of_the_table_is_read_as_it_says() {
        let mut wrong = String::new();
        for line in CELLS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let (region, cell, expected) = (
                columns.next().unwrap(),
                columns.next().unwrap().replace("\\n", "\n"),
                columns.next().unwrap(),
            );
            let options = Options {
                region: region.split(' ').next().and_then(|code| code.parse().ok()),
                phones: if region.contains("strict") {
                    PhoneMode::Strict
                } else {
                    PhoneMode::Recover
                },
                bare_digits: if region.contains("international") {
                    BareDigits::International
                } else {
                    BareDigits::National
                },
                ..Options::default()
            };
            let found = outcome(&cell, &PhoneContext::new(&options));
            if found != expected {
                wrong += &format!("{region} {cell:?}: {found}, expected {expected}\n");
            }
        }
        assert!(wrong.is_empty(), "\n{wrong}");
    }
}
