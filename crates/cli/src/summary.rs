//! What people see at the end of a run.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use anstyle::AnsiColor;
use contactmill::columns::{ColumnMap, ColumnRole, MappedField};
use contactmill::manifest::{self, Counts, ExclusionList, Fixed, Part, Sample, Since};
use contactmill::{
    ArrayLayout, Event, Manifest, Position, Reason, Record, RegionFits, Warning, WarningCode,
};

pub(crate) use contactmill_report::{grouped, percent};

use crate::hints;
use crate::mapping_notes::MappingNotes;
use crate::shell::shell_word;
use crate::terminal::{Style, one_line};

/// Maximum number of reasons that are shown. All of them are in the manifest.
const SHOWN: usize = 8;

/// Maximum number of characters of a value that are shown.
const SHOWN_CHARACTERS: usize = 44;

const HEADING: Style = Style::new().bold();
const GOOD: Style = Style::of(AnsiColor::Green).bold();
const WARN: Style = Style::of(AnsiColor::Yellow);
const DIM: Style = Style::new().dimmed();

/// What the summary needs of a run beside its manifest.
#[derive(Debug, Default)]
pub(crate) struct RunNotes {
    /// The names of the inputs.
    inputs: Vec<String>,
    /// The phone columns of each input.
    phone_columns: Vec<Vec<usize>>,
    /// The columns of each input that were taken for the country.
    country_columns: Vec<Vec<(usize, String)>>,
    /// In how many records a column taken for the country says something, and no country can be told.
    unknown_countries: BTreeMap<String, u64>,
    /// The known exports, and the inputs that are one.
    exports: BTreeMap<&'static str, Vec<String>>,
    /// How columns were taken.
    mapping: MappingNotes,
    /// How numbers without a country code fit regions.
    regions: RegionFits,
    rejected: BTreeMap<Reason, Tally>,
    warnings: BTreeMap<WarningCode, Tally>,
    /// Whether values of records are kept, which are personal data.
    show_values: bool,
}

/// How often something happened, and where first.
#[derive(Clone, Debug)]
struct Tally {
    count: u64,
    first: Position,
    /// The first value, when the user asked to see it.
    example: Option<String>,
}

impl Tally {
    fn count<K: Ord>(
        tallies: &mut BTreeMap<K, Tally>,
        key: K,
        first: Position,
        example: impl FnOnce() -> Option<String>,
    ) {
        let new = || Tally { count: 0, first, example: example() };
        tallies.entry(key).or_insert_with(new).count += 1;
    }
}

impl RunNotes {
    pub(crate) fn new(show_values: bool) -> Self {
        RunNotes { show_values, mapping: MappingNotes::with_manifest(), ..RunNotes::default() }
    }

    /// Keeps what the summary needs of an event.
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Opened(input) => {
                self.inputs.push(input.name.to_owned());
                self.phone_columns.push(input.columns.map(phone_columns).unwrap_or_default());
                self.country_columns.push(input.columns.map(country_columns).unwrap_or_default());
                if let Some(map) = input.columns {
                    self.mapping.add(input.name, map);
                }
                if input.decided_anew {
                    self.mapping.add_decided_anew(input.name);
                }
                if let Some((_, title)) = input.columns.and_then(ColumnMap::preset) {
                    self.exports.entry(title).or_default().push(input.name.to_owned());
                }
            }
            Event::Regions(fits) => self.regions = RegionFits::clone(fits),
            Event::Rejected { record, rejection } => {
                let RunNotes { rejected, phone_columns, show_values, .. } = self;
                let example = || show_values.then(|| phone_cells(*record, phone_columns));
                Tally::count(rejected, rejection.reason, record.position(), example);
                if rejection.reason == Reason::PhoneCountryUnknown {
                    self.count_country(*record);
                }
            }
            Event::Warning { position, warning } => {
                let Warning { code, before, after, .. } = warning;
                let example = || self.show_values.then(|| format!("{before} → {after}"));
                Tally::count(&mut self.warnings, *code, *position, example);
            }
            _ => {}
        }
    }

    /// Counts the first column of a record that was taken for the country and says something.
    fn count_country(&mut self, record: Record<'_>) {
        let columns = self.country_columns.get(record.position().source.0 as usize);
        let is_filled = |index| record.get(index).is_some_and(|cell| !cell.trim().is_empty());
        let filled = columns.into_iter().flatten().find(|&&(index, _)| is_filled(index));
        if let Some((_, name)) = filled {
            *self.unknown_countries.entry(name.clone()).or_default() += 1;
        }
    }

    /// The options that let rejected records be taken, by their reason.
    fn helpful_options(&self) -> impl Iterator<Item = (Reason, Cow<'static, str>)> {
        let likely = self.regions.likely();
        self.rejected.keys().filter_map(move |&reason| {
            let options = Cow::Borrowed(hints::of_reason(reason)?);
            Some(match likely.filter(|_| reason == Reason::PhoneCountryUnknown) {
                Some(advice) => (reason, options.replace("XX", advice.region.as_str()).into()),
                None => (reason, options),
            })
        })
    }
}

/// The phone cells of a record.
fn phone_cells(record: Record<'_>, phone_columns: &[Vec<usize>]) -> String {
    let columns = phone_columns.get(record.position().source.0 as usize);
    let cells = columns.into_iter().flatten().filter_map(|&column| record.get(column));
    cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ")
}

fn country_columns(map: &ColumnMap) -> Vec<(usize, String)> {
    let columns = map.columns().enumerate();
    columns
        .filter(|(_, (_, role))| **role == ColumnRole::Field(MappedField::Country))
        .map(|(index, (name, _))| (index, name.to_owned()))
        .collect()
}

fn phone_columns(map: &ColumnMap) -> Vec<usize> {
    map.columns().enumerate().filter(|(_, (_, role))| role.is_phone()).map(|(at, _)| at).collect()
}

/// A run, for a person at 80 columns.
pub(crate) struct Summary<'r> {
    pub(crate) manifest: &'r Manifest,
    pub(crate) notes: &'r RunNotes,
    pub(crate) out: &'r Path,
    pub(crate) layout: ArrayLayout,
}

impl Summary<'_> {
    /// Writes the summary.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.write_counts(out)?;
        self.write_fixed(out)?;
        self.write_since(out)?;
        self.write_columns(out)?;
        self.write_exclusion_lists(out)?;
        self.write_opt_outs(out)?;
        let RunNotes { rejected, warnings, .. } = self.notes;
        let rejected = rejected.iter().map(|(reason, tally)| Line {
            code: reason.code(),
            meaning: reason.meaning(),
            tally,
        });
        self.write_lines(out, "Rejected", rejected.collect())?;
        let warnings = warnings.iter().map(|(code, tally)| Line {
            code: code.code(),
            meaning: code.meaning(),
            tally,
        });
        self.write_lines(out, "Warnings", warnings.collect())?;
        self.write_files(out)?;
        self.write_next(out)
    }

    fn write_counts(&self, out: &mut impl Write) -> io::Result<()> {
        let Counts { records, contacts, unchanged, duplicates, excluded, rejected, blank, .. } =
            self.manifest.counts;
        let from = match self.notes.inputs.as_slice() {
            [one] => one_line(one),
            many => format!("{} inputs", many.len()),
        };
        if let Some(Sample { of, .. }) = self.manifest.sample {
            let of = grouped(of);
            writeln!(
                out,
                "{WARN}A sample{WARN:#} of {HEADING}{} of {of} records{HEADING:#} from {from}",
                grouped(records)
            )?;
            writeln!(out, "  for all of them, the same without --sample\n")?;
        } else {
            writeln!(out, "{HEADING}{} records{HEADING:#} from {from}\n", grouped(records))?;
        }
        let mut row = |count: u64, what: &str, style: Style| {
            let share = if records == 0 { 0.0 } else { count as f64 * 100.0 / records as f64 };
            let count = grouped(count);
            writeln!(out, "  {style}{count:>11}  {what:<11}{style:#} {share:>5.1} %")
        };
        row(contacts, "contacts", GOOD)?;
        if self.manifest.since.is_some() {
            row(unchanged, "unchanged", Style::new())?;
        }
        row(duplicates, "duplicates", Style::new())?;
        if self.may_exclude() {
            row(excluded, "excluded", Style::new())?;
        }
        row(rejected, "rejected", Style::new())?;
        row(blank, "blank", Style::new())
    }

    /// How many cells were corrected by hand.
    fn write_fixed(&self, out: &mut impl Write) -> io::Result<()> {
        let manifest::Options { fixes: Some(file), .. } = &self.manifest.options else {
            return Ok(());
        };
        let Fixed { cells, records } = self.manifest.fixed.unwrap_or_default();
        let (cells, records) = (grouped(cells), grouped(records));
        writeln!(out, "\n{HEADING}Fixed by hand{HEADING:#}, by {}", one_line(file))?;
        writeln!(out, "  {cells:>11}  cells in {records} records")
    }

    /// How the contacts compare with those of an earlier result.
    fn write_since(&self, out: &mut impl Write) -> io::Result<()> {
        let manifest::Options { since: Some(folder), .. } = &self.manifest.options else {
            return Ok(());
        };
        let Since { new, changed, unchanged, gone } = self.manifest.since.unwrap_or_default();
        writeln!(out, "\n{HEADING}Since{HEADING:#} {}", one_line(folder))?;
        for (count, what) in [
            (new, "new"),
            (changed, "changed"),
            (unchanged, "unchanged, not written again"),
            (gone, "gone"),
        ] {
            writeln!(out, "  {:>11}  {what}", grouped(count))?;
        }
        Ok(())
    }

    /// Whether the run was asked to leave people out.
    fn may_exclude(&self) -> bool {
        let options = &self.manifest.options;
        !options.exclude.is_empty() || options.opt_outs.is_some()
    }

    /// What the exclusion lists hold, and what of them cannot be read: whoever stands there is not
    /// left out.
    fn write_exclusion_lists(&self, out: &mut impl Write) -> io::Result<()> {
        let lists = &self.manifest.exclusion_lists;
        if !lists.is_empty() {
            writeln!(out, "\n{HEADING}Exclusion lists{HEADING:#}")?;
        }
        for ExclusionList { path, numbers, addresses, unreadable, first_unreadable, .. } in lists {
            let (numbers, addresses) = (grouped(*numbers), grouped(*addresses));
            writeln!(out, "  {}: {numbers} numbers, {addresses} addresses", one_line(path))?;
            if let Some(line) = first_unreadable {
                let unreadable = grouped(*unreadable);
                writeln!(
                    out,
                    "    {WARN}{unreadable} cannot be read{WARN:#} and leave nobody out, the first at line {line}"
                )?;
            }
        }
        Ok(())
    }

    /// How many opted out, by the column that says so.
    fn write_opt_outs(&self, out: &mut impl Write) -> io::Result<()> {
        let opt_outs = &self.manifest.opt_outs;
        let lacks_columns = self.excludes_opt_outs() && self.notes.mapping.lacks_consents();
        if opt_outs.is_empty() && !lacks_columns {
            return Ok(());
        }
        let fate = match self.manifest.exclusion_lists.as_slice() {
            _ if self.excludes_opt_outs() => "excluded",
            [] => "kept",
            _ => "kept unless on a list",
        };
        writeln!(out, "\n{HEADING}Opted out{HEADING:#} {DIM}({fate}){DIM:#}")?;
        for of in opt_outs.iter().take(SHOWN) {
            let place = match self.notes.inputs.as_slice() {
                [_] => String::new(),
                _ => format!(" of {}", one_line(&of.path)),
            };
            writeln!(out, "  {:>11}  by {}{place}", grouped(of.contacts), one_line(&of.column))?;
        }
        if lacks_columns {
            self.notes.mapping.write_lack_of_consents(out)?;
        }
        match opt_outs.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(out, "  {DIM}and {more} more columns, in manifest.json{DIM:#}"),
        }
    }

    fn excludes_opt_outs(&self) -> bool {
        self.manifest.options.opt_outs.is_some()
    }

    fn write_columns(&self, out: &mut impl Write) -> io::Result<()> {
        let RunNotes { exports, mapping, .. } = self.notes;
        if !exports.is_empty() || mapping.has_columns() {
            writeln!(out, "\n{HEADING}Columns{HEADING:#}")?;
        }
        for (title, inputs) in exports {
            let inputs = match inputs.as_slice() {
                [one] => format!("{} is an export", one_line(one)),
                many => format!("{} of {} inputs are exports", many.len(), self.notes.inputs.len()),
            };
            writeln!(out, "  {inputs} of {title}")?;
        }
        mapping.write_columns(out, self.nameless().as_deref())?;
        if mapping.has_sensitive() {
            writeln!(
                out,
                "\n{HEADING}Attributes that look sensitive{HEADING:#} {DIM}(kept){DIM:#}"
            )?;
        }
        mapping.write_sensitive(out)
    }

    /// How many contacts have no name.
    fn nameless(&self) -> Option<String> {
        let code = WarningCode::NameFromPhone;
        let count = self.manifest.warnings_by_code.get(code.code())?;
        let contacts = self.manifest.counts.contacts;
        let count = (*count).min(contacts);
        let verb = if count == 1 { "has" } else { "have" };
        Some(format!("{} of {} contacts {verb} no name", grouped(count), grouped(contacts)))
    }

    fn write_lines(
        &self,
        out: &mut impl Write,
        title: &str,
        mut lines: Vec<Line<'_>>,
    ) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        // The order of the codes parts equals.
        lines.sort_by_key(|line| std::cmp::Reverse(line.tally.count));
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        let width = |of: &dyn Fn(&Line<'_>) -> usize| lines.iter().map(of).max().unwrap_or(0);
        let count_width = width(&|line| grouped(line.tally.count).len());
        let code_width = width(&|line| line.code.len());
        let meaning_width = width(&|line| line.meaning.len());
        let indent = 2 + count_width + 2;
        writeln!(
            out,
            "\n{HEADING}{title:<0$}{HEADING:#}{DIM}first at{DIM:#}",
            indent + code_width + 2 + meaning_width + 2
        )?;
        for line in &lines {
            let Line { code, meaning, tally } = line;
            let count = grouped(tally.count);
            let place = self.place(tally.first);
            writeln!(
                out,
                "  {count:>count_width$}  {code:<code_width$}  {DIM}{meaning:<meaning_width$}  {place}{DIM:#}",
            )?;
            if let Some(example) = tally.example.as_deref().filter(|example| !example.is_empty()) {
                writeln!(out, "{:indent$}{}", "", shown(example))?;
            }
        }
        if more > 0 {
            writeln!(out, "{:indent$}{DIM}and {more} more kinds, in manifest.json{DIM:#}", "")?;
        }
        Ok(())
    }

    fn place(&self, position: Position) -> String {
        match self.notes.inputs.as_slice() {
            [_] => format!("line {}", position.line),
            inputs => {
                let name = inputs.get(position.source.0 as usize).map_or("", String::as_str);
                format!("{}:{}", one_line(name), position.line)
            }
        }
    }

    fn write_files(&self, out: &mut impl Write) -> io::Result<()> {
        let files: Vec<_> = self.manifest.contact_files().collect();
        let parts = &self.manifest.parts;
        writeln!(
            out,
            "\n{HEADING}Written{HEADING:#} to {}",
            one_line(&self.out.display().to_string())
        )?;
        let mut file = |name: &str, what: String| writeln!(out, "  {name:<23}{what}");
        if !parts.is_empty() {
            for Part { folder, counts, .. } in self.largest_parts().take(SHOWN) {
                let Counts { contacts, records, .. } = counts;
                let (contacts, records) = (grouped(*contacts), grouped(*records));
                let name = format!("{}/", one_line(folder));
                file(&name, format!("{contacts} contacts of {records} records"))?;
            }
            if let more @ 1.. = parts.len().saturating_sub(SHOWN) {
                file("", format!("and {} more folders, in manifest.json", grouped(more as u64)))?;
            }
            self.write_report(&mut file)?;
            return file("manifest.json", "all folders, counts, mapping".into());
        }
        match (files.as_slice(), self.layout) {
            ([], _) => {}
            ([table], _) if self.manifest.options.to.is_some() => {
                file(&table.path, "the contacts, a row each".into())?;
            }
            ([only], ArrayLayout::Files) => file(&only.path, "the import array".into())?,
            ([first, .., last], ArrayLayout::Files) => {
                let what =
                    format!("to {}: {} import arrays", last.path, grouped(files.len() as u64));
                file(&first.path, what)?;
            }
            ([only, ..], ArrayLayout::Lines) => {
                file(&only.path, "the import arrays, one a line".into())?;
            }
        }
        let Counts { duplicates, excluded, rejected, warnings, .. } = self.manifest.counts;
        let gone = self.manifest.since.unwrap_or_default().gone;
        let rejects = self.manifest.reject_files();
        for (name, count, what) in [
            (rejects[0], rejected, "rejected records, each with its reason"),
            ("duplicates.csv", duplicates, "records merged away or skipped"),
            ("excluded.csv", excluded, "records of people who must not be written to"),
            ("warnings.csv", warnings, "values that were changed, or are suspect"),
            ("gone.csv", gone, "contacts of the earlier result that are gone"),
        ] {
            if count > 0 {
                file(name, format!("{} {what}", grouped(count)))?;
            }
        }
        for name in &rejects[1..] {
            file(name, "those of the rejected that no sheet can hold".into())?;
        }
        self.write_report(&mut file)?;
        file("manifest.json", "counts, mapping, checksums".into())
    }

    fn write_report(
        &self,
        file: &mut impl FnMut(&str, String) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.manifest.options.report {
            true => file("report.html", "this run as a page, for a browser".into()),
            false => Ok(()),
        }
    }

    /// The parts of split results, those with most contacts first.
    fn largest_parts(&self) -> impl Iterator<Item = &Part> {
        let mut parts: Vec<&Part> = self.manifest.parts.iter().collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.counts.contacts));
        parts.into_iter()
    }

    fn write_next(&self, out: &mut impl Write) -> io::Result<()> {
        let Counts { contacts, rejected, warnings, .. } = self.manifest.counts;
        let path = self.out.display().to_string();
        // The files of split results stand in the folders of their parts.
        let parts = if self.manifest.parts.is_empty() { "" } else { "/*" };
        let folder = format!("{}{parts}", one_line(&path));
        writeln!(out, "\n{HEADING}Next{HEADING:#}")?;
        if rejected > 0 && self.manifest.sample.is_none() {
            let rejects = self.manifest.reject_files();
            let files: Vec<String> =
                rejects.iter().map(|name| format!("{folder}/{name}")).collect();
            let [files, them] = match files.as_slice() {
                [file] => [file.clone(), "it".to_owned()],
                files => [files.join(" and "), "them".to_owned()],
            };
            writeln!(out, "  correct {files}, then convert {them} to another folder")?;
        }
        for (reason, options) in self.notes.helpful_options() {
            writeln!(out, "  or, for {reason}: {options}")?;
        }
        self.write_region(out)?;
        for (name, count) in &self.notes.unknown_countries {
            let (count, map) = (grouped(*count), shell_word(&format!("attr:{name}={name}")));
            writeln!(out, "  {count} of these: {} says no country that is known", one_line(name))?;
            writeln!(out, "    if it is no column of countries: --map {}", one_line(&map))?;
        }
        self.notes.mapping.write_options(out)?;
        if !self.manifest.opt_outs.is_empty() && contacts > 0 {
            match self.excludes_opt_outs() {
                true if parts.is_empty() => hints::write_other_records(out, &folder)?,
                true => {}
                false => hints::write_opt_outs(out)?,
            }
        }
        if warnings > 0 {
            writeln!(out, "  look through {folder}/warnings.csv")?;
        }
        let table = self.manifest.options.to.as_ref();
        match contacts {
            0 if self.manifest.counts.unchanged > 0 => {
                writeln!(out, "  nothing to import: no contact is new or changed")
            }
            0 => writeln!(out, "  nothing to import"),
            _ if table.is_some() => {
                let to = table.map_or("", String::as_str);
                writeln!(out, "  use {folder}/contacts.{to}; an upload needs --to import")
            }
            _ if self.manifest.sample.is_some() => {
                writeln!(out, "  convert without --sample; the result of a sample is not uploaded")
            }
            _ => {
                let part = self.largest_parts().next().map(|part| self.out.join(&part.folder));
                let folder = part.map_or(path, |part| part.display().to_string());
                let folder = shell_word(&folder);
                writeln!(out, "  contactmill upload {folder} --target NAME --dry-run")?;
                match self.manifest.parts.len() {
                    0 | 1 => Ok(()),
                    _ => writeln!(out, "    and so on, folder by folder"),
                }
            }
        }
    }
}

impl Summary<'_> {
    /// What the numbers without a country code say of their region.
    fn write_region(&self, out: &mut impl Write) -> io::Result<()> {
        let RunNotes { regions, rejected, .. } = self.notes;
        if let Some(advice) = regions.better() {
            return writeln!(out, "  {WARN}{}{WARN:#}", hints::better_region(regions, advice));
        }
        match regions.likely().filter(|_| rejected.contains_key(&Reason::PhoneCountryUnknown)) {
            Some(advice) => writeln!(out, "    {}", hints::likely_region(regions, advice)),
            None => Ok(()),
        }
    }
}

/// A reason or a warning with its count.
struct Line<'t> {
    code: &'static str,
    meaning: &'static str,
    tally: &'t Tally,
}

/// A value as it can be shown on a line: control characters made visible, cut where it is long.
pub(crate) fn shown(value: &str) -> String {
    let mut text: String = value.chars().take(SHOWN_CHARACTERS).flat_map(printable).collect();
    if value.chars().nth(SHOWN_CHARACTERS).is_some() {
        text.push('…');
    }
    text
}

fn printable(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_value_holds_cannot_move_the_cursor() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
    }
}
