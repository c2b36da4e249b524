//! By what the records of a run are split into parts.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use contactmill_phone::{PhoneNumber, Region};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::columns::{MappingError, named_column};
use crate::records::Record;
use crate::text::visible;

/// By what the records of a run are split into parts: all with the same value go to one part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SplitBy {
    /// The region of the contact's number. Rejected records have none.
    Country,
    /// The cell in the column of this name, or of these letters, of any record.
    Column(String),
}

impl SplitBy {
    const COUNTRY: &str = "country";
}

impl FromStr for SplitBy {
    type Err = Infallible;

    /// `country`, written so, or a column.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            SplitBy::COUNTRY => SplitBy::Country,
            column => SplitBy::Column(column.to_owned()),
        })
    }
}

impl fmt::Display for SplitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SplitBy::Country => SplitBy::COUNTRY,
            SplitBy::Column(column) => column,
        })
    }
}

/// Tells the value by which a record is split, in the sources of a run.
///
/// ```
/// use contactmill_core::records::{Integrity, Position, Record};
/// use contactmill_core::split::{SplitBy, SplitValues};
///
/// let mut values = SplitValues::of(SplitBy::Column("City".into()));
/// values.add_source(&["Phone", "City"].map(String::from))?;
/// let (text, ends) = ("+91 98765 43210 Pune ", [15, 21]);
/// let record = Record::new(text, &ends, Position::default(), Integrity::Whole);
/// assert_eq!(values.of_record(record, None).as_deref(), Some("Pune"));
/// # Ok::<(), contactmill_core::columns::MappingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SplitValues {
    by: SplitBy,
    /// The index of the column in each source that has it.
    columns: Vec<Option<usize>>,
}

impl SplitValues {
    /// The values of a run without sources.
    #[must_use]
    pub const fn of(by: SplitBy) -> Self {
        SplitValues { by, columns: Vec::new() }
    }

    /// Adds the next source, by its header row.
    ///
    /// # Errors
    ///
    /// When it does not have the column. It is added all the same: its records have no value.
    pub fn add_source(&mut self, header: &[String]) -> Result<(), MappingError> {
        let named = match &self.by {
            SplitBy::Country => Ok(None),
            SplitBy::Column(column) => named_column(header, column).map(Some),
        };
        self.columns.push(*named.as_ref().unwrap_or(&None));
        named.map(drop)
    }

    /// The value of a record, whose contact has this number; `None` where it has no value. Text is the
    /// same without invisible characters, without white space around it, and in composed form.
    #[must_use]
    pub fn of_record<'r>(
        &self,
        record: Record<'r>,
        phone: Option<PhoneNumber>,
    ) -> Option<Cow<'r, str>> {
        if self.by == SplitBy::Country {
            return phone?.region().map(|region| Region::as_str(region).into());
        }
        let column = *self.columns.get(record.position().source.0 as usize)?;
        let value = visible(record.get(column?)?);
        let value = if is_nfc(&value) { value } else { value.nfc().collect() };
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Integrity, Position, SourceId};

    #[test]
    fn cells_that_look_the_same_are_the_same_value() {
        let mut values = SplitValues::of(SplitBy::Column("City".into()));
        values.add_source(&["City".to_owned()]).unwrap();
        assert!(values.add_source(&["Town".to_owned()]).is_err());
        let value = |cell: &str, source: u32| {
            let position = Position { source: SourceId(source), ..Position::default() };
            let ends = [cell.len()];
            let record = Record::new(cell, &ends, position, Integrity::Whole);
            values.of_record(record, None).map(Cow::into_owned)
        };
        for cell in ["Zürich", " Zu\u{308}rich\u{a0}", "\u{200e}Zürich"] {
            assert_eq!(value(cell, 0).as_deref(), Some("Zürich"));
        }
        assert_eq!(value("zürich", 0).as_deref(), Some("zürich"));
        for cell in ["", " \u{200b}"] {
            assert_eq!(value(cell, 0), None);
        }
        assert_eq!(value("Zürich", 1), None);
    }
}
