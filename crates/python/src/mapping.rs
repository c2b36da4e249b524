//! What the caller says of the columns.

use contactmill::columns::{AttributeSelection, FieldMapping, MappedField};
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use crate::errors::{field_error, option_error};

/// A text or several.
#[derive(FromPyObject)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

/// The field of this name.
pub(crate) fn field(py: Python<'_>, name: &str) -> PyResult<MappedField> {
    name.parse().map_err(|error| field_error(py, &format!("no field {name:?}: {error}")))
}

/// The mapping of fields to columns, and the columns that become attributes.
pub(crate) fn field_mapping(
    py: Python<'_>,
    mapping: Option<&Bound<'_, PyMapping>>,
    attributes: Option<&Bound<'_, PyAny>>,
) -> PyResult<FieldMapping> {
    let mut said = FieldMapping::default();
    if let Some(mapping) = mapping {
        for item in mapping.items()?.iter() {
            let (name, columns): (String, OneOrMore) = item.extract()?;
            let field = field(py, &name)?;
            let columns = columns.into_vec().into_iter();
            said.assignments.extend(columns.map(|column| (field.clone(), column)));
        }
    }
    if let Some(attributes) = attributes {
        said.attributes = match attributes.cast::<PyString>() {
            Ok(words) => words.to_str()?.parse().map_err(
                |error: contactmill::columns::InvalidAttributes| {
                    option_error(py, &format!("attributes: {error}"))
                },
            )?,
            Err(_) => AttributeSelection::Columns(attributes.extract()?),
        };
    }
    Ok(said)
}

/// What each column was taken for.
pub(crate) fn taken(map: &contactmill::columns::ColumnMap) -> Vec<(String, Option<String>)> {
    use contactmill::columns::ColumnRole;
    let taken = |(name, role): (&str, &ColumnRole)| match role {
        ColumnRole::Field(field) => (name.to_owned(), Some(field.to_string())),
        ColumnRole::Ignored | ColumnRole::Bookkeeping => (name.to_owned(), None),
    };
    map.columns().map(taken).collect()
}
