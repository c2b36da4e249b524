//! One record of the file: its fields, and how they are written.

/// The fields of one record before they are quoted, in the order of the header.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) tags: String,
    pub(crate) city: String,
    pub(crate) plan: String,
    pub(crate) notes: String,
}

/// How a record is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// All columns, each quoted where it must be.
    Whole,
    /// The same, with the name quoted in any case, as some programs do with all text.
    QuotedName,
    /// The first columns only, this many at most and no empty ones at the end. Name and phone
    /// stay in any case.
    Cut(usize),
    /// The notes without quotes, so that each comma in them begins another field.
    BareNotes,
}

impl Record {
    /// Empties all fields for the next record; they keep their memory.
    pub(crate) fn clear(&mut self) {
        for field in [
            &mut self.name,
            &mut self.phone,
            &mut self.email,
            &mut self.country,
            &mut self.tags,
            &mut self.city,
            &mut self.plan,
            &mut self.notes,
        ] {
            field.clear();
        }
    }

    /// Appends the record, without a line end.
    pub(crate) fn push(&self, shape: Shape, out: &mut Vec<u8>) {
        let columns = [&self.email, &self.country, &self.tags, &self.city, &self.plan, &self.notes];
        let kept = match shape {
            Shape::Cut(most) => columns[..columns.len().min(most.saturating_sub(2))]
                .iter()
                .rposition(|field| !field.is_empty())
                .map_or(0, |last| last + 1),
            _ => columns.len(),
        };
        if shape == Shape::QuotedName {
            push_quoted(&self.name, out);
        } else {
            push_field(&self.name, out);
        }
        out.push(b',');
        push_field(&self.phone, out);
        for (at, field) in columns.iter().enumerate().take(kept) {
            out.push(b',');
            if shape == Shape::BareNotes && at == columns.len() - 1 {
                out.extend_from_slice(field.as_bytes());
            } else {
                push_field(field, out);
            }
        }
    }
}

/// Appends a field, in quotes if RFC 4180 asks for them.
fn push_field(field: &str, out: &mut Vec<u8>) {
    let needs_quotes = |byte| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if field.bytes().any(needs_quotes) {
        push_quoted(field, out);
    } else {
        out.extend_from_slice(field.as_bytes());
    }
}

/// Appends a field in quotes, its own quotes doubled.
fn push_quoted(field: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::{Record, Shape};

    fn put_down(record: &Record, shape: Shape) -> String {
        let mut out = Vec::new();
        record.push(shape, &mut out);
        String::from_utf8(out).expect("all fields are UTF-8")
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let record = Record {
            name: "Verma, Asha".to_owned(),
            phone: "+919876543210".to_owned(),
            city: "Pune".to_owned(),
            notes: "said \"later\"\nand left".to_owned(),
            ..Record::default()
        };
        assert_eq!(
            put_down(&record, Shape::Whole),
            "\"Verma, Asha\",+919876543210,,,,Pune,,\"said \"\"later\"\"\nand left\""
        );
        assert_eq!(put_down(&record, Shape::Cut(5)), "\"Verma, Asha\",+919876543210");
        assert_eq!(put_down(&record, Shape::Cut(7)), "\"Verma, Asha\",+919876543210,,,,Pune");
    }

    #[test]
    fn an_unquoted_comma_makes_another_field() {
        let record =
            Record { name: "Asha".to_owned(), notes: "call, ask".to_owned(), ..Record::default() };
        assert_eq!(put_down(&record, Shape::BareNotes), "Asha,,,,,,,call, ask");
        assert_eq!(put_down(&record, Shape::QuotedName), "\"Asha\",,,,,,,\"call, ask\"");
    }
}
