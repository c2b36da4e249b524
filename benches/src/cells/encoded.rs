//! What programs make of a cell, and a reader undoes first: markup, escapes, cards, addresses of
//! calls, JSON, text read in the wrong encoding, formulas, numbers laid out as amounts.

use fastrand::Rng;

use super::number::read;
use super::second::Draft;
use super::standing::{Skip, digits_of, readings};
use super::template::Gives::{Nothing, Number, Open};
use super::template::Template;
use super::{Demand, Kind, Truth};
use crate::contacts::draw::{chance, one_of};

const fn wrap(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: &["phone_decoded"], gives: Number, texts }
}

/// What the design's table reads without a warning, at least in part.
const fn layout(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: &[], gives: Number, texts }
}

const fn open(name: &'static str, texts: &'static [&'static str]) -> Template {
    Template { name, warnings: &[], gives: Open, texts }
}

/// Texts around a cell that a program has put there.
pub(super) const WRAPS: &[Template] = &[
    wrap(
        "HTML tag",
        &[
            "<b>{}</b>",
            "<span>{}</span>",
            "<p>{}</p>",
            "<td>{}</td>",
            "<div class=\"phone\">{}</div>",
            "<strong> {} </strong>",
            "<font color=\"red\">{}</font>",
            "<LI>{}</LI>",
        ],
    ),
    wrap(
        "HTML tags, one in another",
        &["<td><b>{}</b></td>", "<p><span dir=\"ltr\">{}</span></p>", "<div><div>{}</div></div>"],
    ),
    wrap("HTML line break", &["{}<br>", "{}<br/>", "{}<br />", "<br>{}", "{}<BR>"]),
    wrap(
        "HTML anchor",
        &[
            "<a href=\"tel:{e164}\">{e164}</a>",
            "<a href='tel:{e164}'>{e164}</a>",
            "<a href=\"tel:{e164}\" target=\"_blank\">{e164}</a>",
        ],
    ),
    open(
        "HTML anchor, words",
        &[
            "<a href=\"tel:{e164}\">Call us</a>",
            "<a href=\"https://wa.me/{digits}\">Chat</a>",
            "<a href=\"mailto:asha@example.com\">{}</a>",
            "<td width=\"120\">{}</td>",
            "<span style=\"font-size:12px\">{}</span>",
            "<input type=\"tel\" value=\"{e164}\">",
            "<!-- phone -->{}",
        ],
    ),
    wrap("HTML space at the ends", &["{}&nbsp;", "&nbsp;{}", "{}&#160;", "&nbsp;&nbsp;{}&nbsp;"]),
    wrap(
        "HTML mark or joiner",
        &["&lrm;{}", "&#8206;{}", "{}&zwnj;", "&#x202A;{}&#x202C;", "&#8234;{}"],
    ),
    wrap(
        "HTML quotes",
        &["&quot;{}&quot;", "&#39;{}&#39;", "&#39;{}", "&apos;{}", "&ldquo;{}&rdquo;"],
    ),
    open("HTML, escaped twice", &["&amp;nbsp;{}", "&lt;b&gt;{}&lt;/b&gt;", "&amp;#43;{digits}"]),
    wrap(
        "card property",
        &[
            "TEL;TYPE=CELL:{}",
            "TEL:{}",
            "TEL;TYPE=HOME:{}",
            "TEL;CELL:{}",
            "TEL;WORK;VOICE:{}",
            "TEL;type=CELL;type=VOICE;type=pref:{}",
            "TEL;TYPE=\"voice,cell\":{}",
            "tel;type=work:{}",
            "TEL;PREF=1:{}",
        ],
    ),
    wrap(
        "card property in a group",
        &["item1.TEL:{}", "item2.TEL;type=pref:{}", "A.TEL;TYPE=CELL:{}"],
    ),
    wrap(
        "card property, address of a call",
        &[
            "TEL;VALUE=uri:tel:{e164}",
            "TEL;VALUE=uri;TYPE=\"voice,home\":tel:{e164}",
            "TEL;VALUE=uri;PREF=1;TYPE=cell:tel:{e164}",
        ],
    ),
    open(
        "card property of WhatsApp",
        &[
            "TEL;waid={digits}:{e164}",
            "item1.TEL;waid={digits}:{e164}",
            "TEL;type=CELL;waid={digits}:{e164}",
        ],
    ),
    Template {
        name: "card property, fax",
        warnings: &[],
        gives: Nothing(&["phone_fax"]),
        texts: &["TEL;TYPE=FAX:{}", "TEL;WORK;FAX:{}", "TEL;TYPE=home,fax:{}"],
    },
    wrap("address of a message", &["sms:{}", "smsto:{}", "SMS:{}", "sms:{e164}?body=hello"]),
    wrap(
        "address of a call",
        &["callto:{}", "tel://{e164}", "callto://{e164}", "TEL:{}", "facetime:{e164}"],
    ),
    open(
        "address of another program",
        &[
            "sip:{e164}@example.com",
            "sip:{e164}",
            "skype:{e164}?call",
            "viber://chat?number=%2B{digits}",
            "tg://resolve?phone={digits}",
            "https://t.me/+{digits}",
            "https://signal.me/#p/{e164}",
            "tel:{e164};phone-context=example.com",
            "imessage:{e164}",
            "facetime-audio:{e164}",
            "geo:52.37,4.89?q={e164}",
        ],
    ),
    layout("JSON string", &["\"{}\"", "\"{}\\n\"", "\" {} \"", "\"\\t{}\""]),
    wrap("JSON array", &["[\"{}\"]", "[ \"{}\" ]", "[\"{}\", \"\"]", "[\"{}\",null]"]),
    open(
        "list of another language",
        &["['{}']", "('{}',)", "[u'{}']", "{'{}'}", "array('{}')", "{\"{}\"}"],
    ),
    wrap(
        "object replacement at the ends",
        &[
            "\u{fffc}{}",
            "{}\u{fffc}",
            "\u{fffd}{}",
            "{}\u{fffd}",
            "\u{fffd}\u{fffd}{}",
            "\u{fffc} {}",
            "{} \u{fffd}",
        ],
    ),
    layout("formula of a text", &["=\"{}\"", "= \"{}\"", "=(\"{}\")"]),
    wrap(
        "formula of a link",
        &[
            "=HYPERLINK(\"tel:{e164}\",\"{e164}\")",
            "=HYPERLINK(\"tel:{e164}\";\"{e164}\")",
            "=HYPERLINK(\"tel:{e164}\", \"Call\")",
            "=HYPERLINK(\"tel:{e164}\")",
            "=hyperlink(\"tel:{e164}\",\"{e164}\")",
            "=HYPERLINK(\"https://wa.me/{digits}\",\"WhatsApp\")",
        ],
    ),
    wrap("formula of a sign", &["=+{digits}", "={e164}", "= {e164}"]),
    open(
        "formula of more",
        &[
            "=T(\"{}\")",
            "=\"+\"&\"{digits}\"",
            "=CONCATENATE(\"+\",\"{digits}\")",
            "=+{digits}+0",
            "=LEFT(\"{e164}\",15)",
            "@\"{}\"",
        ],
    ),
    open(
        "other markup",
        &[
            "[{e164}](tel:{e164})",
            "**{}**",
            "`{}`",
            "<{}>",
            "[url=tel:{e164}]{e164}[/url]",
            "<![CDATA[{}]]>",
            "{{{}}}",
            "$${}",
            "phone={}",
            "\\\"{}\\\"",
            "b'{}'",
            "N'{}'",
        ],
    ),
];

/// What a program makes of a whole cell.
pub(super) struct Encoding {
    pub(super) name: Kind,
    encode: fn(&mut Rng, &Draft) -> Result<String, Skip>,
    /// Whether the design names it.
    is_named: bool,
}

const fn named(name: Kind, encode: fn(&mut Rng, &Draft) -> Result<String, Skip>) -> Encoding {
    Encoding { name, encode, is_named: true }
}

const fn unnamed(name: Kind, encode: fn(&mut Rng, &Draft) -> Result<String, Skip>) -> Encoding {
    Encoding { name, encode, is_named: false }
}

pub(super) const ENCODINGS: &[Encoding] = &[
    named("HTML entity for +", |rng, draft| {
        let entity = one_of(rng, &["&#43;", "&#x2B;", "&plus;", "&#x2b;", "&#043;"]);
        changed(draft, draft.text.replace('+', entity))
    }),
    named("HTML entities for spaces", |rng, draft| {
        let entity = one_of(rng, &["&nbsp;", "&#160;", "&#xA0;", "&#32;", "&ensp;", "&thinsp;"]);
        changed(draft, draft.text.replace(' ', entity))
    }),
    named("HTML entities for signs", |_, draft| {
        let text = draft.text.replace('(', "&#40;").replace(')', "&#41;");
        changed(draft, text.replace('-', "&#45;").replace('/', "&#47;"))
    }),
    named("HTML entities for dashes", |rng, draft| {
        let entity = one_of(rng, &["&ndash;", "&mdash;", "&#8211;", "&#8209;", "&shy;-"]);
        changed(draft, draft.text.replace('-', entity))
    }),
    named("HTML entities throughout", |rng, draft| {
        let hexadecimal = chance(rng, 50);
        let entity = |c: char| match hexadecimal {
            true => format!("&#x{:X};", c as u32),
            false => format!("&#{};", c as u32),
        };
        changed(draft, draft.text.chars().map(entity).collect())
    }),
    named("URL encoding", |_, draft| changed(draft, percent_encoded(&draft.text, "%20"))),
    named("URL encoding of a form", |_, draft| {
        // A `+` of its own must have been encoded, or the spaces could not be told from it.
        match draft.text.contains('+') && draft.text.contains(' ') {
            true => changed(draft, percent_encoded(&draft.text, "+")),
            false => Err(Skip::Inapplicable),
        }
    }),
    unnamed("URL encoding, twice", |_, draft| {
        changed(draft, percent_encoded(&percent_encoded(&draft.text, "%20"), "%20"))
    }),
    unnamed("quoted-printable", |_, draft| {
        let text = draft.text.replace('+', "=2B").replace(' ', "=20").replace('-', "=2D");
        changed(draft, text)
    }),
    named("JSON string with escapes", |rng, draft| {
        let escape = |c: char| format!("\\u{:04x}", c as u32);
        let marked = match rng.u8(0..3) {
            0 => draft.text.replace('+', "\\u002b"),
            1 => draft.text.replace('/', "\\/").replace(' ', "\\u00a0"),
            _ => format!("{}{}{}", escape('\u{202a}'), draft.text, escape('\u{202c}')),
        };
        if draft.text.contains(['"', '\\']) {
            return Err(Skip::Inapplicable);
        }
        changed(draft, format!("\"{marked}\""))
    }),
    named("marks read as Windows-1252", |rng, draft| {
        let (before, behind) = one_of(
            rng,
            &[
                ("\u{200e}", ""),
                ("\u{202a}", "\u{202c}"),
                ("", "\u{200f}"),
                ("\u{feff}", ""),
                ("\u{2068}", "\u{2069}"),
                ("\u{200b}", "\u{200b}"),
                ("\u{2060}", ""),
            ],
        );
        mojibake(draft, &format!("{before}{}{behind}", draft.text))
    }),
    named("spaces read as Windows-1252", |rng, draft| {
        let space = one_of(rng, &["\u{a0}", "\u{202f}", "\u{2009}"]);
        mojibake(draft, &draft.text.replace(' ', space))
    }),
    named("dashes read as Windows-1252", |rng, draft| {
        let dash = one_of(rng, &["\u{2011}", "\u{2013}", "\u{2014}", "\u{2212}"]);
        mojibake(draft, &draft.text.replace('-', dash))
    }),
    named("digits read as Windows-1252", |rng, draft| {
        let zero = one_of(rng, &['\u{ff10}', '\u{660}', '\u{966}']);
        let other = |c: char| match c.to_digit(10) {
            Some(digit) => char::from_u32(zero as u32 + digit).unwrap_or(c),
            None => c,
        };
        mojibake(draft, &draft.text.chars().map(other).collect::<String>())
    }),
    unnamed("read as Windows-1252 twice", |_, draft| {
        let once = as_windows_1252(&draft.text.replace(' ', "\u{a0}"));
        changed(draft, as_windows_1252(&once))
    }),
    named("JSON array of a figure", |rng, draft| {
        let value = value(draft)?;
        Ok(one_of(rng, &["[V]", "[\"V\"]", "[ V ]", "[V, null]"]).replace('V', &value))
    }),
    named("thousands", |rng, draft| {
        let separator = one_of(rng, &[",", ",", "'", "\u{2019}", "\u{a0}", "\u{202f}"]);
        grouped_by_thousands(draft, separator)
    }),
    // An amount is written so too.
    unnamed("thousands and a float tail", |_, draft| Ok(grouped_by_thousands(draft, ",")? + ".00")),
    unnamed("thousands, as in India", |_, draft| {
        let value = value(draft)?;
        let (head, mut text) = value.split_at(value.len() - 3);
        let mut head = head;
        let mut grouped = text.to_owned();
        while !head.is_empty() {
            (head, text) = head.split_at(head.len().saturating_sub(2));
            grouped = format!("{text},{grouped}");
        }
        Ok(grouped)
    }),
    named("float with many zeros", |rng, draft| {
        let value = value(draft)?;
        let zeros = "0".repeat(usize::from(rng.u8(3..13)));
        Ok(format!("{value}.{zeros}"))
    }),
    unnamed("float with many zeros, comma", |rng, draft| {
        let value = value(draft)?;
        let zeros = "0".repeat(usize::from(rng.u8(3..8)));
        Ok(format!("{value},{zeros}"))
    }),
    unnamed("float with many zeros, layout within", |rng, draft| {
        if !draft.text.contains(' ') || draft.text.contains(['.', ',']) {
            return Err(Skip::Inapplicable);
        }
        let zeros = "0".repeat(usize::from(rng.u8(3..7)));
        let text = format!("{}.{zeros}", draft.text);
        // The zeros may be a group of the number.
        let known = draft.known().ok_or(Skip::Inapplicable)?;
        let is_international = draft.international || text.contains('+');
        let longer = match is_international {
            true => read(&format!("+{}", digits_of(&text)), None),
            false => read(&text, draft.region),
        };
        match known.numbers.len() > 1 || longer.is_some_and(|longer| longer != known.numbers[0]) {
            true => Err(Skip::LooksLikeAnother),
            false => Ok(text),
        }
    }),
];

impl Encoding {
    pub(super) fn lay(&self, rng: &mut Rng, mut draft: Draft) -> Result<Draft, Skip> {
        // What is encoded twice is for the kinds that say so.
        if draft.text.contains(['<', '"', '%', '&']) {
            return Err(Skip::Inapplicable);
        }
        draft.text = (self.encode)(rng, &draft)?;
        if let Truth::Unrecoverable(_) = draft.truth {
            return Ok(Draft { truth: Truth::Unrecoverable(&[]), ..draft });
        }
        Ok(if self.is_named { draft.repaired() } else { draft.doubtful().demanding(Demand::Phone) })
    }
}

/// The text, if something was done to it.
fn changed(draft: &Draft, text: String) -> Result<String, Skip> {
    if text == draft.text { Err(Skip::Inapplicable) } else { Ok(text) }
}

fn percent_encoded(text: &str, space: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded += space,
            b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

/// What the bytes from 0x80 on stand for; the holes stay control characters, as in browsers.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn as_windows_1252(text: &str) -> String {
    let letter = |byte: u8| match byte {
        0x80..0xa0 => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    text.bytes().map(letter).collect()
}

fn mojibake(draft: &Draft, text: &str) -> Result<String, Skip> {
    match text == draft.text {
        true => Err(Skip::Inapplicable),
        false => changed(draft, as_windows_1252(text)),
    }
}

/// The digits of a cell that a spreadsheet may take for an amount.
fn value(draft: &Draft) -> Result<String, Skip> {
    let digits = &draft.text;
    let is_value = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if is_value && digits.len() > 6 { Ok(digits.clone()) } else { Err(Skip::Inapplicable) }
}

fn grouped_by_thousands(draft: &Draft, separator: &str) -> Result<String, Skip> {
    let value = value(draft)?;
    let mut text = String::new();
    for (at, digit) in value.chars().enumerate() {
        if at > 0 && (value.len() - at).is_multiple_of(3) {
            text += separator;
        }
        text.push(digit);
    }
    // A group that is a number by itself makes a list of the cell.
    let stands_alone = |group: &str| !readings(group, draft.region).is_empty();
    if separator == "," && text.split(separator).any(|group| stands_alone(&digits_of(group))) {
        return Err(Skip::Inapplicable);
    }
    Ok(text)
}
