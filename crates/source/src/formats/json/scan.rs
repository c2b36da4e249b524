//! Finding where the records of JSON text begin and end, without parsing them.
//!
//! A record is an element of a list at the top, or a value at the top that is not a list: so an array of
//! objects, objects one after the other (one a line or not), and lists one after the other are all read.
//! Where the first record is a list of cells, records are lists: the elements of a
//! list at the top, or lists one after the other. Nesting is counted and not followed, so that its
//! depth costs no memory.

/// A record that a scan has found, by its place in the bytes that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScannedRecord {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is closed, and not given up.
    pub(super) is_closed: bool,
}

/// Keys of objects that are not records but hold the list of records, as in answers of APIs.
const WRAPPERS: [&[u8]; 51] = [
    b"_embedded",
    b"accounts",
    b"applicants",
    b"attendees",
    b"audience",
    b"body",
    b"candidates",
    b"clients",
    b"connections",
    b"contacts",
    b"content",
    b"customers",
    b"data",
    b"docs",
    b"documents",
    b"donors",
    b"edges",
    b"elements",
    b"employees",
    b"entities",
    b"entries",
    b"guests",
    b"hits",
    b"items",
    b"leads",
    b"list",
    b"members",
    b"nodes",
    b"objects",
    b"orders",
    b"participants",
    b"patients",
    b"payload",
    b"people",
    b"persons",
    b"profiles",
    b"prospects",
    b"recipients",
    b"records",
    b"registrations",
    b"response",
    b"responses",
    b"result",
    b"results",
    b"rows",
    b"students",
    b"submissions",
    b"subscribers",
    b"users",
    b"value",
    b"values",
];

/// Where the scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between records.
    Between,
    /// In a string of an object that wraps the list of records: a key, or a value.
    Key { is_escaped: bool },
    /// In a value of such an object that is not the list of records. `depth` counts its open brackets.
    Skipped { depth: u64, in_string: bool, is_escaped: bool },
    /// In a record that is an object or a list. `depth` counts its open brackets.
    Nested { depth: u64, in_string: bool },
    /// In a record that is something else: a string, a number, text that is not JSON.
    Bare { in_string: bool },
}

/// Scans JSON text. The bytes given to it begin where the last record ended, or where the current record
/// begins.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    state: State,
    /// The byte that a record begins with.
    opening: u8,
    /// Whether lists at the top are records.
    lists_are_records: bool,
    /// Whether the scan is in a list at the top.
    in_list: bool,
    /// The index of the next byte to scan.
    at: usize,
    /// The index of the first byte of the current record.
    start: usize,
    /// White space between the beginning of the line and the current record; `None` when something else
    /// stands there.
    indent: Option<Vec<u8>>,
    /// The beginning of the current line, as long as it has only white space.
    blank_line: Option<usize>,
    /// Whether each record is on a line of its own, once that is known.
    is_one_a_line: Option<bool>,
    has_line_break: bool,
    /// The number of open objects that wrap the list of records.
    wrapped: u32,
    /// The last string in such an object, up to a length that is enough for a key.
    key: Vec<u8>,
}

impl Scanner {
    pub(super) const fn new() -> Self {
        Scanner {
            state: State::Between,
            opening: b'{',
            lists_are_records: false,
            in_list: false,
            at: 0,
            start: 0,
            indent: None,
            blank_line: Some(0),
            is_one_a_line: None,
            has_line_break: false,
            wrapped: 0,
            key: Vec::new(),
        }
    }

    /// A scanner for text that begins with `head`. Where that is an object that wraps a list of
    /// records, such as `{"data": [{…}, …]}`, the scanner finds the records of that list.
    pub(super) fn of(head: &[u8], is_all: bool) -> Self {
        let mut scanner = Scanner::new();
        let text = head.trim_ascii_start();
        if let Some(list) = text.strip_prefix(b"[") {
            if begins_with_a_row(list) {
                scanner.opening = b'[';
            } else if is_row(text) {
                (scanner.opening, scanner.lists_are_records) = (b'[', true);
            }
            return scanner;
        }
        if !text.starts_with(b"{") {
            return scanner;
        }
        scanner.wrapped = 1;
        scanner.at = head.iter().position(|&byte| byte == b'{').map_or(0, |at| at + 1);
        let mut wrapping = scanner.clone();
        let wraps = loop {
            if wrapping.in_list || wrapping.wrapped == 0 || wrapping.at >= head.len() {
                let list = &head[wrapping.at..];
                if wrapping.in_list && begins_with_a_row(list) {
                    scanner.opening = b'[';
                }
                break wrapping.in_list && list.trim_ascii_start().starts_with(&[scanner.opening]);
            }
            let byte = head[wrapping.at];
            wrapping.step_outside(byte);
        };
        // If more follows, then objects stand one after the other, and this is the first record.
        let mut plain = Scanner::new();
        let first = plain.scan(head, is_all);
        let is_first = first.is_some_and(|first| !head[first.end..].trim_ascii().is_empty());
        if wraps && !is_first { scanner } else { Scanner::new() }
    }

    /// A scanner of what stands behind an object, where objects stand one a line.
    pub(super) fn between_lines() -> Self {
        Scanner { is_one_a_line: Some(true), blank_line: None, ..Scanner::new() }
    }

    /// Whether [`between_lines`](Scanner::between_lines) would find the same records from here on.
    pub(super) fn is_between_lines(&self) -> bool {
        self.state == State::Between
            && !self.is_in_list()
            && !self.holds_rows()
            && self.is_one_a_line == Some(true)
            && self.blank_line.is_none()
    }

    /// Whether records are lists of cells.
    pub(super) const fn holds_rows(&self) -> bool {
        self.opening == b'['
    }

    /// Where the current record begins; between records, where the next one can begin.
    pub(super) fn record_start(&self) -> usize {
        match self.state {
            State::Between => self.blank_line.unwrap_or(self.at),
            State::Key { .. } | State::Skipped { .. } => self.at,
            State::Nested { .. } | State::Bare { .. } => self.start,
        }
    }

    /// The index of the next byte to scan.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// Whether the scan is in a list, or in an object that wraps one.
    pub(super) const fn is_in_list(&self) -> bool {
        self.in_list || self.wrapped > 0
    }

    /// Whether the scan is in a record.
    pub(super) fn is_in_record(&self) -> bool {
        matches!(self.state, State::Nested { .. } | State::Bare { .. })
    }

    /// Shifts all places, as the first `count` bytes are gone.
    pub(super) fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_sub(count);
        self.start = self.start.saturating_sub(count);
        self.blank_line = self.blank_line.and_then(|start| start.checked_sub(count));
    }

    /// Scans to the end of the next record, or of the bytes. `is_all` says that nothing follows the
    /// bytes.
    pub(super) fn scan(&mut self, bytes: &[u8], is_all: bool) -> Option<ScannedRecord> {
        // The bytes behind a line feed show whether the next record begins there.
        let needed =
            if is_all { 0 } else { self.indent.as_ref().map_or(0, |indent| indent.len() + 1) };
        while let Some(&byte) = bytes.get(self.at) {
            match self.state {
                State::Key { .. } | State::Skipped { .. } => self.step_outside(byte),
                State::Between if self.wrapped > 0 && !self.in_list => self.step_outside(byte),
                State::Between => self.between(byte, bytes),
                State::Nested { in_string: true, .. } | State::Bare { in_string: true } => {
                    if !self.string(bytes, needed) {
                        return None;
                    }
                    if bytes[self.at - 1] == b'\n' && self.is_next_record(&bytes[self.at..]) {
                        return Some(self.end(self.at, false));
                    }
                }
                State::Nested { .. } if byte == b'\n' && bytes.len() - self.at <= needed => {
                    return None;
                }
                State::Nested { depth, .. } => {
                    self.at += 1;
                    match byte {
                        b'"' => self.state = State::Nested { depth, in_string: true },
                        b'{' | b'[' => {
                            self.state = State::Nested { depth: depth + 1, in_string: false };
                        }
                        b'}' | b']' if depth == 1 => return Some(self.end(self.at, true)),
                        b'}' | b']' => {
                            self.state = State::Nested { depth: depth - 1, in_string: false };
                        }
                        b'\n' => {
                            self.has_line_break = true;
                            let cut_short = self.is_one_a_line == Some(true);
                            if cut_short && self.is_next_record(&bytes[self.at..]) {
                                return Some(self.end(self.at, false));
                            }
                        }
                        _ => {}
                    }
                }
                State::Bare { .. } => match byte {
                    b'\n' | b'{' => return Some(self.end(self.at, true)),
                    b',' | b']' if self.in_list => return Some(self.end(self.at, true)),
                    b'"' => {
                        self.at += 1;
                        self.state = State::Bare { in_string: true };
                    }
                    _ => self.at += 1,
                },
            }
        }
        None
    }

    /// Moves on by one byte in an object that wraps a list of records, outside that list.
    fn step_outside(&mut self, byte: u8) {
        self.at += 1;
        self.blank_line = if byte == b'\n' { Some(self.at) } else { None };
        let is_wrapper = WRAPPERS.iter().any(|key| self.key.eq_ignore_ascii_case(key));
        match &mut self.state {
            State::Key { is_escaped } if *is_escaped => *is_escaped = false,
            State::Key { is_escaped } => match byte {
                b'"' => self.state = State::Between,
                b'\\' => *is_escaped = true,
                // The keys above are shorter.
                _ if self.key.len() < 32 => self.key.push(byte),
                _ => {}
            },
            State::Skipped { is_escaped, .. } if *is_escaped => *is_escaped = false,
            State::Skipped { in_string, is_escaped, .. } if *in_string => match byte {
                b'"' => *in_string = false,
                b'\\' => *is_escaped = true,
                _ => {}
            },
            State::Skipped { depth, in_string, .. } => match byte {
                b'"' => *in_string = true,
                b'{' | b'[' => *depth += 1,
                b'}' | b']' if *depth == 1 => self.state = State::Between,
                b'}' | b']' => *depth -= 1,
                _ => {}
            },
            _ => match byte {
                b'"' => {
                    self.key.clear();
                    self.state = State::Key { is_escaped: false };
                }
                b'[' if is_wrapper => self.in_list = true,
                b'{' if is_wrapper => {
                    self.wrapped += 1;
                    self.key.clear();
                }
                b'[' | b'{' => {
                    self.state = State::Skipped { depth: 1, in_string: false, is_escaped: false };
                }
                b'}' => self.wrapped -= 1,
                b',' => self.key.clear(),
                _ => {}
            },
        }
    }

    fn between(&mut self, byte: u8, bytes: &[u8]) {
        let blank_line = match byte {
            b' ' | b'\t' | b'\r' => self.blank_line,
            _ => self.blank_line.take(),
        };
        match byte {
            b'\n' => {
                self.at += 1;
                self.blank_line = Some(self.at);
            }
            b' ' | b'\t' | b'\r' | b',' => self.at += 1,
            b'[' if !self.in_list && !self.lists_are_records => {
                self.in_list = true;
                self.at += 1;
            }
            b']' if self.in_list => {
                self.in_list = false;
                self.at += 1;
            }
            _ => {
                self.start = self.at;
                self.indent = blank_line.map(|line| bytes[line..self.at].to_vec());
                self.has_line_break = false;
                self.state = match byte {
                    b'{' | b'[' => State::Nested { depth: 0, in_string: false },
                    _ => State::Bare { in_string: false },
                };
                if !matches!(byte, b'{' | b'[' | b'"') {
                    self.at += 1;
                }
            }
        }
    }

    /// Skips the rest of a string, to behind its quote or behind a line feed, which a string of JSON
    /// cannot hold. Returns `false` when the bytes end before.
    fn string(&mut self, bytes: &[u8], needed: usize) -> bool {
        loop {
            let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', &bytes[self.at..]) else {
                self.at = bytes.len();
                return false;
            };
            let place = self.at + found;
            match bytes[place] {
                b'\\' if place + 1 < bytes.len() => self.at = place + 2,
                b'\\' => {
                    // The escaped byte is not there yet.
                    self.at = place;
                    return false;
                }
                b'\n' if bytes.len() - place <= needed => {
                    self.at = place;
                    return false;
                }
                byte => {
                    self.at = place + 1;
                    match &mut self.state {
                        State::Nested { in_string, .. } | State::Bare { in_string } => {
                            *in_string = false;
                        }
                        State::Between | State::Key { .. } | State::Skipped { .. } => {}
                    }
                    self.has_line_break |= byte == b'\n';
                    return true;
                }
            }
        }
    }

    /// Whether the line that begins here begins as a record does.
    fn is_next_record(&self, bytes: &[u8]) -> bool {
        let indent = self.indent.as_deref();
        let rest = indent.and_then(|indent| bytes.strip_prefix(indent));
        rest.is_some_and(|rest| rest.first() == Some(&self.opening))
    }

    fn end(&mut self, end: usize, is_closed: bool) -> ScannedRecord {
        self.state = State::Between;
        if is_closed && self.is_one_a_line.is_none() {
            self.is_one_a_line = Some(!self.has_line_break);
        }
        self.at = end;
        // A record that was given up ends at the end of a line.
        self.blank_line = (!is_closed).then_some(end);
        ScannedRecord { start: self.start, end, is_closed }
    }

    /// Gives up the current record: it ends where the next one seems to begin, on a line of its own.
    /// Returns `None` where no line looks like that.
    pub(super) fn give_up(&mut self, bytes: &[u8]) -> Option<ScannedRecord> {
        let lines = memchr::memchr_iter(b'\n', &bytes[self.start..]);
        let next = lines
            .map(|found| self.start + found + 1)
            .find(|&line| self.is_next_record(&bytes[line..]))?;
        Some(self.end(next, false))
    }

    /// Ends the current record, as nothing follows.
    pub(super) fn finish(&mut self, bytes: &[u8]) -> Option<ScannedRecord> {
        let is_bare = matches!(self.state, State::Bare { in_string: false });
        self.is_in_record().then(|| self.end(bytes.len(), is_bare))
    }
}

/// Whether the text, which stands in a list, begins with a list of cells.
fn begins_with_a_row(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    text.starts_with(b"[") && is_row(text)
}

/// Whether the text begins with a list of cells: none of them is an object, and the first is not a list.
fn is_row(text: &[u8]) -> bool {
    let mut scanner = Scanner { lists_are_records: true, ..Scanner::new() };
    let list = match scanner.scan(text, true) {
        Some(ScannedRecord { start, end, .. }) => &text[start..end],
        None => text,
    };
    let first = list.get(1..).unwrap_or_default().trim_ascii_start().first();
    first.is_some_and(|byte| !matches!(byte, b'[' | b'{' | b']')) && !list.contains(&b'{')
}
