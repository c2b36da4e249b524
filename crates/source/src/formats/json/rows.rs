//! JSON tables: each array below the header row is a row of cells.

use std::sync::Arc;

use contactmill_core::records::{Block, Integrity, Record};
use json_event_parser::{JsonEvent, LowLevelJsonParser, LowLevelJsonParserResult};

use super::leaves::{MAX_DEPTH, Malformed};
use crate::input::error::SourceError;
use crate::records::self_describing::{BETWEEN_VALUES, Columns};
use crate::records::window::{CutRecords, keep_beginning};

/// A run of whole rows of a table.
#[derive(Debug)]
pub(super) struct JsonRowBlock {
    pub(super) records: CutRecords,
    pub(super) columns: Arc<Columns>,
}

impl Block for JsonRowBlock {
    type Error = SourceError;

    fn len_bytes(&self) -> u64 {
        self.records.covers
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), SourceError> {
        let mut row = Row::default();
        for (bytes, span, position) in self.records.iter() {
            let mut integrity = span.integrity;
            if integrity == Integrity::Whole && row.read(bytes).is_err() {
                integrity = Integrity::Malformed;
            }
            if integrity != Integrity::Whole {
                row.text.clear();
                row.ends.clear();
                keep_beginning(bytes, self.columns.header().len(), &mut row.text, &mut row.ends);
            }
            visitor(Record::new(&row.text, &row.ends, position, integrity));
        }
        Ok(())
    }
}

/// The cells of one row, end to end, in buffers that are used again.
///
/// A cell is a string, a number, a Boolean, or null. The values of a list in a cell share the cell, with
/// `; ` between them. An array with an object in it is not a row.
#[derive(Debug, Default)]
pub(super) struct Row {
    text: String,
    /// The end of each cell.
    ends: Vec<usize>,
}

impl Row {
    /// Reads an array.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        self.text.clear();
        self.ends.clear();
        if bytes.first() != Some(&b'[') {
            return Err(Malformed);
        }
        let mut parser = LowLevelJsonParser::new().with_max_stack_size(MAX_DEPTH);
        let mut depth = 0;
        loop {
            let LowLevelJsonParserResult { event, consumed_bytes } = parser.parse_next(bytes, true);
            bytes = &bytes[consumed_bytes..];
            let value = match event {
                None => continue,
                Some(Ok(JsonEvent::Eof)) => return Ok(()),
                Some(Ok(JsonEvent::StartArray)) => {
                    depth += 1;
                    continue;
                }
                Some(Ok(JsonEvent::EndArray)) => {
                    depth -= 1;
                    if depth == 1 {
                        self.ends.push(self.text.len());
                    }
                    continue;
                }
                Some(Ok(JsonEvent::String(text) | JsonEvent::Number(text))) => text,
                Some(Ok(JsonEvent::Boolean(value))) => if value { "true" } else { "false" }.into(),
                Some(Ok(JsonEvent::Null)) => "".into(),
                Some(
                    Ok(JsonEvent::StartObject | JsonEvent::EndObject | JsonEvent::ObjectKey(_))
                    | Err(_),
                ) => return Err(Malformed),
            };
            let start = self.ends.last().copied().unwrap_or_default();
            if depth > 1 && self.text.len() > start && !value.is_empty() {
                self.text.push_str(BETWEEN_VALUES);
            }
            self.text.push_str(&value);
            if depth == 1 {
                self.ends.push(self.text.len());
            }
        }
    }

    /// The cells as strings of their own.
    pub(super) fn cells(&self) -> Vec<String> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let cells = starts.zip(&self.ends).map(|(start, &end)| self.text.get(start..end));
        cells.map(|cell| cell.unwrap_or_default().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_cell_by_cell() {
        let mut row = Row::default();
        for (json, cells) in [
            (
                r#"["Asha", "", 919876543210, null, true]"#,
                &["Asha", "", "919876543210", "", "true"][..],
            ),
            (r#"["a", ["b", "", ["c"], "d"], [], "e"]"#, &["a", "b; c; d", "", "e"]),
            ("[]", &[]),
        ] {
            row.read(json.as_bytes()).unwrap();
            assert_eq!(row.cells(), cells, "{json}");
        }
    }

    #[test]
    fn anything_but_a_row_is_malformed() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        for json in ["1", "{}", "[", "['a']", "[1] 2", "[{\"a\": 1}]", "[1,]", &deep] {
            assert_eq!(Row::default().read(json.as_bytes()), Err(Malformed), "{json}");
        }
    }
}
