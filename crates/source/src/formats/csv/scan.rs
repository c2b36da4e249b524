//! Finding where records end, without parsing them.

use memchr::{memchr, memchr2, memrchr2};

use crate::input::delimiter::Delimiter;

/// Where a scan has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanStop {
    /// The end of the bytes.
    BytesEnd,
    /// The end of a record. The next one begins at this byte.
    RecordEnd(u64),
    /// A quote that is never closed: the next quote does not close it.
    Unterminated(OpenQuote),
}

/// A quote that is never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenQuote {
    /// Its offset.
    pub(super) opened_at: u64,
    /// Where the line behind it begins.
    pub(super) line_end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a field, where a quote opens a quoted field.
    FieldStart,
    /// In a field without quotes, or behind a closed quote.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote between quotes: the closing one, or the first of two.
    QuoteInQuoted,
}

/// Scans bytes that come in any number of parts, and keeps track of quotes. Positions are offsets in the
/// input.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    delimiter: u8,
    state: State,
    position: u64,
    record_start: u64,
    opened_at: u64,
    /// The offset behind the first line end since `opened_at`.
    line_end: Option<u64>,
}

impl Scanner {
    /// A scanner at the beginning of a record.
    pub(super) const fn new(position: u64, delimiter: Delimiter) -> Self {
        Scanner {
            delimiter: delimiter.byte(),
            state: State::FieldStart,
            position,
            record_start: position,
            opened_at: 0,
            line_end: None,
        }
    }

    /// The first byte that is not scanned yet.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Where the current record begins.
    pub(super) const fn record_start(&self) -> u64 {
        self.record_start
    }

    /// The open quote, if there is one.
    pub(super) fn open_quote(&self) -> Option<u64> {
        (self.state == State::Quoted).then_some(self.opened_at)
    }

    /// The open quote, which is never closed once the input has ended.
    pub(super) fn unterminated(&self) -> Option<OpenQuote> {
        let opened_at = self.open_quote()?;
        Some(OpenQuote { opened_at, line_end: self.line_end.unwrap_or(self.position) })
    }

    /// Scans to the end of the bytes.
    pub(super) fn scan_all(&mut self, bytes: &[u8]) -> ScanStop {
        self.scan(bytes, false)
    }

    /// Scans to the end of the record.
    pub(super) fn scan_record(&mut self, bytes: &[u8]) -> ScanStop {
        self.scan(bytes, true)
    }

    fn scan(&mut self, bytes: &[u8], stop_at_record_end: bool) -> ScanStop {
        let base = self.position;
        let at = |index: usize| base + index as u64;
        let mut index = 0;
        while index < bytes.len() {
            match self.state {
                State::FieldStart | State::Plain => {
                    // Up to the next quote every line end is the end of a record.
                    let quote = memchr(b'"', &bytes[index..]).map(|found| index + found);
                    let region = &bytes[index..quote.unwrap_or(bytes.len())];
                    if stop_at_record_end && let Some(end) = memchr2(b'\n', b'\r', region) {
                        let end = index + end;
                        let is_pair = bytes[end..].starts_with(b"\r\n");
                        self.end_record(at(end + 1 + usize::from(is_pair)));
                        return ScanStop::RecordEnd(self.record_start);
                    }
                    if let Some(end) = memrchr2(b'\n', b'\r', region) {
                        self.end_record(at(index + end + 1));
                    }
                    if let Some(&last) = region.last() {
                        self.state = if matches!(last, b'\n' | b'\r') || last == self.delimiter {
                            State::FieldStart
                        } else {
                            State::Plain
                        };
                    }
                    let Some(quote) = quote else { break };
                    if self.state == State::FieldStart {
                        self.state = State::Quoted;
                        self.opened_at = at(quote);
                        self.line_end = None;
                    }
                    index = quote + 1;
                }
                State::Quoted => {
                    let quote = memchr(b'"', &bytes[index..]).map(|found| index + found);
                    let region = &bytes[index..quote.unwrap_or(bytes.len())];
                    if self.line_end.is_none()
                        && let Some(end) = memchr2(b'\n', b'\r', region)
                    {
                        let end = index + end;
                        let is_pair = bytes[end..].starts_with(b"\r\n");
                        self.line_end = Some(at(end + 1 + usize::from(is_pair)));
                    }
                    let Some(quote) = quote else { break };
                    self.state = State::QuoteInQuoted;
                    index = quote + 1;
                }
                State::QuoteInQuoted => {
                    match bytes[index] {
                        b'"' => self.state = State::Quoted,
                        // The next turn takes it as a line end.
                        b'\n' | b'\r' => {
                            self.state = State::Plain;
                            continue;
                        }
                        byte if byte == self.delimiter => self.state = State::FieldStart,
                        _ => {
                            if let Some(line_end) = self.line_end {
                                self.position = at(index);
                                let opened_at = self.opened_at;
                                return ScanStop::Unterminated(OpenQuote { opened_at, line_end });
                            }
                            self.state = State::Plain;
                        }
                    }
                    index += 1;
                }
            }
        }
        self.position = at(bytes.len());
        ScanStop::BytesEnd
    }

    fn end_record(&mut self, next: u64) {
        self.record_start = next;
        self.position = next;
        self.state = State::FieldStart;
    }
}

/// The number of line ends: `\n`, `\r\n` and a lone `\r` are one each.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    let lone_returns =
        memchr::memchr_iter(b'\r', bytes).filter(|&at| bytes.get(at + 1) != Some(&b'\n')).count();
    (feeds + lone_returns) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, found: ScanStop, record_start: u64) {
        let mut scanner = Scanner::new(0, Delimiter::Comma);
        assert_eq!(scanner.scan_all(text.as_bytes()), found);
        assert_eq!(scanner.record_start(), record_start);
        // The same in parts of one byte.
        let mut scanner = Scanner::new(0, Delimiter::Comma);
        let mut stepwise = ScanStop::BytesEnd;
        for byte in text.as_bytes() {
            stepwise = scanner.scan_all(std::slice::from_ref(byte));
            if stepwise != ScanStop::BytesEnd {
                break;
            }
        }
        assert_eq!((stepwise, scanner.record_start()), (found, record_start));
    }

    #[test]
    fn records_end_where_lines_end_outside_quotes() {
        check("a,b\nc", ScanStop::BytesEnd, 4);
        check("a,\"b\nc\"\nd", ScanStop::BytesEnd, 8);
        check("a,\"b\"\"\nc\"\r\nd", ScanStop::BytesEnd, 11);
        check("a\"b\nc\"d\n", ScanStop::BytesEnd, 8);
        check("\"a\"b\nc", ScanStop::BytesEnd, 5);
    }

    #[test]
    fn carriage_return_and_line_feed_are_one_line_end() {
        let scan = |text: &str| Scanner::new(0, Delimiter::Comma).scan_record(text.as_bytes());
        assert_eq!(scan("a,b\r\nc"), ScanStop::RecordEnd(5));
        assert_eq!(scan("a,b\rc"), ScanStop::RecordEnd(4));
        let quote = OpenQuote { opened_at: 0, line_end: 4 };
        assert_eq!(scan("\"a\r\nb\"c"), ScanStop::Unterminated(quote));
    }

    #[test]
    fn a_quote_closed_in_the_middle_of_a_later_line_is_never_closed() {
        let quote = OpenQuote { opened_at: 2, line_end: 5 };
        check("a,\"b\nc,\"d\",e\n", ScanStop::Unterminated(quote), 0);
    }

    #[test]
    fn line_ends_of_all_kinds_are_counted_once() {
        assert_eq!(line_ends(b"a\nb\r\nc\rd\r"), 4);
    }
}
