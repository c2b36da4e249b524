//! Phone cells as people and programs leave them.
//!
//! A look at the bytes sends the [`clean`] majority straight to the phone engine. The rest goes
//! through four steps: [`layout`] removes what carries no meaning, [`shape`] recognises the shapes
//! that are no plain number, [`list`] splits a cell that holds several, and [`repair`] reads one
//! number and repairs it only where the repair can be proved.

mod clean;
pub(crate) mod layout;
mod list;
mod repair;
mod shape;

use std::fmt;

use contactmill_phone::{PhoneNumber, Region, parse_with_extension};

use crate::explain::Notes;
use crate::options::{Acceptance, BareDigits, Options, PhoneMode};
use crate::reason::{Reason, WarningCode};
use crate::text::{ascii_digit, says_nothing};

/// Longer cells hold no phone number; libphonenumber has the same bound (characters).
const MAX_CHARACTERS: usize = 250;

/// What says in a `tel:` address which country the digits before it belong to (RFC 3966).
const PHONE_CONTEXT: &str = ";phone-context=";

/// What a phone cell says, once read; see [`read_phone`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneReading {
    number: PhoneNumber,
    /// Nearly all cells hold no more than a number.
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct More {
    extension: Option<Box<str>>,
    others: Vec<Phone>,
    repairs: Vec<WarningCode>,
}

/// A number and what to dial once it has answered. Its [`Display`](fmt::Display) is
/// `+12015550123 x12`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Phone {
    /// The number.
    pub number: PhoneNumber,
    /// The digits of the extension.
    pub extension: Option<Box<str>>,
}

/// Reads one phone cell, as [`Normalizer::normalize`](crate::Normalizer::normalize) reads those of
/// a record.
///
/// ```
/// use contactmill_core::cells::read_phone;
/// use contactmill_core::{Options, Reason, Region, WarningCode};
///
/// let options = Options { region: Some(Region::ID), ..Options::default() };
/// let reading = read_phone("006281234567890", &options)?;
/// assert_eq!(reading.number().e164().to_string(), "+6281234567890");
/// assert_eq!(reading.repairs(), [WarningCode::PhoneIddPrefix]);
/// assert_eq!(read_phone("9.19877E+11", &options), Err(Reason::PhoneExcelRounded));
/// # Ok::<(), Reason>(())
/// ```
///
/// # Errors
///
/// The [`Reason`] why the cell cannot be read as a number that the options accept.
pub fn read_phone(cell: &str, options: &Options) -> Result<PhoneReading, Reason> {
    read(cell, &PhoneContext::new(options, Notes::default()))
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number.e164())?;
        match &self.extension {
            Some(extension) => write!(f, " x{extension}"),
            None => Ok(()),
        }
    }
}

impl PhoneReading {
    /// The first number.
    #[must_use]
    pub const fn number(&self) -> PhoneNumber {
        self.number
    }

    /// The extension of the first number.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.more.as_ref()?.extension.as_deref()
    }

    /// Further numbers, in the order of the cell; none twice.
    #[must_use]
    pub fn others(&self) -> &[Phone] {
        self.more.as_ref().map_or(&[], |more| &more.others)
    }

    /// What was repaired, each once; empty where libphonenumber reads the same.
    #[must_use]
    pub fn repairs(&self) -> &[WarningCode] {
        self.more.as_ref().map_or(&[], |more| &more.repairs)
    }

    /// The number, where the cell holds no more than that and nothing was repaired.
    pub(crate) fn sole(&self) -> Option<PhoneNumber> {
        self.more.is_none().then_some(self.number)
    }

    const fn plain(number: PhoneNumber) -> Self {
        PhoneReading { number, more: None }
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    fn extended(mut self, extension: &str) -> Self {
        self.more().extension = Some(extension.into());
        self.repaired(WarningCode::PhoneExtension)
    }

    fn repaired(mut self, code: WarningCode) -> Self {
        if !self.repairs().contains(&code) {
            self.more().repairs.push(code);
        }
        self
    }

    /// Adds what another part of the cell says.
    fn add(&mut self, other: PhoneReading) {
        for &code in other.repairs() {
            if !self.repairs().contains(&code) {
                self.more().repairs.push(code);
            }
        }
        for phone in other.into_phones() {
            let is_known = self.others().iter().any(|known| known.number == phone.number);
            if phone.number != self.number && !is_known {
                self.more().others.push(phone);
            }
        }
    }

    /// All numbers, in the order of the cell.
    pub(crate) fn into_phones(self) -> impl Iterator<Item = Phone> {
        let More { extension, others, .. } = self.more.map_or_else(More::default, |more| *more);
        std::iter::once(Phone { number: self.number, extension }).chain(others)
    }
}

/// What is known of a phone cell beside its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PhoneContext<'n> {
    pub(crate) region: Option<Region>,
    pub(crate) mode: PhoneMode,
    /// The country calling code, from a column of its own.
    pub(crate) calling_code: Option<u16>,
    pub(crate) bare_digits: BareDigits,
    pub(crate) accept: Acceptance,
    /// Collects the steps for an explanation.
    pub(crate) notes: Notes<'n>,
}

impl<'n> PhoneContext<'n> {
    pub(crate) fn new(options: &Options, notes: Notes<'n>) -> Self {
        PhoneContext {
            region: options.region,
            calling_code: None,
            mode: options.phones,
            bare_digits: options.bare_digits,
            accept: options.accept,
            notes,
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
#[inline]
pub(crate) fn read(cell: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    if context.mode == PhoneMode::Recover
        && let Some(number) = clean::read(cell, context)
    {
        if context.notes.are_wanted() {
            note_clean(cell, number, context);
        }
        return Ok(PhoneReading::plain(number));
    }
    look_closer(cell, context)
}

fn note_clean(cell: &str, number: PhoneNumber, context: &PhoneContext<'_>) {
    context.notes.seen(|| "digits and layout, nothing suspicious".into());
    context.notes.taken(|| format!("as it stands: {}", repair::described(cell, Ok(number))));
}

/// Reads a cell that is not clean.
#[cold]
#[inline(never)]
fn look_closer(cell: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    match context.mode {
        PhoneMode::Recover => recover(cell, context),
        PhoneMode::Strict => strict(cell, context),
    }
}

/// Just what libphonenumber says of the cell.
fn strict(cell: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    if cell.trim().is_empty() {
        return Err(Reason::PhoneMissing);
    }
    // libphonenumber takes the first digit or plus for the start, whatever stands before it.
    let number = cell.trim_start_matches(|c| !matches!(c, '+' | '＋') && ascii_digit(c).is_none());
    let is_bare = number.starts_with(|c| ascii_digit(c).is_some()) && !cell.contains(PHONE_CONTEXT);
    let (text, region) = match (context.calling_code, context.bare_digits) {
        (Some(code), _) if is_bare && context.region.is_none() => {
            (format!("+{code} {number}"), None)
        }
        (None, BareDigits::International) if is_bare && !number.starts_with("00") => {
            (format!("+{number}"), None)
        }
        _ => (cell.to_owned(), context.region),
    };
    let read = parse_with_extension(&text, region);
    context.notes.seen(|| {
        let number = read.as_ref().map(|(number, _)| *number).map_err(|&error| error);
        format!("just as libphonenumber reads it: {}", repair::described(&text, number))
    });
    let (number, extension) = read.map_err(repair::reason_of_error)?;
    if !context.accepts(number) {
        return Err(repair::reason_of_number(number));
    }
    let reading = PhoneReading::plain(number);
    Ok(match extension {
        Some(extension) => reading.extended(extension.as_str()),
        None => reading,
    })
}

fn recover(cell: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    let notes = context.notes;
    if cell.len() > MAX_CHARACTERS && cell.chars().nth(MAX_CHARACTERS).is_some() {
        notes.refused(|| format!("more than {MAX_CHARACTERS} characters"));
        return Err(Reason::PhoneNotANumber);
    }
    let text = layout::tidy(cell);
    if text != cell {
        notes.seen(|| format!("without what carries no meaning: {text}"));
    }
    if text.is_empty() || says_nothing(&text) {
        notes.refused(|| "it says that there is no value".into());
        return Err(Reason::PhoneMissing);
    }
    // Most damage is around the number.
    if let Some(number) = clean::read(&text, context) {
        if notes.are_wanted() {
            note_clean(&text, number, context);
        }
        return Ok(PhoneReading::plain(number));
    }
    read_text(&text, context)
}

/// Reads tidied text that is not empty.
fn read_text(text: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    let notes = context.notes;
    // Digits alone have no other shape.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return repair::read_number(text, context);
    }
    if let Some(reason) = shape::refused(text) {
        notes.refused(|| format!("{text}: {}", reason.meaning()));
        return Err(reason);
    }
    if let Some(digits) = shape::chat_link(text) {
        notes.seen(|| format!("a chat link, whose digits are international: {}", either(&digits)));
        let number = repair::read_international(digits?, context)?;
        return Ok(number.repaired(WarningCode::PhoneFromLink));
    }
    let labelled = text;
    let text = shape::without_label(text);
    if text != labelled {
        notes.seen(|| format!("behind a label: {text}"));
    }
    if let Some(reading) = read_float(text, context) {
        return reading;
    }
    if let Some((number, extension)) = shape::extension(text) {
        notes.seen(|| format!("an extension, {extension}, behind {number}"));
        return Ok(repair::read_number(number, context)?.extended(extension));
    }
    if list::may_hold_several(text) {
        return list::read(text, context);
    }
    repair::read_number(text, context)
}

/// Reads a number that a spreadsheet has written as a float; `None` where the text is none.
fn read_float(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let notes = context.notes;
    if let Some(digits) = shape::scientific(text) {
        notes.seen(|| format!("scientific notation: {}", either(&digits)));
        let reading = digits.and_then(|digits| read_text(&digits, context));
        return Some(reading.map(|reading| reading.repaired(WarningCode::PhoneScientific)));
    }
    if let Some(digits) = shape::float(text) {
        notes.seen(|| format!("the tail of a float: {}", either(&digits)));
        let reading = digits.and_then(|digits| repair::read_number(digits, context));
        return Some(reading.map(|reading| reading.repaired(WarningCode::PhoneFloatSuffix)));
    }
    let whole = shape::float_like(text)?;
    let reading = repair::read_number(whole, context).ok()?;
    notes.seen(|| format!("perhaps the tail of a float, behind {whole}"));
    Some(match repair::read_number(text, context) {
        Ok(_) => Err(Reason::PhoneAmbiguous),
        Err(_) => Ok(reading.repaired(WarningCode::PhoneFloatSuffix)),
    })
}

/// The text that a shape leaves, or why it leaves none.
fn either(found: &Result<impl AsRef<str>, Reason>) -> String {
    match found {
        Ok(text) => text.as_ref().to_owned(),
        Err(reason) => reason.meaning().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_clean_cell_is_read_as_the_closer_look_reads_it(
            cell in r"[+]{0,1}[(]{0,1}(00|91|1|)[0-9]{1,4}[ ().-]{0,2}[0-9]{2,5}[ ().-]{0,1}[0-9]{1,6}",
            region in proptest::sample::select(Region::ALL),
            some in any::<bool>(),
            own_code in any::<bool>(),
        ) {
            let own_code = region.calling_code().filter(|_| own_code && !cell.starts_with('('));
            let own_code = own_code.map(|code| code.to_string()).unwrap_or_default();
            let cell = own_code + &cell;
            let options = Options { region: some.then_some(region), ..Options::default() };
            let context = PhoneContext::new(&options, Notes::default());
            if let Some(number) = clean::read(&cell, &context) {
                prop_assert_eq!(
                    read_text(&layout::tidy(&cell), &context),
                    Ok(PhoneReading::plain(number))
                );
            }
        }
    }
}
