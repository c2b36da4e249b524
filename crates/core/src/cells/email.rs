//! E-mail cells.

use std::borrow::Cow;
use std::sync::LazyLock;

use email_address::EmailAddress as Syntax;
use foldhash::HashSet;
use unicode_normalization::char::is_combining_mark;

use crate::contact::EmailAddress;
use crate::data;
use crate::explain::Notes;
use crate::recent::Recent;
use crate::text::{folded, is_invisible, says_nothing};

/// What an e-mail cell holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EmailReading<'c> {
    /// Nothing, or a placeholder.
    Empty,
    /// One address.
    One(EmailAddress<'c>),
    /// A list with at least one address in it, the first of which is the e-mail.
    Several(Vec<EmailAddress<'c>>),
    /// Something else.
    Bad,
}

impl<'c> EmailReading<'c> {
    /// The addresses, if the cell holds any.
    pub(crate) fn into_addresses(self) -> Option<Vec<EmailAddress<'c>>> {
        match self {
            EmailReading::One(address) => Some(vec![address]),
            EmailReading::Several(addresses) => Some(addresses),
            EmailReading::Empty | EmailReading::Bad => None,
        }
    }
}

/// What a row of `data/mail-domains.tsv` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowKind {
    Provider,
    LookAlike,
    Reserved,
    Nobody,
    /// A top level is a slip of this one.
    SlipOf(&'static str),
}

impl RowKind {
    pub(crate) fn of_kind(kind: &'static str) -> Option<Self> {
        Some(match kind {
            "provider" => RowKind::Provider,
            "look-alike" => RowKind::LookAlike,
            "reserved" => RowKind::Reserved,
            "nobody" => RowKind::Nobody,
            _ => RowKind::SlipOf(kind.strip_prefix("slip-of-")?),
        })
    }
}

/// The rows of `data/mail-domains.tsv`, by kind.
#[derive(Default)]
struct MailDomains {
    providers: Vec<(&'static str, Ends)>,
    look_alikes: HashSet<&'static str>,
    /// Top levels that no mail reaches.
    reserved: Vec<&'static str>,
    /// Top levels that do not exist, each with the one that was meant.
    slips: Vec<[&'static str; 2]>,
    /// Placeholders in the form of an address.
    nobody: Vec<&'static str>,
    /// Length of the longest placeholder, in bytes.
    max_nobody_bytes: usize,
}

static MAIL_DOMAINS: LazyLock<MailDomains> = LazyLock::new(|| {
    let mut all = MailDomains::default();
    for [kind, domain] in data::rows(data::MAIL_DOMAINS) {
        match RowKind::of_kind(kind) {
            Some(RowKind::Provider) => all.providers.push((domain, Ends::of(domain))),
            Some(RowKind::LookAlike) => drop(all.look_alikes.insert(domain)),
            Some(RowKind::Reserved) => all.reserved.push(domain),
            Some(RowKind::SlipOf(meant)) => all.slips.push([domain, meant]),
            Some(RowKind::Nobody) => all.nobody.push(domain),
            // A test holds that there is no other kind.
            None => {}
        }
    }
    all.max_nobody_bytes = all.nobody.iter().map(|nobody| nobody.len()).max().unwrap_or_default();
    all
});

/// What stands before an address and says that it is one, folded.
static LABELS: LazyLock<HashSet<String>> =
    LazyLock::new(|| data::words(data::HEADERS, "email").map(folded).collect());

/// RFC 5321, 4.5.3.1: 64 octets of local part; a path of 256 leaves 254 for the address.
const MAX_BYTES: usize = 254;

/// What chat apps put behind the @ of their ids.
const CHAT_HOSTS: [&str; 3] = ["s.whatsapp.net", "c.us", "g.us"];

/// Reads an e-mail cell.
pub(crate) fn read<'c>(cell: &'c str, notes: Notes<'_>) -> EmailReading<'c> {
    if let Some(address) = plain(cell) {
        notes.taken(|| address.as_str().to_owned());
        return EmailReading::One(address);
    }
    look_closer(cell, notes)
}

/// The address of a cell that holds nothing else: ASCII letters, digits and the signs that nearly
/// all addresses are made of. [`look_closer`] gives the same.
fn plain(cell: &str) -> Option<EmailAddress<'_>> {
    let at = cell.bytes().position(|byte| byte == b'@').filter(|_| cell.len() <= MAX_BYTES)?;
    let (local, domain) = (cell.get(..at)?, cell.get(at + 1..)?);
    let is_sound =
        matches!(local.len(), 1..=64) && is_plain_local_part(local) && domain.len() <= 253;
    let PlainDomain { is_lower, top_level } = PlainDomain::of(domain).filter(|_| is_sound)?;
    if stands_for_none(cell) || is_chat_host(domain) || is_reserved(&domain[top_level..]) {
        return None;
    }
    if is_lower {
        return Some(EmailAddress::new(cell));
    }
    let mut address = String::with_capacity(cell.len());
    address.push_str(local);
    address.push('@');
    address.extend(domain.chars().map(|c| c.to_ascii_lowercase()));
    Some(EmailAddress::new(address))
}

/// Letters, digits and the signs that nearly all local parts are made of; dots only between them.
fn is_plain_local_part(local: &str) -> bool {
    let mut previous = b'.';
    for byte in local.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'+' => {}
            b'.' if previous != b'.' => {}
            _ => return false,
        }
        previous = byte;
    }
    previous != b'.'
}

/// A domain that [`is_host_name`], without two hyphens in a row: those mark Punycode and labels that
/// look like it.
struct PlainDomain {
    is_lower: bool,
    /// Where the top level begins.
    top_level: usize,
}

impl PlainDomain {
    fn of(domain: &str) -> Option<Self> {
        let (mut previous, mut label, mut is_lower) = (b'.', 0, true);
        // Whether the label has letters alone.
        let (mut is_alphabetic, mut labels) = (true, 1);
        for byte in domain.bytes() {
            label += 1;
            match byte {
                b'a'..=b'z' => {}
                b'A'..=b'Z' => is_lower = false,
                b'0'..=b'9' => is_alphabetic = false,
                b'-' if !matches!(previous, b'-' | b'.') => is_alphabetic = false,
                b'.' if !matches!(previous, b'-' | b'.') => {
                    (label, is_alphabetic) = (0, true);
                    labels += 1;
                }
                _ => return None,
            }
            if label > 63 {
                return None;
            }
            previous = byte;
        }
        (label >= 2 && labels >= 2 && is_alphabetic)
            .then_some(PlainDomain { is_lower, top_level: domain.len() - label })
    }
}

fn stands_for_none(address: &str) -> bool {
    let MailDomains { nobody, max_nobody_bytes, .. } = &*MAIL_DOMAINS;
    // Most addresses are longer than all of them.
    address.len() <= *max_nobody_bytes
        && nobody.iter().any(|nobody| address.eq_ignore_ascii_case(nobody))
}

fn is_chat_host(domain: &str) -> bool {
    CHAT_HOSTS.iter().any(|host| domain.eq_ignore_ascii_case(host))
}

/// Whether no mail reaches the domain: its top level is reserved, and it is no example.
fn is_out_of_reach(domain: &str) -> bool {
    let Some((below, top)) = domain.rsplit_once('.') else { return false };
    let example = below.rsplit('.').next().unwrap_or_default();
    is_reserved(top) && !example.eq_ignore_ascii_case("example")
}

fn is_reserved(top_level: &str) -> bool {
    // All of them have four letters or more, and most top levels fewer.
    top_level.len() > 3
        && MAIL_DOMAINS.reserved.iter().any(|reserved| top_level.eq_ignore_ascii_case(reserved))
}

#[cold]
fn look_closer(cell: &str, notes: Notes<'_>) -> EmailReading<'static> {
    let text = tidy(cell);
    if text != cell {
        notes.seen(|| format!("without what surrounds it: {text}"));
    }
    if text.is_empty() || says_nothing(&text) {
        notes.refused(|| "it says that there is no value".into());
        return EmailReading::Empty;
    }
    if let Ok(address) = address(&text, notes) {
        if stands_for_none(address.as_str()) {
            notes.refused(|| "an address that stands for none".into());
            return EmailReading::Empty;
        }
        return EmailReading::One(address);
    }
    let pieces = pieces(&text);
    match &pieces[..] {
        [] => {
            notes.refused(|| "it says that there is no value".into());
            return EmailReading::Empty;
        }
        [piece] if *piece == text => return EmailReading::Bad,
        // A piece that is no address by its look may be the first half of one: `john smith@example.com`.
        pieces if pieces.iter().any(|piece| !piece.contains('@')) => return EmailReading::Bad,
        pieces => notes.seen(|| format!("{} values in one cell", pieces.len())),
    }
    let mut addresses: Vec<EmailAddress> = Vec::new();
    for address in pieces.iter().filter_map(|piece| address(piece, notes).ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match (pieces.len(), addresses.pop()) {
        (_, None) => EmailReading::Bad,
        (1, Some(address)) => EmailReading::One(address),
        (_, Some(last)) => {
            addresses.push(last);
            EmailReading::Several(addresses)
        }
    }
}

/// The pieces of a list that is tidy, without those that say nothing: placeholders and labels.
fn pieces(text: &str) -> Vec<Cow<'_, str>> {
    // Most texts that are no address are no list either.
    match text.contains([':', ',', ';', '|', '\n', '<', ' ', '\t', '\u{a0}', '/']) {
        true => parted(text),
        false => {
            Some(Cow::Borrowed(text)).into_iter().filter(|piece| says_something(piece)).collect()
        }
    }
}

fn says_something(piece: &str) -> bool {
    !(piece.is_empty() || says_nothing(piece) || stands_for_none(piece) || is_label(piece))
}

fn parted(text: &str) -> Vec<Cow<'_, str>> {
    let parts: Vec<&str> = match in_angle_brackets(text) {
        Some(addresses) => addresses,
        None => text.split(":::").flat_map(|part| part.split([',', ';', '|', '\n'])).collect(),
    };
    let parts = parts.into_iter().map(tidy).filter(|piece| says_something(piece));
    // Only then, as there are placeholders of several words and with a slash.
    let words = parts.flat_map(|part| {
        let words =
            part.split([' ', '\t', '\u{a0}']).map(tidy).filter(|piece| says_something(piece));
        let pieces = words.flat_map(|word| word.split('/').map(owned).collect::<Vec<_>>());
        pieces.filter(|piece| says_something(piece)).collect::<Vec<_>>()
    });
    words.collect()
}

fn owned(piece: &str) -> Cow<'static, str> {
    Cow::Owned(tidy(piece).into_owned())
}

/// What stands in angle brackets, if there are several and no address outside:
/// `"Verma, Asha" <a@example.com>, Ravi <r@example.com>`.
fn in_angle_brackets(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        let (inside, behind) = behind.split_once('>')?;
        (!before.contains('@')).then_some(())?;
        found.push(inside);
        rest = behind;
    }
    (found.len() > 1 && !rest.contains('@')).then_some(found)
}

fn is_label(text: &str) -> bool {
    !text.contains('@') && LABELS.contains(&folded(text))
}

/// Takes away what surrounds an address: invisible characters, white space, quotes, labels, `mailto:`,
/// brackets, separators at the end; full-width forms become ASCII.
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
    let mut text = text;
    loop {
        let less = without_layer(text);
        if less.len() == text.len() {
            return text;
        }
        text = less;
    }
}

/// Without one layer of what surrounds an address.
fn without_layer(text: &str) -> &str {
    let quotes = ['"', '\'', '`', '“', '”', '‘', '’', '«', '»'];
    let text = text.trim().trim_matches(quotes).trim_end_matches([';', ',']).trim();
    // One dot ends a sentence; several say that something was cut off.
    let text = text.strip_suffix('.').filter(|text| !text.ends_with('.')).unwrap_or(text);
    // `["asha@example.com"]`
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return inside;
    }
    // `Asha Verma <asha@example.com>`
    if let Some((_, inside)) = text.split_once('<')
        && let Some(inside) = inside.strip_suffix('>')
        && !inside.contains(['<', '>'])
    {
        return inside;
    }
    let Some((label, rest)) = text.split_once(':') else { return text };
    if label.trim().eq_ignore_ascii_case("mailto") {
        return rest.split_once('?').map_or(rest, |(address, _)| address);
    }
    if is_label(label) { rest } else { text }
}

/// U+FF01 to U+FF5E are the printable ASCII characters in full width.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// One address under our policy, or what is against it: the syntax of RFC 5321 without quoted local
/// parts, comments and IP literals, and a domain that could be on the internet.
fn address(text: &str, notes: Notes<'_>) -> Result<EmailAddress<'static>, &'static str> {
    let read = policy(text);
    match &read {
        Ok(address) => notes.taken(|| address.as_str().to_owned()),
        Err(why) => notes.refused(|| format!("{text}: {why}")),
    }
    read
}

fn policy(text: &str) -> Result<EmailAddress<'static>, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._-+".contains(&byte);
    if !text.bytes().all(is_plain) {
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err("white space or control characters inside");
        }
        if text.contains('\u{fffd}') {
            return Err("a character was lost before it came here");
        }
        // U+037E is another semicolon.
        if text.contains(['"', '(', ')', '[', ']', '<', '>', ',', ';', '\u{37e}']) {
            return Err("quotes, comments and lists are not taken");
        }
    }
    let (local, domain) = text.split_once('@').ok_or("no @")?;
    if local.len() > 64 {
        return Err("more than 64 bytes before the @");
    }
    if local.starts_with(is_combining_mark) {
        return Err("it begins with an accent that belongs to no letter");
    }
    let DomainName { shown, ascii } = DomainName::read(domain).ok_or("no such domain can exist")?;
    if local.len() + 1 + ascii.len() > MAX_BYTES {
        return Err("more than 254 bytes");
    }
    if is_chat_host(&ascii) {
        return Err("the id of a chat app");
    }
    if is_out_of_reach(&ascii) {
        return Err("a domain that no mail reaches");
    }
    // RFC 6531, 3.3: what is not ASCII may stand where letters may.
    let letters: String = local.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    if !Syntax::is_valid_local_part(&letters) {
        return Err("dots or characters that an address cannot have there");
    }
    Ok(EmailAddress::new(format!("{local}@{shown}")))
}

/// A domain whose name could be registered.
struct DomainName {
    /// In lower case; one that was written in its own script stays readable.
    shown: String,
    /// In lower case, as a server is asked for it.
    ascii: String,
}

impl DomainName {
    fn read(domain: &str) -> Option<Self> {
        let is_puny = |label: &[u8]| label.eq_ignore_ascii_case(b"xn--");
        if domain.is_ascii() && !domain.as_bytes().windows(4).any(is_puny) {
            let shown = is_host_name(domain).then(|| domain.to_ascii_lowercase())?;
            return Some(DomainName { ascii: shown.clone(), shown });
        }
        let ascii = idna::domain_to_ascii_strict(domain).ok()?;
        is_host_name(&ascii).then_some(())?;
        let shown = match domain.is_ascii() {
            true => ascii.clone(),
            false => idna::domain_to_unicode(domain).0,
        };
        Some(DomainName { shown, ascii })
    }
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

/// The address that was probably meant, where the domain looks like a slip: a provider's with one
/// letter wrong, missing, doubled or swapped with the next, or a top level that does not exist, or
/// both.
pub(crate) fn suggestion(address: &EmailAddress<'_>) -> Option<String> {
    thread_local! {
        static IS_MEANT: Recent<bool> = const { Recent::new() };
    }
    let domain = address.domain();
    if IS_MEANT.with(|recent| recent.value_of(domain, |domain| domain_meant(domain).is_none())) {
        return None;
    }
    let local_part = address.as_str().strip_suffix(domain)?;
    Some(format!("{local_part}{}", domain_meant(domain)?))
}

fn domain_meant(domain: &str) -> Option<Cow<'static, str>> {
    let Some(real) = with_real_top_level(domain) else {
        return provider_meant(domain).map(Cow::Borrowed);
    };
    Some(provider_meant(&real).map_or(Cow::Owned(real), Cow::Borrowed))
}

/// The domain of a provider that this one is a slip of.
fn provider_meant(domain: &str) -> Option<&'static str> {
    let MailDomains { providers, look_alikes, .. } = &*MAIL_DOMAINS;
    let ends = Ends::of(domain);
    let mut slip = None;
    for &(provider, _) in providers.iter().filter(|(_, meant)| meant.is_near(ends)) {
        if provider == domain {
            return None;
        }
        if slip.is_none() && is_one_slip(provider, domain) {
            slip = Some(provider);
        }
    }
    slip.filter(|_| !look_alikes.contains(domain))
}

/// The domain with the top level that was meant, where its own does not exist.
fn with_real_top_level(domain: &str) -> Option<String> {
    if let Some(stem) = domain.strip_suffix(".com") {
        return stem.ends_with(".com").then(|| stem.to_owned());
    }
    let dot = domain.bytes().rposition(|byte| byte == b'.')?;
    let (stem, top) = (&domain[..dot], &domain[dot + 1..]);
    let [_, meant] = MAIL_DOMAINS.slips.iter().find(|[slip, _]| *slip == top)?;
    Some(format!("{stem}.{meant}"))
}

/// The first three letters of a domain and the last five, which rule out nearly all domains at once: a
/// slip changes two neighbours at most, and providers have at least nine letters.
#[derive(Clone, Copy)]
struct Ends {
    first: u32,
    last: u64,
}

impl Ends {
    fn of(domain: &str) -> Self {
        let bytes = domain.as_bytes();
        let [a, b, c] = bytes.first_chunk().copied().unwrap_or_default();
        let [d, e, f, g, h] = bytes.last_chunk().copied().unwrap_or_default();
        let last = u64::from_le_bytes([d, e, f, g, h, 0, 0, 0]);
        Ends { first: u32::from_le_bytes([a, b, c, 0]), last }
    }

    const fn is_near(self, typed: Ends) -> bool {
        self.first == typed.first || self.last == typed.last
    }
}

/// Whether one letter more, fewer or other, or two neighbours swapped, make one of the other.
fn is_one_slip(meant: &str, typed: &str) -> bool {
    if meant.len().abs_diff(typed.len()) > 1 {
        return false;
    }
    let (meant, typed) = (meant.as_bytes(), typed.as_bytes());
    let same = meant.iter().zip(typed).take_while(|(meant, typed)| meant == typed).count();
    let (meant, typed) = (&meant[same..], &typed[same..]);
    let same = meant.iter().rev().zip(typed.iter().rev()).take_while(|(m, t)| m == t).count();
    match (&meant[..meant.len() - same], &typed[..typed.len() - same]) {
        ([_] | [], [_] | []) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_plain_cell_is_read_as_the_closer_look_reads_it(
            cell in r"[a-zA-Z0-9.+_-]{0,8}@[a-zA-Z0-9.-]{0,8}[.](com|c0m|net|whatsapp.net|x)",
        ) {
            if let Some(address) = plain(&cell) {
                prop_assert_eq!(look_closer(&cell, Notes::default()), EmailReading::One(address));
            }
        }

        #[test]
        fn a_text_that_is_no_list_is_its_one_piece(
            cell in "[ab@.,:;|< \\t\u{a0}'\"“’Ａ．＠\u{200b}\\[\\]>/-]{0,8}|a:::b?|none|null|nil|e-?mail|(nobody|none)@none[.]com",
        ) {
            let text = tidy(&cell);
            prop_assert_eq!(pieces(&text), parted(&text));
        }
    }

    #[test]
    fn one_slip_anywhere_is_seen() {
        for (meant, ends) in &MAIL_DOMAINS.providers {
            for at in 0..meant.len() {
                let (before, after) = meant.split_at(at);
                let mut swapped = meant.as_bytes().to_vec();
                swapped.swap(at, (at + 1).min(meant.len() - 1));
                let swapped = String::from_utf8(swapped).unwrap();
                for typed in [
                    format!("{before}{}", &after[1..]),
                    format!("{before}z{}", &after[1..]),
                    format!("{before}z{after}"),
                    format!("{before}{}{after}", &after[..1]),
                    swapped,
                ] {
                    assert!(
                        is_one_slip(meant, &typed) && ends.is_near(Ends::of(&typed)),
                        "{typed}"
                    );
                }
            }
            assert!(is_one_slip(meant, &format!("{meant}z")), "{meant}");
        }
    }

    #[test]
    fn every_reserved_top_level_is_seen() {
        assert!(MAIL_DOMAINS.reserved.iter().all(|top_level| is_reserved(top_level)));
    }

    #[test]
    fn every_look_alike_would_be_taken_for_a_slip() {
        for domain in &MAIL_DOMAINS.look_alikes {
            assert!(
                MAIL_DOMAINS.providers.iter().any(|(provider, _)| is_one_slip(provider, domain)),
                "{domain}"
            );
        }
    }
}
