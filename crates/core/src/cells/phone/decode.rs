//! Undoes what programs did to a cell: character references and tags of HTML, percent-encoding,
//! vCard properties, addresses with a scheme, JSON, text read in a wrong encoding, spreadsheet
//! formulas and thousands separators.
//!
//! A step undoes one kind, and only where the cell shows it in full. What is left is read as any
//! other cell.

use std::sync::LazyLock;

use encoding_rs::WINDOWS_1252;

use super::{beside, shape};
use crate::data;

/// Programs wrap one another's output: a link in a table cell in JSON. More layers than this are no
/// phone cell.
const MOST_LAYERS: usize = 4;

/// One kind of encoding.
struct Decoder {
    /// What the cell is, in words.
    name: &'static str,
    /// The text without it; `None` where the cell does not show it.
    decode: fn(&str) -> Option<String>,
}

/// Tried from the top in each round. To add one, add it here and its cells to
/// `tests/cells/phone-decoded.tsv`.
const DECODERS: [Decoder; 8] = [
    Decoder { name: "a character that could not be shown", decode: without_replacement },
    Decoder { name: "HTML", decode: html },
    Decoder { name: "a vCard property", decode: vcard },
    Decoder { name: "JSON", decode: json },
    Decoder { name: "percent-encoding", decode: percent },
    Decoder { name: "a formula", decode: formula },
    Decoder { name: "an address with a scheme", decode: uri },
    Decoder { name: "thousands separators", decode: thousands },
];

/// What the cell was before programs encoded it, and the names of the encodings, outermost first.
pub(super) fn decoded(cell: &str) -> Option<(String, Vec<&'static str>)> {
    let mut text = None;
    let mut names = Vec::new();
    for _ in 0..MOST_LAYERS {
        let current = text.as_deref().unwrap_or(cell);
        let undo = |decoder: &Decoder| Some((decoder.name, (decoder.decode)(current)?));
        let Some((name, decoded)) = DECODERS.iter().find_map(undo) else { break };
        names.push(name);
        text = Some(decoded);
    }
    Some((text?, names))
}

/// UTF-8 that was read as Windows-1252, `â€ª+91…` or `Â 98…`: the bytes of the letters are UTF-8.
pub(super) fn misread(text: &str) -> Option<String> {
    // The first byte of a letter, as Windows-1252 reads it.
    if text.is_ascii() || !text.contains(|c| matches!(c, '\u{C2}'..='\u{F4}')) {
        return None;
    }
    let is_encodable =
        |c: char| !c.is_ascii() && !WINDOWS_1252.encode(c.encode_utf8(&mut [0; 4])).2;
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_encodable) {
        let (before, run) = rest.split_at(start);
        let (run, behind) = run.split_at(run.find(|c| !is_encodable(c)).unwrap_or(run.len()));
        decoded.push_str(before);
        match std::str::from_utf8(&WINDOWS_1252.encode(run).0) {
            Ok(letters) => decoded.push_str(letters),
            // The first half of a no-break space, whose second half has become a plain space.
            Err(_) if run == "Â" && behind.starts_with(' ') => {}
            Err(_) => decoded.push_str(run),
        }
        rest = behind;
    }
    decoded.push_str(rest);
    (decoded != text).then_some(decoded)
}

/// An object or replacement character before or behind everything else.
fn without_replacement(text: &str) -> Option<String> {
    let rest = text.trim().trim_matches(['\u{FFFC}', '\u{FFFD}']);
    (rest != text.trim()).then(|| rest.to_owned())
}

/// Character references, and tags; a link without a number in its text is the number it leads to.
fn html(text: &str) -> Option<String> {
    if !text.contains(['&', '<']) {
        return None;
    }
    let unescaped = unescaped(text);
    let current = unescaped.as_deref().unwrap_or(text);
    let without = without_tags(current);
    match without {
        Some(rest) if rest.bytes().any(|byte| byte.is_ascii_digit()) => Some(rest),
        Some(_) => {
            let (_, link) = current.split_once("tel:")?;
            link.split(['"', '\'', '>', ' ']).next().map(str::to_owned)
        }
        None => unescaped,
    }
}

/// Character references by the names that stand in phone cells (HTML Standard, section 13.5).
const REFERENCES: [(&str, char); 36] = [
    ("shy", '\u{AD}'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("ZeroWidthSpace", '\u{200B}'),
    ("NoBreak", '\u{2060}'),
    ("hairsp", ' '),
    ("numsp", ' '),
    ("puncsp", ' '),
    ("minus", '-'),
    ("horbar", '-'),
    ("comma", ','),
    ("colon", ':'),
    ("semi", ';'),
    ("num", '#'),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("Tab", ' '),
    ("NewLine", '\n'),
    ("plus", '+'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("lt", '<'),
    ("gt", '>'),
    ("lpar", '('),
    ("rpar", ')'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("ndash", '-'),
    ("mdash", '-'),
    ("period", '.'),
    ("sol", '/'),
    ("lrm", '\u{200E}'),
    ("rlm", '\u{200F}'),
];

fn unescaped(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        decoded.push_str(before);
        let known = reference
            .split_once(';')
            .and_then(|(name, behind)| Some((character_of(name)?, behind)));
        match known {
            Some((c, behind)) => {
                decoded.push(c);
                rest = behind;
            }
            None => {
                decoded.push('&');
                rest = reference;
            }
        }
    }
    decoded.push_str(rest);
    (decoded != text).then_some(decoded)
}

fn character_of(reference: &str) -> Option<char> {
    let Some(number) = reference.strip_prefix('#') else {
        return REFERENCES.iter().find(|(name, _)| *name == reference).map(|&(_, c)| c);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

/// Elements that begin a new line.
const BLOCKS: [&str; 7] = ["br", "p", "div", "li", "tr", "td", "th"];

fn without_tags(text: &str) -> Option<String> {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        let (tag, behind) = tag.split_once('>')?;
        let name = tag.trim_matches('/').split([' ', '/']).next()?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        kept.push_str(before);
        if BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name)) {
            kept.push('\n');
        }
        rest = behind;
    }
    kept.push_str(rest);
    (kept != text).then(|| kept.trim().to_owned())
}

/// `%2B91%2098765…`; between such, `+` is a space.
fn percent(text: &str) -> Option<String> {
    if !text.contains('%') || shape::has_chat_link(text) {
        return None;
    }
    let spaced = match text.contains("%2B") || text.contains("%2b") {
        true => text.replace('+', " "),
        false => text.to_owned(),
    };
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?;
    (decoded != spaced).then(|| decoded.into_owned())
}

/// `TEL;TYPE=CELL:+91…`, `item1.TEL:…` (RFC 6350, section 6.4.1).
fn vcard(text: &str) -> Option<String> {
    let (property, value) = text.split_once(':')?;
    let name = property.split(';').next()?;
    let name = name.rsplit('.').next()?.trim();
    // `Tel: …` is how people label a number.
    let is_property = property.contains([';', '.']) || name == "TEL";
    if !name.eq_ignore_ascii_case("tel") || !is_property {
        return None;
    }
    let value = value.replace("\\n", "\n").replace("\\N", "\n");
    let value = value.replace("\\,", ",").replace("\\;", ";");
    let is_fax = property.to_ascii_lowercase().contains("fax");
    Some(if is_fax { format!("fax: {value}") } else { value })
}

/// A string, array or object of JSON, or of the languages that print theirs much like it.
fn json(text: &str) -> Option<String> {
    let text = text.trim();
    let escapes = ["\\u", "\\/", "\\\"", "\\t", "\\n", "\\r"];
    if text.contains('\\') && escapes.iter().any(|escape| text.contains(escape)) {
        let unescaped = unescaped_json(text)?;
        return (unescaped != text).then_some(unescaped);
    }
    let inside = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    if inside('{', '}').or_else(|| inside('[', ']')).is_some_and(|inside| inside.contains(':'))
        && text.contains('{')
    {
        let objects = text.split('}').filter_map(|text| text.rsplit_once('{'));
        return Some(objects.map(|(_, pairs)| json_object(pairs)).collect::<Vec<_>>().join("; "));
    }
    let values = match inside('[', ']') {
        // `[9876543210]` is layout.
        Some(array) if array.contains(['[', ']']) || !array.contains(['"', '\'', ',']) => {
            return None;
        }
        Some(array) => array,
        None => inside('{', '}')?,
    };
    let values = values.split(',').map(|value| value.trim().trim_matches(['"', '\'']));
    Some(values.collect::<Vec<_>>().join("; "))
}

/// The numbers of an object, each with the calling code or the country and the label that stand beside it. What
/// stands under other keys is none: `order_id`, `father`.
fn json_object(pairs: &str) -> String {
    let (mut numbers, mut keys, mut country, mut label) = (Vec::new(), Vec::new(), "", "");
    for (key, value) in pairs.split(',').filter_map(|pair| pair.split_once(':')) {
        let [key, value] = [key, value].map(|text| text.trim().trim_matches(['"', '\'']));
        let words = words_of_key(key);
        match words.as_str() {
            "cc"
            | "code"
            | "prefix"
            | "country"
            | "region"
            | "isd"
            | "country code"
            | "calling code"
            | "dial code"
            | "country calling code" => country = value,
            "type" | "label" | "kind" | "relation" => label = value,
            "value" | "e164" => numbers.push(value),
            words if beside::is_label(words) => numbers.push(value),
            _ => keys.push(words),
        }
    }
    let with_country = |number: &str| match country {
        "" | "null" => number.to_owned(),
        _ if number.contains('+') => number.to_owned(),
        code if digits(code) > 0 => format!("+{} {number}", code.trim_start_matches('+')),
        country => format!("{country} {number}"),
    };
    let with_label = |number: String| match label {
        "" | "null" => number,
        label => format!("{label}: {number}"),
    };
    let numbers: Vec<String> =
        numbers.into_iter().map(|number| with_label(with_country(number))).collect();
    // Keys alone are no number.
    let said = if numbers.is_empty() { keys.join(", ") } else { numbers.join("; ") };
    said.chars().filter(|c| !numbers.is_empty() || !c.is_numeric()).collect()
}

/// The words of a key, in lower case: `phoneNumber`, `phone_number`.
fn words_of_key(key: &str) -> String {
    let mut words = String::new();
    let mut is_behind_lower = false;
    for c in key.chars() {
        if c.is_uppercase() && is_behind_lower || !c.is_alphanumeric() {
            words.push(' ');
        }
        is_behind_lower = c.is_lowercase();
        words.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
    }
    words.trim().to_owned()
}

/// JSON's escapes in strings (RFC 8259, section 7); `None` where one is not complete.
fn unescaped_json(text: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            decoded.push(c);
            continue;
        }
        let Some(escaped) = rest.next() else { break };
        decoded.push(match escaped {
            'u' => {
                let code = rest.as_str().get(..4)?;
                rest = rest.as_str()[4..].chars();
                char::from_u32(u32::from_str_radix(code, 16).ok()?)?
            }
            'n' | 'r' => '\n',
            't' => ' ',
            other => other,
        });
    }
    Some(decoded)
}

/// `="…"`, `=HYPERLINK("tel:…","…")`, `=+91…`: the one text, link or number in a formula that adds
/// nothing up. `="…"` alone is layout.
fn formula(text: &str) -> Option<String> {
    let formula = text.trim().strip_prefix('=')?.trim_start();
    let number = formula.strip_prefix('+').unwrap_or(formula);
    if !number.is_empty() && digits(number) == number.len() {
        return Some(formula.to_owned());
    }
    let (function, arguments) = match formula.starts_with('"') {
        true => ("", formula),
        false => formula.strip_suffix(')')?.split_once('(')?,
    };
    if !function.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'.') {
        return None;
    }
    let (quoted, plain): (Vec<_>, Vec<_>) =
        arguments.split('"').enumerate().partition(|(place, _)| place % 2 == 1);
    // A number in a text only: `=SUM(98765,43210)` is another matter.
    if plain.iter().any(|(_, text)| digits(text) > 1) {
        return None;
    }
    let mut numbers = quoted.into_iter().map(|(_, text)| text).filter(|text| digits(text) >= 4);
    let first = numbers.next()?;
    // The link and the text that is shown hold the same number, or the formula holds several.
    numbers.all(|other| ends_alike(first, other)).then(|| first.to_owned())
}

/// Whether the digits of one are the last digits of the other, a trunk zero aside.
fn ends_alike(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (one, other) = (digits(one), digits(other));
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.ends_with(other) || other.ends_with(one)
}

/// Schemes of addresses that are phone numbers (`tel:` is RFC 3966, `sms:` RFC 5724).
static SCHEMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| data::words(data::PHONE_WORDS, "scheme").collect());

/// `sms:+91…?body=hi`, `callto://+91…`, `sip:+91…@example.com`, `<tel:+91…>`. `tel:+91…` alone is a
/// label.
fn uri(text: &str) -> Option<String> {
    let text = text.trim();
    let address = text.trim_matches(['<', '>']);
    let (scheme, rest) = address.split_once(':')?;
    let is_known = SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    if !is_known || shape::has_chat_link(text) {
        return None;
    }
    let number = rest.trim_start_matches('/').split(['?', '@', '&']).next()?;
    match number.split_once(super::PHONE_CONTEXT) {
        // `tel:98765;phone-context=+91`
        Some((number, context)) => context.starts_with('+').then(|| format!("{context} {number}")),
        None if beside::is_label(scheme) && number == rest && address == text => None,
        None => Some(number.to_owned()),
    }
}

/// `9,876,543,210`, `9'876'543'210`: groups of three behind one to three digits, or of two and a last
/// of three as in India. No number is that short that a list of such pieces could be meant.
fn thousands(text: &str) -> Option<String> {
    let text = text.trim();
    let number = text.strip_prefix('+').unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let separator = whole.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, ',' | '\'' | '’' | '٬') || fraction.bytes().any(|byte| byte != b'0')
    {
        return None;
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    let [first, middle @ .., last] = groups.as_slice() else { return None };
    let is_group = |group: &str, len: usize| group.len() == len && digits(group) == len;
    let of = |len| middle.iter().all(|group| is_group(group, len));
    let is_regular = !middle.is_empty()
        && is_group(last, 3)
        && is_group(first, first.len())
        && !first.starts_with('0')
        && (of(3) && (1..=3).contains(&first.len()) || of(2) && (1..=2).contains(&first.len()));
    is_regular.then(|| text.replace(separator, ""))
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}
