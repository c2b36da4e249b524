//! Turns a raw contact into a contact, or into the reason why not.

use std::borrow::Cow;
use std::cell::RefCell;

use contactmill_phone::{PhoneNumber, Region};
use foldhash::HashSet;

use crate::cells::attributes;
use crate::cells::country::{self, CountryReading};
use crate::cells::email::{self, EmailReading};
use crate::cells::name::{self, NameReading};
use crate::cells::phone::{self, Phone, PhoneContext, PhoneReading};
use crate::cells::tag;
use crate::contact::{
    Attribute, AttributeValue, Contact, ContactLists, ContactName, EmailAddress, Tag,
};
use crate::explain::{Explained, Explanation, Notes};
use crate::options::{BadEmail, BareDigits, LineTypePolicy, MissingName, Options, PhoneMode};
use crate::raw::RawContact;
use crate::reason::{Field, Reason, Rejection, Warning, WarningCode};
use crate::text::{
    folded, has_bad_control, head, is_bad_control, is_blank, says_nothing, without_text_mark,
};
use contactmill_phone::LineType;

/// An attribute's value that is longer is cut, with a warning that holds all of it (characters).
const MAX_VALUE_CHARACTERS: usize = 4_000;

/// Reads raw contacts. Pure: no input or output, no clock, no threads, no state.
///
/// ```
/// use contactmill_core::{Normalizer, Options, RawContact, WarningCode};
///
/// let normalizer = Normalizer::new(Options::default());
/// let mut raw = RawContact::default();
/// raw.phones.push("+91 98765 43210");
/// let normalized = normalizer.normalize(&raw)?;
/// assert_eq!(normalized.contact.name.as_str(), "+91 98765 43210");
/// assert_eq!(normalized.warnings[0].code, WarningCode::NameFromPhone);
/// # Ok::<(), contactmill_core::Rejection>(())
/// ```
#[derive(Clone, Debug)]
pub struct Normalizer {
    options: Options,
    add_tags: Vec<Tag<'static>>,
}

/// A contact, and what was changed in it or is suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Normalized<'r> {
    /// The contact.
    pub contact: Contact<'r>,
    /// What was changed beyond layout, or is suspect.
    pub warnings: Vec<Warning>,
}

impl Normalizer {
    /// A normalizer with these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut add_tags = Vec::new();
        for tag in &options.add_tags {
            tag::read_into(tag, &mut add_tags);
        }
        let add_tags = add_tags.into_iter().map(Tag::into_owned).collect();
        Normalizer { options, add_tags }
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Reads one raw contact.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] is no failure but the outcome for this record: it cannot be imported, and
    /// why.
    pub fn normalize<'r>(&self, raw: &RawContact<'r>) -> Result<Normalized<'r>, Rejection> {
        self.read(raw, ContactLists::default(), Notes::default())
    }

    /// As [`normalize`](Normalizer::normalize), in the memory of a contact that is no longer needed.
    /// Where the record is rejected, that memory is freed.
    pub(crate) fn normalize_into<'r>(
        &self,
        raw: &RawContact<'r>,
        lists: ContactLists<'r>,
    ) -> Result<Normalized<'r>, Rejection> {
        self.read(raw, lists, Notes::default())
    }

    /// Explains how a phone cell is read: each observation, each step taken or refused, the outcome.
    ///
    /// ```
    /// use contactmill_core::explain::StepKind;
    /// use contactmill_core::{Normalizer, Options};
    ///
    /// let explanation = Normalizer::new(Options::default()).explain_phone("+34 0910 123 456");
    /// let last = explanation.steps.last().unwrap();
    /// assert_eq!(last.kind, StepKind::Taken);
    /// assert_eq!(last.text, "phone_trunk_zero: +34910123456");
    /// let number = explanation.outcome.unwrap().phone.unwrap();
    /// assert_eq!(number.national_number().to_string(), "910123456");
    /// ```
    #[must_use]
    pub fn explain_phone(&self, cell: &str) -> Explanation {
        let steps = RefCell::default();
        let mut raw = RawContact::default();
        raw.phones.push(cell);
        let read = self.read(&raw, ContactLists::default(), Notes::to(&steps));
        let outcome = read.map_err(|rejection| rejection.reason).map(|normalized| {
            let Normalized { contact, mut warnings } = normalized;
            // A name is not what was asked for.
            warnings.retain(|warning| warning.field != Field::Name);
            let Contact { phone, email, attributes, .. } = contact.into_owned();
            Explained { phone: Some(phone), email, attributes, warnings }
        });
        Explanation { steps: steps.into_inner(), outcome }
    }

    /// Explains how an e-mail cell is read, as [`explain_phone`](Normalizer::explain_phone) does.
    ///
    /// ```
    /// use contactmill_core::{Normalizer, Options};
    ///
    /// let explanation = Normalizer::new(Options::default()).explain_email("asha@gmial.com");
    /// assert_eq!(explanation.steps[1].text, "perhaps a slip for asha@gmail.com");
    /// assert_eq!(explanation.outcome.unwrap().email.unwrap().as_str(), "asha@gmial.com");
    /// ```
    #[must_use]
    pub fn explain_email(&self, cell: &str) -> Explanation {
        let steps = RefCell::default();
        let mut raw = RawContact::default();
        raw.emails.push(cell);
        let mut warnings = Vec::new();
        let read = self.emails(&raw, None, &mut warnings, Notes::to(&steps));
        let outcome = read.map(|(email, others)| {
            let mut attributes = AttributeList::in_memory_of(Vec::new());
            attributes.push_numbered("email", others.iter());
            let email = email.map(EmailAddress::into_owned);
            let attributes = attributes.list.into_iter().map(Attribute::into_owned).collect();
            Explained { phone: None, email, attributes, warnings }
        });
        Explanation { steps: steps.into_inner(), outcome }
    }

    fn read<'r>(
        &self,
        raw: &RawContact<'r>,
        lists: ContactLists<'r>,
        notes: Notes<'_>,
    ) -> Result<Normalized<'r>, Rejection> {
        let mut warnings = Vec::new();
        let country = self.country(raw, notes);
        let phones = self.phones(raw, &country, &mut warnings)?;
        let (email, other_emails) = self.emails(raw, phones.email, &mut warnings, notes)?;
        let names = Names::of(raw);
        let name = self.name(raw, names.chosen, phones.phone, &mut warnings)?;
        let ContactLists { mut tags, attributes } = lists;
        self.tags(raw, &mut tags, &mut warnings);

        let mut attributes = AttributeList::in_memory_of(attributes);
        for &(key, value) in &raw.attributes {
            attributes.read(key, value, &mut warnings);
        }
        for cell in &raw.attribute_objects {
            attributes.read_object(cell, &mut warnings);
        }
        for (field, stored) in &raw.unreadable {
            warnings.push(Warning {
                field: field.clone(),
                code: WarningCode::ValueUnreadable,
                before: (*stored).into(),
                after: "".into(),
            });
        }
        attributes.push_numbered("name", names.others.into_iter());
        attributes.push_numbered("phone", phones.others.iter());
        if let Some(extension) = phones.extension {
            attributes.push("phone_extension".into(), extension.into_string().into());
        }
        attributes.push_numbered("email", other_emails.iter());
        if !phones.notes.is_empty() {
            let note = phones.notes.join("; ");
            let note: String = note.chars().filter(|&c| !is_bad_control(c)).collect();
            attributes.push("phone_note".into(), note.trim().to_owned().into());
        }
        for cell in country.not_understood {
            attributes.read("country", cell, &mut warnings);
        }
        let attributes = attributes.list;
        let contact = Contact { name, phone: phones.phone, email, tags, attributes };
        Ok(Normalized { contact, warnings })
    }

    /// Reads one phone cell of a record, beside its country cells.
    pub(crate) fn phone_of(
        &self,
        raw: &RawContact<'_>,
        cell: &str,
    ) -> Result<PhoneReading, Reason> {
        self.country(raw, Notes::default()).read_phone(cell)
    }

    /// What the record's country cells, and the options behind them, say of its phone cells.
    fn country<'n, 'r: 'n>(&self, raw: &'n RawContact<'r>, notes: Notes<'n>) -> Country<'n, 'r> {
        let default = PhoneContext::new(&self.options, notes);
        let mut country = Country {
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
                country.not_understood.push(cell);
            }
            if reading == CountryReading::Nothing {
                continue;
            }
            if found {
                let known = country.contradicted_by;
                country.contradicted_by = known.or_else(|| country.contradiction(reading));
                continue;
            }
            found = true;
            match reading {
                CountryReading::Nothing => {}
                CountryReading::Named(region) => {
                    country.context.region = Some(region);
                    country.context.is_region_stated = true;
                }
                CountryReading::CallingCode(code) => {
                    let region = Region::of_calling_code(code);
                    country.context.region = region.filter(|&region| region != Region::World);
                    country.context.is_region_stated = country.context.region.is_some();
                    country.context.calling_code = Some(code);
                    country.context.bare_digits = BareDigits::National;
                }
                CountryReading::NamibiaOrNothing => {
                    let region = Some(Region::NA);
                    let namibia = PhoneContext { region, is_region_stated: true, ..default };
                    country.or_else = Some(namibia);
                }
                CountryReading::NotUnderstood => country.context.region = None,
            }
        }
        country
    }

    /// The numbers of a record, the phone first.
    fn phones<'r>(
        &self,
        raw: &RawContact<'r>,
        country: &Country<'_, 'r>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Phones<'r>, Reason> {
        // Nearly all records have one phone cell, with a number that is as it should be.
        let mut first = None;
        if let [cell] = raw.phones[..] {
            let reading = country.read_phone(cell);
            if let Ok(reading) = &reading
                && let Some(number) = reading.sole().filter(|&number| self.takes(number))
            {
                return Ok(Phones::sole(number));
            }
            first = Some(reading);
        }
        let PhoneCells { mut phones, notes, refused } =
            PhoneCells::read(raw, country, first, warnings);
        let Some(chosen) = phones.iter().position(|phone| self.takes(phone.number)) else {
            return Err(match (phones.is_empty(), refused.first()) {
                (false, _) => Reason::PhoneTypeNotAllowed,
                (true, Some(&(_, reason))) => reason,
                (true, None) => {
                    raw.phones_of_others.first().map_or(Reason::PhoneMissing, |&(_, reason)| reason)
                }
            });
        };
        let phone = phones.remove(chosen);
        let email = address_in(refused, country.context.notes, warnings);
        Ok(Phones { phone: phone.number, extension: phone.extension, others: phones, notes, email })
    }

    /// Whether the options take numbers of this line type.
    const fn takes(&self, number: PhoneNumber) -> bool {
        match self.options.line_type {
            LineTypePolicy::Any => true,
            LineTypePolicy::Mobile => number.line_type().may_be_mobile(),
        }
    }

    /// The addresses of a record, the e-mail first.
    fn emails<'r>(
        &self,
        raw: &RawContact<'r>,
        from_phone_column: Option<(&'r str, Vec<EmailAddress<'r>>)>,
        warnings: &mut Vec<Warning>,
        notes: Notes<'_>,
    ) -> Result<(Option<EmailAddress<'r>>, Vec<EmailAddress<'r>>), Reason> {
        let mut email: Option<EmailAddress<'r>> = None;
        let mut others: Vec<EmailAddress<'r>> = Vec::new();
        let mut add = |address: EmailAddress<'r>| {
            if email.is_none() {
                email = Some(address);
            } else if email.as_ref() != Some(&address) && !others.contains(&address) {
                others.push(address);
            }
        };
        let mut bad: Vec<&str> = Vec::new();
        let warn = |code, before: &str, after: &str| Warning {
            field: Field::Email,
            code,
            before: before.trim().into(),
            after: after.into(),
        };
        for &cell in &raw.emails {
            match email::read(cell, notes) {
                EmailReading::Empty => {}
                EmailReading::Bad => bad.push(cell),
                EmailReading::One(address) => add(address),
                EmailReading::Several(found) => {
                    warnings.push(warn(WarningCode::EmailExtra, cell, found[0].as_str()));
                    found.into_iter().for_each(&mut add);
                }
            }
        }
        if let Some((cell, found)) = from_phone_column {
            warnings.push(warn(WarningCode::EmailFromPhoneColumn, cell, found[0].as_str()));
            found.into_iter().for_each(&mut add);
        }
        if email.is_none() && !bad.is_empty() && self.options.bad_email == BadEmail::Reject {
            return Err(Reason::EmailInvalid);
        }
        for cell in bad {
            warnings.push(warn(WarningCode::EmailDropped, cell, ""));
        }
        for email in email.iter().chain(&others) {
            if let Some(meant) = email::suggestion(email) {
                notes.seen(|| format!("perhaps a slip for {meant}"));
                warnings.push(warn(WarningCode::EmailTypoSuspected, email.as_str(), &meant));
            }
        }
        Ok((email, others))
    }

    fn name<'r>(
        &self,
        raw: &RawContact<'r>,
        chosen: Option<Chosen<'r>>,
        phone: PhoneNumber,
        warnings: &mut Vec<Warning>,
    ) -> Result<ContactName<'r>, Reason> {
        let Some(Chosen { reading, written }) = chosen else {
            if self.options.missing_name == MissingName::Reject {
                return Err(Reason::NameMissing);
            }
            let name = ContactName::of_phone(phone);
            let written = raw.names.first().or(raw.first_names.first());
            warnings.push(Warning {
                field: Field::Name,
                code: WarningCode::NameFromPhone,
                before: written.map_or("", |cell| cell.trim()).into(),
                after: name.as_str().into(),
            });
            return Ok(name);
        };
        let mut warn = |code| {
            warnings.push(Warning {
                field: Field::Name,
                code,
                before: written.trim().into(),
                after: reading.name.as_ref().into(),
            });
        };
        if reading.hidden_removed {
            warn(WarningCode::NameControlCharacters);
        }
        if reading.truncated {
            warn(WarningCode::ValueTruncated);
        }
        Ok(ContactName::given(reading.name))
    }

    fn tags<'r>(&self, raw: &RawContact<'r>, tags: &mut Vec<Tag<'r>>, warnings: &mut Vec<Warning>) {
        for &cell in &raw.tags {
            let changes = tag::read_into(cell, tags);
            let mut warn = |code| {
                let all: Vec<&str> = tags.iter().map(Tag::as_str).collect();
                warnings.push(Warning {
                    field: Field::Tags,
                    code,
                    before: cell.trim().into(),
                    after: all.join("; ").into(),
                });
            };
            if changes.controls_removed {
                warn(WarningCode::ValueControlCharacters);
            }
            if changes.truncated {
                warn(WarningCode::ValueTruncated);
            }
        }
        for tag in &self.add_tags {
            tag::push(tags, tag.as_str().to_owned().into());
        }
    }
}

/// How a record's phone cells are to be read.
struct Country<'n, 'r> {
    context: PhoneContext<'n>,
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
    not_understood: Vec<&'r str>,
}

/// Whether a cell is a code, and not other words: `0221`, `(11)`, `+351`.
fn is_area_code(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    (1..=5).contains(&digits)
        && cell
            .chars()
            .all(|c| c.is_ascii_digit() || c == ' ' || matches!(c, '+' | '(' | ')' | '-'))
}

impl Country<'_, '_> {
    fn read_phone(&self, cell: &str) -> Result<PhoneReading, Reason> {
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
struct PhoneCells<'r> {
    /// All numbers; none twice.
    phones: Vec<Phone>,
    /// What stands beside them.
    notes: Vec<String>,
    /// Cells that cannot be read, and why.
    refused: Vec<(&'r str, Reason)>,
}

impl<'r> PhoneCells<'r> {
    /// Reads the phone cells of a record, the first of which may have been read already.
    fn read(
        raw: &RawContact<'r>,
        country: &Country<'_, 'r>,
        mut first: Option<Result<PhoneReading, Reason>>,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let mut cells = PhoneCells::default();
        for &cell in &raw.phones {
            let reading = match first.take().unwrap_or_else(|| country.read_phone(cell)) {
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
fn address_in<'r>(
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

impl Phones<'_> {
    /// One number and nothing else.
    fn sole(phone: PhoneNumber) -> Self {
        Phones { phone, extension: None, others: Vec::new(), notes: Vec::new(), email: None }
    }
}

/// What the phone cells of a record give.
struct Phones<'r> {
    phone: PhoneNumber,
    extension: Option<Box<str>>,
    others: Vec<Phone>,
    notes: Vec<String>,
    /// Addresses that stood in a phone cell.
    email: Option<(&'r str, Vec<EmailAddress<'r>>)>,
}

/// The name of a record, and names that say something else.
struct Names<'r> {
    chosen: Option<Chosen<'r>>,
    others: Vec<Cow<'r, str>>,
}

/// A name, read.
struct Chosen<'r> {
    reading: NameReading<'r>,
    /// As it was written.
    written: Cow<'r, str>,
}

impl<'r> Chosen<'r> {
    fn borrowed(written: &'r str) -> Option<Self> {
        Some(Chosen { reading: name::read(written)?, written: written.into() })
    }

    fn joined(first: &str, last: &str) -> Option<Self> {
        let written = format!("{first} {last}");
        let reading = name::read(&written)?.into_owned();
        Some(Chosen { reading, written: written.into() })
    }
}

impl<'r> Names<'r> {
    /// The first full name, else first and last name joined.
    fn of(raw: &RawContact<'r>) -> Self {
        let mut full = raw.names.iter().filter_map(|cell| Chosen::borrowed(cell));
        let (first, last) = (part(&raw.first_names), part(&raw.last_names));
        let Some(mut chosen) = full.next() else {
            return Names { chosen: joined(first, last), others: Vec::new() };
        };
        // `Name` beside `Surname`, without `First Name`, is a first name more often than not.
        // `Vorname` beside `Name`: the family name alone.
        let name = &chosen.written;
        let whole = match (first, last) {
            (None, Some(last)) if !has_words(name, last) => Chosen::joined(name, last),
            (Some(first), None) if !has_words(name, first) => Chosen::joined(first, name),
            _ => None,
        };
        if let Some(whole) = whole {
            chosen = whole;
        }
        let others = full.chain(joined(first, last));
        let others = others
            .filter(|other| !has_words(&chosen.written, &other.written))
            .map(|other| other.reading.name)
            .collect();
        Names { chosen: Some(chosen), others }
    }
}

/// The first part of a name that is none of the marks for "nothing". A word may be a name, whatever
/// it means elsewhere: people are called Null and Na.
fn part<'r>(cells: &[&'r str]) -> Option<&'r str> {
    let is_mark = |cell: &str| says_nothing(cell) && !cell.chars().all(char::is_alphabetic);
    cells.iter().map(|cell| cell.trim()).find(|cell| !is_blank(cell) && !is_mark(cell))
}

fn joined<'r>(first: Option<&'r str>, last: Option<&'r str>) -> Option<Chosen<'r>> {
    match (first, last) {
        (Some(first), Some(last)) if says_nothing(first) && says_nothing(last) => None,
        (Some(first), Some(last)) => Chosen::joined(first, last),
        (Some(only), None) | (None, Some(only)) => Chosen::borrowed(only),
        (None, None) => None,
    }
}

/// Whether every word of `other` is a word of `name`.
fn has_words(name: &str, other: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(folded).collect::<Vec<_>>();
    let known = words(name);
    words(other).iter().all(|word| known.contains(word))
}

/// The value of an attribute as a cell gives it.
fn attribute_value<'c>(key: &str, cell: &'c str, warnings: &mut Vec<Warning>) -> Cow<'c, str> {
    let trimmed = without_text_mark(cell.trim());
    let mut warn = |code, after: &str| {
        warnings.push(Warning {
            field: Field::Attribute(key.into()),
            code,
            before: trimmed.into(),
            after: after.into(),
        });
    };
    let mut value = Cow::Borrowed(trimmed);
    if has_bad_control(trimmed) {
        let kept: String = trimmed.chars().filter(|&c| !is_bad_control(c)).collect();
        value = Cow::Owned(kept.trim().to_owned());
        warn(WarningCode::ValueControlCharacters, &value);
    }
    if value.len() > MAX_VALUE_CHARACTERS {
        let cut = head(&value, MAX_VALUE_CHARACTERS).trim_end();
        if cut.len() < value.len() {
            warn(WarningCode::ValueTruncated, cut);
            value = Cow::Owned(cut.to_owned());
        }
    }
    value
}

/// The attributes of a contact: no key twice, no value empty.
struct AttributeList<'r> {
    list: Vec<Attribute<'r>>,
    /// The keys, once there are too many to look through.
    keys: HashSet<Cow<'r, str>>,
}

impl<'r> AttributeList<'r> {
    const FEW: usize = 32;

    /// An empty list in the memory of another.
    fn in_memory_of(list: Vec<Attribute<'r>>) -> Self {
        AttributeList { list, keys: HashSet::default() }
    }

    fn has(&self, key: &str) -> bool {
        if self.list.len() <= Self::FEW {
            self.list.iter().any(|attribute| attribute.key == key)
        } else {
            self.keys.contains(key)
        }
    }

    /// Adds an attribute as the record gives it, unless it is empty.
    fn read(&mut self, key: &'r str, cell: &'r str, warnings: &mut Vec<Warning>) {
        self.push(key.into(), attribute_value(key, cell, warnings));
    }

    /// Adds the attributes of a cell; one that is no object is an attribute itself.
    fn read_object(&mut self, cell: &'r str, warnings: &mut Vec<Warning>) {
        let Some(read) = attributes::read(cell) else {
            return self.read("attributes", cell, warnings);
        };
        for (key, cell) in read {
            let value = attribute_value(&key, &cell, warnings).into_owned();
            self.push(key.into(), value.into());
        }
    }

    /// Adds an attribute unless its value is empty; a key that is taken gets ` (2)`.
    fn push(&mut self, key: Cow<'r, str>, value: Cow<'r, str>) {
        if value.is_empty() {
            return;
        }
        let mut unique = key;
        if self.has(&unique) {
            let mut numbered = (2..).map(|count| format!("{unique} ({count})"));
            // There are more numbers than attributes.
            if let Some(free) = numbered.find(|key| !self.has(key)) {
                unique = free.into();
            }
        }
        if self.list.len() == Self::FEW {
            self.keys.extend(self.list.iter().map(|attribute| attribute.key.clone()));
        }
        if self.list.len() >= Self::FEW {
            self.keys.insert(unique.clone());
        }
        self.list.push(Attribute { key: unique, value: AttributeValue::new(value) });
    }

    /// Adds further values as `stem_2`, `stem_3`, …
    fn push_numbered(&mut self, stem: &str, values: impl Iterator<Item = impl ToString>) {
        for (index, value) in values.enumerate() {
            let value = value.to_string();
            self.push(format!("{stem}_{}", index + 2).into(), value.trim().to_owned().into());
        }
    }
}
