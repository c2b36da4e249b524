//! What was found, as JSON.

use contactmill_core::columns::{ColumnRole, column_letters};
use contactmill_core::inspect::FindingCount;
use contactmill_source::{Sheet, Workbook};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{InspectedInput, Report, SeenColumns};
use crate::manifest::{self, RegionAdvice, Sensitive};

#[derive(Serialize)]
struct ReportObject<'r> {
    inputs: Vec<InputReport<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workbooks: Vec<WorkbookReport<'r>>,
}

#[derive(Serialize)]
struct WorkbookReport<'r> {
    path: &'r str,
    sheets: Vec<SheetReport<'r>>,
}

#[derive(Serialize)]
struct SheetReport<'r> {
    sheet: &'r str,
    records: Option<u64>,
    has_contacts: bool,
    is_hidden: bool,
}

#[derive(Serialize)]
struct InputReport<'r> {
    path: &'r str,
    format: &'r str,
    encoding: &'r str,
    delimiter: Option<&'r str>,
    quotes: Option<&'static str>,
    bytes: u64,
    preset: Option<&'static str>,
    records: u64,
    sampled: u64,
    contacts: u64,
    rejected: u64,
    blank: u64,
    reasons: Vec<FoundReport>,
    columns: Vec<ColumnReport<'r>>,
    region_advice: RegionAdvice,
    opt_outs: Vec<OptOutReport<'r>>,
    missing: Vec<String>,
    examples: Vec<ExampleReport<'r>>,
}

#[derive(Serialize)]
struct ColumnReport<'r> {
    letter: String,
    column: &'r str,
    field: Option<String>,
    by: &'static str,
    confidence: u8,
    why: Option<String>,
    looks_like: Option<String>,
    sensitive: Option<Sensitive>,
    filled: u64,
    valid: Option<u64>,
    found: Vec<FoundReport>,
}

#[derive(Serialize)]
struct FoundReport {
    code: &'static str,
    count: u64,
    first_record: u64,
    first_line: u64,
    meaning: &'static str,
    advice: &'static str,
}

#[derive(Serialize)]
struct OptOutReport<'r> {
    column: &'r str,
    count: u64,
}

#[derive(Serialize)]
struct ExampleReport<'r> {
    line: u64,
    contact: &'r Value,
}

impl From<&FindingCount> for FoundReport {
    fn from(found: &FindingCount) -> Self {
        FoundReport {
            code: found.finding.code(),
            count: found.count,
            first_record: found.first.record,
            first_line: found.first.line,
            meaning: found.finding.meaning(),
            advice: found.finding.advice(),
        }
    }
}

impl<'r> From<&'r Workbook> for WorkbookReport<'r> {
    fn from(workbook: &'r Workbook) -> Self {
        let report = |sheet: &'r Sheet| SheetReport {
            sheet: &sheet.name,
            records: sheet.records,
            has_contacts: sheet.has_contacts,
            is_hidden: sheet.is_hidden,
        };
        WorkbookReport {
            path: &workbook.name,
            sheets: workbook.sheets.iter().map(report).collect(),
        }
    }
}

impl<'r> From<&'r InspectedInput> for InputReport<'r> {
    fn from(part: &'r InspectedInput) -> Self {
        let mut report = InputReport {
            path: &part.name,
            format: part.format.name(),
            encoding: &part.encoding,
            delimiter: part.delimiter.as_deref(),
            quotes: part.quotes,
            bytes: part.bytes,
            preset: None,
            records: 0,
            sampled: 0,
            contacts: 0,
            rejected: 0,
            blank: 0,
            reasons: Vec::new(),
            columns: Vec::new(),
            region_advice: RegionAdvice::default(),
            opt_outs: Vec::new(),
            missing: Vec::new(),
            examples: Vec::new(),
        };
        let Some(SeenColumns { map, inspection, examples }) = &part.seen else { return report };
        let names: Vec<&str> = map.columns().map(|(name, _)| name).collect();
        report.preset = map.preset().map(|(id, _)| id);
        report.records = inspection.records;
        report.sampled = inspection.sampled;
        report.contacts = inspection.contacts;
        report.rejected = inspection.rejected;
        report.blank = inspection.blank;
        report.reasons = inspection.reasons.iter().map(FoundReport::from).collect();
        report.columns = map
            .columns()
            .zip(&inspection.columns)
            .enumerate()
            .map(|(index, ((column, role), seen))| {
                let decision = map.decision(index).unwrap_or_default();
                ColumnReport {
                    letter: column_letters(index),
                    column,
                    field: match role {
                        ColumnRole::Field(field) => Some(field.to_string()),
                        ColumnRole::Ignored | ColumnRole::Bookkeeping => None,
                    },
                    by: decision.by.as_str(),
                    confidence: decision.confidence,
                    why: decision.share.map(|share| share.to_string()),
                    looks_like: manifest::looks_like(map, index),
                    sensitive: manifest::sensitive(map, index),
                    filled: seen.filled,
                    valid: seen.valid,
                    found: seen.found.iter().map(FoundReport::from).collect(),
                }
            })
            .collect();
        report.missing = manifest::missing(map);
        report.region_advice = manifest::region_advice(&inspection.regions);
        report.opt_outs = inspection
            .opt_outs
            .iter()
            .map(|out| OptOutReport {
                column: names.get(out.column).copied().unwrap_or_default(),
                count: out.count,
            })
            .collect();
        report.examples =
            examples.iter().map(|(line, contact)| ExampleReport { line: *line, contact }).collect();
        report
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inputs = self.inputs.iter().map(InputReport::from).collect();
        let workbooks = self.workbooks.iter().map(WorkbookReport::from).collect();
        ReportObject { inputs, workbooks }.serialize(serializer)
    }
}
