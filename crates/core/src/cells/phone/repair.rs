//! One number: read as it stands, or repaired where the repair can be proved.
//!
//! A repair proposes another text for the number. It is taken when it gives a valid number and no
//! other plausible reading gives a different one; otherwise the cell is rejected.

use std::sync::LazyLock;

use contactmill_phone::{LengthCheck, LineType, ParseError, PhoneNumber, Region, parse};
use foldhash::HashMap;

use super::shape::{self, OddEnding};
use super::{PhoneContext, PhoneReading, lookalike};
use crate::data;
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
    let ending = shape::odd_ending(text);
    if ending == Some(OddEnding::Sure) {
        context
            .notes
            .refused(|| "what stands at the end is of another number, or its area code".into());
        return Err(Reason::PhoneAmbiguous);
    }
    let international =
        if cell.has_plus { Some(&*cell.digits) } else { cell.behind_exit_code(context.region) };
    let behind_code = international.and_then(calling_code).map(|(_, rest)| rest);
    if is_filler(&cell.digits) || behind_code.is_some_and(is_filler) {
        context.notes.refused(|| format!("{}: digits that mean nothing", cell.digits));
        return Err(Reason::PhonePlaceholder);
    }
    let (number, repair) = match cell.read(context) {
        Ok(read) => read,
        // What is wrong with a number may stand behind an exit code as well.
        Err(Reason::PhoneAmbiguous) => return Err(Reason::PhoneAmbiguous),
        Err(reason) => {
            let rest = cell
                .digits
                .strip_prefix("00")
                .filter(|_| !cell.has_plus && cell.inner_plus.is_none());
            let behind = rest.and_then(|rest| read_international(rest, context).ok());
            return behind
                .map(|reading| reading.repaired(WarningCode::PhoneIddPrefix))
                .ok_or(reason);
        }
    };
    // A number beside its code is split as results are.
    let is_alone = context.calling_code.is_none() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_alone && may_be_rounded(text.as_bytes()) {
        context.notes.refused(|| "its last digits may have been rounded away".into());
        return Err(Reason::PhoneExcelRounded);
    }
    if repeats_code(text, number) {
        context.notes.refused(|| "its code stands there twice, or belongs to the number".into());
        return Err(Reason::PhoneAmbiguous);
    }
    if ending == Some(OddEnding::UnlessExtension) && !has_direct_dialling(number) {
        context.notes.refused(|| "another ending, or a part of the number".into());
        return Err(Reason::PhoneAmbiguous);
    }
    if is_filler_number(&number.national_number().to_string()) {
        context.notes.refused(|| format!("{}: digits that mean nothing", number.e164()));
        return Err(Reason::PhonePlaceholder);
    }
    let reading = PhoneReading::plain(number);
    Ok(match repair {
        Some(code) => reading.repaired(code),
        None => reading,
    })
}

/// Whether extensions are part of the numbers of its plan, and written behind a hyphen (DIN 5008, ÖNORM A 1080).
fn has_direct_dialling(number: PhoneNumber) -> bool {
    matches!(number.calling_code(), 43 | 49) && !number.line_type().may_be_mobile()
}

/// One digit throughout, a plain run such as 1234567890, or runs that begin again at 1: 1231231234. A
/// run of four may well be a number.
pub(super) fn is_filler(digits: &str) -> bool {
    let digits = digits.as_bytes();
    let steps =
        |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    digits.len() >= 4 && steps(0)
        || digits.len() >= 5 && steps(1)
        || digits.len() >= 8 && are_runs(digits)
}

/// Whether a number is a filler, with or without the zeros that it begins with. Tajikistan's plan allows zeros
/// throughout.
pub(super) fn is_filler_number(digits: &str) -> bool {
    is_filler(digits) || is_filler(digits.trim_start_matches('0'))
}

/// Whether the digits are runs of three or more, each of which begins at 1.
fn are_runs(digits: &[u8]) -> bool {
    digits.first() == Some(&b'1')
        && digits.chunk_by(|one, next| one + 1 == *next).all(|run| run[0] == b'1' && run.len() >= 3)
}

/// One number as it was written.
struct Cell<'t> {
    /// Without what stands before the first digit, but with its `+`.
    text: std::borrow::Cow<'t, str>,
    /// All digits, without `+`, an exit code behind `+` taken off.
    digits: String,
    has_plus: bool,
    /// How many digits stand before a `+` that is not the first character: `9198…+`, `+91 +91 98…`.
    inner_plus: Option<usize>,
    /// Number of digits behind the last space or sign.
    last_group: usize,
}

impl<'t> Cell<'t> {
    fn new(text: &'t str, context: &PhoneContext<'_>) -> Result<Self, Reason> {
        if !text.chars().all(|c| c.is_ascii_digit() || "+-.()/ ~ー\n".contains(c)) {
            return Err(Reason::PhoneNotANumber);
        }
        let start = text.find(|c: char| c.is_ascii_digit()).ok_or(Reason::PhoneNotANumber)?;
        let (before, body) = text.split_at(start);
        // `+91-9876543210` taken for a formula gives -9876543119: another number altogether.
        if before.ends_with('-') && !before.contains('+') {
            return Err(Reason::PhoneNotANumber);
        }
        let mut digits: String = body.chars().filter(char::is_ascii_digit).collect();
        let mut groups = body.split(|c: char| !c.is_ascii_digit());
        let last_group = groups.rfind(|group| !group.is_empty()).map_or(0, str::len);
        let has_plus = before.contains('+');
        if let Some((first, rest)) = body.split_once('+') {
            if rest.contains('+') {
                return Err(Reason::PhoneNotANumber);
            }
            let inner_plus = Some(first.bytes().filter(u8::is_ascii_digit).count());
            return Ok(Cell { text: text.into(), digits, has_plus, inner_plus, last_group });
        }
        let with_plus = |digits: String| {
            Ok(Cell {
                text: format!("+{digits}").into(),
                digits,
                has_plus: true,
                inner_plus: None,
                last_group,
            })
        };
        // The calling code of no region.
        if let (Some(code), None) = (context.calling_code, context.region)
            && !has_plus
        {
            return with_plus(format!("{code}{digits}"));
        }
        let bare_international = !has_plus
            && context.bare_digits == BareDigits::International
            && !digits.starts_with("00");
        if !has_plus && !bare_international {
            return Ok(Cell { text: text.into(), digits, has_plus, inner_plus: None, last_group });
        }
        // `+0091…`: an exit code where the + stands already.
        if let Some(rest) = digits.strip_prefix("00") {
            // `+0011…` is Australia's exit code; no area code of the code 1 begins with 1.
            if rest.starts_with("11") {
                return Err(Reason::PhoneNotANumber);
            }
            digits = rest.to_owned();
        }
        with_plus(digits)
    }

    /// The digits behind `00`, or the exit code of North America there.
    fn behind_exit_code(&self, region: Option<Region>) -> Option<&str> {
        let is_american = region.and_then(Region::calling_code) == Some(1);
        let behind = |code| self.digits.strip_prefix(code);
        behind("00").or_else(|| behind("011").filter(|_| is_american))
    }

    /// The number as it stands.
    fn as_written(&self, region: Option<Region>) -> Result<PhoneNumber, ParseError> {
        match self.inner_plus {
            Some(_) => Err(ParseError::NotANumber),
            None => parse(&self.text, region),
        }
    }

    /// The digits before and behind an inner `+`.
    fn around_plus(&self) -> Option<(&str, &str)> {
        Some(self.digits.split_at(self.inner_plus?))
    }

    /// The calling code that the number has or is meant to have, and what the national number may be:
    /// with and without its own code or a trunk zero before it.
    fn plans(&self, region: Option<Region>) -> Vec<(String, &str)> {
        let mut plans = Vec::new();
        let international =
            if self.has_plus { Some(&*self.digits) } else { self.digits.strip_prefix("00") };
        if let Some(digits) = international {
            plans.extend(calling_code(digits).map(|(code, rest)| (code.to_owned(), rest)));
        } else if let Some(own) = own_code(region) {
            let rest = self.digits.strip_prefix(&own);
            plans.extend(rest.map(|rest| (own.clone(), rest)));
            plans.push((own, &self.digits));
        }
        for at in 0..plans.len() {
            let (code, number) = &plans[at];
            let rest = number.strip_prefix('0').map(|rest| (code.clone(), rest));
            plans.extend(rest);
        }
        plans
    }

    fn read(
        &self,
        context: &PhoneContext<'_>,
    ) -> Result<(PhoneNumber, Option<WarningCode>), Reason> {
        let region = if self.has_plus { None } else { context.region };
        let as_written = self.as_written(region);
        let notes = context.notes;
        notes
            .seen(|| format!("as it stands, {}: {}", self.text, described(&self.text, as_written)));
        let mut valid = None;
        if let Ok(number) = as_written
            && number.is_valid()
        {
            if self.has_code_apart(number, region) {
                notes.refused(|| "the code stands apart, and belongs to the number".into());
                return Err(Reason::PhoneAmbiguous);
            }
            let is_alone = !self.has_plus && !context.is_region_stated;
            if is_alone && context.calling_code.is_none() && may_be_abroad(number, &self.text) {
                notes.refused(|| "with a + it is a mobile of another country".into());
                return Err(Reason::PhoneAmbiguous);
            }
            valid = Some(number);
            if !REPAIRS
                .iter()
                .any(|repair| repair.challenges && !(repair.proposals)(self, region).is_empty())
            {
                notes.taken(|| format!("as it stands: {}", number.e164()));
                let has_other = self.contradicts(number, context) || self.may_be_cpf(context);
                return Ok((number, has_other.then_some(WarningCode::PhoneTwoReadings)));
            }
        }
        let repaired = self.repaired(context.region, valid, notes)?;
        let chosen = match (valid, repaired) {
            (None, Some((number, code))) => Ok((number, Some(code))),
            (Some(number), None) => Ok((number, None)),
            // `006…` beside Tajikistan's code, whose mobiles may begin with 00. Results are read so.
            (Some(number), Some((other, WarningCode::PhoneIddPrefix)))
                if context.calling_code.is_some()
                    && number.line_type().may_be_mobile()
                    && !other.line_type().may_be_mobile() =>
            {
                Ok((number, None))
            }
            // `0011…` in Australia: an exit code of the region, or 00 and a code.
            (Some(_), Some((_, WarningCode::PhoneIddPrefix))) => Err(Reason::PhoneAmbiguous),
            (Some(number), Some((other, code))) => {
                match (number.line_type().may_be_mobile(), other.line_type().may_be_mobile()) {
                    // With a calling code beside it, the cell need not bring one. Results are read so.
                    _ if context.calling_code.is_some() => Ok((number, None)),
                    // The mobile one is meant: contacts are people.
                    (false, true) => Ok((other, Some(code))),
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

    /// Whether the number begins with the region's own calling code, which is set apart as no part of a number
    /// is: `91-98765432` lacks digits, rather than being +91 91987 65432.
    fn has_code_apart(&self, number: PhoneNumber, region: Option<Region>) -> bool {
        let mut groups = groups_of(&self.text);
        let Some(first) = groups.next().filter(|first| first.len() < self.digits.len()) else {
            return false;
        };
        // `(08) 3825 4567` was Ho Chi Minh City; mobiles begin with 083 today.
        if region == Some(Region::VN) && first == "08" && number.line_type().may_be_mobile() {
            return true;
        }
        // `049 171 …`, too.
        let has_zero = first.starts_with('0');
        let [first, digits] =
            [first, &self.digits].map(|text| text.strip_prefix('0').unwrap_or(text));
        let is_own = own_code(region).is_some_and(|own| own == first);
        let with_plus = || parse(&format!("+{}", self.digits), None);
        is_own
            && is_set_apart(number, first, digits)
            && (has_zero || !with_plus().is_ok_and(PhoneNumber::is_valid))
    }

    /// Whether eleven digits alone may just as well be those of a person in Brazil. One mobile in a
    /// hundred looks so by chance.
    fn may_be_cpf(&self, context: &PhoneContext<'_>) -> bool {
        context.region == Some(Region::BR)
            && context.calling_code.is_none()
            && *self.text == *self.digits
            && lookalike::is_cpf(&self.digits)
    }

    /// Whether the digits behind the `+` are a mobile of the country that the record states, while with
    /// the `+` they are a number of another one.
    fn contradicts(&self, number: PhoneNumber, context: &PhoneContext<'_>) -> bool {
        let Some(region) = context.region.filter(|_| self.has_plus && context.is_region_stated)
        else {
            return false;
        };
        region.calling_code() != Some(number.calling_code())
            && parse(&self.digits, Some(region))
                .is_ok_and(|other| other.is_valid() && other.line_type().may_be_mobile())
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
            if as_written.is_some() && !repair.challenges {
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

    fn calling_code(&self) -> Option<(&str, &str)> {
        calling_code(&self.digits)
    }
}

/// Whether digits alone are what a program makes of `9.19877E+11`: six that are known, and zeros. One number in a
/// million ends so.
pub(super) fn may_be_rounded(digits: &[u8]) -> bool {
    digits.len() >= 10 && digits.ends_with(b"000000")
}

/// A number has no more (ITU-T E.164).
const MOST_DIGITS: usize = 15;

/// Whether digits that are a number of the region, but no mobile, are a mobile of another country with a `+` before
/// them: `41791234567` in Germany. A number of the region has its trunk zero, or lost it; a chat app leaves out the `+`.
pub(super) fn may_be_abroad(number: PhoneNumber, text: &str) -> bool {
    if number.line_type().may_be_mobile() || !text.starts_with(|c: char| matches!(c, '1'..='9')) {
        return false;
    }
    // With a `+` before them, on the stack: a landline has to pay for this.
    let mut international = [b'+'; 1 + MOST_DIGITS];
    let mut len = 1;
    for digit in text.bytes().filter(u8::is_ascii_digit) {
        let Some(slot) = international.get_mut(len) else { return false };
        *slot = digit;
        len += 1;
    }
    // All numbers of North America have ten digits behind the 1.
    if international[1] == b'1' && len != "+12015550123".len() {
        return false;
    }
    let Ok(international) = std::str::from_utf8(&international[..len]) else { return false };
    parse(international, None).is_ok_and(|abroad| {
        let is_mobile = match abroad.line_type() {
            LineType::Mobile => true,
            // North America does not tell them apart.
            LineType::FixedLineOrMobile => abroad.calling_code() == 1,
            _ => false,
        };
        abroad.is_valid() && is_mobile && abroad.calling_code() != number.calling_code()
    })
}

/// Groups of digits.
fn groups_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty())
}

/// Whether the number begins with its calling code once more, set apart as no part of a number is:
/// `+49 49 171 …`.
fn repeats_code(text: &str, number: PhoneNumber) -> bool {
    let mut groups = groups_of(text);
    let Some(first) = groups.next() else { return false };
    let is_twice = groups.next() == Some(first) && number.calling_code().to_string() == first;
    let rest = || groups_of(text).skip(1).collect::<String>();
    is_twice && is_set_apart(number, first, &rest())
}

/// Whether these are the digits of a national number, and begin with a group that is none of its own.
pub(super) fn is_set_apart(number: PhoneNumber, first: &str, digits: &str) -> bool {
    let written = number.international().to_string();
    number.national_number().to_string() == digits
        && written.split([' ', '-']).nth(1).is_some_and(|group| group.len() != first.len())
}

/// The country calling code that the digits begin with, and the digits behind; calling codes are
/// prefix-free (ITU-T E.164), so there is at most one.
fn calling_code(digits: &str) -> Option<(&str, &str)> {
    (1..=3.min(digits.len()))
        .map(|len| digits.split_at(len))
        .find(|(code, _)| code.parse().is_ok_and(|code| Region::of_calling_code(code).is_some()))
}

/// A way in which numbers are damaged, and what the number was before. To add one, add it here and
/// its cells to `tests/cells/phone-codes.tsv`.
struct Repair {
    code: WarningCode,
    /// What the number may have been, in international form; nothing where the cell does not show this
    /// damage.
    proposals: fn(&Cell<'_>, Option<Region>) -> Vec<String>,
    /// Whether the repair is plausible even where the cell is valid as it stands.
    challenges: bool,
}

const REPAIRS: [Repair; 10] = [
    Repair { code: WarningCode::PhoneIddPrefix, proposals: behind_exit_code, challenges: true },
    Repair { code: WarningCode::PhoneMissingPlus, proposals: behind_own_code, challenges: true },
    Repair { code: WarningCode::PhoneTrunkZero, proposals: without_trunk_zero, challenges: false },
    Repair {
        code: WarningCode::PhoneTrunkZero,
        proposals: without_local_prefix,
        challenges: false,
    },
    Repair {
        code: WarningCode::PhoneRepeatedCode,
        proposals: behind_repeated_code,
        challenges: false,
    },
    Repair {
        code: WarningCode::PhoneMissingPlus,
        proposals: with_plus_in_front,
        challenges: false,
    },
    Repair {
        code: WarningCode::PhoneMexicoMobile1,
        proposals: without_mobile_1,
        challenges: false,
    },
    Repair {
        code: WarningCode::PhoneBrazilNinthDigit,
        proposals: with_ninth_digit,
        challenges: false,
    },
    Repair { code: WarningCode::PhoneRenumbered, proposals: renumbered, challenges: false },
    Repair {
        code: WarningCode::PhoneIddPrefix,
        proposals: behind_exit_code_and_plus,
        challenges: false,
    },
];

fn own_code(region: Option<Region>) -> Option<String> {
    Some(region?.calling_code()?.to_string())
}

/// `00…`, whatever the exit code of the region is.
fn behind_exit_code(cell: &Cell<'_>, _: Option<Region>) -> Vec<String> {
    let rest =
        cell.digits.strip_prefix("00").filter(|_| !cell.has_plus && cell.inner_plus.is_none());
    rest.map(|rest| format!("+{rest}")).into_iter().collect()
}

/// `00+91…`
fn behind_exit_code_and_plus(cell: &Cell<'_>, _: Option<Region>) -> Vec<String> {
    let behind = cell.around_plus().filter(|(before, _)| *before == "00");
    behind.map(|(_, behind)| format!("+{behind}")).into_iter().collect()
}

/// Digits that begin with the region's own code.
fn behind_own_code(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    let own = own_code(region).filter(|_| !cell.has_plus && cell.inner_plus.is_none());
    let begins = own.is_some_and(|own| cell.digits.starts_with(&own));
    begins.then(|| format!("+{}", cell.digits)).into_iter().collect()
}

/// `+34 0910…`, `0+34 910…`, and `034 910…` in the region of the code; not `01…` in North America, where nobody
/// dials a zero, and foreign numbers have one.
fn without_trunk_zero(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    if let Some((before, behind)) = cell.around_plus() {
        return (before == "0").then(|| format!("+{behind}")).into_iter().collect();
    }
    if cell.has_plus {
        let trunk = |(code, rest): (&str, &str)| {
            let rest = rest.strip_prefix('0')?;
            // No number of North America begins with 1, and many foreign ones with 01.
            (code != "1" || !rest.starts_with('1')).then(|| format!("+{code}{rest}"))
        };
        return cell.calling_code().and_then(trunk).into_iter().collect();
    }
    let own = own_code(region)
        .filter(|own| cell.digits.strip_prefix('0').is_some_and(|rest| rest.starts_with(own)))
        .filter(|own| own != "1");
    own.map(|_| format!("+{}", &cell.digits[1..])).into_iter().collect()
}

/// What people in a country dial before a number, where libphonenumber does not take it off: 01, 044
/// and 045 in Mexico until 2019-08-03 (IFT), 8 in Russia and Kazakhstan, to which some add a `+`.
fn without_local_prefix(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    if cell.inner_plus.is_some() {
        return Vec::new();
    }
    let is_russian = matches!(region, Some(Region::RU | Region::KZ));
    if is_russian && cell.has_plus && cell.digits.len() == 11 && cell.digits.starts_with('8') {
        return vec![format!("+7{}", &cell.digits[1..])];
    }
    let behind_prefix = |(code, number): (String, &str)| {
        let number = ["01", "044", "045"].iter().find_map(|prefix| number.strip_prefix(prefix))?;
        (code == "52").then(|| format!("+52{number}"))
    };
    cell.plans(region).into_iter().filter_map(behind_prefix).collect()
}

/// A calling code that stands twice: `+91 91 98…`, `+91 0091…`, `+91 +91 98…`, `91+91…`.
fn behind_repeated_code(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    let own = own_code(region);
    if let Some((before, behind)) = cell.around_plus() {
        let is_code = before.parse().is_ok_and(|code| Region::of_calling_code(code).is_some());
        let repeats = is_code && behind.starts_with(before);
        return repeats.then(|| format!("+{behind}")).into_iter().collect();
    }
    let (code, rest) = match &own {
        Some(own) if !cell.has_plus => (own.as_str(), cell.digits.strip_prefix(own.as_str())),
        _ => cell
            .calling_code()
            .filter(|_| cell.has_plus)
            .map_or(("", None), |(code, rest)| (code, Some(rest))),
    };
    // `+1 0151…` may be a foreign number behind a code that a form has put there.
    let is_foreign = |rest: &str| code == "1" && rest.starts_with('0') && !rest.starts_with("00");
    let rest = rest.filter(|rest| !is_foreign(rest)).map(|rest| rest.trim_start_matches('0'));
    let rest = rest.and_then(|rest| rest.strip_prefix(code));
    rest.map(|rest| format!("+{code}{rest}")).into_iter().collect()
}

/// `919876543210+`, `98765 43210 +91`.
fn with_plus_in_front(cell: &Cell<'_>, _: Option<Region>) -> Vec<String> {
    let Some((before, behind)) = cell.around_plus().filter(|_| !cell.has_plus) else {
        return Vec::new();
    };
    if behind.is_empty() {
        return vec![format!("+{before}")];
    }
    let region = behind.parse().ok().and_then(Region::of_calling_code);
    let number = region.and_then(|region| parse(before, Some(region)).ok());
    number.map(|number| number.e164().to_string()).into_iter().collect()
}

/// Since 2019-08-03 Mexican mobiles are dialled without the 1 behind +52 (IFT).
fn without_mobile_1(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    let is_mexican = cell.has_plus || region == Some(Region::MX);
    let number = cell.digits.strip_prefix("521").filter(|number| is_mexican && number.len() == 10);
    number.map(|number| format!("+52{number}")).into_iter().collect()
}

/// Brazilian mobiles have nine digits behind the area code, the first of which is a 9, since 2016-11-06
/// (Anatel). Those of eight begin with 6 to 9; fixed lines begin with 2 to 5.
fn with_ninth_digit(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    // Without a code, eleven digits may be those of a person.
    if !cell.has_plus && lookalike::is_cpf(&cell.digits) {
        return Vec::new();
    }
    // `98765-432` is a mobile as they are today, of which a digit was lost.
    if cell.last_group != 4 && cell.last_group < 8 {
        return Vec::new();
    }
    let with_9 = |(code, number): (String, &str)| {
        let is_mobile =
            code == "55" && number.len() == 10 && matches!(number.as_bytes()[2], b'6'..=b'9');
        is_mobile.then(|| format!("+55{}9{}", &number[..2], &number[2..]))
    };
    cell.plans(region).into_iter().filter_map(with_9).collect()
}

/// The number by the plan that its country has now, where it is one of the plan before.
fn renumbered(cell: &Cell<'_>, region: Option<Region>) -> Vec<String> {
    let by_plan = |(code, number): (String, &str)| {
        RENUMBERINGS.get(code.as_str())?.iter().find_map(|renumbering| {
            let rest = number.strip_prefix(renumbering.old)?;
            let is_whole = number.len() == renumbering.digits;
            is_whole.then(|| format!("+{code}{}{rest}", renumbering.new))
        })
    };
    cell.plans(region).into_iter().filter_map(by_plan).collect()
}

/// First digits of a national number that were replaced by others.
struct Renumbering {
    /// Number of digits of the whole old number.
    digits: usize,
    old: &'static str,
    new: &'static str,
}

/// By country calling code.
static RENUMBERINGS: LazyLock<HashMap<&str, Vec<Renumbering>>> = LazyLock::new(|| {
    let mut renumberings: HashMap<_, Vec<_>> = HashMap::default();
    for [code, digits, old, new, _] in data::rows(data::RENUMBERINGS) {
        // A test of the tables makes sure that it is a number.
        let digits = digits.parse().unwrap_or_default();
        renumberings.entry(code).or_default().push(Renumbering { digits, old, new });
    }
    renumberings
});

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    /// How a number is read where the record states its region.
    fn repairs_in(region: Region, text: &str) -> Vec<WarningCode> {
        let options = Options { region: Some(region), ..Options::default() };
        let mut context = PhoneContext::new(&options, Notes::default());
        context.is_region_stated = true;
        read_number(text, &context).unwrap().repairs().to_vec()
    }

    #[test]
    fn a_plus_before_a_mobile_of_the_stated_country_is_another_reading() {
        // A number of Japan, and with the same digits a mobile of Indonesia.
        assert_eq!(repairs_in(Region::ID, "+81312345678"), [WarningCode::PhoneTwoReadings]);
        for region in [Region::JP, Region::GB] {
            assert_eq!(repairs_in(region, "+81312345678"), []);
        }
        // A mobile of Singapore, and with the same digits a fixed line of India.
        assert_eq!(repairs_in(Region::IN, "+6581234567"), []);
        let fixed = parse("6581234567", Some(Region::IN)).unwrap();
        assert!(fixed.is_valid() && !fixed.line_type().may_be_mobile());
    }
}
