//! In which column of each input the value stands by which results are split.

use contactmill_core::split::{SplitBy, SplitValues};

use crate::error::{Error, Problem};
use crate::opening::OpenInput;

/// The values of these inputs. Each must have the column that was named; only formats without a header
/// row lack a column of which no record has a value, as long as another input has it.
pub(crate) fn values(by: &SplitBy, inputs: &[OpenInput]) -> Result<SplitValues, Error> {
    let mut values = SplitValues::of(by.clone());
    let (mut is_found, mut excused) = (false, None);
    for input in inputs {
        let Err(error) = values.add_source(&input.header) else {
            is_found = true;
            continue;
        };
        let error = Problem::Mapping { input: input.name.clone(), error, can_omit_header: false };
        if input.header.is_empty() || input.format.is_self_describing() {
            excused.get_or_insert(error);
        } else {
            return Err(error.into());
        }
    }
    match excused.filter(|_| !is_found) {
        // Of an input without anything in it, nothing is to be split.
        Some(error) if inputs.iter().any(|input| !input.header.is_empty()) => Err(error.into()),
        _ => Ok(values),
    }
}
