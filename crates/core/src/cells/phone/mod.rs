//! Phone cells as people and programs leave them.
//!
//! A look at the bytes sends the [`clean`] majority straight to the phone engine. For the rest,
//! [`decode`] undoes what programs did and [`layout`] removes what carries no meaning; then [`STEPS`]
//! are tried in order: [`lookalike`] refuses what is no number, [`shape`] recognises links, floats and
//! extensions, [`beside`] takes words off, [`list`] splits a cell that holds several. What is left is
//! one number, which [`repair`] reads, and repairs only where the repair can be proved.

mod beside;
mod clean;
mod decode;
pub(crate) mod layout;
mod list;
mod lookalike;
mod repair;
mod shape;

use std::fmt;

use contactmill_phone::{PhoneNumber, Region, parse_with_extension};

pub(crate) use beside::{says_fax, says_no_phone};
pub(crate) use lookalike::is_date;

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
    notes: Vec<String>,
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

    /// What stood beside the numbers and says more than that they are numbers: whose they are, when to
    /// call.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        self.more.as_ref().map_or(&[], |more| &more.notes)
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

    pub(crate) fn repaired(mut self, code: WarningCode) -> Self {
        if !self.repairs().contains(&code) {
            self.more().repairs.push(code);
        }
        self
    }

    fn noted(mut self, note: impl Into<String>) -> Self {
        self.more().notes.push(note.into());
        self
    }

    /// Adds what another part of the cell says.
    fn add(&mut self, other: PhoneReading) {
        self.more().notes.extend_from_slice(other.notes());
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
    /// Whether the record itself says its region, in a country column.
    pub(crate) is_region_stated: bool,
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
            is_region_stated: false,
            calling_code: None,
            mode: options.phones,
            bare_digits: options.bare_digits,
            accept: options.accept,
            notes,
        }
    }

    /// The same, for numbers of another region.
    fn with_region(&self, region: Region) -> Self {
        PhoneContext { region: Some(region), ..*self }
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
    // Google's library counts UTF-16 units; the one that is used here, bytes of what it has trimmed.
    if cell.encode_utf16().count() > MAX_CHARACTERS {
        return Err(Reason::PhoneTooLong);
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
    // The library that is used here does not know this one, unlike Google's.
    let text = text.replace('\u{FF5E}', "~");
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
    if lookalike::is_test_lead(cell) {
        notes.refused(|| Reason::PhoneTestLead.meaning().into());
        return Err(Reason::PhoneTestLead);
    }
    let Some(text) = decode::misread(cell) else { return read_tidied(cell, context) };
    notes.seen(|| format!("UTF-8 that was read as Windows-1252; as it was: {text}"));
    read_tidied(&text, context).map(|reading| reading.repaired(WarningCode::PhoneDecoded))
}

fn read_tidied(cell: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    let notes = context.notes;
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

/// Reads one kind of cell.
struct Step {
    /// The texts that may be of this kind.
    texts: Texts,
    /// `None` where the text is not of this kind.
    read: fn(&str, &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>>,
}

/// The texts that a step may have to read. Most cells that are not clean are digits and layout all the
/// same, and nothing need be looked for in them that takes a letter or another sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Texts {
    All,
    /// Those with more than digits and layout.
    WithMore,
}

/// The kinds of cells that are more than one number in plain layout, in the order in which they are
/// tried. To add one, add it here and its cells to `tests/cells/phone.tsv`.
const STEPS: [Step; 11] = [
    Step { texts: Texts::All, read: digits_alone },
    Step { texts: Texts::WithMore, read: encoded },
    Step { texts: Texts::WithMore, read: chat_link },
    Step { texts: Texts::All, read: refused },
    Step { texts: Texts::WithMore, read: labelled },
    Step { texts: Texts::All, read: counted },
    Step { texts: Texts::All, read: float },
    Step { texts: Texts::WithMore, read: carrier_wildcard },
    Step { texts: Texts::WithMore, read: extended },
    Step { texts: Texts::All, read: beside_words },
    Step { texts: Texts::All, read: several },
];

/// Reads tidied text that is not empty.
fn read_text(text: &str, context: &PhoneContext<'_>) -> Result<PhoneReading, Reason> {
    let is_plain = is_digits_and_layout(text);
    let steps = STEPS.iter().filter(|step| !is_plain || step.texts == Texts::All);
    let reading = steps.map(|step| step.read).find_map(|read| read(text, context));
    reading.unwrap_or_else(|| repair::read_number(text, context))
}

fn is_digits_and_layout(text: &str) -> bool {
    let is_layout = |byte| matches!(byte, b' ' | b'(' | b')' | b'+' | b'-' | b'.' | b'/');
    text.bytes().all(|byte| byte.is_ascii_digit() || is_layout(byte))
}

/// Digits alone are a number, or a date without separators.
fn digits_alone(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // Beside its code, eight digits are half of a number.
    let is_number = is_digits && (context.calling_code.is_some() || !is_date(text));
    is_number.then(|| repair::read_number(text, context))
}

/// A link or id of a chat service, whose digits are always international.
fn chat_link(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let digits = shape::chat_link(text)?;
    context
        .notes
        .seen(|| format!("a chat link, whose digits are international: {}", either(&digits)));
    let reading = digits.and_then(|digits| repair::read_international(digits, context));
    Some(reading.map(|reading| reading.repaired(WarningCode::PhoneFromLink)))
}

/// What programs did to the cell is undone before it is read.
fn encoded(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let (decoded, names) = decode::decoded(text)?;
    context.notes.seen(|| format!("{}; without it: {decoded}", names.join(" in ")));
    let reading = read_tidied(&decoded, context);
    Some(reading.map(|reading| reading.repaired(WarningCode::PhoneDecoded)))
}

/// What only looks like a number.
fn refused(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let reason = lookalike::reason(text)?;
    context.notes.refused(|| format!("{text}: {}", reason.meaning()));
    Some(Err(reason))
}

/// A label before everything else: `p:`, `Mobile:`, `тел.`
fn labelled(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    if beside::is_fax(text) {
        context.notes.refused(|| Reason::PhoneFax.meaning().into());
        return Some(Err(Reason::PhoneFax));
    }
    let rest = beside::without_label(text)?;
    context.notes.seen(|| format!("behind a label: {rest}"));
    // `M: -01.679933` is a number below zero; the dash of `Ph:-0484…` belongs to the label.
    let is_signed = text.strip_suffix(rest).is_some_and(|label| label.ends_with(" -"));
    if is_signed && lookalike::has_one_dot(rest) {
        context.notes.refused(|| format!("-{rest}: {}", Reason::PhoneNotANumber.meaning()));
        return Some(Err(Reason::PhoneNotANumber));
    }
    Some(read_text(rest, context))
}

/// One or two digits that count something: `2. 98765…`, `98765… (2)`, `24/7 98765…`. They may be digits
/// of the number just as well.
fn counted(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let (number, count) = beside::without_count(text)?;
    context.notes.seen(|| format!("perhaps {count} counts something beside {number}"));
    let without = read_text(number, context);
    Some(match (repair::read_number(text, context), without) {
        (_, Err(Reason::PhoneAmbiguous)) => Err(Reason::PhoneAmbiguous),
        (Ok(whole), Ok(without)) if whole.number() != without.number() => {
            Err(Reason::PhoneAmbiguous)
        }
        // Always open, or an item of a list: no part of a number.
        (_, Err(reason)) if count == "24/7" || count.ends_with(')') => Err(reason),
        (_, Err(reason)) if lookalike::reason(number).is_some() => Err(reason),
        // Nobody sets an area code apart with a dot and a space, or in another way than the groups behind it.
        (Ok(_), Err(_)) if count.ends_with('.') || has_dashes_alone(number) => {
            Err(Reason::PhoneAmbiguous)
        }
        (Err(_), Ok(without)) => Ok(without.repaired(WarningCode::PhoneAnnotated)),
        (whole, _) => whole,
    })
}

fn has_dashes_alone(number: &str) -> bool {
    number.contains('-') && !number.contains(' ')
}

/// A number that a spreadsheet has written as a float.
fn float(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
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
    let reading = match repair::read_number(whole, context) {
        Ok(reading) => reading,
        Err(reason @ (Reason::PhonePlaceholder | Reason::PhoneAmbiguous)) => {
            return Some(Err(reason));
        }
        Err(_) => return None,
    };
    notes.seen(|| format!("perhaps the tail of a float, behind {whole}"));
    Some(match repair::read_number(text, context) {
        Ok(_) => Err(Reason::PhoneAmbiguous),
        Err(_) => Ok(reading.repaired(WarningCode::PhoneFloatSuffix)),
    })
}

/// `0xx11 98765-4321`: in Brazil, letters stand for the digits of whichever carrier is used.
fn carrier_wildcard(
    text: &str,
    context: &PhoneContext<'_>,
) -> Option<Result<PhoneReading, Reason>> {
    let has_code = text.trim_start_matches(['+', '0', '(']).starts_with("55");
    if context.region != Some(Region::BR) && !has_code {
        return None;
    }
    let rest = shape::without_carrier_wildcard(text)?;
    context.notes.seen(|| format!("without the letters for a carrier: {rest}"));
    let reading = read_text(&rest, context);
    Some(reading.map(|reading| reading.repaired(WarningCode::PhoneTrunkZero)))
}

/// A number with an extension behind it.
fn extended(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let (number, extension) = shape::extension(text)?;
    context.notes.seen(|| format!("an extension, {extension}, behind {number}"));
    Some(read_text(number, context).map(|reading| reading.extended(extension)))
}

/// One number and words beside it.
fn beside_words(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    let beside = beside::split(text)?;
    context.notes.seen(|| format!("words beside {}", beside.number));
    if beside.is_no_phone {
        context.notes.refused(|| Reason::PhoneNotANumber.meaning().into());
        return Some(Err(Reason::PhoneNotANumber));
    }
    if beside.is_fax {
        context.notes.refused(|| Reason::PhoneFax.meaning().into());
        return Some(Err(Reason::PhoneFax));
    }
    if let Some(reason) = lookalike::reason(beside.number) {
        return Some(several(text, context)?.or(Err(reason)));
    }
    let reading = match read_in_country(&beside, context) {
        Ok(reading) if reading.number().is_valid() => reading,
        // Apart from the country, the number would be read as if it did not stand there.
        Err(Reason::PhoneAmbiguous) if beside.country.is_some() => {
            return Some(Err(Reason::PhoneAmbiguous));
        }
        other => {
            let reason = other.err().unwrap_or(Reason::PhoneNotANumber);
            // The words may part several numbers.
            return Some(several(text, context)?.or(Err(reason)));
        }
    };
    if beside.is_plain {
        return Some(Ok(reading));
    }
    let reading = reading.repaired(WarningCode::PhoneAnnotated);
    Some(Ok(match beside.note {
        Some(note) => reading.noted(note),
        None => reading,
    }))
}

/// The number beside the name or flag of a country. A number without its code must not be read in
/// another country than it says.
fn read_in_country(
    beside: &beside::Beside<'_>,
    context: &PhoneContext<'_>,
) -> Result<PhoneReading, Reason> {
    let reading = || {
        let float = float(beside.number, context);
        float.unwrap_or_else(|| repair::read_number(beside.number, context))
    };
    let (country, is_flag) = match beside.country {
        _ if is_international(beside.number, context) => return reading(),
        None => return reading(),
        Some(beside::Country::Flag(region)) => (region, true),
        Some(beside::Country::Word(region)) => (region, false),
    };
    let code = |region: Region| region.calling_code();
    if context.region.is_some_and(|region| code(region) == code(country)) {
        return reading();
    }
    let there = repair::read_number(beside.number, &context.with_region(country));
    match (reading(), there) {
        (Ok(here), _) if Some(here.number().calling_code()) == code(country) => Ok(here),
        (Err(_), Ok(there)) if is_flag => Ok(there),
        (Ok(_), Ok(_)) => Err(Reason::PhoneAmbiguous),
        (Ok(_), Err(_)) if is_flag => Err(Reason::PhoneAmbiguous),
        (reading, _) => reading,
    }
}

fn is_international(number: &str, context: &PhoneContext<'_>) -> bool {
    number.contains('+')
        || number.starts_with("00")
        || context.bare_digits == BareDigits::International
}

/// Several numbers.
fn several(text: &str, context: &PhoneContext<'_>) -> Option<Result<PhoneReading, Reason>> {
    list::may_hold_several(text).then(|| list::read(text, context))
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

        #[test]
        fn steps_that_digits_and_layout_skip_do_not_read_them(cell in r"[-0-9+ ()./]{1,24}") {
            let options = Options { region: Some(Region::IN), ..Options::default() };
            let context = PhoneContext::new(&options, Notes::default());
            let text = layout::tidy(&cell);
            prop_assert!(is_digits_and_layout(&text));
            for step in STEPS.iter().filter(|step| step.texts == Texts::WithMore) {
                prop_assert_eq!((step.read)(&text, &context), None);
            }
        }
    }
}
