//! The first records of every input, read again with every change of the settings.

use contactmill::columns::{ColumnRole, MappingError, column_letters};
use contactmill::{
    Error, Explain, Hint, Input, InputRecords, Inspect, Options, RegionFits, Report,
};
use serde_json::{Value, json};

use crate::counting::CountedInput;
use crate::fix_log::FixLog;
use crate::session::Settings;

/// Number of records, of all inputs together.
pub(crate) const RECORDS: u64 = 1_000;

/// The fewest records of an input.
pub(crate) const FEWEST: u64 = 20;

/// Number of cells of a column that are shown.
const SHOWN: usize = 10;

/// What the sample says with some settings.
#[derive(Debug)]
pub(crate) struct SampleReading {
    /// The inputs and their columns, for the page.
    pub(crate) inputs: Value,
    /// Counts of the sample; nothing where the columns are not known.
    pub(crate) counts: Value,
    pub(crate) regions: Value,
    /// Why nothing can be read.
    pub(crate) problem: Value,
}

/// Reads the sample, with the cells that were corrected in inputs whose SHA-256 is known.
pub(crate) fn read(
    heads: &[InputRecords],
    settings: &Settings,
    log: &FixLog,
    known: &[CountedInput],
) -> SampleReading {
    let text = |head: &InputRecords| {
        let input = known.iter().find(|input| input.name == head.name);
        let fixed = input.into_iter().flat_map(|input| log.of_input(&input.sha256, &input.member));
        (head.name.clone(), text_of(head, fixed))
    };
    let texts: Vec<(String, Vec<u8>)> = heads.iter().map(text).collect();
    let readers = texts.iter().map(|(name, text)| Input::reader(name.as_str(), text.as_slice()));
    let report = Inspect::new(readers)
        .options(settings.options.clone())
        .mapping(settings.mapping())
        .show_values(true)
        .run();
    let columns = heads.iter().enumerate().map(|(index, head)| {
        json!({ "name": head.name, "columns": columns(head, index, report.as_ref().ok(), settings) })
    });
    SampleReading {
        inputs: columns.collect(),
        counts: report.as_ref().map_or(Value::Null, counts),
        regions: report.as_ref().map_or(Value::Null, regions),
        problem: report.as_ref().err().map_or(Value::Null, problem),
    }
}

/// The records as a table, with these cells: record, column, what it is read as.
fn text_of<'f>(
    head: &'f InputRecords,
    fixed: impl Iterator<Item = (u64, &'f str, &'f str)>,
) -> Vec<u8> {
    let mut rows: Vec<Vec<&str>> = head
        .records
        .iter()
        .map(|record| record.cells.iter().map(String::as_str).collect())
        .collect();
    for (record, column, after) in fixed {
        let column = head.columns.iter().position(|name| name == column);
        let row = head.records.iter().position(|one| one.record == record);
        if let Some(cell) = row.zip(column).and_then(|(row, column)| rows[row].get_mut(column)) {
            *cell = after;
        }
    }
    let mut table = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = table.write_record(&head.columns);
    for (row, record) in rows.iter().zip(&head.records) {
        if record.is_whole && row.len() == head.columns.len() {
            let _ = table.write_record(row);
        }
    }
    table.into_inner().unwrap_or_default()
}

/// What each column is taken for, why, and its first cells as they are read.
fn columns(
    head: &InputRecords,
    index: usize,
    report: Option<&Report>,
    settings: &Settings,
) -> Value {
    let seen = report.and_then(|report| report.inputs.get(index)?.seen.as_ref());
    let column = |(at, name): (usize, &String)| {
        let role = seen.and_then(|seen| seen.map.columns().nth(at)).map(|(_, role)| role);
        let field = match role {
            Some(ColumnRole::Field(field)) => Some(field.to_string()),
            _ => None,
        };
        let decision = seen.and_then(|seen| seen.map.decision(at));
        let sensitive =
            seen.and_then(|seen| seen.map.sensitive().iter().find(|one| one.column == at));
        let cells = head.records.iter().filter_map(|record| record.cells.get(at));
        let cells = cells.filter(|cell| !cell.trim().is_empty()).take(SHOWN);
        let cells: Vec<Value> = cells
            .map(|cell| json!({ "text": cell, "read": read_cell(field.as_deref(), cell, &settings.options) }))
            .collect();
        json!({
            "letter": column_letters(at),
            "name": name,
            "field": field,
            "chosen": settings.chosen(name),
            "by": decision.map(|decision| decision.by.as_str()),
            "confidence": decision.map(|decision| decision.confidence),
            "why": decision.and_then(|decision| decision.share).map(|share| share.to_string()),
            "sensitive": sensitive.map(|one| one.kind.code()),
            "cells": cells,
        })
    };
    head.columns.iter().enumerate().map(column).collect()
}

/// How the engine reads a cell by itself; nothing where anything goes.
pub(crate) fn read_cell(field: Option<&str>, cell: &str, options: &Options) -> Value {
    let explain = match field {
        Some("phone") => Explain::phone(cell, options),
        Some("email") => Explain::email(cell, options),
        _ => return Value::Null,
    };
    match explain.outcome() {
        Ok(_) => json!({ "ok": true, "text": outcome_text(&explain) }),
        Err(reason) => json!({
            "ok": false,
            "code": reason.code(),
            "text": reason.meaning(),
            "advice": reason.advice(),
        }),
    }
}

fn outcome_text(explain: &Explain) -> String {
    match explain.outcome().as_ref().ok().and_then(|explained| explained.phone) {
        Some(number) => number.e164().to_string(),
        None => explain.email_address().to_owned(),
    }
}

fn counts(report: &Report) -> Value {
    let seen = || report.inputs.iter().filter_map(|input| Some(&input.seen.as_ref()?.inspection));
    json!({
        "records": seen().map(|one| one.sampled).sum::<u64>(),
        "contacts": seen().map(|one| one.contacts).sum::<u64>(),
        "rejected": seen().map(|one| one.rejected).sum::<u64>(),
        "blank": seen().map(|one| one.blank).sum::<u64>(),
    })
}

/// The regions that numbers without a country code may be of; of the first input that has such numbers.
fn regions(report: &Report) -> Value {
    let fits =
        report.inputs.iter().filter_map(|input| Some(&input.seen.as_ref()?.inspection.regions));
    let Some(fits) = fits.max_by_key(|fits| fits.tried).filter(|fits| fits.tried > 0) else {
        return Value::Null;
    };
    let RegionFits { tried, regions, .. } = fits;
    let candidates = regions.iter().take(5).map(|one| {
        json!({
            "region": one.region.as_str(),
            "valid": one.valid,
            "mobile": one.mobile,
            "written": one.written,
        })
    });
    json!({
        "tried": tried,
        "likely": fits.likely().or(fits.better()).map(|one| one.region.as_str()),
        "candidates": candidates.collect::<Vec<_>>(),
    })
}

/// Why nothing can be read, and the column that would most likely help.
fn problem(error: &Error) -> Value {
    let (text, likely) = match error.hint() {
        Some(Hint::Columns { error: MappingError::NoPhoneColumn { likely, .. }, .. }) => {
            ("No column header names phone numbers.", likely.clone())
        }
        Some(Hint::Columns { error: MappingError::AmbiguousPhone { candidates }, .. }) => (
            "Several columns hold phone numbers of different people.",
            candidates.first().map(|one| one.column.clone()),
        ),
        _ => return json!({ "text": error.to_string() }),
    };
    json!({ "text": text, "needs": "phone", "likely": likely })
}
