//! The phone cells of a record, read as its other cells and its headers say.

use contactmill_phone::{LineType, PhoneNumber, Region};

use crate::cells::country::{self, CountryReading};
use crate::cells::email;
use crate::cells::phone::{self, Phone, PhoneContext, PhoneReading};
use crate::contact::EmailAddress;
use crate::explain::Notes;
use crate::options::{BareDigits, Options, PhoneMode};
use crate::raw::RawContact;
use crate::reason::{Field, Reason, Warning, WarningCode};

/// Reads the phone cells of a record as its country cells, its headers and the options say.
pub(super) struct PhoneCellReader<'n, 'r> {
    pub(super) context: PhoneContext<'n>,
    /// Area codes that stand in other columns, each with its phone cell.
    area_codes: &'n [(&'r str, &'r str)],
    /// Phone cells that have their country calling code, as their header says.
    with_code: &'n [&'r str],
    /// Those that have not, as theirs says.
    without_code: &'n [&'r str],
    /// Another way that is just as plausible: both must come to the same, or only one to a number.
    or_else: Option<PhoneContext<'n>>,
    /// A country with another calling code, which another cell says.
    contradicted_by: Option<Region>,
    /// Country cells that say something, but not which country.
    pub(super) not_understood: Vec<&'r str>,
}

/// Whether a cell is a code, and not other words: `0221`, `(11)`, `+351`.
fn is_area_code(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    (1..=5).contains(&digits)
        && cell
            .chars()
            .all(|c| c.is_ascii_digit() || c == ' ' || matches!(c, '+' | '(' | ')' | '-'))
}

impl<'n, 'r: 'n> PhoneCellReader<'n, 'r> {
    /// What the record's country cells, and the options behind them, say of its phone cells.
    pub(super) fn new(options: &Options, raw: &'n RawContact<'r>, notes: Notes<'n>) -> Self {
        let default = PhoneContext::new(options, notes);
        let mut reader = PhoneCellReader {
            context: default,
            area_codes: &raw.area_codes,
            with_code: &raw.phones_with_code,
            without_code: &raw.phones_without_code,
            or_else: None,
            contradicted_by: None,
            not_understood: Vec::new(),
        };
        let mut found = false;
        for &cell in &raw.countries {
            let reading = country::read(cell);
            if reading == CountryReading::NotUnderstood {
                reader.not_understood.push(cell);
            }
            if reading == CountryReading::Nothing {
                continue;
            }
            if found {
                let known = reader.contradicted_by;
                reader.contradicted_by = known.or_else(|| reader.contradiction(reading));
                continue;
            }
            found = true;
            match reading {
                CountryReading::Nothing => {}
                CountryReading::Named(region) => {
                    reader.context.region = Some(region);
                    reader.context.is_region_stated = true;
                }
                CountryReading::CallingCode(code) => {
                    let region = Region::of_calling_code(code);
                    reader.context.region = region.filter(|&region| region != Region::World);
                    reader.context.is_region_stated = reader.context.region.is_some();
                    reader.context.calling_code = Some(code);
                    reader.context.bare_digits = BareDigits::National;
                }
                CountryReading::NamibiaOrNothing => {
                    let region = Some(Region::NA);
                    let namibia = PhoneContext { region, is_region_stated: true, ..default };
                    reader.or_else = Some(namibia);
                }
                CountryReading::NotUnderstood => reader.context.region = None,
            }
        }
        reader
    }

    /// Reads one phone cell.
    pub(super) fn read(&self, cell: &str) -> Result<PhoneReading, Reason> {
        let reading = match self.area_codes {
            [] if self.without_code.contains(&cell) => self.read_without_code(cell)?,
            [] => self.read_by_first(cell)?,
            codes => {
                let of_cell = codes.iter().filter(|(_, phone)| *phone == cell);
                let codes: Vec<&str> = of_cell.map(|&(code, _)| code).collect();
                self.read_with_area_code(&codes, cell)?
            }
        };
        if !self.with_code.is_empty() && self.is_another_abroad(cell, reading.number()) {
            self.context.notes.refused(|| "by its header, the calling code is in it".into());
            return Err(Reason::PhoneAmbiguous);
        }
        match self.contradicted_by {
            Some(region) if self.is_mobile_in(region, cell, reading.number()) => {
                Ok(reading.repaired(WarningCode::PhoneTwoReadings))
            }
            _ => Ok(reading),
        }
    }

    /// Whether digits alone, under a header that says that they begin with the country calling code, are another
    /// valid number with it than the one that was read.
    fn is_another_abroad(&self, cell: &str, read: PhoneNumber) -> bool {
        let starts_with_code = cell.trim_start().starts_with(|c: char| matches!(c, '1'..='9'));
        if !starts_with_code || !self.with_code.contains(&cell) {
            return false;
        }
        let abroad = contactmill_phone::parse(&format!("+{}", cell.trim_start()), None);
        abroad.is_ok_and(|number| number.is_valid() && number != read)
    }

    /// Reads a cell whose number begins with one of these codes, or lacks it.
    fn read_with_area_code(&self, codes: &[&str], cell: &str) -> Result<PhoneReading, Reason> {
        let alone = self.read_by_first(cell);
        // `0151 23456781`, `(11) 98765-4321` and `+49 …` have theirs.
        let is_whole = |reading: &PhoneReading| {
            // In Italy, what begins with 0 is no more than the number.
            let has_trunk_prefix =
                || !reading.number().national_number().to_string().starts_with('0');
            let cell = cell.trim_start();
            cell.starts_with(['+', '(']) || cell.starts_with('0') && has_trunk_prefix()
        };
        if alone.as_ref().is_ok_and(is_whole)
            || codes.is_empty()
            || codes.iter().any(|code| !is_area_code(code))
        {
            return alone;
        }
        // A mobile needs none of a town.
        let is_of_town = |code: &&str| code.trim_start().starts_with('0');
        let is_mobile = |reading: &PhoneReading| reading.number().line_type() == LineType::Mobile;
        let may_stand = codes.iter().all(is_of_town) && alone.as_ref().is_ok_and(is_mobile);
        let has_one = |reading: &PhoneReading| {
            let number = reading.number();
            let written = [number.calling_code().to_string(), number.national_number().to_string()];
            let bare =
                |code: &&str| code.trim_matches(|c: char| !matches!(c, '1'..='9')).to_owned();
            codes.iter().map(bare).any(|code| {
                written[0] == code || written[1].trim_start_matches('0').starts_with(&code)
            })
        };
        if alone.as_ref().is_ok_and(has_one) {
            return alone;
        }
        let joined =
            codes.iter().flat_map(|code| [format!("{code} {cell}"), format!("+{code} {cell}")]);
        let mut readings: Vec<PhoneReading> =
            joined.filter_map(|text| self.read_by_first(&text).ok()).filter(has_one).collect();
        readings.dedup_by_key(|reading| reading.number());
        match (readings.pop(), readings.is_empty(), &alone) {
            (Some(joined), true, _) => Ok(joined.repaired(WarningCode::PhoneAreaCode)),
            (_, _, Err(_)) => alone,
            (None, ..) if may_stand => alone,
            _ => {
                self.context.notes.refused(|| "it lacks the code of another column".into());
                Err(Reason::PhoneAmbiguous)
            }
        }
    }

    /// The region of a further cell, if its calling code is another than that of the first.
    fn contradiction(&self, reading: CountryReading) -> Option<Region> {
        let region = match reading {
            CountryReading::Named(region) => Some(region),
            CountryReading::CallingCode(code) => Region::of_calling_code(code),
            _ => None,
        }?;
        let PhoneContext { is_region_stated, mode, .. } = self.context;
        let first =
            self.context.region.filter(|_| is_region_stated && mode == PhoneMode::Recover)?;
        (region.calling_code() != first.calling_code()).then_some(region)
    }

    /// Whether a cell is another number in this region, and a mobile.
    fn is_mobile_in(&self, region: Region, cell: &str, number: PhoneNumber) -> bool {
        let notes = Notes::default();
        let there =
            PhoneContext { region: Some(region), calling_code: None, notes, ..self.context };
        let other = phone::read(cell, &there).map(|other| other.number());
        let other = other.ok().filter(|&o| o != number && o.line_type().may_be_mobile());
        if let Some(other) = other {
            self.context.notes.seen(|| format!("the record says {region}, too: {}", other.e164()));
        }
        other.is_some()
    }

    /// Reads a cell that may have no code, though one stands beside it.
    fn read_without_code(&self, cell: &str) -> Result<PhoneReading, Reason> {
        let own = || phone::read(cell, &PhoneContext { is_region_stated: true, ..self.context });
        match self.read_by_first(cell) {
            Err(Reason::PhoneAmbiguous) => own(),
            reading => reading,
        }
    }

    /// Reads a cell by the first country cell that says one.
    fn read_by_first(&self, cell: &str) -> Result<PhoneReading, Reason> {
        let reading = phone::read(cell, &self.context);
        let Some(other) = &self.or_else else { return reading };
        match (reading, phone::read(cell, other)) {
            // With a warning, if there the digits are another number without the `+`.
            (Ok(one), Ok(other))
                if one.number() == other.number() && one.others() == other.others() =>
            {
                Ok(other)
            }
            (reading, _) if self.context.region.is_none() => reading,
            (Ok(_), Ok(_)) => Err(Reason::PhoneAmbiguous),
            (Err(_), Ok(other)) => Ok(other),
            (reading, _) => reading,
        }
    }
}

/// What the phone cells of a record hold.
#[derive(Default)]
pub(super) struct PhoneCells<'r> {
    /// All numbers; none twice.
    pub(super) phones: Vec<Phone>,
    /// What stands beside them.
    pub(super) notes: Vec<String>,
    /// Cells that cannot be read, and why.
    pub(super) refused: Vec<(&'r str, Reason)>,
}

impl<'r> PhoneCells<'r> {
    /// Reads the phone cells of a record, the first of which may have been read already.
    pub(super) fn read(
        raw: &RawContact<'r>,
        reader: &PhoneCellReader<'_, 'r>,
        mut first: Option<Result<PhoneReading, Reason>>,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let mut cells = PhoneCells::default();
        for &cell in &raw.phones {
            let reading = match first.take().unwrap_or_else(|| reader.read(cell)) {
                Ok(reading) => reading,
                Err(Reason::PhoneMissing) => continue,
                Err(reason) => {
                    cells.refused.push((cell, reason));
                    continue;
                }
            };
            warn_of_repairs(cell, &reading, warnings);
            cells.notes.extend_from_slice(reading.notes());
            for phone in reading.into_phones() {
                if cells.phones.iter().all(|known| known.number != phone.number) {
                    cells.phones.push(phone);
                }
            }
        }
        cells
    }
}

/// Adds a warning for each repair of a phone cell, with the numbers that came of it.
fn warn_of_repairs(cell: &str, reading: &PhoneReading, warnings: &mut Vec<Warning>) {
    if reading.repairs().is_empty() {
        return;
    }
    let others = reading.others().iter().map(|phone| phone.number);
    let numbers = std::iter::once(reading.number()).chain(others);
    let after: Vec<String> = numbers.map(|number| number.e164().to_string()).collect();
    let after = after.join(" ");
    for &code in reading.repairs() {
        let (before, after) = (cell.trim().into(), after.as_str().into());
        warnings.push(Warning { field: Field::Phone, code, before, after });
    }
}

/// The first of the refused phone cells that holds e-mail addresses, and those; a warning is added for
/// every other cell.
pub(super) fn address_in<'r>(
    refused: Vec<(&'r str, Reason)>,
    notes: Notes<'_>,
    warnings: &mut Vec<Warning>,
) -> Option<(&'r str, Vec<EmailAddress<'r>>)> {
    let mut email = None;
    for (cell, reason) in refused {
        if email.is_none()
            && cell.contains('@')
            && let Some(addresses) = email::read(cell, notes).into_addresses()
        {
            email = Some((cell, addresses));
            continue;
        }
        warnings.push(Warning {
            field: Field::Phone,
            code: WarningCode::PhoneDropped,
            before: cell.trim().into(),
            after: reason.code().into(),
        });
    }
    email
}

/// What the phone cells of a record give.
pub(super) struct Phones<'r> {
    pub(super) phone: PhoneNumber,
    pub(super) extension: Option<Box<str>>,
    pub(super) others: Vec<Phone>,
    pub(super) notes: Vec<String>,
    /// Addresses that stood in a phone cell.
    pub(super) email: Option<(&'r str, Vec<EmailAddress<'r>>)>,
}

impl Phones<'_> {
    /// One number and nothing else.
    pub(super) fn sole(phone: PhoneNumber) -> Self {
        Phones { phone, extension: None, others: Vec::new(), notes: Vec::new(), email: None }
    }
}
