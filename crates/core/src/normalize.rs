//! Turns a raw contact into a contact, or into the reason why not.

use std::borrow::Cow;
use std::cell::RefCell;

use contactmill_phone::PhoneNumber;
use foldhash::HashSet;

use crate::cells::attributes;
use crate::cells::email::{self, EmailReading};
use crate::cells::name::{self, NameReading};
use crate::cells::phone::PhoneReading;
use crate::cells::tag;
use crate::contact::{
    Attribute, AttributeValue, Contact, ContactLists, ContactName, EmailAddress, Tag,
};
use crate::explain::{Explained, Explanation, Notes};
use crate::normalize::phones::{PhoneCellReader, PhoneCells, Phones, address_in};
use crate::options::{BadEmail, LineTypePolicy, MissingName, Options};
use crate::raw::RawContact;
use crate::reason::{Field, Reason, Rejection, Warning, WarningCode};
use crate::text::{
    folded, has_bad_control, head, is_bad_control, is_blank, says_nothing, without_text_mark,
};

mod phones;

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
        let phone_cells = PhoneCellReader::new(&self.options, raw, notes);
        let phones = self.phones(raw, &phone_cells, &mut warnings)?;
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
        for cell in phone_cells.not_understood {
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
        PhoneCellReader::new(&self.options, raw, Notes::default()).read(cell)
    }

    /// The numbers of a record, the phone first.
    fn phones<'r>(
        &self,
        raw: &RawContact<'r>,
        reader: &PhoneCellReader<'_, 'r>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Phones<'r>, Reason> {
        // Nearly all records have one phone cell, with a number that is as it should be.
        let mut first = None;
        if let [cell] = raw.phones[..] {
            let reading = reader.read(cell);
            if let Ok(reading) = &reading
                && let Some(number) = reading.sole().filter(|&number| self.takes(number))
            {
                return Ok(Phones::sole(number));
            }
            first = Some(reading);
        }
        let PhoneCells { mut phones, notes, refused } =
            PhoneCells::read(raw, reader, first, warnings);
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
        let email = address_in(refused, reader.context.notes, warnings);
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
