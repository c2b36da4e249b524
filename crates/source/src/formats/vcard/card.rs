//! One vCard: properties, parameters and values.
//!
//! The grammar is that of RFC 6350 (4.0) and RFC 2426 (3.0), and of versit's vCard 2.1 where that
//! differs: quoted-printable values with soft line breaks, `CHARSET`, types without `TYPE=`.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// So many values of one kind get columns of their own; further ones are put into the last.
const MAX_NUMBERED: usize = 32;

/// The kind of values that are phones.
pub(crate) const PHONE: &str = "phone";

/// The kinds of value that most cards have, in the order in which their columns stand.
pub(crate) const USUAL: [&str; 20] = [
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

/// What properties are called as columns; others keep their own names, in small letters.
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

/// Properties about the card itself, and what is no text: they are not carried over.
pub(crate) const SKIPPED: [&str; 13] = [
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
    "X-ABADR",
];

/// A value of a card and its place among those of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: Cow<'static, str>,
    /// From 1.
    pub(crate) number: usize,
    /// Whether it says what kind of phone or address another value is.
    pub(crate) is_kind: bool,
    pub(crate) text: String,
}

impl Value {
    /// The name of its column, such as `phone 2` or `phone 2 kind`.
    pub(crate) fn column(&self) -> String {
        let mut column = self.kind.to_string();
        if self.number > 1 {
            column = format!("{column} {}", self.number);
        }
        if self.is_kind {
            column.push_str(" kind");
        }
        column
    }
}

/// What a card holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) values: Vec<Value>,
    /// Whether some bytes are no text in their encoding; U+FFFD stands in their place.
    pub(crate) has_invalid_text: bool,
}

/// A property as it is written.
struct Property<'c> {
    group: &'c str,
    name: String,
    types: Vec<String>,
    /// 1 is preferred most.
    preference: Option<u32>,
    is_quoted_printable: bool,
    is_base64: bool,
    charset: Option<&'static Encoding>,
    value: &'c [u8],
}

/// Phones and addresses wait until all are known: the best comes first.
struct Reach {
    rank: (u32, u32),
    text: String,
    group: String,
    types: Vec<String>,
}

impl Card {
    /// Reads the lines of a card.
    pub(crate) fn read(bytes: &[u8]) -> Card {
        let mut card = Card::default();
        let is_old = has_line(bytes, b"VERSION:2.1");
        let (mut phones, mut emails, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut nested = 0;
        for line in logical_lines(bytes) {
            let Some(property) = Property::read(&line) else { continue };
            match property.name.as_str() {
                "BEGIN" => nested += 1,
                "END" => nested -= 1,
                _ => {}
            }
            // A card within the card (2.1's AGENT) is somebody else's.
            if nested > 1 {
                continue;
            }
            let is_label = property.name == "X-ABLABEL";
            if SKIPPED.contains(&property.name.as_str()) && !is_label || property.is_base64 {
                continue;
            }
            let text = card.text(&property);
            let whole = || unescaped(&text, is_old);
            match property.name.as_str() {
                "X-ABLABEL" => {
                    let label = whole();
                    let label = label.trim_start_matches("_$!<").trim_end_matches(">!$_");
                    labels.push((property.group.to_owned(), label.to_owned()));
                }
                "TEL" => phones.push(property.reach(whole())),
                "EMAIL" => emails.push(property.reach(whole())),
                "N" => {
                    let kinds =
                        ["last name", "first name", "middle name", "name prefix", "name suffix"];
                    for (kind, part) in kinds.into_iter().zip(parts(&text, is_old)) {
                        card.add(kind.into(), part.replace(',', " "));
                    }
                }
                "ORG" => {
                    let mut parts =
                        parts(&text, is_old).into_iter().filter(|part| !part.is_empty());
                    card.add("organization".into(), parts.next().unwrap_or_default());
                    card.add("department".into(), parts.collect::<Vec<_>>().join(", "));
                }
                "ADR" => {
                    let parts = parts(&text, is_old).into_iter();
                    let parts = parts.map(|part| part.replace('\n', ", "));
                    let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
                    card.add("address".into(), parts.join(", "));
                }
                name => {
                    let known = NAMES.iter().find(|(known, _)| *known == name);
                    let kind = match known {
                        Some(&(_, kind)) => kind.into(),
                        None => name.to_lowercase().into(),
                    };
                    card.add(kind, whole());
                }
            }
        }
        let is_fax =
            |phone: &Reach| phone.types.iter().any(|kind| kind == "FAX" || kind == "PAGER");
        let (others, phones): (Vec<Reach>, Vec<Reach>) = phones.into_iter().partition(is_fax);
        card.add_reached(PHONE, phones, &labels);
        card.add_reached("email", emails, &labels);
        for other in others {
            let is_fax = other.types.iter().any(|kind| kind == "FAX");
            card.add(if is_fax { "fax" } else { "pager" }.into(), other.text);
        }
        card
    }

    /// The text of a property, decoded and still escaped.
    fn text(&mut self, property: &Property<'_>) -> String {
        let mut bytes = Cow::Borrowed(property.value);
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
        // Text that was not quoted may have been decoded with the file already.
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
        self.values.push(Value { kind, number, is_kind: false, text: text.to_owned() });
    }

    /// Adds phones or addresses, the preferred first, each with what it is called.
    fn add_reached(
        &mut self,
        kind: &'static str,
        mut reached: Vec<Reach>,
        labels: &[(String, String)],
    ) {
        let label = |reach: &Reach| {
            let of_group = labels.iter().find(|(group, _)| *group == reach.group);
            of_group.filter(|_| !reach.group.is_empty()).map(|(_, label)| label.clone())
        };
        for reach in &mut reached {
            let called = label(reach).into_iter().chain(reach.types.iter().cloned());
            let called: Vec<String> = called.map(|word| word.to_uppercase()).collect();
            let is = |words: &[&str]| {
                called.iter().any(|kind| words.iter().any(|word| kind.contains(word)))
            };
            reach.rank.1 = if is(&["WHATSAPP", "واتساب"]) {
                0
            } else if is(&["CELL", "MOBILE", "IPHONE"]) {
                1
            } else if is(&["HOME", "WORK"]) {
                3
            } else {
                2
            };
            if kind == "email" {
                reach.rank.1 = 0;
            }
        }
        reached.sort_by_key(|reach| reach.rank);
        reached.retain(|reach| !reach.text.trim().is_empty());
        for (index, reach) in reached.iter().enumerate() {
            let number = (index + 1).min(MAX_NUMBERED);
            let text = reach.text.trim().to_owned();
            self.values.push(Value { kind: kind.into(), number, is_kind: false, text });
            let silent = ["PREF", "VOICE", "INTERNET", "OTHER", "MSG", "X-INTERNET"];
            let types = reach.types.iter().filter(|kind| !silent.contains(&kind.as_str()));
            let types = types.map(|kind| kind.to_lowercase()).collect::<Vec<_>>().join(", ");
            let text = label(reach).unwrap_or(types);
            if !text.is_empty() {
                self.values.push(Value { kind: kind.into(), number, is_kind: true, text });
            }
        }
    }
}

/// Whether a line of the card is this, in whatever case.
fn has_line(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.split(|&byte| byte == b'\n').any(|line| line.trim_ascii().eq_ignore_ascii_case(wanted))
}

/// The lines of a card, folded ones put together again: a line that begins with a space or a tab goes
/// on with the one before (RFC 6350, 3.2), and so does the line behind a soft line break of
/// quoted-printable text.
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
        // The first colon outside quotes parts the name and its parameters from the value.
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
            ("TYPE", _) if !upper.is_empty() => self.types.push(upper),
            _ => {}
        }
    }

    fn reach(&self, text: String) -> Reach {
        let rank = (self.preference.unwrap_or(u32::MAX), 0);
        Reach { rank, text, group: self.group.to_owned(), types: self.types.clone() }
    }
}

/// The text without its escapes: `\n`, `\,`, `\;`, `\\`; version 2.1 knows only `\;` and `\\`.
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

/// The parts of a structured value, set apart by semicolons that are not escaped.
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
            "TEL;VALUE=uri;PREF=2:tel:+1\nTEL;PREF=1;TYPE=\"voice,home\":2",
            &[("phone", "2"), ("phone kind", "home"), ("phone 2", "tel:+1")],
        );
    }

    #[test]
    fn names_lists_and_addresses_are_taken_apart() {
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
    fn folded_lines_and_quoted_text_come_together() {
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
    fn a_card_in_the_card_is_somebody_else_s() {
        check(
            "FN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nTEL:1\nEND:VCARD\nTEL:2",
            &[("name", "A"), ("phone", "2")],
        );
    }
}
