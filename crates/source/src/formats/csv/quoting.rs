//! Other ways of quoting: `'…'`, and quotes behind a backslash, as databases write them.
//!
//! The rest of this module knows only `"`. Text that a sample proves to be quoted in another way is
//! rewritten while it is read, line by line, so that lines keep their numbers. Without proof, an
//! apostrophe is an apostrophe and a backslash a backslash.

use std::io::{self, Read};

use super::dialect::declared;
use crate::input::delimiter::Delimiter;
use crate::input::encoding::BYTE_ORDER_MARK;

/// The number of bytes that are rewritten at once.
const CHUNK: usize = 64 << 10;

/// A way of quoting fields that is not the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quoting {
    quote: u8,
    /// Whether a backslash escapes a quote.
    has_escapes: bool,
    pub(crate) delimiter: Delimiter,
}

/// Counts in a sample that is read with a way of quoting.
#[derive(Debug, Default)]
struct Counts {
    /// The number of fields of each record.
    columns: Vec<usize>,
    /// Fields in quotes below the first record.
    wrapped: usize,
    /// Fields without quotes below the first record that hold text, and not a number or nothing.
    bare: usize,
    /// Quotes in a field behind a backslash, with neither a delimiter, nor a line end, nor another
    /// quote behind them. In the usual way of quoting they would be misread.
    escaped: usize,
    /// Doubled quotes in a field.
    doubled: usize,
    /// Fields with text behind the closing quote.
    untidy: usize,
    /// Fields that begin with the other quote.
    other: usize,
}

impl Quoting {
    /// The way in which a text with this beginning is quoted, if it is proved not to be the usual one.
    ///
    /// Quotes are `'` where nine in ten fields are in them, numbers aside, and nearly every one is closed.
    /// A backslash escapes where it stands before quotes in quoted fields, no quote is doubled, and every
    /// field is closed when it is read so.
    pub(crate) fn of(head: &[u8], is_all: bool, chosen: Option<Delimiter>) -> Option<Quoting> {
        let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
        let (declared, len) = declared(head).map_or((None, 0), |(by, len)| (Some(by), len));
        let end =
            if is_all { head.len() } else { memchr::memrchr(b'\n', head).map_or(0, |at| at + 1) };
        let head = head.get(len..end).unwrap_or_default();
        if !memchr::memchr2(b'\'', b'\\', head).is_some_and(|_| head.contains(&b'\n')) {
            return None;
        }
        let delimiters = match chosen.or(declared) {
            Some(delimiter) => vec![delimiter],
            None => Delimiter::ALL.to_vec(),
        };
        let proved = delimiters.into_iter().filter_map(|delimiter| {
            let single = |has_escapes| Quoting { quote: b'\'', has_escapes, delimiter };
            let double = Quoting { quote: b'"', has_escapes: true, delimiter };
            [single(true), single(false), double]
                .into_iter()
                .find_map(|way| Some((way.proof(head)?, way)))
        });
        // Of equals, the first.
        proved.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, way)| way)
    }

    /// How it looks, for people.
    pub(crate) const fn name(self) -> &'static str {
        match (self.quote, self.has_escapes) {
            (b'\'', false) => "'…'",
            (b'\'', true) => r"'…\'…'",
            _ => r#""…\"…""#,
        }
    }

    /// The number of columns, if the text is proved to be quoted in this way.
    fn proof(self, head: &[u8]) -> Option<usize> {
        let Counts { columns, wrapped, bare, escaped, doubled, untidy, other } = self.count(head);
        let (&first, others) = columns.split_first()?;
        let alike = others.iter().filter(|&&count| count == first).count();
        let is_table = first > 1 && alike > 0 && 10 * alike >= 9 * others.len();
        let is_proved = match self.quote {
            b'\'' => {
                // Allow for a few O'Briens.
                let is_wrapped = wrapped >= 4 && wrapped >= 9 * bare && wrapped >= 20 * untidy;
                // Without an escaped quote, a backslash is text.
                is_wrapped && other == 0 && (escaped > 0) == self.has_escapes
            }
            _ => escaped > 0 && doubled == 0 && untidy == 0,
        };
        (is_table && is_proved).then_some(first)
    }

    fn count(self, head: &[u8]) -> Counts {
        let delimiter = self.delimiter.byte();
        let ends = |byte: Option<&u8>| match byte {
            None => true,
            Some(&byte) => byte == delimiter || matches!(byte, b'\n' | b'\r'),
        };
        let mut counts = Counts::default();
        let (mut at, mut fields) = (0, 0);
        while at < head.len() {
            let start = at;
            let is_wrapped = head[at] == self.quote;
            if is_wrapped {
                at += 1;
                loop {
                    let next = head.get(at + 1);
                    match head.get(at) {
                        None => break,
                        Some(b'\\') if self.has_escapes && next.is_some() => {
                            let is_escaped = next == Some(&self.quote)
                                && !ends(head.get(at + 2))
                                && head.get(at + 2) != Some(&self.quote);
                            counts.escaped += usize::from(is_escaped);
                            at += 2;
                        }
                        Some(&byte) if byte == self.quote && next == Some(&self.quote) => {
                            counts.doubled += 1;
                            at += 2;
                        }
                        Some(&byte) if byte == self.quote => {
                            at += 1;
                            counts.untidy += usize::from(!ends(next));
                            break;
                        }
                        Some(_) => at += 1,
                    }
                }
            }
            at += head[at..].iter().position(|byte| ends(Some(byte))).unwrap_or(head.len() - at);
            let field = &head[start..at];
            fields += 1;
            if !counts.columns.is_empty() {
                counts.wrapped += usize::from(is_wrapped);
                counts.bare += usize::from(!is_wrapped && holds_text(field));
            }
            counts.other += usize::from(!is_wrapped && matches!(field.first(), Some(b'"' | b'\'')));
            match head.get(at) {
                Some(&byte) if byte == delimiter => at += 1,
                _ => {
                    counts.columns.push(fields);
                    fields = 0;
                    at += head[at..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
                }
            }
        }
        counts
    }
}

/// Whether a field without quotes holds text: it is not empty, not a number, and not a database's null.
fn holds_text(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    let is_number = field.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
    !is_number && !field.eq_ignore_ascii_case(b"null") && field != b"\\N"
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FieldStart,
    /// In a field without quotes, or behind a closing quote.
    Plain,
    Quoted,
    /// Behind a backslash between quotes.
    Escaped,
    /// Behind a quote between quotes: the closing one, or the first of two.
    QuoteInQuoted,
}

/// A reader that rewrites text that is quoted in another way, so that it is quoted in the usual way.
pub(crate) struct Requoted<R> {
    reader: R,
    quoting: Quoting,
    state: State,
    /// Whether the quoted field has a line break in it.
    is_broken: bool,
    /// Whether the last byte was a delimiter or a line end. A quote that is being looked at does not count.
    is_boundary: bool,
    text: Vec<u8>,
    /// The number of bytes of the text that were handed over.
    given: usize,
    chunk: Box<[u8]>,
    at_end: bool,
}

impl<R: Read> Requoted<R> {
    pub(crate) fn new(reader: R, quoting: Quoting) -> Self {
        Requoted {
            reader,
            quoting,
            state: State::FieldStart,
            is_broken: false,
            is_boundary: true,
            text: Vec::with_capacity(2 * CHUNK),
            given: 0,
            chunk: vec![0; CHUNK].into(),
            at_end: false,
        }
    }

    /// Rewrites the next chunk. Nothing is ready only at the end.
    fn rewrite(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() && !self.at_end {
            let count = self.reader.read(&mut self.chunk)?;
            for at in 0..count {
                self.take(self.chunk[at]);
            }
            if count == 0 {
                self.at_end = true;
                match self.state {
                    State::QuoteInQuoted => self.text.push(b'"'),
                    State::Escaped => self.text.push(b'\\'),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) {
        let is_line_end = matches!(byte, b'\n' | b'\r');
        let is_boundary = is_line_end || byte == self.quoting.delimiter.byte();
        match self.state {
            State::FieldStart if byte == self.quoting.quote => {
                self.text.push(b'"');
                self.open();
            }
            State::FieldStart | State::Plain => {
                self.text.push(byte);
                self.state = if is_boundary { State::FieldStart } else { State::Plain };
                self.is_boundary = is_boundary;
            }
            State::Quoted if byte == self.quoting.quote => self.state = State::QuoteInQuoted,
            State::Quoted if byte == b'\\' && self.quoting.has_escapes => {
                self.state = State::Escaped;
            }
            State::Quoted => self.text_of_quoted(byte, is_boundary),
            State::Escaped => {
                self.state = State::Quoted;
                if !matches!(byte, b'\\' | b'"' | b'\'' | b'\n' | b'\r') {
                    self.text.push(b'\\');
                }
                self.text_of_quoted(byte, is_line_end);
            }
            State::QuoteInQuoted if byte == self.quoting.quote => {
                self.state = State::Quoted;
                self.text_of_quoted(byte, false);
            }
            State::QuoteInQuoted if is_boundary => {
                self.text.extend([b'"', byte]);
                self.state = State::FieldStart;
                self.is_boundary = true;
            }
            State::QuoteInQuoted => {
                if self.is_broken && self.is_boundary {
                    // This quote opens a field, so the one before was never closed. The scanner finds
                    // that out by the text that follows, and goes back to the end of its line.
                    self.text.push(b'"');
                    self.open();
                    self.take(byte);
                } else if self.quoting.quote == b'\'' {
                    // O'Brien.
                    self.text.push(b'\'');
                    self.state = State::Quoted;
                    self.take(byte);
                } else {
                    self.text.extend([b'"', byte]);
                    self.state = State::Plain;
                    self.is_boundary = false;
                }
            }
        }
    }

    fn open(&mut self) {
        self.state = State::Quoted;
        self.is_broken = false;
        self.is_boundary = false;
    }

    /// Text between quotes.
    fn text_of_quoted(&mut self, byte: u8, is_boundary: bool) {
        if byte == b'"' {
            self.text.push(b'"');
        }
        self.text.push(byte);
        self.is_broken |= matches!(byte, b'\n' | b'\r');
        self.is_boundary = is_boundary;
    }
}

impl<R: Read> Read for Requoted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.rewrite()?;
        }
        let ready = &self.text[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn proved(text: &str) -> Option<(char, bool, Delimiter)> {
        let quoting = Quoting::of(text.as_bytes(), true, None)?;
        Some((char::from(quoting.quote), quoting.has_escapes, quoting.delimiter))
    }

    #[test]
    fn another_quote_is_taken_only_where_it_is_proved() {
        let comma = Delimiter::Comma;
        assert_eq!(
            proved("'id','name'\n1,'O''Brien'\n2,'A'\n3,'B'\n4,'C, D'\n"),
            Some(('\'', false, comma))
        );
        assert_eq!(
            proved("id;name\n1;'O\\'Brien'\n2;'A'\n3;'B'\n4;NULL\n5;'C'\n"),
            Some(('\'', true, Delimiter::Semicolon))
        );
        assert_eq!(proved("name,phone\n\"A \\\"AJ\\\" B\",1\n"), Some(('"', true, comma)));
        for usual in [
            "name,phone\nO'Brien,1\nD'Souza,2\n",
            "name,phone\n'Asha',1\nRavi,2\n'Om',3\nUma,4\n'X',5\n'Y',6\n",
            "Name,Phone\n'+91 98765,'+1\nA,'+2\n'=B,'+3\n'=C,'+4\n",
            "name,phone\n\"A \"\"AJ\"\" \\B\",1\n\"C:\\\",2\n",
            "name,path\nA,\"C:\\\"\nB,\"D:\\\"\n",
            "name,note\n\"A\",\"say \\\"\" so\"\n",
            "'a','b'\n",
            "",
        ] {
            assert_eq!(proved(usual), None, "{usual:?}");
        }
    }

    #[track_caller]
    fn check(quote: char, has_escapes: bool, text: &str, expected: &str) {
        let delimiter = Delimiter::Comma;
        let quoting = Quoting { quote: quote as u8, has_escapes, delimiter };
        let mut rewritten = String::new();
        Requoted::new(text.as_bytes(), quoting).read_to_string(&mut rewritten).unwrap();
        assert_eq!(rewritten, expected, "{text:?}");
    }

    #[test]
    fn text_quoted_in_another_way_is_rewritten() {
        check('\'', false, "'a','b''c','d\"e'\n1,'',x'y", "\"a\",\"b'c\",\"d\"\"e\"\n1,\"\",x'y");
        check('\'', true, "'O\\'B\\\\','\\n'\n", "\"O'B\\\",\"\\n\"\n");
        check('\'', false, "'O'Brien','1'", "\"O'Brien\",\"1\"");
        check('"', true, "\"a \\\"b\\\" \\\\\",c\\d\n", "\"a \"\"b\"\" \\\",c\\d\n");
        check('"', true, "\"a\\\nb\"\n", "\"a\nb\"\n");
    }

    #[test]
    fn a_quote_that_is_never_closed_stays_open() {
        check('\'', false, "'tis,1\n'Asha','2'\n", "\"tis,1\n\"Asha\",\"2\"\n");
        check('\'', false, "'tis,1\n2,'Asha'\n", "\"tis,1\n2,\"Asha\"\n");
    }
}
