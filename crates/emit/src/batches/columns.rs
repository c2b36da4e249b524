//! Columns that are filled row by row.

use std::fmt::{Display, Write};
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields};
use contactmill_core::{PhoneNumber, Warning};

/// A column of texts.
pub(super) fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

/// Appends a value by the way it is displayed.
pub(super) fn push_displayed(column: &mut StringBuilder, value: impl Display) {
    // Writing into memory cannot fail.
    let _ = write!(column, "{value}");
    column.append_value("");
}

/// Appends a number in E.164 form.
pub(super) fn push_e164(column: &mut StringBuilder, number: PhoneNumber) {
    let mut code = itoa::Buffer::new();
    let _ = column.write_char('+');
    let _ = column.write_str(code.format(number.calling_code()));
    push_national(column, number);
}

/// Appends a national number, with its leading zeros.
pub(super) fn push_national(column: &mut StringBuilder, number: PhoneNumber) {
    let (national, mut digits) = (number.national_number(), itoa::Buffer::new());
    for _ in 0..national.leading_zeros() {
        let _ = column.write_char('0');
    }
    column.append_value(digits.format(national.value()));
}

/// Where the lists of a column end in their elements.
#[derive(Default)]
struct Ends(Vec<i32>);

impl Ends {
    /// Ends the list of a row. A batch ends long before its elements are too many to be counted.
    fn push(&mut self, elements: usize) {
        self.0.push(i32::try_from(elements).unwrap_or(i32::MAX));
    }

    fn finish(&mut self) -> OffsetBuffer<i32> {
        let mut offsets = Vec::with_capacity(self.0.len() + 1);
        offsets.push(0);
        offsets.append(&mut self.0);
        OffsetBuffer::new(ScalarBuffer::from(offsets))
    }
}

/// A column of lists of texts.
#[derive(Default)]
pub(super) struct TextLists {
    elements: StringBuilder,
    ends: Ends,
}

impl TextLists {
    pub(super) fn field(name: &str) -> Field {
        Field::new(name, DataType::List(Self::element()), false)
    }

    fn element() -> Arc<Field> {
        Arc::new(text("item", false))
    }

    pub(super) fn push<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) {
        texts.into_iter().for_each(|text| self.elements.append_value(text));
        self.ends.push(self.elements.len());
    }

    pub(super) fn bytes(&self) -> usize {
        self.elements.values_slice().len()
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let elements = Arc::new(self.elements.finish());
        let lists = ListArray::try_new(Self::element(), self.ends.finish(), elements, None)?;
        Ok(Arc::new(lists))
    }
}

/// A column of maps from texts to texts.
#[derive(Default)]
pub(super) struct TextMaps {
    keys: StringBuilder,
    values: StringBuilder,
    ends: Ends,
}

impl TextMaps {
    pub(super) fn field(name: &str) -> Field {
        Field::new(name, DataType::Map(Self::entries(), false), false)
    }

    fn entries() -> Arc<Field> {
        Arc::new(Field::new("entries", DataType::Struct(Self::entry()), false))
    }

    fn entry() -> Fields {
        Fields::from(vec![text("key", false), text("value", false)])
    }

    pub(super) fn push<'t>(&mut self, entries: impl IntoIterator<Item = (&'t str, &'t str)>) {
        for (key, value) in entries {
            self.keys.append_value(key);
            self.values.append_value(value);
        }
        self.ends.push(self.keys.len());
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.values_slice().len() + self.values.values_slice().len()
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<ArrayRef> =
            vec![Arc::new(self.keys.finish()), Arc::new(self.values.finish())];
        let entries = StructArray::try_new(Self::entry(), columns, None)?;
        let maps = MapArray::try_new(Self::entries(), self.ends.finish(), entries, None, false)?;
        Ok(Arc::new(maps))
    }
}

/// A column of lists of warnings.
#[derive(Default)]
pub(super) struct WarningLists {
    /// `field`, `code`, `before` and `after`.
    columns: [StringBuilder; 4],
    ends: Ends,
}

impl WarningLists {
    pub(super) fn field(name: &str) -> Field {
        Field::new(name, DataType::List(Self::element()), false)
    }

    fn element() -> Arc<Field> {
        Arc::new(Field::new("item", DataType::Struct(Self::fields()), false))
    }

    fn fields() -> Fields {
        ["field", "code", "before", "after"].map(|name| text(name, false)).into_iter().collect()
    }

    pub(super) fn push(&mut self, warnings: &[Warning]) {
        for warning in warnings {
            let [field, code, before, after] = &mut self.columns;
            push_displayed(field, &warning.field);
            code.append_value(warning.code.code());
            before.append_value(&warning.before);
            after.append_value(&warning.after);
        }
        self.ends.push(self.columns[0].len());
    }

    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.values_slice().len()).sum()
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let columns = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let warnings = StructArray::try_new(Self::fields(), columns.collect(), None)?;
        let lists =
            ListArray::try_new(Self::element(), self.ends.finish(), Arc::new(warnings), None)?;
        Ok(Arc::new(lists))
    }
}

#[cfg(test)]
mod tests {
    use contactmill_core::{Options, Region};

    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_displayed() {
        for text in ["+91 98765 43210", "+39 06 1234 5678", "+49 30 123456"] {
            let options = Options { region: Some(Region::IT), ..Options::default() };
            let number = contactmill_core::cells::read_phone(text, &options).unwrap().number();
            let mut column = StringBuilder::new();
            push_e164(&mut column, number);
            push_national(&mut column, number);
            let column = column.finish();
            assert_eq!(column.value(0), number.e164().to_string());
            assert_eq!(column.value(1), number.national_number().to_string());
        }
    }
}
