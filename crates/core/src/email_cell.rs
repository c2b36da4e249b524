//! E-mail cells.

use std::borrow::Cow;

use email_address::EmailAddress as Syntax;

use crate::contact::EmailAddress;
use crate::text::{is_invisible, says_nothing};

/// What an e-mail cell holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EmailReading {
    /// Nothing, or a placeholder.
    Empty,
    /// One address.
    One(EmailAddress),
    /// A list with at least one address in it, the first of which is the e-mail.
    Several(Vec<EmailAddress>),
    /// Something else.
    Bad,
}

impl EmailReading {
    /// The addresses, if the cell holds any.
    pub(crate) fn into_addresses(self) -> Option<Vec<EmailAddress>> {
        match self {
            EmailReading::One(address) => Some(vec![address]),
            EmailReading::Several(addresses) => Some(addresses),
            EmailReading::Empty | EmailReading::Bad => None,
        }
    }
}

/// Placeholders in the form of an address.
const NOBODY: [&str; 10] = [
    "none@none.com",
    "test@test.com",
    "na@na.com",
    "no@no.com",
    "null@null.com",
    "noemail@noemail.com",
    "no@email.com",
    "noemail@email.com",
    "email@email.com",
    "abc@abc.com",
];

/// What chat apps put behind the @ of their ids.
const CHAT_HOSTS: [&str; 3] = ["s.whatsapp.net", "c.us", "g.us"];

/// Reads an e-mail cell.
pub(crate) fn read(cell: &str) -> EmailReading {
    let text = tidy(cell);
    if text.is_empty() || says_nothing(&text) {
        return EmailReading::Empty;
    }
    if let Some(address) = address(&text) {
        let placeholder = NOBODY.iter().any(|nobody| address.as_str().eq_ignore_ascii_case(nobody));
        return if placeholder { EmailReading::Empty } else { EmailReading::One(address) };
    }
    let pieces: Vec<Cow<'_, str>> = text
        .split([',', ';', '|', '/', '\n', ' ', '\t', '\u{a0}'])
        .map(tidy)
        .filter(|piece| !piece.is_empty())
        .collect();
    // A piece that is no address by its look may be the first half of one: `john smith@example.com`.
    if pieces.iter().any(|piece| !piece.contains('@')) {
        return EmailReading::Bad;
    }
    let mut addresses: Vec<EmailAddress> = Vec::new();
    for address in pieces.iter().filter_map(|piece| address(piece)) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => EmailReading::Bad,
        false => EmailReading::Several(addresses),
    }
}

/// Takes away what surrounds an address: invisible characters, white space, quotes, `mailto:`,
/// angle brackets; full-width forms become ASCII.
fn tidy(text: &str) -> Cow<'_, str> {
    let text = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|&c| !is_invisible(c)).map(half_width).collect())
    };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(bare(text)),
        Cow::Owned(text) => Cow::Owned(bare(&text).to_owned()),
    }
}

fn bare(text: &str) -> &str {
    let mut text = text.trim().trim_matches(['"', '\'', '`', '“', '”', '‘', '’']).trim();
    // `Asha Verma <asha@example.com>`
    if let Some((_, inside)) = text.split_once('<')
        && let Some(inside) = inside.strip_suffix('>')
    {
        text = inside.trim();
    }
    if let Some(scheme) = text.get(..7)
        && scheme.eq_ignore_ascii_case("mailto:")
    {
        text = &text[7..];
        text = text.split_once('?').map_or(text, |(address, _)| address);
    }
    text.trim()
}

/// U+FF01 to U+FF5E are the printable ASCII characters in full width.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// One address under our policy: the syntax of RFC 5321 without quoted local parts, comments and
/// IP literals, and a domain that could be on the internet.
fn address(text: &str) -> Option<EmailAddress> {
    // RFC 5321, 4.5.3.1: 64 octets of local part; a path of 256 leaves 254 for the address.
    if text.len() > 254 || text.contains(['"', '(', ')', '[', ']', '<', '>', ',', ';', ' ']) {
        return None;
    }
    let (local, domain) = text.split_once('@')?;
    if local.len() > 64 || text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let domain = domain_name(domain)?;
    if CHAT_HOSTS.contains(&domain.as_str()) {
        return None;
    }
    let address = format!("{local}@{domain}");
    let options = email_address::Options::default()
        .with_required_tld()
        .without_domain_literal()
        .without_display_text();
    Syntax::parse_with_options(&address, options).ok()?;
    Some(EmailAddress::new(address))
}

/// The domain in small letters, if its name could be registered.
fn domain_name(domain: &str) -> Option<String> {
    if !domain.is_ascii() || domain.to_ascii_lowercase().contains("xn--") {
        let ascii = idna::domain_to_ascii_strict(domain).ok()?;
        is_host_name(&ascii).then_some(())?;
        // A domain that was written in its own script stays readable.
        return Some(if domain.is_ascii() { ascii } else { idna::domain_to_unicode(domain).0 });
    }
    is_host_name(domain).then(|| domain.to_ascii_lowercase())
}

/// RFC 1123, 2.1: labels of 1 to 63 letters, digits and inner hyphens; and a top level of letters
/// or `xn--`, which RFC 3696 notes that all of them are.
fn is_host_name(domain: &str) -> bool {
    let label = |label: &str| {
        matches!(label.len(), 1..=63)
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, top)) = domain.rsplit_once('.') else {
        return false;
    };
    let top_level = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        || top.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
    domain.len() <= 253 && top_level && domain.split('.').all(label)
}

/// Slips in the domains of large mail providers, and what was meant. Domains that exist and look
/// alike (`mail.com`, `ymail.com`, `gmx.com`, `email.com`) are not here.
const SLIPS: &[(&str, &str)] = &[
    ("gamil.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmail.cm", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.com.com", "gmail.com"),
    ("gmail.om", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gmial.com", "gmail.com"),
    ("gmil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("hotmai.com", "hotmail.com"),
    ("hotmail.cm", "hotmail.com"),
    ("hotmail.co", "hotmail.com"),
    ("hotmal.com", "hotmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmil.com", "hotmail.com"),
    ("iclod.com", "icloud.com"),
    ("icoud.com", "icloud.com"),
    ("outlok.com", "outlook.com"),
    ("outloo.com", "outlook.com"),
    ("yaho.com", "yahoo.com"),
    ("yahoo.cm", "yahoo.com"),
    ("yahoo.co", "yahoo.com"),
    ("yahooo.com", "yahoo.com"),
    ("yhaoo.com", "yahoo.com"),
    ("yhoo.com", "yahoo.com"),
];

/// The address that was probably meant, where the domain looks like a slip.
pub(crate) fn suggestion(address: &EmailAddress) -> Option<String> {
    let (local, domain) = address.as_str().rsplit_once('@')?;
    if let Ok(found) = SLIPS.binary_search_by(|(slip, _)| (*slip).cmp(domain)) {
        return Some(format!("{local}@{}", SLIPS[found].1));
    }
    // No top-level domain is called so, and the key next to m is n.
    let stem = domain.strip_suffix(".con").or_else(|| domain.strip_suffix(".comm"))?;
    Some(format!("{local}@{stem}.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, expected: &str) {
        let read = match read(cell) {
            EmailReading::Empty => "empty".to_owned(),
            EmailReading::Bad => "bad".to_owned(),
            EmailReading::One(address) => address.as_str().to_owned(),
            EmailReading::Several(addresses) => {
                addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(read, expected, "{cell}");
    }

    #[test]
    fn addresses_are_tidied() {
        check("Asha@EXAMPLE.com", "Asha@example.com");
        check(" <asha@example.com> ", "asha@example.com");
        check("Asha Verma <asha@example.com>", "asha@example.com");
        check("mailto:asha@example.com?subject=x", "asha@example.com");
        check("\u{200b}asha@example.com\u{200b}", "asha@example.com");
        check("ａｓｈａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "asha@example.com");
        check("asha@Bücher.example", "asha@bücher.example");
        check("asha@xn--bcher-kva.example", "asha@xn--bcher-kva.example");
        check("a.b+c@sub.example.org", "a.b+c@sub.example.org");
    }

    #[test]
    fn several_addresses_are_all_kept() {
        check("a@example.com, b@example.org", "a@example.com b@example.org");
        check("a@example.com;a@example.com", "a@example.com");
        check("a@example.com, b@bad", "a@example.com");
    }

    #[test]
    fn placeholders_are_empty() {
        for cell in ["", " ", "n/a", "none", "-", "none@none.com", "TEST@test.com"] {
            check(cell, "empty");
        }
    }

    #[test]
    fn what_could_not_be_delivered_is_bad() {
        for cell in [
            "asha",
            "john smith@example.com",
            "john,smith@example.com",
            "see a@example.com",
            "919876543210@c.us",
            "asha@",
            "@example.com",
            "asha@@example.com",
            "asha@example",
            "asha@example.",
            "asha@.example.com",
            "asha@example..com",
            ".asha@example.com",
            "asha.@example.com",
            "a..b@example.com",
            "asha@[127.0.0.1]",
            "\"a b\"@example.com",
            "asha(x)@example.com",
            "asha@-example.com",
            "asha@example.c0m",
            "asha@exa_mple.com",
            "asha@1.2.3.4",
        ] {
            check(cell, "bad");
        }
        check(&format!("{}@example.com", "a".repeat(65)), "bad");
        check(&format!("a@{}.com", "a".repeat(64)), "bad");
    }

    #[test]
    fn slips_are_suspected_and_real_look_alikes_are_not() {
        let suggested = |text: &str| suggestion(&EmailAddress::new(text));
        assert_eq!(suggested("a@gmial.com").as_deref(), Some("a@gmail.com"));
        assert_eq!(suggested("a@gmail.con").as_deref(), Some("a@gmail.com"));
        assert_eq!(suggested("a@yahoo.co").as_deref(), Some("a@yahoo.com"));
        for real in ["a@gmail.com", "a@mail.com", "a@ymail.com", "a@gmx.com", "a@email.com"] {
            assert_eq!(suggested(real), None, "{real}");
        }
        assert!(SLIPS.is_sorted_by_key(|(slip, _)| *slip));
    }
}
