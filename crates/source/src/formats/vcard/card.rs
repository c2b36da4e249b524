//! One vCard: properties, parameters and values.
//!
//! The grammar is that of RFC 6350 (4.0) and RFC 2426 (3.0), and of versit's vCard 2.1 where that
//! differs: quoted-printable values with soft line breaks, `CHARSET`, types without `TYPE=`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use contactmill_core::columns::PhoneRank;
use contactmill_core::records::Integrity;
use encoding_rs::Encoding;

use crate::records::self_describing::{ColumnGroup, RecordParser};

/// Maximum number of values of one kind that get columns of their own. Further ones go into the last.
const MAX_NUMBERED: usize = 32;

/// The kind of values that are phones.
pub(super) const PHONE: &str = "phone";

/// The kinds of value that most cards have, in the order of their columns.
pub(super) const KINDS: [&str; 20] = [
    "name",
    "first name",
    "middle name",
    "last name",
    "name prefix",
    "name suffix",
    "nickname",
    PHONE,
    "fax",
    "pager",
    "email",
    "organization",
    "department",
    "title",
    "role",
    "address",
    "tags",
    "birthday",
    "note",
    "url",
];

/// The column names of properties. Others keep their own names, in lower case.
const NAMES: [(&str, &str); 11] = [
    ("FN", "name"),
    ("NICKNAME", "nickname"),
    ("TITLE", "title"),
    ("ROLE", "role"),
    ("CATEGORIES", "tags"),
    ("BDAY", "birthday"),
    ("NOTE", "note"),
    ("URL", "url"),
    ("LANG", "language"),
    ("IMPP", "messaging"),
    ("ANNIVERSARY", "anniversary"),
];

/// Properties that are not read, as they describe the card itself or are not text.
const SKIPPED: [&str; 14] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "REV",
    "PHOTO",
    "LOGO",
    "SOUND",
    "KEY",
    "AGENT",
    "SOURCE",
    "X-ABLABEL",
    "X-LABEL",
    "X-ABADR",
];

/// Types of phones and e-mail addresses that say nothing to people.
const SILENT_TYPES: [&str; 6] = ["PREF", "VOICE", "INTERNET", "OTHER", "MSG", "X-INTERNET"];

/// A value of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    kind: Cow<'static, str>,
    /// Its number among the values of its kind, from 1.
    number: usize,
    /// Whether it is the label of such a value, and not the value.
    is_label: bool,
    text: String,
}

impl Value {
    /// The name of its column, such as `phone 2` or `phone 2 kind`.
    fn column(&self) -> String {
        let mut column = self.kind.to_string();
        if self.number > 1 {
            column = format!("{column} {}", self.number);
        }
        if self.is_label {
            column.push_str(" kind");
        }
        column
    }
}

/// The values of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    values: Vec<Value>,
    /// Whether some bytes are not text in their encoding. U+FFFD stands in their place.
    has_invalid_text: bool,
    /// Whether some lines are no properties.
    has_other_lines: bool,
}

impl RecordParser for Card {
    fn parse(&mut self, bytes: &[u8]) -> Integrity {
        *self = Card::read(bytes);
        match (self.has_invalid_text, self.values.is_empty() && self.has_other_lines) {
            (true, _) => Integrity::InvalidEncoding,
            // It says something, and would pass for a blank one.
            (false, true) => Integrity::Malformed,
            (false, false) => Integrity::Whole,
        }
    }

    fn each_column(&self, take: &mut dyn FnMut(&str, Option<ColumnGroup<'_>>) -> bool) -> bool {
        self.values.iter().all(|value| {
            let Value { kind, number, is_label, .. } = value;
            let group = ColumnGroup { kind, number: *number, is_label: *is_label };
            take(&value.column(), Some(group))
        })
    }

    fn value(&self, index: usize) -> &str {
        self.values.get(index).map_or("", |value| &value.text)
    }
}

/// A property as it is written.
struct Property<'c> {
    group: &'c str,
    name: String,
    types: Vec<String>,
    /// 1 is the most preferred.
    preference: Option<u32>,
    is_quoted_printable: bool,
    is_base64: bool,
    charset: Option<&'static Encoding>,
    value: &'c [u8],
}

/// A phone or an e-mail address.
struct ContactPoint {
    /// 1 is the most preferred.
    preference: u32,
    text: String,
    group: String,
    types: Vec<String>,
}

/// The label of a group of properties, such as `WhatsApp` of `item1`.
struct GroupLabel {
    group: String,
    text: String,
}

/// Phones and e-mail addresses are ordered once all of them are known.
#[derive(Default)]
struct ContactPoints {
    phones: Vec<ContactPoint>,
    emails: Vec<ContactPoint>,
    labels: Vec<GroupLabel>,
}

impl Card {
    /// Reads the lines of a card.
    fn read(bytes: &[u8]) -> Card {
        let mut card = Card::default();
        let bytes = &*without_indent(bytes);
        let is_old = has_line(bytes, b"VERSION:2.1");
        let mut points = ContactPoints::default();
        let mut nested = 0;
        for line in logical_lines(bytes) {
            let Some(property) = Property::read(&line) else {
                card.has_other_lines |= !line.trim_ascii().is_empty();
                continue;
            };
            match property.name.as_str() {
                "BEGIN" => nested += 1,
                "END" => nested -= 1,
                _ => {}
            }
            // A card within the card (2.1's AGENT) is somebody else's.
            if nested <= 1 {
                card.take(&property, is_old, &mut points);
            }
        }
        card.add_points(points);
        card
    }

    /// Takes the values of a property.
    fn take(&mut self, property: &Property<'_>, is_old: bool, points: &mut ContactPoints) {
        let name = property.name.as_str();
        if SKIPPED.contains(&name) && !matches!(name, "X-ABLABEL" | "X-LABEL") {
            return;
        }
        let text = self.text(property);
        let whole = || unescaped(&text, is_old);
        match name {
            "X-ABLABEL" | "X-LABEL" => {
                let label = whole();
                let label = label.trim_start_matches("_$!<").trim_end_matches(">!$_");
                let (group, text) = (property.group.to_owned(), label.to_owned());
                points.labels.push(GroupLabel { group, text });
            }
            "TEL" => points.phones.push(property.contact_point(whole())),
            "EMAIL" => points.emails.push(property.contact_point(whole())),
            "N" => {
                let kinds =
                    ["last name", "first name", "middle name", "name prefix", "name suffix"];
                for (kind, part) in kinds.into_iter().zip(parts(&text, is_old)) {
                    self.add(kind.into(), part.replace(',', " "));
                }
            }
            "ORG" => {
                let mut parts = parts(&text, is_old).into_iter().filter(|part| !part.is_empty());
                self.add("organization".into(), parts.next().unwrap_or_default());
                self.add("department".into(), parts.collect::<Vec<_>>().join(", "));
            }
            "ADR" => {
                let parts = parts(&text, is_old).into_iter();
                let parts = parts.map(|part| part.replace('\n', ", "));
                let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
                self.add("address".into(), parts.join(", "));
            }
            name => {
                let known = NAMES.iter().find(|(known, _)| *known == name);
                let kind = match known {
                    Some(&(_, kind)) => kind.into(),
                    None => name.to_lowercase().into(),
                };
                self.add(kind, whole());
            }
        }
    }

    /// The text of a property, decoded and still escaped.
    fn text(&mut self, property: &Property<'_>) -> String {
        let mut bytes = Cow::Borrowed(property.value);
        if property.is_base64 {
            bytes = Cow::Owned(property.decoded_base64());
            let is_text = std::str::from_utf8(&bytes).is_ok() || property.charset.is_some();
            // What is no text is a picture of a kind of its own, or damage where text has to be.
            if !is_text && !property.is_known() {
                return String::new();
            }
        }
        if property.is_quoted_printable
            && let Ok(decoded) =
                quoted_printable::decode(property.value, quoted_printable::ParseMode::Robust)
        {
            bytes = Cow::Owned(decoded);
        }
        if let Ok(text) = std::str::from_utf8(&bytes)
            && (property.charset.is_none_or(|set| set == encoding_rs::UTF_8) || bytes.is_ascii())
        {
            return text.to_owned();
        }
        // Text that is not quoted-printable may have been decoded with the whole input already.
        if let (false, Ok(text)) = (property.is_quoted_printable, std::str::from_utf8(&bytes)) {
            return text.to_owned();
        }
        let (text, _, is_invalid) = property.charset.unwrap_or(encoding_rs::UTF_8).decode(&bytes);
        self.has_invalid_text |= is_invalid;
        text.into_owned()
    }

    fn add(&mut self, kind: Cow<'static, str>, text: String) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let number = 1 + self.values.iter().filter(|known| known.kind == kind).count();
        let number = number.min(MAX_NUMBERED);
        self.values.push(Value { kind, number, is_label: false, text: text.to_owned() });
    }

    /// Adds phones, e-mail addresses, faxes and pagers.
    fn add_points(&mut self, points: ContactPoints) {
        let ContactPoints { phones, mut emails, labels } = points;
        let is = |phone: &ContactPoint, kind: &str| phone.types.iter().any(|known| known == kind);
        let (others, mut phones): (Vec<ContactPoint>, Vec<ContactPoint>) =
            phones.into_iter().partition(|phone| is(phone, "FAX") || is(phone, "PAGER"));
        // The preferred phone comes first. Of others, the core says which is tried first.
        phones.sort_by_cached_key(|phone| {
            let label = phone.group_label(&labels).unwrap_or_default();
            let label = format!("{label},{}", phone.types.join(","));
            (phone.preference, PhoneRank::of_label(&label))
        });
        emails.sort_by_key(|email| email.preference);
        self.add_labelled(PHONE, &phones, &labels);
        self.add_labelled("email", &emails, &labels);
        for other in others {
            let kind = if is(&other, "FAX") { "fax" } else { "pager" };
            self.add(kind.into(), other.text);
        }
    }

    /// Adds phones or e-mail addresses in this order, each with its label.
    fn add_labelled(&mut self, kind: &'static str, points: &[ContactPoint], labels: &[GroupLabel]) {
        let filled = points.iter().filter(|point| !point.text.trim().is_empty());
        for (index, point) in filled.enumerate() {
            let number = (index + 1).min(MAX_NUMBERED);
            let mut push = |is_label: bool, text: String| {
                self.values.push(Value { kind: kind.into(), number, is_label, text });
            };
            push(false, point.text.trim().to_owned());
            let label = match point.group_label(labels) {
                Some(label) => label.to_owned(),
                None => point.label_of_types(),
            };
            if !label.is_empty() {
                push(true, label);
            }
        }
    }
}

impl ContactPoint {
    /// The label of its group, if it has one.
    fn group_label<'l>(&self, labels: &'l [GroupLabel]) -> Option<&'l str> {
        let label = labels.iter().find(|label| label.group.eq_ignore_ascii_case(&self.group));
        label.filter(|_| !self.group.is_empty()).map(|label| label.text.as_str())
    }

    /// Its types as a label, in lower case.
    fn label_of_types(&self) -> String {
        let types = self.types.iter().filter(|kind| !SILENT_TYPES.contains(&kind.as_str()));
        types.map(|kind| kind.to_lowercase()).collect::<Vec<_>>().join(", ")
    }
}

/// Whether the card has this line, in upper or lower case.
fn has_line(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.split(|&byte| byte == b'\n').any(|line| line.trim_ascii().eq_ignore_ascii_case(wanted))
}

/// The lines of a card without the space that the first property is indented by, which would fold all into
/// `BEGIN:VCARD`.
fn without_indent(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let first = lines.find(|line| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.eq_ignore_ascii_case(b"BEGIN:VCARD")
    });
    let Some(first) = first.filter(|line| line.starts_with(b" ") || line.starts_with(b"\t")) else {
        return Cow::Borrowed(bytes);
    };
    let indent = &first[..first.len() - first.trim_ascii_start().len()];
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let bare: Vec<&[u8]> = lines.map(|line| line.strip_prefix(indent).unwrap_or(line)).collect();
    Cow::Owned(bare.concat())
}

/// The lines of a card, unfolded: a line that begins with a space or a tab continues the line before
/// (RFC 6350, 3.2), and so does the line behind a soft line break of quoted-printable text.
fn logical_lines(bytes: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mut lines = bytes.split(|&byte| byte == b'\n').peekable();
    std::iter::from_fn(move || {
        let bare = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).len();
        let first = lines.next()?;
        let mut line = Cow::Borrowed(&first[..bare(first)]);
        let mut is_quoted = None;
        while let Some(&next) = lines.peek() {
            if let [b' ' | b'\t', rest @ ..] = &next[..bare(next)] {
                line.to_mut().extend_from_slice(rest);
            } else if line.ends_with(b"=")
                && *is_quoted.get_or_insert_with(|| is_quoted_printable(&line))
            {
                let line = line.to_mut();
                line.pop();
                line.extend_from_slice(&next[..bare(next)]);
            } else {
                break;
            }
            lines.next();
        }
        Some(line)
    })
}

fn is_quoted_printable(line: &[u8]) -> bool {
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    name.to_ascii_uppercase().windows(16).any(|word| word == b"QUOTED-PRINTABLE")
}

impl<'c> Property<'c> {
    fn read(line: &'c [u8]) -> Option<Self> {
        // The first colon outside quotes separates the name and its parameters from the value.
        let mut in_quotes = false;
        let colon = line.iter().position(|&byte| {
            in_quotes ^= byte == b'"';
            byte == b':' && !in_quotes
        })?;
        let (head, value) = (std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]);
        let mut in_quotes = false;
        let mut pieces = head.split(|c| {
            in_quotes ^= c == '"';
            c == ';' && !in_quotes
        });
        let name = pieces.next()?.trim();
        let (group, name) = name.rsplit_once('.').unwrap_or(("", name));
        let mut property = Property {
            group,
            name: name.to_ascii_uppercase(),
            types: Vec::new(),
            preference: None,
            is_quoted_printable: false,
            is_base64: false,
            charset: None,
            value,
        };
        for piece in pieces {
            if let Some(label) = custom_label(piece) {
                property.types.push(label);
                continue;
            }
            let (key, words) = piece.split_once('=').unwrap_or(("TYPE", piece));
            for word in words.trim_matches('"').split(',') {
                property.parameter(key.trim(), word.trim());
            }
        }
        Some(property)
    }

    fn parameter(&mut self, key: &str, word: &str) {
        let upper = word.to_ascii_uppercase();
        match (key.to_ascii_uppercase().as_str(), upper.as_str()) {
            ("ENCODING" | "TYPE", "QUOTED-PRINTABLE") => self.is_quoted_printable = true,
            ("ENCODING", "B" | "BASE64") | ("TYPE", "BASE64") => self.is_base64 = true,
            ("CHARSET", _) => self.charset = Encoding::for_label(word.as_bytes()),
            ("PREF", _) => self.preference = word.parse().ok(),
            ("TYPE", "PREF") => self.preference = Some(1),
            // Labels of one's own, as some programs write them.
            ("TYPE" | "LABEL" | "X-LABEL" | "X-CUSTOM" | "X-NAME", _) if !upper.is_empty() => {
                self.types.push(upper);
            }
            _ => {}
        }
    }

    /// The bytes of a value in base64 (RFC 4648); those of one that is not are no text in any encoding.
    fn decoded_base64(&self) -> Vec<u8> {
        let is_layout = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'=';
        let digits: Vec<u8> = self.value.iter().copied().filter(|byte| !is_layout(byte)).collect();
        STANDARD_NO_PAD.decode(digits).unwrap_or_else(|_| vec![u8::MAX])
    }

    /// Whether it has to be text.
    fn is_known(&self) -> bool {
        matches!(&*self.name, "TEL" | "EMAIL" | "N" | "ORG" | "ADR")
            || NAMES.iter().any(|(known, _)| *known == self.name)
    }

    fn contact_point(&self, text: String) -> ContactPoint {
        let preference = self.preference.unwrap_or(u32::MAX);
        ContactPoint { preference, text, group: self.group.to_owned(), types: self.types.clone() }
    }
}

/// The label of one's own that phones write into 2.1: `X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=46…)`.
fn custom_label(parameter: &str) -> Option<String> {
    let upper = parameter.trim().to_ascii_uppercase();
    let inside = upper.strip_prefix("X-CUSTOM(")?.strip_suffix(')')?;
    let label = inside.rsplit(',').next()?;
    let decoded = quoted_printable::decode(label, quoted_printable::ParseMode::Robust);
    let is_encoded = inside.contains("QUOTED-PRINTABLE");
    let text = decoded.ok().filter(|_| is_encoded).and_then(|bytes| String::from_utf8(bytes).ok());
    Some(text.map_or_else(|| label.to_owned(), |text| text.to_uppercase()))
}

/// The text without its escapes: `\n`, `\,`, `\;`, `\\`. Version 2.1 has no `\n`.
fn unescaped(text: &str, is_old: bool) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n' | 'N')) if !is_old => {
                chars.next();
                plain.push('\n');
            }
            ('\\', Some(&next @ (',' | ';' | '\\' | ':'))) => {
                chars.next();
                plain.push(next);
            }
            _ => plain.push(c),
        }
    }
    plain.replace("\r\n", "\n")
}

/// The parts of a structured value, between semicolons that are not escaped.
fn parts(text: &str, is_old: bool) -> Vec<String> {
    let mut is_escaped = false;
    let parts = text.split(|c| {
        let ends = c == ';' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    parts.map(|part| unescaped(part, is_old).trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &str, expected: &[(&str, &str)]) {
        let card = Card::read(format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n").as_bytes());
        let values: Vec<(String, &str)> =
            card.values.iter().map(|value| (value.column(), value.text.as_str())).collect();
        let values: Vec<(&str, &str)> =
            values.iter().map(|(name, text)| (&**name, *text)).collect();
        assert_eq!(values, expected, "{lines}");
    }

    #[test]
    fn the_preferred_phone_comes_first_then_whatsapp_and_mobile() {
        check(
            "TEL;HOME:1\nTEL;CELL:2\nTEL;WORK;PREF:3\nTEL;FAX:4",
            &[
                ("phone", "3"),
                ("phone kind", "work"),
                ("phone 2", "2"),
                ("phone 2 kind", "cell"),
                ("phone 3", "1"),
                ("phone 3 kind", "home"),
                ("fax", "4"),
            ],
        );
        check(
            "TEL;TYPE=cell:1\nitem1.TEL:2\nitem1.X-ABLabel:WhatsApp",
            &[
                ("phone", "2"),
                ("phone kind", "WhatsApp"),
                ("phone 2", "1"),
                ("phone 2 kind", "cell"),
            ],
        );
        check(
            "ITEM1.TEL;TYPE=cell:1\nitem1.X-ABLabel:Father",
            &[("phone", "1"), ("phone kind", "Father")],
        );
        for parameter in [
            "X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=46=61=74=68=65=72)",
            "X-CUSTOM(Father)",
            "X-LABEL=\"Father\"",
        ] {
            let card = format!("TEL;{parameter}:1");
            check(&card, &[("phone", "1"), ("phone kind", "father")]);
        }
        check(
            "TEL;VALUE=uri;PREF=2:tel:+1\nTEL;PREF=1;TYPE=\"voice,home\":2",
            &[("phone", "2"), ("phone kind", "home"), ("phone 2", "tel:+1")],
        );
    }

    #[test]
    fn indented_properties_are_no_part_of_the_line_that_begins_the_card() {
        let all = [("name", "Asha Rao"), ("phone", "+919876543210")];
        check(" FN:Asha\n   Rao\n TEL:+919876543210\n", &all);
        check("\tFN:Asha Rao\nTEL:+919876543210\n", &all);
        check("FN:Asha \n Rao\nTEL:+919876543210\n", &all);
    }

    #[test]
    fn text_in_base64_is_decoded_and_other_bytes_are_not_text() {
        let all = [("name", "Asha"), ("phone", "+919876543210")];
        check("FN;ENCODING=BASE64:QXNoYQ==\nTEL;ENCODING=b:KzkxOTg3NjU0\n MzIxMA==\n", &all);
        check("FN:Asha\nX-FACE;ENCODING=b://///w==\nTEL:+919876543210\n", &all);
        let damaged = Card::read(b"BEGIN:VCARD\nFN;ENCODING=b://///w==\nEND:VCARD\n");
        assert!(damaged.has_invalid_text);
    }

    #[test]
    fn a_card_with_lines_that_are_no_properties_is_not_blank() {
        let parse = |card: &str| Card::default().parse(card.as_bytes());
        assert_eq!(parse("BEGIN:VCARD\nAsha\nEND:VCARD\n"), Integrity::Malformed);
        assert_eq!(parse("BEGIN:VCARD\nFN:\nEND:VCARD\n"), Integrity::Whole);
    }

    #[test]
    fn names_lists_and_addresses_are_split() {
        check(
            "N:Verma;Asha;;Dr.;\nFN:Asha Verma\nORG:Example\\, Inc.;Sales\nCATEGORIES:VIP,Lead",
            &[
                ("last name", "Verma"),
                ("first name", "Asha"),
                ("name prefix", "Dr."),
                ("name", "Asha Verma"),
                ("organization", "Example, Inc."),
                ("department", "Sales"),
                ("tags", "VIP,Lead"),
            ],
        );
        check(
            "item2.ADR;TYPE=home:;;12 Park\\nRoad;Pune;;411001;India\nX-Plan:gold",
            &[("address", "12 Park, Road, Pune, 411001, India"), ("x-plan", "gold")],
        );
    }

    #[test]
    fn folded_lines_and_quoted_printable_text_are_decoded() {
        check(
            "FN:Asha\r\n  Ver\r\n\tma\r\nPHOTO;ENCODING=b:AAAA\r\n BBBB\r\nNOTE:x",
            &[("name", "Asha Verma"), ("note", "x")],
        );
        check(
            "VERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=\n=AB\nNOTE;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:caf=E9",
            &[("name", "Zoë"), ("note", "café")],
        );
        let card = Card::read(b"FN:Zo\xEB\n");
        assert!(card.has_invalid_text);
        let card = Card::read(b"FN;CHARSET=windows-1252:Zo\xEB\n");
        assert_eq!((card.values[0].text.as_str(), card.has_invalid_text), ("Zoë", false));
    }

    #[test]
    fn a_card_in_a_card_belongs_to_somebody_else() {
        check(
            "FN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nTEL:1\nEND:VCARD\nTEL:2",
            &[("name", "A"), ("phone", "2")],
        );
    }
}
