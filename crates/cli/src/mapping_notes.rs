//! How columns were taken, in words: one line a field or column, whatever the number of inputs.

use std::fmt;
use std::io::{self, Write};

use contactmill::columns::{
    AttributeSelection, ColumnMap, ColumnRole, IdentifierShare, MappedField, MappingNote,
    SensitiveColumn, Share, WhyTaken, WhyUnused,
};

use crate::shell::shell_word;
use crate::terminal::one_line;

/// Maximum number of lines of a kind.
const SHOWN: usize = 8;

/// Maximum number of options of a kind.
const SHOWN_OPTIONS: usize = 4;

/// Maximum width of a line.
const WIDTH: usize = 80;

/// Maximum width of the name of a column in a line. Options have it in full.
const NAME_WIDTH: usize = 30;

/// The notes on all inputs, the same ones in one line.
#[derive(Debug, Default)]
pub(crate) struct MappingNotes {
    /// Whether a manifest has what is too much to be shown.
    is_capped: bool,
    /// Number of inputs with columns.
    inputs: usize,
    /// How columns were taken.
    columns: Vec<Note>,
    /// Attributes that look sensitive.
    sensitive: Vec<Note>,
    /// Their names, each once.
    sensitive_names: Vec<String>,
    /// Whether one of them has no name that a list can hold, and whether it has at least letters.
    is_unnamed: bool,
    is_by_letters: bool,
    /// That no column, or only remarks, says who has opted out.
    without_consents: Vec<Note>,
}

/// A line about the columns of some inputs.
#[derive(Debug)]
struct Note {
    pieces: Vec<Piece>,
    inputs: SomeInputs,
    /// The options that would change it, each for those inputs that it fits.
    options: Vec<Advice>,
}

/// What an option would do, and the option.
#[derive(Debug)]
struct Advice {
    what: String,
    option: String,
    inputs: SomeInputs,
}

/// How many inputs something is about, and the first of them.
#[derive(Debug, Default)]
struct SomeInputs {
    count: usize,
    first: String,
}

impl SomeInputs {
    fn one(name: &str) -> Self {
        SomeInputs { count: 1, first: name.to_owned() }
    }

    /// Which they are, unless they are all.
    fn place(&self, all: usize) -> Option<String> {
        match self.count {
            count if count == all => None,
            1 => Some(one_line(&self.first)),
            count => Some(format!("{count} of {all} inputs")),
        }
    }
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Cells(Share),
    Identifiers(IdentifierShare),
    /// The place of the contacts that have none, once they are counted.
    Nameless,
}

impl Piece {
    /// Adds the counts of another piece that says the same; `false` where it says something else.
    fn says_as(&self, other: &Piece) -> bool {
        match (self, other) {
            (Piece::Text(one), Piece::Text(other)) => one == other,
            (Piece::Cells(one), Piece::Cells(other)) => one.kind == other.kind,
            (Piece::Identifiers(one), Piece::Identifiers(other)) => one.scheme == other.scheme,
            (Piece::Nameless, Piece::Nameless) => true,
            _ => false,
        }
    }

    fn add(&mut self, other: &Piece) {
        match (self, other) {
            (Piece::Cells(all), Piece::Cells(more)) => {
                all.count += more.count;
                all.of += more.of;
            }
            (Piece::Identifiers(all), Piece::Identifiers(more)) => {
                all.count += more.count;
                all.of += more.of;
            }
            _ => {}
        }
    }
}

impl Note {
    fn new(input: &str, pieces: Vec<Piece>) -> Self {
        Note { pieces, inputs: SomeInputs::one(input), options: Vec::new() }
    }

    fn with_option(mut self, what: String, option: String) -> Self {
        let inputs = SomeInputs::one(&self.inputs.first);
        self.options.push(Advice { what, option, inputs });
        self
    }

    /// Adds the note to others: to the one that says the same, if there is one.
    fn fold_into(self, notes: &mut Vec<Note>) {
        let says_as = |known: &&mut Note| {
            known.pieces.len() == self.pieces.len()
                && known.pieces.iter().zip(&self.pieces).all(|(one, other)| one.says_as(other))
        };
        let Some(known) = notes.iter_mut().find(says_as) else { return notes.push(self) };
        known.inputs.count += 1;
        known.pieces.iter_mut().zip(&self.pieces).for_each(|(all, more)| all.add(more));
        for advice in self.options {
            match known.options.iter_mut().find(|one| one.option == advice.option) {
                Some(one) => one.inputs.count += 1,
                None => known.options.push(advice),
            }
        }
    }

    fn line(&self, all: usize, nameless: Option<&str>) -> String {
        let mut line = String::new();
        for piece in &self.pieces {
            line += &match piece {
                Piece::Text(text) => text.clone(),
                Piece::Cells(share) => share.to_string(),
                Piece::Identifiers(share) => share.to_string(),
                Piece::Nameless => nameless.map(|of| format!(": {of}")).unwrap_or_default(),
            };
        }
        match self.inputs.place(all) {
            Some(place) => format!("{line}, in {place}"),
            None => line,
        }
    }
}

impl MappingNotes {
    /// Notes of a run whose manifest has all of them.
    pub(crate) fn with_manifest() -> Self {
        MappingNotes { is_capped: true, ..MappingNotes::default() }
    }

    /// Adds the notes on the columns of an input.
    pub(crate) fn add(&mut self, input: &str, map: &ColumnMap) {
        self.inputs += 1;
        let taken = taken_fields(input, map);
        let others = map.notes().iter().filter_map(|note| of_note(input, map, note));
        for note in taken.into_iter().chain(others) {
            note.fold_into(&mut self.columns);
        }
        let lack = match map.has_consents() {
            false => Some("no column says who has opted out: nobody is left out by one"),
            true if map.has_remarks_alone() => {
                Some("only remarks say who has opted out: those that are nothing but a refusal")
            }
            true => None,
        };
        if let Some(said) = lack.map(str::to_owned) {
            Note::new(input, vec![Piece::Text(said)]).fold_into(&mut self.without_consents);
        }
        for column in map.sensitive() {
            of_sensitive(input, map, column).fold_into(&mut self.sensitive);
        }
        match map.without_sensitive() {
            Some(AttributeSelection::AllBut(names)) => self.add_sensitive_names(names, map),
            _ => self.is_unnamed = true,
        }
    }

    /// Adds that the columns of a table of an earlier run were decided by its own rows.
    pub(crate) fn add_decided_anew(&mut self, input: &str) {
        let said = "its columns were decided by these few rows, as the manifest.json of the run that wrote them is \
                    not beside them";
        Note::new(input, vec![Piece::Text(said.to_owned())]).fold_into(&mut self.columns);
    }

    fn add_sensitive_names(&mut self, names: Vec<String>, map: &ColumnMap) {
        for name in names {
            self.is_by_letters |= !map.columns().any(|(known, _)| known == name);
            if !self.sensitive_names.contains(&name) {
                self.sensitive_names.push(name);
            }
        }
    }

    /// Writes how columns were taken; `nameless` says how many contacts have no name.
    pub(crate) fn write_columns(
        &self,
        out: &mut impl Write,
        nameless: Option<&str>,
    ) -> io::Result<()> {
        self.write(out, &self.columns, nameless)
    }

    /// Whether anything is known of how columns were taken.
    pub(crate) const fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether in some input no column, or only remarks, says who has opted out.
    pub(crate) const fn lacks_consents(&self) -> bool {
        !self.without_consents.is_empty()
    }

    /// Writes in which inputs no column says who has opted out.
    pub(crate) fn write_lack_of_consents(&self, out: &mut impl Write) -> io::Result<()> {
        self.write(out, &self.without_consents, None)
    }

    /// Whether attributes look sensitive.
    pub(crate) const fn has_sensitive(&self) -> bool {
        !self.sensitive.is_empty()
    }

    /// Writes which attributes look sensitive.
    pub(crate) fn write_sensitive(&self, out: &mut impl Write) -> io::Result<()> {
        self.write(out, &self.sensitive, None)
    }

    fn write(
        &self,
        out: &mut impl Write,
        notes: &[Note],
        nameless: Option<&str>,
    ) -> io::Result<()> {
        let shown = if self.is_capped { SHOWN } else { notes.len() };
        for note in notes.iter().take(shown) {
            write_wrapped(out, &note.line(self.inputs, nameless))?;
        }
        match notes.len().saturating_sub(shown) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more, in manifest.json"),
        }
    }

    /// Writes the options that would have columns taken otherwise.
    pub(crate) fn write_options(&self, out: &mut impl Write) -> io::Result<()> {
        let advice = self.columns.iter().flat_map(|note| &note.options);
        for Advice { what, option, inputs } in advice.take(SHOWN_OPTIONS) {
            let place = inputs.place(self.inputs);
            let place = place.map(|place| format!(", for {place} alone")).unwrap_or_default();
            writeln!(out, "  {what}{place}:\n    {option}")?;
        }
        self.write_attributes_option(out)
    }

    /// Writes the option that leaves out what looks sensitive. The letters of a column are another one's in
    /// another input.
    fn write_attributes_option(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.has_sensitive() {
            return Ok(());
        }
        let (what, selection) = match self.is_unnamed || self.is_by_letters && self.inputs > 1 {
            false => {
                ("the sensitive attributes", format!("all but {}", self.sensitive_names.join(",")))
            }
            true => ("all attributes, the sensitive ones among them", "none".to_owned()),
        };
        writeln!(out, "  to leave out {what}:\n    --attributes {}", shell_word(&selection))
    }
}

/// Writes a line, with what does not fit in others below it.
fn write_wrapped(out: &mut impl Write, text: &str) -> io::Result<()> {
    let (mut line, mut width) = (String::from(" "), 1);
    for word in text.split(' ') {
        let long = word.chars().count();
        if width + 1 + long > WIDTH && width > 4 {
            writeln!(out, "{line}")?;
            (line, width) = (String::from("   "), 3);
        }
        line = format!("{line} {word}");
        width += 1 + long;
    }
    writeln!(out, "{line}")
}

/// A line for each field that not only columns with its exact header hold, with all its columns.
fn taken_fields(input: &str, map: &ColumnMap) -> Vec<Note> {
    let is_taken = |wanted: &MappedField| {
        let mut notes = map.notes().iter();
        notes.any(|note| matches!(note, MappingNote::Taken { field, .. } if field == wanted))
    };
    let mut fields: Vec<&MappedField> = Vec::new();
    for (field, _) in map.fields() {
        if is_taken(field) && !fields.contains(&field) {
            fields.push(field);
        }
    }
    let note = |field: &MappedField| {
        let mut pieces = vec![Piece::Text(format!("{field}: "))];
        for (place, (_, name)) in map.fields().filter(|(of, _)| *of == field).enumerate() {
            let then = if place == 0 { "" } else { ", then " };
            pieces.push(Piece::Text(format!("{then}{}", Quoted(name))));
            pieces.extend(why_taken(map, name));
        }
        Note::new(input, pieces)
    };
    fields.into_iter().map(note).collect()
}

/// Why a column was taken, where it was not by its exact header.
fn why_taken(map: &ColumnMap, name: &str) -> Vec<Piece> {
    let is_it = |note: &&MappingNote| {
        let MappingNote::Taken { column, .. } = note else { return false };
        map.columns().nth(*column).is_some_and(|(known, _)| known == name)
    };
    let Some(MappingNote::Taken { why, .. }) = map.notes().iter().find(is_it) else {
        return Vec::new();
    };
    let text = |text: &str| Piece::Text(text.to_owned());
    match why {
        WhyTaken::Cells(share) => vec![text(" ("), Piece::Cells(*share), text(")")],
        WhyTaken::HeaderAlone(share) => {
            vec![text(" (though only "), Piece::Cells(*share), text(")")]
        }
        _ => vec![text(" (by its header)")],
    }
}

/// The line of a note on a column that holds no field, or on a field without a column.
fn of_note(input: &str, map: &ColumnMap, note: &MappingNote) -> Option<Note> {
    Some(match note {
        MappingNote::Unused { field, column, why } => {
            let (name, role) = map.columns().nth(*column)?;
            let what = match role {
                ColumnRole::Field(_) => "only an attribute",
                ColumnRole::Ignored | ColumnRole::Bookkeeping => "left out",
            };
            let mut pieces = vec![Piece::Text(format!("{}: {what}, ", Quoted(name)))];
            let mut said = |text: &str| pieces.push(Piece::Text(text.to_owned()));
            match why {
                WhyUnused::Refuted(share) => {
                    said("as ");
                    pieces.extend(share.map(Piece::Cells));
                }
                WhyUnused::Unnamed(share) => {
                    said("though ");
                    pieces.push(Piece::Cells(*share));
                }
                WhyUnused::OfOthers => said("as by its header it is not the contact's own"),
                WhyUnused::BehindAnotherName => {
                    said("as it stands beside the name of somebody else");
                }
                WhyUnused::Another => said(&format!("as another column is the {field}")),
                _ => return None,
            }
            let note = Note::new(input, pieces);
            let is_certain = matches!(why, WhyUnused::Refuted(_) | WhyUnused::OfOthers);
            if is_certain {
                return Some(note);
            }
            let too = if map.fields().any(|(known, _)| known == field) { " too" } else { "" };
            let what = format!("to take {} for the {field}{too}", Quoted(name));
            note.with_option(what, map_options(&map.with_column(field, *column)))
        }
        MappingNote::Missing { field, likely } => {
            let text = format!("no column was taken for the {field}");
            let is_free = |(_, role): (&str, &ColumnRole)| match role {
                ColumnRole::Field(field) => matches!(field, MappedField::Attribute(_)),
                ColumnRole::Ignored => true,
                ColumnRole::Bookkeeping => false,
            };
            let column = likely.and_then(|index| map.columns().nth(index)).map(|(name, _)| name);
            let assignment = (field.clone(), column.unwrap_or("COLUMN").to_owned());
            let what = match column {
                Some(name) => format!("if {} is the {field}", Quoted(name)),
                None => format!("to take a column for the {field}"),
            };
            let note = Note::new(input, vec![Piece::Text(text), Piece::Nameless]);
            match map.columns().any(is_free) {
                true => note.with_option(what, map_options(&[assignment])),
                false => note,
            }
        }
        _ => return None,
    })
}

/// The line of an attribute that looks sensitive.
fn of_sensitive(input: &str, map: &ColumnMap, found: &SensitiveColumn) -> Note {
    let name = map.columns().nth(found.column).map_or("", |(name, _)| name);
    let mut pieces = vec![Piece::Text(format!("{}: {}, ", Quoted(name), found.kind.meaning()))];
    if found.by_header {
        pieces.push(Piece::Text("by its header".to_owned()));
    }
    if let Some(share) = found.identifiers {
        let joined = if found.by_header { "; " } else { "as " };
        pieces.extend([Piece::Text(joined.to_owned()), Piece::Identifiers(share)]);
    }
    Note::new(input, pieces)
}

/// The options for these assignments, as they are typed.
fn map_options(assignments: &[(MappedField, String)]) -> String {
    let option = |(field, column): &(MappedField, String)| {
        format!("--map {}", shell_word(&format!("{field}={column}")))
    };
    assignments.iter().map(option).collect::<Vec<_>>().join(" ")
}

/// The name of a column in a line, cut where it is long.
struct Quoted<'n>(&'n str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = one_line(self.0);
        match name.chars().count() > NAME_WIDTH {
            true => {
                let head: String = name.chars().take(NAME_WIDTH - 1).collect();
                write!(f, "\"{head}…\"")
            }
            false => write!(f, "\"{name}\""),
        }
    }
}
