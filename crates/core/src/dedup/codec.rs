//! Encodes contacts, records and warnings as bytes for their way from one part of a run to another:
//! a run over millions of them keeps no contact in memory and parses no record twice.
//!
//! Numbers are varints: seven bits a byte, the lowest first, the highest bit set where more follow.
//! Text is its length, then its bytes.

use contactmill_phone::PhoneNumber;

use crate::contact::{
    Attribute, AttributeValue, Contact, ContactLists, ContactName, EmailAddress, Tag,
};
use crate::dedup::Conflict;
use crate::reason::{Field, Reason, Rejection, Warning, WarningCode};
use crate::records::{Integrity, Position, Record, RecordId, RecordParts, SourceId};

const STANDS_IN: u8 = 1;
const HAS_EMAIL: u8 = 2;

/// Appends to bytes.
pub(crate) struct Encoder<'o>(pub(crate) &'o mut Vec<u8>);

impl Encoder<'_> {
    pub(crate) fn number(&mut self, mut number: u64) {
        while number > 0x7F {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.sized(text.as_bytes());
    }

    /// Their number, and the bytes.
    pub(crate) fn sized(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn id(&mut self, id: RecordId) {
        self.number(id.source.0.into());
        self.number(id.record);
    }

    pub(crate) fn position(&mut self, position: Position) {
        self.id(position.id());
        self.number(position.line);
        self.number(position.byte);
    }

    pub(crate) fn phone(&mut self, phone: PhoneNumber) {
        let [digits, rest] = contactmill_phone::__private::to_bits(phone);
        self.0.extend_from_slice(&digits.to_le_bytes());
        self.0.extend_from_slice(&rest.to_le_bytes());
    }

    pub(crate) fn contact(&mut self, contact: &Contact<'_>) {
        self.phone(contact.phone);
        let stands_in = if contact.name.stands_in() { STANDS_IN } else { 0 };
        let has_email = if contact.email.is_some() { HAS_EMAIL } else { 0 };
        self.0.push(stands_in | has_email);
        // All text first, so that one check of it is enough when it is read back.
        self.number(texts(contact).map(|text| text.len() as u64).sum());
        texts(contact).for_each(|text| self.0.extend_from_slice(text.as_bytes()));
        self.number(contact.tags.len() as u64);
        self.number(contact.attributes.len() as u64);
        texts(contact).for_each(|text| self.number(text.len() as u64));
    }

    pub(crate) fn record(&mut self, record: Record<'_>) {
        self.position(record.position());
        self.0.push(record.integrity() as u8);
        let RecordParts { text, ends, gap } = record.parts();
        self.number(gap as u64);
        self.number(ends.len() as u64);
        let mut before = 0;
        for &end in ends {
            self.number((end - before) as u64);
            before = end;
        }
        self.text(text);
    }

    pub(crate) fn warning(&mut self, warning: &Warning) {
        self.field(&warning.field);
        self.text(warning.code.code());
        self.text(&warning.before);
        self.text(&warning.after);
    }

    /// How many there are, and each of them.
    pub(crate) fn warnings<'w>(&mut self, warnings: impl ExactSizeIterator<Item = &'w Warning>) {
        self.number(warnings.len() as u64);
        warnings.for_each(|warning| self.warning(warning));
    }

    pub(crate) fn rejection(&mut self, rejection: &Rejection) {
        self.field(&rejection.field);
        self.text(rejection.reason.code());
    }

    pub(crate) fn conflicts(&mut self, conflicts: &[Conflict]) {
        self.number(conflicts.len() as u64);
        for conflict in conflicts {
            self.field(&conflict.field);
            self.text(&conflict.value);
        }
    }

    pub(crate) fn field(&mut self, field: &Field) {
        self.0.push(match field {
            Field::Row => 0,
            Field::Name => 1,
            Field::Phone => 2,
            Field::Email => 3,
            Field::Tags => 4,
            Field::Attribute(_) => 5,
            Field::Text => 6,
            Field::Contact => 7,
        });
        if let Field::Attribute(key) = field {
            self.text(key);
        }
    }
}

/// The texts of a contact, in the order in which they are encoded.
fn texts<'c>(contact: &'c Contact<'_>) -> impl Iterator<Item = &'c str> {
    let email = contact.email.iter().map(EmailAddress::as_str);
    let tags = contact.tags.iter().map(Tag::as_str);
    let of_attribute = |attribute: &'c Attribute<'_>| [&*attribute.key, attribute.value.as_str()];
    let attributes = contact.attributes.iter().flat_map(of_attribute);
    std::iter::once(contact.name.as_str()).chain(email).chain(tags).chain(attributes)
}

/// Reads from the front of bytes; returns `None` where they are not what [`Encoder`] wrote.
#[derive(Clone, Copy)]
pub(crate) struct Decoder<'b>(pub(crate) &'b [u8]);

impl<'b> Decoder<'b> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub(crate) fn text(&mut self) -> Option<&'b str> {
        simdutf8::basic::from_utf8(self.sized()?).ok()
    }

    /// Bytes behind their number.
    pub(crate) fn sized(&mut self) -> Option<&'b [u8]> {
        let count = self.count()?;
        self.bytes(count)
    }

    pub(crate) fn id(&mut self) -> Option<RecordId> {
        let source = SourceId(u32::try_from(self.number()?).ok()?);
        Some(RecordId { source, record: self.number()? })
    }

    pub(crate) fn position(&mut self) -> Option<Position> {
        let RecordId { source, record } = self.id()?;
        Some(Position { source, record, line: self.number()?, byte: self.number()? })
    }

    /// The phone number of the contact at the front, which is not taken off.
    pub(crate) fn phone(mut self) -> Option<PhoneNumber> {
        let mut word = || Some(u64::from_le_bytes(*self.bytes(8)?.first_chunk()?));
        contactmill_phone::__private::from_bits([word()?, word()?])
    }

    pub(crate) fn contact(&mut self) -> Option<Contact<'b>> {
        self.contact_in(ContactLists::default())
    }

    /// A contact whose lists are in this memory.
    pub(crate) fn contact_in(&mut self, lists: ContactLists<'b>) -> Option<Contact<'b>> {
        let ContactLists { mut tags, mut attributes } = lists;
        let phone = self.phone()?;
        self.bytes(16)?;
        let flags = self.byte()?;
        let mut texts = self.text()?;
        let (tag_count, attribute_count) = (self.count()?, self.count()?);
        let texts_len = texts.len();
        let mut next = || {
            let (text, rest) = texts.split_at_checked(self.count()?)?;
            texts = rest;
            Some(text)
        };
        let name = match flags & STANDS_IN {
            0 => ContactName::given(next()?),
            _ => ContactName::standing_in(next()?),
        };
        let email = match flags & HAS_EMAIL {
            0 => None,
            _ => Some(EmailAddress::new(next()?)),
        };
        // No more than there can be, whatever the bytes say.
        tags.reserve(tag_count.min(texts_len));
        attributes.reserve(attribute_count.min(texts_len));
        for _ in 0..tag_count {
            tags.push(Tag::new(next()?));
        }
        for _ in 0..attribute_count {
            let (key, value) = (next()?.into(), AttributeValue::new(next()?));
            attributes.push(Attribute { key, value });
        }
        Some(Contact { name, phone, email, tags, attributes })
    }

    /// A record, whose fields end where `ends` is made to say.
    pub(crate) fn record<'r>(&mut self, ends: &'r mut Vec<usize>) -> Option<Record<'r>>
    where
        'b: 'r,
    {
        let position = self.position()?;
        let integrity = *Integrity::ALL.get(usize::from(self.byte()?))?;
        let gap = self.count()?;
        ends.clear();
        let mut end = 0_usize;
        for _ in 0..self.count()? {
            end = end.checked_add(self.count()?)?;
            ends.push(end);
        }
        let text = self.text()?;
        Some(Record::of_parts(RecordParts { text, ends, gap }, position, integrity))
    }

    pub(crate) fn warning(&mut self) -> Option<Warning> {
        let field = self.field()?;
        let code = WarningCode::from_code(self.text()?)?;
        Some(Warning { field, code, before: self.text()?.into(), after: self.text()?.into() })
    }

    pub(crate) fn warnings(&mut self) -> Option<Vec<Warning>> {
        let count = self.count()?;
        (0..count).map(|_| self.warning()).collect()
    }

    pub(crate) fn rejection(&mut self) -> Option<Rejection> {
        Some(Rejection { field: self.field()?, reason: Reason::from_code(self.text()?)? })
    }

    pub(crate) fn conflicts(&mut self) -> Option<Vec<Conflict>> {
        let count = self.count()?;
        let conflict = |_| Some(Conflict { field: self.field()?, value: self.text()?.into() });
        (0..count).map(conflict).collect()
    }

    pub(crate) fn field(&mut self) -> Option<Field> {
        Some(match self.byte()? {
            0 => Field::Row,
            1 => Field::Name,
            2 => Field::Phone,
            3 => Field::Email,
            4 => Field::Tags,
            5 => Field::Attribute(self.text()?.into()),
            6 => Field::Text,
            7 => Field::Contact,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Normalizer;
    use crate::Options;
    use crate::RawContact;

    #[test]
    fn every_integrity_stands_at_its_index() {
        for (place, &integrity) in Integrity::ALL.iter().enumerate() {
            assert_eq!(integrity as usize, place);
        }
        // The last one, as long as this compiles without another arm.
        let last = |integrity| match integrity {
            Integrity::Whole
            | Integrity::NoLineEnd
            | Integrity::UnterminatedQuote
            | Integrity::TooLarge
            | Integrity::InvalidEncoding
            | Integrity::Malformed => false,
            Integrity::UnreadableValue => true,
        };
        assert!(Integrity::ALL.last().copied().is_some_and(last));
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let normalizer = Normalizer::new(Options::default());
        let mut raw = RawContact::default();
        raw.phones.push("+39 06 1234 5678");
        raw.emails.push("a@example.com");
        raw.tags.push("vip; été");
        raw.attributes.push(("plan", "pro\0"));
        let read = normalizer.normalize(&raw).unwrap();
        let position = Position { source: SourceId(300), record: 7, line: 1 << 40, byte: 127 };
        let record = Record::delimited("a,é,", &[1, 4, 5], position, Integrity::TooLarge);
        let fields = [
            Field::Row,
            Field::Name,
            Field::Phone,
            Field::Email,
            Field::Tags,
            Field::Attribute("plan".into()),
            Field::Text,
            Field::Contact,
        ];
        let conflicts = fields.map(|field| Conflict { field, value: "free".into() });

        let mut bytes = Vec::new();
        let mut encoder = Encoder(&mut bytes);
        encoder.contact(&read.contact);
        read.warnings.iter().for_each(|warning| encoder.warning(warning));
        encoder.record(record);
        encoder.conflicts(&conflicts);

        let mut decoder = Decoder(&bytes);
        assert_eq!(decoder.phone(), Some(read.contact.phone));
        assert_eq!(decoder.contact().unwrap(), read.contact);
        for warning in &read.warnings {
            assert_eq!(decoder.warning().unwrap(), *warning);
        }
        let mut ends = Vec::new();
        let decoded = decoder.record(&mut ends).unwrap();
        assert_eq!((decoded.position(), decoded.integrity()), (position, record.integrity()));
        assert!(decoded.iter().eq(["a", "é", ""]));
        assert_eq!(decoder.conflicts().unwrap(), conflicts);
        assert!(decoder.0.is_empty());
        assert_eq!(read.warnings.len(), 2);

        for end in 0..bytes.len() {
            let mut cut = Decoder(&bytes[..end]);
            let whole = (|| {
                cut.contact()?;
                cut.warning()?;
                cut.warning()?;
                cut.record(&mut Vec::new())?;
                cut.conflicts()
            })();
            assert_eq!(whole, None, "{end}");
        }
    }
}
