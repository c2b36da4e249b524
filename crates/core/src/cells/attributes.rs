//! Cells that hold all attributes of a contact.

use json_event_parser::{JsonEvent, SliceJsonParser};

/// The keys and values of an object of texts, as JSON; `None` if the cell is none, or a key is empty.
pub(crate) fn read(cell: &str) -> Option<Vec<(String, String)>> {
    let mut parser = SliceJsonParser::new(cell.as_bytes());
    let mut attributes = Vec::new();
    let JsonEvent::StartObject = parser.parse_next().ok()? else { return None };
    loop {
        match parser.parse_next().ok()? {
            JsonEvent::ObjectKey(key) if !key.is_empty() => {
                let JsonEvent::String(value) = parser.parse_next().ok()? else { return None };
                attributes.push((key.into_owned(), value.into_owned()));
            }
            JsonEvent::EndObject => break,
            _ => return None,
        }
    }
    matches!(parser.parse_next(), Ok(JsonEvent::Eof)).then_some(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cell: &str, expected: Option<&[(&str, &str)]>) {
        let read = read(cell);
        let read = read.as_ref().map(|read| {
            read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>()
        });
        assert_eq!(read.as_deref(), expected, "{cell}");
    }

    #[test]
    fn an_object_of_texts_is_read_and_nothing_else() {
        check("{}", Some(&[]));
        check(r#" {"City":"Pune", "a.b":"\u00e9\n"} "#, Some(&[("City", "Pune"), ("a.b", "é\n")]));
        for cell in
            ["", "Pune", "[]", "{", r#"{"a":1}"#, r#"{"a":{}}"#, r#"{"a":"b"} x"#, r#"{"":"b"}"#]
        {
            check(cell, None);
        }
    }
}
