//! A report, for a person at 80 columns.

use std::io::{self, Write};

use anstyle::AnsiColor;
use contactmill::columns::{ColumnRole, DecidedBy, MappedField, column_letters};
use contactmill::{
    Finding, FindingCount, InspectedInput, Inspection, RegionAdvice, RegionFits, Report,
    SeenColumns, Sheet, Workbook,
};
use serde_json::Value;

use crate::args::{ALL_SHEETS, InspectArguments};
use crate::hints;
use crate::mapping_notes::MappingNotes;
use crate::shell::shell_word;
use crate::summary::{grouped, percent, shown};
use crate::terminal::{Style, one_line};

const HEADING: Style = Style::new().bold();
const GOOD: Style = Style::of(AnsiColor::Green);
const WARN: Style = Style::of(AnsiColor::Yellow);
const BAD: Style = Style::of(AnsiColor::Red);
const DIM: Style = Style::new().dimmed();

/// Maximum number of findings that are shown for each column, the commonest first, and of sheets to choose.
const SHOWN: usize = 3;

/// Maximum width of a line.
const WIDTH: usize = 80;

/// Maximum width of the name of a column.
const NAME_WIDTH: usize = 24;

pub(super) fn write(
    out: &mut impl Write,
    Report { inputs, workbooks, .. }: &Report,
    arguments: &InspectArguments,
) -> io::Result<()> {
    for workbook in workbooks {
        write_sheets(out, workbook)?;
    }
    for (index, part) in inputs.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_part(out, part)?;
    }
    write_next(out, inputs, workbooks, arguments)
}

fn write_sheets(out: &mut impl Write, workbook: &Workbook) -> io::Result<()> {
    writeln!(out, "{HEADING}Sheets of {}{HEADING:#}", one_line(&workbook.name))?;
    for sheet in &workbook.sheets {
        let records = sheet.records.map_or_else(|| "–".to_owned(), grouped);
        let (what, style) = match sheet {
            Sheet { has_contacts: true, is_hidden: false, .. } => ("contacts", GOOD),
            Sheet { has_contacts: true, .. } => ("contacts, hidden", WARN),
            Sheet { is_hidden: true, .. } => ("hidden", DIM),
            _ => ("", Style::new()),
        };
        let name = cut(&sheet.name, NAME_WIDTH);
        match what {
            "" => writeln!(out, "{records:>11}  {name}")?,
            _ => writeln!(out, "{records:>11}  {name:<NAME_WIDTH$}  {style}{what}{style:#}")?,
        }
    }
    writeln!(out)
}

fn write_part(out: &mut impl Write, part: &InspectedInput) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}", one_line(&part.name))?;
    let InspectedInput { format, encoding, delimiter, quotes, bytes, .. } = part;
    write!(out, "  {format}, ")?;
    if let Some(delimiter) = delimiter {
        write!(out, "{delimiter}, ")?;
    }
    if let Some(quotes) = quotes {
        write!(out, "quotes {quotes}, ")?;
    }
    write!(out, "{encoding}, {} bytes", grouped(*bytes))?;
    let Some(seen) = &part.seen else { return writeln!(out, ", no columns") };
    let Inspection { records, sampled, every, .. } = seen.inspection;
    write!(out, ", {} records", grouped(records))?;
    if every > 1 {
        write!(out, "\n  {} of them looked at, one in {every}", grouped(sampled))?;
    }
    writeln!(out)?;
    if let Some((_, title)) = seen.map.preset() {
        writeln!(out, "  an export of {title}")?;
    }
    write_columns(out, seen)?;
    write_mapping(out, &part.name, seen)?;
    write_records(out, &seen.inspection)?;
    write_damage(out, seen)?;
    write_regions(out, &seen.inspection.regions)?;
    write_opt_outs(out, seen)?;
    write_examples(out, seen)
}

/// Green where nearly all is well, yellow where most is.
const fn grade(count: u64, of: u64) -> Style {
    if 100 * count >= 95 * of {
        GOOD
    } else if 2 * count >= of {
        WARN
    } else {
        BAD
    }
}

fn write_columns(out: &mut impl Write, seen: &SeenColumns) -> io::Result<()> {
    let Inspection { sampled, blank, .. } = seen.inspection;
    let filled_of = sampled - blank;
    let folded = empty_columns(seen);
    writeln!(
        out,
        "\n{HEADING}     {:<NAME_WIDTH$} {:>6}  {:<12} {:<8} {:>5} {:>6}{HEADING:#}",
        "column", "filled", "taken for", "by", "sure", "valid"
    )?;
    for (index, ((name, role), column)) in
        seen.map.columns().zip(&seen.inspection.columns).enumerate()
    {
        let decision = seen.map.decision(index).unwrap_or_default();
        if folded.contains(&index) {
            continue;
        }
        let (field, style) = match role {
            ColumnRole::Field(MappedField::Attribute(_)) => ("attribute".to_owned(), DIM),
            ColumnRole::Field(field) => (field.to_string(), Style::new()),
            ColumnRole::Ignored | ColumnRole::Bookkeeping => ("–".to_owned(), DIM),
        };
        let filled = percent(column.filled, filled_of);
        let is_decided = decision.by != DecidedBy::Rest;
        let by = if is_decided { decision.by.as_str() } else { "" };
        let sure = if is_decided { format!("{} %", decision.confidence) } else { String::new() };
        let line = format!(
            "{:>3}  {:<NAME_WIDTH$} {filled:>6}  {field:<12} {by:<8} {sure:>5}",
            column_letters(index),
            cut(name, NAME_WIDTH)
        );
        write!(out, "{style}{}{style:#}", line.trim_end())?;
        if let Some(valid) = column.valid {
            let style = grade(valid, column.filled);
            write!(out, " {style}{:>6}{style:#}", percent(valid, column.filled))?;
        }
        writeln!(out)?;
        let unknown = column.valid.map_or(0, |valid| column.filled - valid);
        if *role == ColumnRole::Field(MappedField::Country) && unknown > 0 {
            let cells = grouped(unknown);
            let what = "no country that is known: numbers beside need a +";
            writeln!(out, "     {cells:>7} {WARN}{what}{WARN:#}")?;
        }
        write_found(out, &column.found)?;
    }
    write_empty(out, seen, &folded)
}

/// How columns were taken, and which attributes look sensitive.
fn write_mapping(out: &mut impl Write, name: &str, seen: &SeenColumns) -> io::Result<()> {
    let mut notes = MappingNotes::default();
    notes.add(name, &seen.map);
    if notes.has_columns() {
        writeln!(out, "\n{HEADING}Columns{HEADING:#}")?;
    }
    notes.write_columns(out, None)?;
    if notes.has_sensitive() {
        writeln!(out, "\n{HEADING}Attributes that look sensitive{HEADING:#} {DIM}(kept){DIM:#}")?;
    }
    notes.write_sensitive(out)
}

/// The empty columns that hold no field, where there are several.
fn empty_columns(seen: &SeenColumns) -> Vec<usize> {
    let columns = seen.map.columns().zip(&seen.inspection.columns).enumerate();
    let is_field = |role: &ColumnRole| matches!(role, ColumnRole::Field(field) if !matches!(field, MappedField::Attribute(_)));
    let empty = columns.filter(|(_, ((_, role), column))| column.filled == 0 && !is_field(role));
    let empty: Vec<usize> = empty.map(|(index, _)| index).collect();
    let has_records = seen.inspection.sampled > seen.inspection.blank;
    if has_records && empty.len() > 1 { empty } else { Vec::new() }
}

fn write_empty(out: &mut impl Write, seen: &SeenColumns, empty: &[usize]) -> io::Result<()> {
    if empty.is_empty() {
        return Ok(());
    }
    let columns = seen.map.columns().enumerate().filter(|(index, _)| empty.contains(index));
    let names: Vec<String> =
        columns.map(|(index, (name, _))| format!("{} {name}", column_letters(index))).collect();
    let line = format!("{} empty columns: {}", empty.len(), names.join(", "));
    writeln!(out, "     {DIM}{}{DIM:#}", cut(&line, WIDTH - 5))
}

fn write_found(out: &mut impl Write, found: &[FindingCount]) -> io::Result<()> {
    for FindingCount { finding, count, first, .. } in found.iter().take(SHOWN) {
        let style = if matches!(finding, Finding::Reason(_)) { BAD } else { WARN };
        let place = format!("line {}", first.line);
        let (count, code, meaning) = (grouped(*count), finding.code(), finding.meaning());
        writeln!(
            out,
            "     {count:>7} {style}{code:<22}{style:#} {DIM}{meaning:<35} {place}{DIM:#}"
        )?;
    }
    Ok(())
}

fn write_records(out: &mut impl Write, inspection: &Inspection) -> io::Result<()> {
    let Inspection { sampled, contacts, blank, rejected, reasons, .. } = inspection;
    let whose = if inspection.every > 1 { " of the sample" } else { "" };
    writeln!(out, "\n{HEADING}Records{whose}{HEADING:#} would become")?;
    for (count, what) in
        [(contacts, "contacts, duplicates among them"), (rejected, "rejected"), (blank, "blank")]
    {
        writeln!(out, "  {:>11}  {:>5}  {what}", grouped(*count), percent(*count, *sampled))?;
    }
    write_found(out, reasons)
}

fn write_damage(out: &mut impl Write, seen: &SeenColumns) -> io::Result<()> {
    let mut is_first = true;
    for (index, ((name, _), column)) in seen.map.columns().zip(&seen.inspection.columns).enumerate()
    {
        for found in column.found.iter().filter(|found| found.finding.is_spreadsheet_damage()) {
            if std::mem::take(&mut is_first) {
                writeln!(out, "\n{HEADING}Damage{HEADING:#} by a spreadsheet")?;
            }
            let (column, name) = (column_letters(index), cut(name, NAME_WIDTH));
            let (meaning, advice) = (found.finding.meaning(), found.finding.advice());
            let count = grouped(found.count);
            writeln!(out, "  {BAD}{count}{BAD:#} in column {column} ({name}): {meaning}")?;
            writeln!(out, "    {advice}")?;
        }
    }
    Ok(())
}

fn write_regions(out: &mut impl Write, fits: &RegionFits) -> io::Result<()> {
    let RegionFits { tried, regions, .. } = fits;
    if *tried == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "\n{HEADING}Numbers without a country code{HEADING:#}: {} tried, valid with",
        grouped(*tried)
    )?;
    for advice in regions {
        let style = grade(advice.valid, *tried);
        let (valid, mobile) = (percent(advice.valid, *tried), percent(advice.mobile, *tried));
        write!(
            out,
            "  {style}--region {}  {valid:>5}{style:#}  {mobile:>5} mobile",
            advice.region
        )?;
        match advice.written {
            0 => writeln!(out)?,
            1 => writeln!(out, "  {DIM}1 other is written with its code{DIM:#}")?,
            written => {
                let written = grouped(written);
                writeln!(out, "  {DIM}{written} others are written with its code{DIM:#}")?;
            }
        }
    }
    if regions.is_empty() {
        writeln!(out, "  no region")?;
    }
    if let Some(advice) = fits.better() {
        writeln!(out, "  {WARN}{}{WARN:#}", hints::better_region(fits, advice))?;
    }
    Ok(())
}

fn write_opt_outs(out: &mut impl Write, seen: &SeenColumns) -> io::Result<()> {
    let names: Vec<&str> = seen.map.columns().map(|(name, _)| name).collect();
    let outs = &seen.inspection.opt_outs;
    if outs.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEADING}Opted out{HEADING:#} {DIM}(kept){DIM:#}")?;
    for out_of in outs {
        let name = names.get(out_of.column).copied().unwrap_or_default();
        let style = if out_of.count > 0 { WARN } else { Style::new() };
        writeln!(out, "  {style}{:>11}{style:#}  by {}", grouped(out_of.count), cut(name, 60))?;
    }
    Ok(())
}

fn write_examples(out: &mut impl Write, seen: &SeenColumns) -> io::Result<()> {
    if seen.examples.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEADING}As they would come out{HEADING:#}")?;
    for (line, contact) in &seen.examples {
        let details = &contact["profile"]["userDetails"];
        let text = |value: &Value| shown(value.as_str().unwrap_or_default());
        let phone = &details["contact"]["phone"];
        let place = format!("line {line}");
        let name = cut(&text(&details["userProvidedName"]), NAME_WIDTH);
        let phone = format!("+{} {}", text(&phone["prefix"]), text(&phone["number"]));
        write!(out, "  {DIM}{place:<10}{DIM:#} {name} {DIM}·{DIM:#} {phone}")?;
        let email = text(&details["contact"]["email"]);
        let left = WIDTH.saturating_sub(13 + name.chars().count() + 3 + phone.len() + 3);
        match email.is_empty() {
            true => writeln!(out)?,
            false => writeln!(out, " {DIM}·{DIM:#} {}", cut(&email, left))?,
        }
        let mut more = Vec::new();
        let tags: Vec<String> = list(&details["tags"]).map(text).collect();
        if !tags.is_empty() {
            more.push(format!("tags {}", tags.join(", ")));
        }
        let attributes: Vec<String> = list(&details["attributes"])
            .take(4)
            .map(|attribute| format!("{}: {}", text(&attribute["key"]), text(&attribute["value"])))
            .collect();
        more.extend(attributes);
        if !more.is_empty() {
            writeln!(out, "             {DIM}{}{DIM:#}", cut(&more.join("; "), 66))?;
        }
    }
    Ok(())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn write_next(
    out: &mut impl Write,
    parts: &[InspectedInput],
    workbooks: &[Workbook],
    arguments: &InspectArguments,
) -> io::Result<()> {
    writeln!(out, "\n{HEADING}Next{HEADING:#}")?;
    let mut command = "contactmill convert".to_owned();
    for path in &arguments.inputs {
        command = format!("{command} {}", shell_word(&path.display().to_string()));
    }
    if let Some(path) = &arguments.write_profile {
        writeln!(out, "  the mapping stands in {}", one_line(&path.display().to_string()))?;
        command = format!("{command} --profile {}", shell_word(&path.display().to_string()));
    } else if !parts.is_empty() {
        if let Some(region) = arguments.options().region {
            command = format!("{command} --region {region}");
        } else if let Some((fits, advice)) = likely_region(parts) {
            writeln!(out, "  {}; if they are from there:", hints::likely_region(fits, advice))?;
            command = format!("{command} --region {}", advice.region);
        }
        if arguments.reading.no_header {
            command.push_str(" --no-header");
        }
        for name in &arguments.reading.sheet {
            command = format!("{command} {}", hints::of_sheet(name));
        }
        for (field, column) in arguments.mapping().assignments {
            let map = format!("{field}={column}");
            command = format!("{command} --map {}", shell_word(&map));
        }
    }
    let choices = sheet_choices(workbooks, arguments);
    if choices.is_empty() {
        writeln!(out, "  {command}")?;
    }
    for name in choices {
        writeln!(out, "  {command} {}", hints::of_sheet(name))?;
    }
    let mut notes = MappingNotes::default();
    for InspectedInput { name, seen, .. } in parts {
        seen.iter().for_each(|seen| notes.add(name, &seen.map));
    }
    notes.write_options(out)?;
    let mut opt_outs = parts.iter().filter_map(|part| part.seen.as_ref());
    match opt_outs.any(|seen| seen.inspection.opt_outs.iter().any(|of| of.count > 0)) {
        true => hints::write_opt_outs(out),
        false => Ok(()),
    }
}

/// What `--sheet` can say where it must say something: each sheet with contacts, and all. A name is
/// good for one workbook only.
fn sheet_choices<'w>(workbooks: &'w [Workbook], arguments: &InspectArguments) -> Vec<&'w str> {
    let with_contacts = |workbook: &'w Workbook| {
        let sheets = workbook.sheets.iter().filter(|sheet| sheet.has_contacts && !sheet.is_hidden);
        sheets.map(|sheet| sheet.name.as_str()).collect::<Vec<_>>()
    };
    let mut ambiguous = workbooks.iter().map(with_contacts).filter(|names| names.len() > 1);
    let Some(names) = ambiguous.next() else { return Vec::new() };
    let names = if arguments.inputs.len() > 1 { Vec::new() } else { names };
    names.into_iter().take(SHOWN).chain([ALL_SHEETS]).collect()
}

/// The region that the numbers of all inputs are likely of.
fn likely_region(parts: &[InspectedInput]) -> Option<(&RegionFits, RegionAdvice)> {
    let fits = parts.iter().filter_map(|part| Some(&part.seen.as_ref()?.inspection.regions));
    let mut likely = fits.filter(|fits| fits.tried > 0).map(|fits| Some((fits, fits.likely()?)));
    let (fits, first) = likely.next()??;
    let is_same = |other: Option<(_, RegionAdvice)>| {
        other.is_some_and(|(_, advice)| advice.region == first.region)
    };
    likely.all(is_same).then_some((fits, first))
}

/// The text on one line, cut where it is longer than `width`.
fn cut(text: &str, width: usize) -> String {
    let tidy: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match tidy.chars().count() > width {
        true => tidy.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        false => tidy,
    }
}
