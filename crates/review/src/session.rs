//! What one review knows, and what a request changes.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use contactmill::columns::{AttributeSelection, FieldMapping, MappedField};
use contactmill::manifest::Counts;
use contactmill::{
    DedupPolicy, Explain, InputRecords, OptOuts, Options, Reason, Records, Region, meant_region,
};
use contactmill_wire::fixes::Fix;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::counting::{Counted, CountedInput};
use crate::fix_log::FixLog;
use crate::places::{DUPLICATE, Listed};
use crate::sample::{self, SampleReading, read_cell};
use crate::{Setup, StartError};

/// Number of records that the page gets at a time.
const WINDOW: usize = 50;

/// Maximum number of records that are corrected by one pattern at a time.
const MAX_ALIKE: usize = 20_000;

/// Why a request changes nothing: the status, and what to do.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) u16, pub(crate) String);

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Refused(500, error.to_string())
    }
}

fn refuse<T>(status: u16, message: &str) -> Result<T, Refused> {
    Err(Refused(status, message.to_owned()))
}

fn parsed<'v, T: Deserialize<'v>>(body: &'v Value) -> Result<T, Refused> {
    T::deserialize(body).map_err(|error| Refused(400, error.to_string()))
}

/// One review.
pub(crate) struct Session {
    pub(crate) setup: Setup,
    state: Mutex<State>,
    changed: Condvar,
    /// Ends a count that is out of date.
    pub(crate) outdated: AtomicBool,
    ending: AtomicBool,
}

/// What a person can change, beside cells.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) opt_outs: OptOuts,
    pub(crate) dedup: DedupPolicy,
    /// What was said on the command line.
    given: FieldMapping,
    /// What was chosen on the page: columns, and `none` or a field.
    columns: Vec<(String, String)>,
}

impl Settings {
    /// What was chosen for a column on the page.
    pub(crate) fn chosen(&self, column: &str) -> Option<&str> {
        let chosen = self.columns.iter().find(|(name, _)| name == column);
        chosen.map(|(_, field)| field.as_str())
    }

    /// What columns hold.
    pub(crate) fn mapping(&self) -> FieldMapping {
        let mut mapping = self.given.clone();
        mapping.assignments.retain(|(_, column)| self.chosen(column).is_none());
        let mut left_out = Vec::new();
        for (column, field) in &self.columns {
            match field.parse::<MappedField>() {
                Ok(field) => mapping.assignments.push((field, column.clone())),
                Err(_) => left_out.push(column.clone()),
            }
        }
        match &mut mapping.attributes {
            _ if left_out.is_empty() => {}
            AttributeSelection::AllBut(columns) => columns.extend(left_out),
            AttributeSelection::Columns(columns) => columns.retain(|one| !left_out.contains(one)),
            AttributeSelection::None => {}
            all => *all = AttributeSelection::AllBut(left_out),
        }
        mapping
    }
}

pub(crate) struct State {
    pub(crate) settings: Settings,
    /// What the page shows of this can be out of date: each change has a number.
    pub(crate) version: u64,
    pub(crate) log: FixLog,
    heads: Vec<InputRecords>,
    sample: SampleReading,
    pub(crate) counted: Option<Arc<Counted>>,
    /// The counts before anything was changed.
    pub(crate) before: Option<Counts>,
    /// Bytes read, of how many, while a count goes on.
    pub(crate) progress: Option<(u64, u64)>,
    /// Why the last count ended.
    pub(crate) problem: Option<String>,
    pub(crate) export: Export,
    /// Kept records of duplicates that were looked at.
    kept: HashMap<(u32, u64), Listed>,
}

/// What became of the last export.
#[derive(Clone, Debug, Default)]
pub(crate) enum Export {
    #[default]
    None,
    Asked,
    Running,
    Done {
        out: PathBuf,
        counts: Counts,
    },
    Failed(String),
}

/// What of a name stands behind the name of its input.
pub(crate) fn member_of<'n>(name: &'n str, inputs: &[String]) -> &'n str {
    let within = |input: &String| name.strip_prefix(input.as_str());
    let within =
        inputs.iter().filter_map(within).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    within.min_by_key(|rest| rest.len()).map_or("", |rest| rest.trim_start_matches('/'))
}

impl Session {
    pub(crate) fn open(setup: Setup) -> Result<Self, StartError> {
        // The sample is read within a request: of several inputs, each gives fewer records.
        let each = sample::RECORDS.div_ceil(setup.inputs.len().max(1) as u64).max(sample::FEWEST);
        let heads = Records::new(&setup.inputs).reading(setup.reading.clone()).first(each).run()?;
        let log = FixLog::open(setup.fixes())?;
        let settings = Settings {
            options: setup.options.clone(),
            opt_outs: setup.opt_outs,
            dedup: setup.dedup,
            given: setup.mapping.clone(),
            columns: Vec::new(),
        };
        let sample = sample::read(&heads, &settings, &log, &[]);
        let state = State {
            settings,
            version: 1,
            log,
            heads,
            sample,
            counted: None,
            before: None,
            progress: None,
            problem: None,
            export: Export::None,
            kept: HashMap::new(),
        };
        Ok(Session {
            setup,
            state: Mutex::new(state),
            changed: Condvar::new(),
            outdated: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // What a request has changed is whole before the next one sees it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is to be done, or the end.
    pub(crate) fn wait<'s>(
        &'s self,
        state: MutexGuard<'s, State>,
        is_idle: impl Fn(&State) -> bool,
    ) -> Option<MutexGuard<'s, State>> {
        let waited = self.changed.wait_while(state, |state| !self.is_ending() && is_idle(state));
        let state = waited.unwrap_or_else(PoisonError::into_inner);
        (!self.is_ending()).then_some(state)
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.outdated.store(true, Ordering::Relaxed);
        drop(self.lock());
        self.changed.notify_all();
    }

    pub(crate) fn fixes_path(&self) -> PathBuf {
        self.lock().log.path().to_owned()
    }

    /// What is counted is out of date: it is read again.
    fn change(&self, state: &mut State) {
        state.version += 1;
        state.problem = None;
        self.outdated.store(true, Ordering::Relaxed);
        self.read_sample(state);
        self.changed.notify_all();
    }

    /// Reads the sample as the settings and the corrections are now.
    pub(crate) fn read_sample(&self, state: &mut State) {
        let known = state.counted.as_ref().map_or(&[][..], |counted| &counted.inputs);
        state.sample = sample::read(&state.heads, &state.settings, &state.log, known);
    }

    /// `GET /api/state`
    pub(crate) fn state(&self) -> Value {
        self.state_of(&self.lock())
    }

    fn state_of(&self, state: &State) -> Value {
        let State { settings, counted, sample, log, .. } = state;
        let is_current = counted.as_ref().is_some_and(|counted| counted.version == state.version);
        let listed = counted.iter().flat_map(|counted| counted.places.counts());
        let group = |(code, count): (&str, usize)| {
            let reason = Reason::from_code(code);
            json!({
                "code": code,
                "count": count,
                "meaning": reason.map_or("the number of another record", Reason::meaning),
                "advice": reason.map_or("", Reason::advice),
            })
        };
        json!({
            "inputs": sample.inputs,
            "sample": sample.counts,
            "regions": sample.regions,
            "needs": sample.problem,
            "region": settings.options.region.map(Region::as_str),
            "optOuts": settings.opt_outs == OptOuts::Exclude,
            "duplicates": dedup_word(settings.dedup),
            "optedOut": counted.as_ref().map_or(0, |counted| counted.opted_out),
            "before": state.before,
            "now": counted.as_ref().map(|counted| counted.counts),
            "isCurrent": is_current,
            "groups": listed.map(group).collect::<Vec<_>>(),
            "progress": state.progress.map(|(done, of)| json!({ "done": done, "of": of })),
            "problem": state.problem,
            "fixes": { "file": log.path().display().to_string(), "count": log.count() },
            "version": state.version,
            "export": self.export_of(state),
        })
    }

    fn export_of(&self, state: &State) -> Value {
        match &state.export {
            Export::None => Value::Null,
            Export::Asked | Export::Running => json!({ "state": "running" }),
            Export::Failed(message) => json!({ "state": "failed", "message": message }),
            Export::Done { out, counts } => json!({
                "state": "done",
                "out": out.display().to_string(),
                "counts": counts,
            }),
        }
    }

    /// `GET /api/rows`: some records of a group, from the one at this place on.
    pub(crate) fn rows(&self, reason: &str, from: usize) -> Result<Value, Refused> {
        let Some(counted) = self.lock().counted.clone() else {
            return Ok(json!({ "total": 0, "from": from, "rows": [] }));
        };
        let (total, window) = counted.places.window(reason, from, WINDOW)?;
        if reason == DUPLICATE {
            self.look_up_kept(&counted, &window)?;
        }
        let state = self.lock();
        let rows: Vec<Value> = window.iter().map(|row| row_of(&state, &counted, row)).collect();
        Ok(json!({ "total": total, "from": from, "rows": rows, "version": counted.version }))
    }

    /// Reads the records that are kept in place of these duplicates, unless they are known.
    fn look_up_kept(&self, counted: &Counted, window: &[Listed]) -> Result<(), Refused> {
        let state = self.lock();
        let wanted = window.iter().filter_map(|row| row.kept);
        let wanted: Vec<(u32, u64)> = wanted.filter(|id| !state.kept.contains_key(id)).collect();
        drop(state);
        if wanted.is_empty() {
            return Ok(());
        }
        let mut records = Records::new(&self.setup.inputs).reading(self.setup.reading.clone());
        for &(source, record) in &wanted {
            records = records.named(&counted.input(source)?.name, record);
        }
        let found = records.run().map_err(|error| Refused(500, error.to_string()))?;
        let mut state = self.lock();
        for (source, record) in wanted {
            let name = &counted.input(source)?.name;
            let of_input = found.iter().filter(|input| input.name == *name);
            let Some(standing) =
                of_input.flat_map(|input| &input.records).find(|one| one.record == record)
            else {
                continue;
            };
            let listed = Listed {
                source,
                record,
                line: standing.line,
                code: String::new(),
                field: String::new(),
                cells: standing.cells.clone(),
                kept: None,
                conflicts: Vec::new(),
            };
            state.kept.insert((source, record), listed);
        }
        Ok(())
    }

    /// `POST /api/map`: what columns hold, the region, and what to do with opt-outs and duplicates.
    pub(crate) fn map(&self, body: &Value) -> Result<Value, Refused> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Asked {
            column: Option<String>,
            field: Option<String>,
            region: Option<String>,
            opt_outs: Option<bool>,
            duplicates: Option<String>,
        }
        let asked: Asked = parsed(body)?;
        let mut state = self.lock();
        let mut settings = state.settings.clone();
        if let Some(column) = asked.column {
            settings.columns.retain(|(name, _)| *name != column);
            if let Some(field) = asked.field.filter(|field| !field.is_empty()) {
                let field = if field == "attribute" { format!("attr:{column}") } else { field };
                settings.columns.push((column, field));
            }
        }
        if let Some(region) = asked.region {
            settings.options.region = match region.trim() {
                "" => None,
                text => Some(region_of(text)?),
            };
        }
        if let Some(exclude) = asked.opt_outs {
            settings.opt_outs = if exclude { OptOuts::Exclude } else { OptOuts::Keep };
        }
        if let Some(word) = asked.duplicates {
            let policy = DEDUP_WORDS.iter().find(|(known, _)| *known == word);
            settings.dedup = match policy {
                Some((_, policy)) => *policy,
                None => return refuse(400, "merge, first, last or none"),
            };
        }
        state.settings = settings;
        self.change(&mut state);
        Ok(self.state_of(&state))
    }

    /// `POST /api/read`: how the engine reads a value, step by step.
    pub(crate) fn read(&self, body: &Value) -> Result<Value, Refused> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            field: String,
            value: String,
        }
        let Asked { field, value } = parsed(body)?;
        let options = self.lock().settings.options.clone();
        let explain = match field.as_str() {
            "phone" => Explain::phone(&value, &options),
            "email" => Explain::email(&value, &options),
            _ => return Ok(Value::Null),
        };
        let mut read = read_cell(Some(&field), &value, &options);
        let steps = serde_json::to_value(&explain).unwrap_or_default();
        read["steps"] = steps.get("steps").cloned().unwrap_or_default();
        Ok(read)
    }

    /// `POST /api/fix`: corrects a cell, all cells like it, or takes the last correction back.
    pub(crate) fn fix(&self, body: &Value) -> Result<Value, Refused> {
        let asked: AskedFix = parsed(body)?;
        let mut state = self.lock();
        if asked.undo {
            let cells = state.log.undo()?;
            return Ok(self.fixed(&mut state, cells, json!({})));
        }
        let Some(counted) = state.counted.clone() else { return refuse(409, "still reading") };
        let alike = alike(&state, &counted, &asked)?;
        if asked.alike {
            let cells = alike.len();
            state.log.append(alike)?;
            return Ok(self.fixed(&mut state, cells, json!({})));
        }
        let Some(row) = counted.places.find(asked.source, asked.record)? else {
            return refuse(404, "this record is not listed any more");
        };
        let fix = fix_of(&state, counted.input(row.source)?, &row, asked.column, &asked.after)?;
        if fix.before != asked.before {
            return refuse(409, "the cell was changed already");
        }
        let more = json!({ "alike": alike.len(), "prefix": asked.prefix() });
        state.log.append(vec![fix])?;
        Ok(self.fixed(&mut state, 1, more))
    }

    /// What is answered once this number of cells was corrected.
    fn fixed(&self, state: &mut State, cells: usize, mut answer: Value) -> Value {
        if cells > 0 {
            self.change(state);
        }
        answer["cells"] = cells.into();
        answer["state"] = self.state_of(state);
        answer
    }

    /// `POST /api/duplicate`: the record that is kept takes a value of the one that is not.
    pub(crate) fn resolve(&self, body: &Value) -> Result<Value, Refused> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            source: u32,
            record: u64,
            field: String,
        }
        let asked: Asked = parsed(body)?;
        let Some(counted) = self.lock().counted.clone() else {
            return refuse(409, "still reading");
        };
        let row = counted.places.find(asked.source, asked.record)?;
        let Some((row, kept)) = row.and_then(|row| row.kept.map(|kept| (row, kept))) else {
            return refuse(404, "this record is not listed any more");
        };
        self.look_up_kept(&counted, std::slice::from_ref(&row))?;
        let mut state = self.lock();
        let value = row.conflicts.iter().find(|(field, _)| *field == asked.field);
        let (Some((field, value)), Some(kept)) = (value, state.kept.get(&kept).cloned()) else {
            return refuse(404, "this value is not lost any more");
        };
        let input = counted.input(kept.source)?;
        let columns =
            input.fields.iter().enumerate().filter(|(_, of)| of.as_deref() == Some(field));
        let columns: Vec<usize> = columns.map(|(index, _)| index).collect();
        let Some(&column) = columns.first() else {
            return refuse(409, "it stands in no single column there; correct the input itself");
        };
        let fix = fix_of(&state, input, &kept, column, value)?;
        state.log.append(vec![fix])?;
        Ok(self.fixed(&mut state, 1, json!({})))
    }

    /// `POST /api/export`: converts, with what was chosen and corrected.
    pub(crate) fn export(&self, _: &Value) -> Result<Value, Refused> {
        let mut state = self.lock();
        if !matches!(state.export, Export::Asked | Export::Running) {
            state.export = Export::Asked;
            self.changed.notify_all();
        }
        Ok(self.state_of(&state))
    }
}

/// What `POST /api/fix` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AskedFix {
    /// Takes the last correction back.
    undo: bool,
    source: u32,
    record: u64,
    column: usize,
    before: String,
    after: String,
    /// The group that the record is listed in.
    reason: String,
    /// Puts in front of every cell of this form what was put in front of this one.
    alike: bool,
}

impl AskedFix {
    /// What was put in front of the cell, if that is all.
    fn prefix(&self) -> Option<&str> {
        let prefix = self.after.strip_suffix(self.before.trim());
        prefix.filter(|prefix| !prefix.is_empty() && !self.before.trim().is_empty())
    }
}

impl Setup {
    /// What the inputs are called.
    pub(crate) fn input_names(&self) -> Vec<String> {
        self.inputs.iter().map(|path| Path::display(path).to_string()).collect()
    }
}

const DEDUP_WORDS: [(&str, DedupPolicy); 4] = [
    ("merge", DedupPolicy::Merge),
    ("first", DedupPolicy::First),
    ("last", DedupPolicy::Last),
    ("none", DedupPolicy::None),
];

fn dedup_word(policy: DedupPolicy) -> &'static str {
    DEDUP_WORDS.iter().find(|(_, known)| *known == policy).map_or("merge", |(word, _)| word)
}

/// A region by its code, its name or its calling code.
fn region_of(text: &str) -> Result<Region, Refused> {
    let code = text.to_ascii_uppercase().parse().ok();
    code.or_else(|| meant_region(text))
        .ok_or_else(|| Refused(400, format!("{text} is no country: a code such as IN, or a name")))
}

/// The correction of a cell of a listed record, from what it is read as now.
fn fix_of(
    state: &State,
    input: &CountedInput,
    row: &Listed,
    column: usize,
    after: &str,
) -> Result<Fix, Refused> {
    let (Some(name), Some(cell)) = (input.columns.get(column), row.cells.get(column)) else {
        return refuse(409, "the record ends before this column: mend it in the file");
    };
    let CountedInput { sha256, member, .. } = input;
    let current = state.log.current(sha256, member, row.record, name);
    Ok(Fix {
        sha256: sha256.clone(),
        member: member.clone(),
        record: row.record,
        column: name.clone(),
        before: current.unwrap_or(cell).to_owned(),
        after: after.to_owned(),
    })
}

/// The corrections that put the same in front of every other cell of the group that has the form of this
/// one, where the engine reads it then.
fn alike(state: &State, counted: &Counted, asked: &AskedFix) -> Result<Vec<Fix>, Refused> {
    let Some(prefix) = asked.prefix() else { return Ok(Vec::new()) };
    let form = form(&asked.before);
    let mut fixes = Vec::new();
    for other in counted.places.window(&asked.reason, 0, MAX_ALIKE)?.1 {
        let is_other = other.source == asked.source && other.record != asked.record;
        if !is_other || column_of(counted, &other) != Some(asked.column) {
            continue;
        }
        let input = counted.input(other.source)?;
        let Ok(mut fix) = fix_of(state, input, &other, asked.column, "") else { continue };
        fix.after = format!("{prefix}{}", fix.before);
        let read = || read_cell(Some(&other.field), &fix.after, &state.settings.options);
        if self::form(&fix.before) == form && read()["ok"] == true {
            fixes.push(fix);
        }
    }
    Ok(fixes)
}

/// The form of a cell: which of its characters are digits, letters or something else.
fn form(cell: &str) -> String {
    let one = |c: char| match c {
        c if c.is_numeric() => '0',
        c if c.is_alphabetic() => 'a',
        c => c,
    };
    cell.trim().chars().map(one).collect()
}

/// The column whose cell is at fault: of several, the first that says something.
fn column_of(counted: &Counted, row: &Listed) -> Option<usize> {
    let fields = &counted.inputs.get(row.source as usize)?.fields;
    let is_at_fault = |field: &Option<String>| field.as_deref() == Some(row.field.as_str());
    let columns =
        || (0..row.cells.len()).filter(|&index| fields.get(index).is_some_and(is_at_fault));
    columns().find(|&index| !row.cells[index].trim().is_empty()).or_else(|| columns().next())
}

/// A listed record for the page, with what was corrected since.
fn row_of(state: &State, counted: &Counted, row: &Listed) -> Value {
    let Some(input) = counted.inputs.get(row.source as usize) else { return Value::Null };
    let current = |index: usize, record| {
        let name = input.columns.get(index)?;
        state.log.current(&input.sha256, &input.member, record, name)
    };
    let cells = |row: &Listed| -> Vec<String> {
        let cells = row.cells.iter().enumerate();
        cells.map(|(at, cell)| current(at, row.record).unwrap_or(cell).to_owned()).collect()
    };
    let column = column_of(counted, row);
    let shown = cells(row);
    let is_fixed = column.is_some_and(|column| shown[column] != row.cells[column]);
    let read = column.map_or(Value::Null, |column| {
        read_cell(Some(&row.field), &shown[column], &state.settings.options)
    });
    let kept = row.kept.and_then(|id| state.kept.get(&id));
    let conflict = |(field, value): &(String, String)| json!({ "field": field, "value": value });
    json!({
        "source": row.source,
        "input": input.name,
        "record": row.record,
        "line": row.line,
        "field": row.field,
        "names": input.columns,
        "fields": input.fields,
        "cells": shown,
        "column": column,
        "fixed": is_fixed,
        "read": read,
        "kept": kept.map(|kept| json!({
            "record": kept.record,
            "line": kept.line,
            "cells": cells(kept),
        })),
        "conflicts": row.conflicts.iter().map(conflict).collect::<Vec<_>>(),
    })
}
