//! Finding the delimiter by the beginning of a text.

use super::fields::Fields;
use crate::input::delimiter::Delimiter;
use crate::input::encoding::BYTE_ORDER_MARK;
use crate::input::options::CsvOptions;

/// The delimiter that a first line `sep=;` declares, as Excel writes it, and the line's length.
pub(super) fn declared(head: &[u8]) -> Option<(Delimiter, usize)> {
    let &delimiter = head.strip_prefix(b"sep=").or(head.strip_prefix(b"SEP="))?.first()?;
    let delimiter = Delimiter::from_byte(delimiter)?;
    let line_end = match &head[5..] {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [] => 0,
        _ => return None,
    };
    Some((delimiter, 5 + line_end))
}

/// What the beginning of a text looks like when it is read with a delimiter.
struct Fit {
    /// The number of columns.
    columns: usize,
    /// The share of the other records that have as many.
    alike: f64,
}

impl Fit {
    /// The columns are those of the first record. If hardly any other record has as many, the first one is
    /// a preamble row, and the columns are those of most records.
    fn of(head: &[u8], is_all: bool, delimiter: Delimiter) -> Option<Fit> {
        // A last record that is cut off would count as one that differs.
        let end = memchr::memrchr2(b'\n', b'\r', head).unwrap_or(0);
        let whole = if is_all { head.len() } else { end };
        let mut fields = Fields::new(delimiter, whole);
        let mut counts = Vec::new();
        let mut rest = &head[..whole];
        while counts.len() < 200 {
            let Some(read) = fields.read(rest) else { break };
            counts.push(fields.len());
            rest = &rest[read..];
        }
        let fit = |columns: usize| {
            let above = counts.iter().position(|&count| count == columns).unwrap_or(0);
            let records = &counts[above + 1..];
            let alike = records.iter().filter(|&&count| count == columns).count();
            // The rows above are not alike either.
            let others = records.len() + above;
            let alike = if others == 0 { 1.0 } else { alike as f64 / others as f64 };
            Fit { columns, alike }
        };
        let first = fit(*counts.first()?);
        if first.columns > 1 && first.alike >= 0.5 {
            return Some(first);
        }
        let often = |columns: usize| counts.iter().filter(|&&count| count == columns).count();
        let usual = counts.iter().copied().filter(|&count| count > 1);
        let usual = usual.max_by_key(|&columns| (often(columns), columns));
        Some(usual.filter(|&columns| often(columns) > 1).map_or(first, fit))
    }
}

/// The delimiter by which most records have as many fields as the header row, and at least two. Of
/// several, the one that gives the most fields.
pub(super) fn find(head: &[u8], is_all: bool) -> Delimiter {
    let mut best = (Delimiter::default(), Fit { columns: 1, alike: 0.0 });
    for delimiter in Delimiter::ALL {
        let Some(fit) = Fit::of(head, is_all, delimiter) else { continue };
        let is_better = (fit.alike, fit.columns) > (best.1.alike, best.1.columns);
        if fit.columns > 1 && (best.1.columns == 1 || is_better) {
            best = (delimiter, fit);
        }
    }
    best.0
}

/// Whether text is a table: most of its records have as many columns as its header row, or it is a
/// list of numbers.
pub(crate) fn looks_delimited(head: &[u8], is_all: bool, options: CsvOptions) -> bool {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let declared = declared(head);
    let (head, declared) = match declared {
        Some((delimiter, len)) => (&head[len..], Some(delimiter)),
        None => (head, None),
    };
    let delimiter = options.delimiter.or(declared).unwrap_or_else(|| find(head, is_all));
    let Some(fit) = Fit::of(head, is_all, delimiter) else { return false };
    if fit.columns > 1 {
        return fit.alike >= 0.5;
    }
    let digits = |line: &[u8]| line.iter().filter(|byte| byte.is_ascii_digit()).count();
    let lines =
        || head.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty()).take(50);
    2 * lines().filter(|line| digits(line) >= 7).count() > lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_by_header_and_records() {
        for (text, expected) in [
            ("Name,Phone\nA,1\n", Delimiter::Comma),
            ("Name;Phone\nA, B;1\n", Delimiter::Semicolon),
            ("Name\tPhone\nA,B\t1\n", Delimiter::Tab),
            ("Name|Phone\nA|1\n", Delimiter::Pipe),
            ("Name;City, Country;Phone\nA;B;1\n", Delimiter::Semicolon),
            ("Name,Tags;Groups,Phone\nA,x;y,1\nB,z,2\n", Delimiter::Comma),
            ("\"a;b;c\",Phone\nx,1\n", Delimiter::Comma),
            ("Phone\n1\n", Delimiter::Comma),
            ("Export of contacts, March\n\nName;Phone\nA;1\nB;2\n", Delimiter::Semicolon),
            ("Contacts\nName|Phone\nA, B|1\nB, C|2\n", Delimiter::Pipe),
            ("", Delimiter::Comma),
        ] {
            assert_eq!(find(text.as_bytes(), true), expected, "{text:?}");
        }
    }

    #[test]
    fn a_first_line_can_declare_the_delimiter() {
        assert_eq!(declared(b"sep=;\r\nName"), Some((Delimiter::Semicolon, 7)));
        assert_eq!(declared(b"sep=^\n"), Some((Delimiter::Other(b'^'), 6)));
        assert_eq!(declared(b"sep=x\n"), None);
        assert_eq!(declared(b"Name"), None);
    }

    #[test]
    fn prose_is_not_a_table() {
        let options = CsvOptions::default();
        let prose = b"Read me\n\nThese are the leads of March, exported by Meena.\nCall them, \
                      please, before Friday, or write.\nThanks\n";
        assert!(!looks_delimited(prose, true, options));
        assert!(looks_delimited(b"Name,Phone\nAsha,1\n", true, options));
        assert!(looks_delimited(b"Phone\n9876543210\n9988776655\n", true, options));
    }
}
