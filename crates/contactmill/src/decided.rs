//! What columns hold, as one process has decided it and others take it.

use contactmill_core::columns::{ColumnMap, MappedField};
use serde::{Deserialize, Serialize};

use crate::distributed::DistributedProblem;
use crate::error::Error;

/// What the columns below one header row hold. Each process would decide by the records that it sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedColumns {
    pub(crate) header: Vec<String>,
    /// The fields and the indexes of their columns; nothing where there are no records.
    fields: Option<Vec<(String, usize)>>,
}

impl DecidedColumns {
    pub(crate) fn of(header: &[String], map: Option<&ColumnMap>) -> Self {
        let fields = |map: &ColumnMap| {
            map.field_columns().map(|(field, index)| (field.to_string(), index)).collect()
        };
        DecidedColumns { header: header.to_vec(), fields: map.map(fields) }
    }

    pub(crate) fn map(&self) -> Result<Option<ColumnMap>, Error> {
        let Some(fields) = &self.fields else { return Ok(None) };
        let field = |(field, index): &(String, usize)| {
            let field = match field.strip_prefix("attr:") {
                // As it stands: the header is trimmed already.
                Some(key) => MappedField::Attribute(key.into()),
                None => field.parse().map_err(|_| DistributedProblem::NotAPlan)?,
            };
            Ok((field, *index))
        };
        let fields = fields.iter().map(field).collect::<Result<_, Error>>()?;
        Ok(Some(ColumnMap::of_fields(&self.header, fields)))
    }
}
