//! From a raw contact to a contact, or to the reason why not.

use std::borrow::Cow;

use contactmill_phone::PhoneNumber;

use crate::contact::{Attribute, AttributeValue, Contact, ContactName, EmailAddress, Tag};
use crate::country;
use crate::email_cell::{self, EmailReading};
use crate::name_cell;
use crate::options::{BadEmail, LineTypePolicy, MissingName, Options};
use crate::phone_cell::{self, PhoneContext, PhoneReading};
use crate::raw::RawContact;
use crate::reason::{Field, Reason, Rejection, Warning, WarningCode};
use crate::tag_cell;
use crate::text::{folded, head, is_bad_control};

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
    add_tags: Vec<Tag>,
}

/// A contact, and what was changed in it or is suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Normalized {
    /// The contact.
    pub contact: Contact,
    /// What was changed beyond layout, or is suspect.
    pub warnings: Vec<Warning>,
}

impl Normalizer {
    /// A normalizer with these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut add_tags = Vec::new();
        for tag in &options.add_tags {
            tag_cell::read_into(tag, &mut add_tags);
        }
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
    pub fn normalize(&self, raw: &RawContact<'_>) -> Result<Normalized, Rejection> {
        let mut warnings = Vec::new();
        let region = raw.countries.iter().find_map(|cell| country::region_of(cell));
        let phones = self.phones(raw, &PhoneContext::new(&self.options, region), &mut warnings)?;
        let emails = self.emails(raw, phones.email, &mut warnings)?;
        let name = self.name(raw, phones.phone, &mut warnings)?;
        let tags = self.tags(raw, &mut warnings);

        let mut attributes = Vec::with_capacity(raw.attributes.len());
        for &(key, value) in &raw.attributes {
            attribute(key, value, &mut attributes, &mut warnings);
        }
        numbered("phone", phones.others.iter().map(|number| number.e164()), &mut attributes);
        if let Some(extension) = phones.extension {
            push_attribute("phone_extension", &extension, &mut attributes);
        }
        let mut emails = emails.into_iter();
        let email = emails.next();
        numbered("email", emails, &mut attributes);
        let contact = Contact { name, phone: phones.phone, email, tags, attributes };
        Ok(Normalized { contact, warnings })
    }

    fn phones(
        &self,
        raw: &RawContact<'_>,
        context: &PhoneContext,
        warnings: &mut Vec<Warning>,
    ) -> Result<Phones, Reason> {
        let allowed = |number: &PhoneNumber| match self.options.line_type {
            LineTypePolicy::Any => true,
            LineTypePolicy::Mobile => number.line_type().may_be_mobile(),
        };
        let mut numbers: Vec<PhoneNumber> = Vec::new();
        let mut extension = None;
        let mut refused: Vec<(&str, Reason)> = Vec::new();
        for &cell in &raw.phones {
            let PhoneReading { numbers: found, extension: digits, repairs } =
                match phone_cell::read(cell, context) {
                    Ok(reading) => reading,
                    Err(Reason::PhoneMissing) => continue,
                    Err(reason) => {
                        refused.push((cell, reason));
                        continue;
                    }
                };
            let after = || {
                let texts: Vec<String> =
                    found.iter().map(|number| number.e164().to_string()).collect();
                texts.join(" ").into()
            };
            for code in repairs {
                let (field, before) = (Field::Phone, cell.trim().into());
                warnings.push(Warning { field, code, before, after: after() });
            }
            extension = extension.or(digits);
            for number in found {
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
            }
        }
        let Some(chosen) = numbers.iter().position(allowed) else {
            return Err(match (numbers.is_empty(), refused.first()) {
                (false, _) => Reason::PhoneTypeNotAllowed,
                (true, Some(&(_, reason))) => reason,
                (true, None) => Reason::PhoneMissing,
            });
        };
        let phone = numbers.remove(chosen);
        let mut email = None;
        for (cell, reason) in refused {
            if email.is_none()
                && cell.contains('@')
                && let EmailReading::Addresses(addresses) = email_cell::read(cell)
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
        let email = email.map(|(cell, addresses)| (cell.into(), addresses));
        Ok(Phones { phone, others: numbers, extension, email })
    }

    fn emails(
        &self,
        raw: &RawContact<'_>,
        from_phone_column: Option<(Box<str>, Vec<EmailAddress>)>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<EmailAddress>, Reason> {
        let mut emails: Vec<EmailAddress> = Vec::new();
        let mut bad: Vec<&str> = Vec::new();
        let warn = |code, before: &str, after: &str| Warning {
            field: Field::Email,
            code,
            before: before.trim().into(),
            after: after.into(),
        };
        for &cell in &raw.emails {
            match email_cell::read(cell) {
                EmailReading::Empty => {}
                EmailReading::Bad => bad.push(cell),
                EmailReading::Addresses(found) => {
                    if let [first, _, ..] = found.as_slice() {
                        warnings.push(warn(WarningCode::EmailExtra, cell, first.as_str()));
                    }
                    emails.extend(found);
                }
            }
        }
        if let Some((cell, found)) = from_phone_column {
            warnings.push(warn(WarningCode::EmailFromPhoneColumn, &cell, found[0].as_str()));
            emails.extend(found);
        }
        if emails.is_empty() && !bad.is_empty() && self.options.bad_email == BadEmail::Reject {
            return Err(Reason::EmailInvalid);
        }
        for cell in bad {
            warnings.push(warn(WarningCode::EmailDropped, cell, ""));
        }
        let mut unique: Vec<EmailAddress> = Vec::with_capacity(emails.len());
        for email in emails {
            if unique.contains(&email) {
                continue;
            }
            if let Some(meant) = email_cell::suggestion(&email) {
                warnings.push(warn(WarningCode::EmailTypoSuspected, email.as_str(), &meant));
            }
            unique.push(email);
        }
        Ok(unique)
    }

    fn name(
        &self,
        raw: &RawContact<'_>,
        phone: PhoneNumber,
        warnings: &mut Vec<Warning>,
    ) -> Result<ContactName, Reason> {
        let text = match full_name(raw) {
            Some(name) => name,
            None if self.options.missing_name == MissingName::Reject => {
                return Err(Reason::NameMissing);
            }
            None => {
                let name = ContactName::of_phone(phone);
                let written = raw.names.first().or(raw.first_names.first());
                warnings.push(Warning {
                    field: Field::Name,
                    code: WarningCode::NameFromPhone,
                    before: written.map_or("", |cell| cell.trim()).into(),
                    after: name.as_str().into(),
                });
                return Ok(name);
            }
        };
        // The name was found, so the cells hold one.
        let Some(reading) = name_cell::read(&text) else {
            return Err(Reason::NameMissing);
        };
        let mut warn = |code| {
            warnings.push(Warning {
                field: Field::Name,
                code,
                before: text.trim().into(),
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

    fn tags(&self, raw: &RawContact<'_>, warnings: &mut Vec<Warning>) -> Vec<Tag> {
        let mut tags = Vec::new();
        for &cell in &raw.tags {
            let changes = tag_cell::read_into(cell, &mut tags);
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
            tag_cell::push(&mut tags, tag.as_str());
        }
        tags
    }
}

/// What the phone cells of a record give.
struct Phones {
    phone: PhoneNumber,
    others: Vec<PhoneNumber>,
    extension: Option<String>,
    /// Addresses that stood in a phone cell.
    email: Option<(Box<str>, Vec<EmailAddress>)>,
}

/// The full name, or first and last name joined; `None` when nobody is named.
fn full_name<'r>(raw: &RawContact<'r>) -> Option<Cow<'r, str>> {
    let named =
        |cells: &[&'r str]| cells.iter().copied().find(|cell| name_cell::read(cell).is_some());
    let (first, last) = (named(&raw.first_names), named(&raw.last_names));
    match (named(&raw.names), first, last) {
        // `Name` beside `Surname`, without `First Name`, is a first name more often than not.
        (Some(name), None, Some(last)) if raw.first_names.is_empty() => {
            Some(if folded(name).contains(&folded(last)) {
                name.into()
            } else {
                format!("{name} {last}").into()
            })
        }
        (Some(name), ..) => Some(name.into()),
        (None, Some(first), Some(last)) => Some(format!("{first} {last}").into()),
        (None, Some(only), None) | (None, None, Some(only)) => Some(only.into()),
        (None, None, None) => None,
    }
}

/// Adds an attribute as the record gives it, unless it is empty.
fn attribute(key: &str, cell: &str, attributes: &mut Vec<Attribute>, warnings: &mut Vec<Warning>) {
    let trimmed = cell.trim();
    let mut value = Cow::Borrowed(trimmed);
    let mut warn = |code, after: &str| {
        warnings.push(Warning {
            field: Field::Attribute(key.into()),
            code,
            before: trimmed.into(),
            after: after.into(),
        });
    };
    if value.contains(is_bad_control) {
        let kept: String = trimmed.chars().filter(|&c| !is_bad_control(c)).collect();
        value = Cow::Owned(kept.trim().to_owned());
        warn(WarningCode::ValueControlCharacters, &value);
    }
    let cut = head(&value, MAX_VALUE_CHARACTERS).trim_end();
    if cut.len() < value.len() {
        warn(WarningCode::ValueTruncated, cut);
    }
    push_attribute(key, cut, attributes);
}

/// Adds an attribute unless its value is empty; a key that is taken gets ` (2)`.
fn push_attribute(key: &str, value: &str, attributes: &mut Vec<Attribute>) {
    if value.is_empty() {
        return;
    }
    let taken = |key: &str| attributes.iter().any(|attribute| &*attribute.key == key);
    let mut unique = Cow::Borrowed(key);
    let mut count = 2;
    while taken(&unique) {
        unique = Cow::Owned(format!("{key} ({count})"));
        count += 1;
    }
    let key = unique.into();
    attributes.push(Attribute { key, value: AttributeValue::new(value) });
}

/// Adds further values as `stem_2`, `stem_3`, …
fn numbered(
    stem: &str,
    values: impl Iterator<Item = impl ToString>,
    attributes: &mut Vec<Attribute>,
) {
    for (index, value) in values.enumerate() {
        push_attribute(&format!("{stem}_{}", index + 2), &value.to_string(), attributes);
    }
}
