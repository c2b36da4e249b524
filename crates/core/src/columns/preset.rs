//! Exports that are known by their header rows: `data/exports.tsv`.

use std::sync::LazyLock;

use foldhash::HashSet;

use crate::data;
use crate::text::folded;

/// An export that is known by its header row. Columns that it does not list are read by their headers
/// as those of any other file.
#[derive(Debug)]
pub(crate) struct Preset {
    /// The stable name.
    pub(crate) id: &'static str,
    /// The name that people know.
    pub(crate) title: &'static str,
    /// The [`pattern`]s of headers that hardly any other export has. Two of them claim the file.
    own: Vec<String>,
    /// The patterns of headers and their fields; of one field, the best first.
    fields: Vec<(PresetField, String)>,
    /// What stands before the key in the headers of attributes. Where it is not empty, no column is
    /// read by its header alone.
    attribute_prefix: &'static str,
}

/// A field of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PresetField {
    Name,
    FirstName,
    LastName,
    Phone,
    Email,
    Country,
    Tags,
    /// A cell with all attributes, as JSON.
    Attributes,
    /// A header that by itself would be taken for a field, and here is none.
    Attribute,
    /// What other columns say too, or what is not of the contact: no attribute either.
    Ignored,
}

/// What a row of `data/exports.tsv` is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowKind {
    Title,
    Own,
    Field(PresetField),
    AttributePrefix,
}

impl RowKind {
    pub(crate) fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "title" => RowKind::Title,
            "own" => RowKind::Own,
            "name" => RowKind::Field(PresetField::Name),
            "first-name" => RowKind::Field(PresetField::FirstName),
            "last-name" => RowKind::Field(PresetField::LastName),
            "phone" => RowKind::Field(PresetField::Phone),
            "email" => RowKind::Field(PresetField::Email),
            "country" => RowKind::Field(PresetField::Country),
            "tags" => RowKind::Field(PresetField::Tags),
            "attributes" => RowKind::Field(PresetField::Attributes),
            "attribute" => RowKind::Field(PresetField::Attribute),
            "ignored" => RowKind::Field(PresetField::Ignored),
            "attribute-prefix" => RowKind::AttributePrefix,
            _ => return None,
        })
    }
}

/// Every export that is known, the more particular first.
static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let mut presets: Vec<Preset> = Vec::new();
    for [id, kind, text] in data::rows(data::EXPORTS) {
        if presets.last().is_none_or(|preset| preset.id != id) {
            presets.push(Preset {
                id,
                title: id,
                own: Vec::new(),
                fields: Vec::new(),
                attribute_prefix: "",
            });
        }
        let Some(preset) = presets.last_mut() else { continue };
        match RowKind::of_kind(kind) {
            Some(RowKind::Title) => preset.title = text,
            Some(RowKind::Own) => preset.own.push(pattern(text)),
            Some(RowKind::Field(field)) => preset.fields.push((field, pattern(text))),
            Some(RowKind::AttributePrefix) => preset.attribute_prefix = text,
            None => {}
        }
    }
    presets
});

/// A header in the form in which those of presets compare: [`folded`], every number a `#`.
fn pattern(header: &str) -> String {
    let mut pattern = String::with_capacity(header.len());
    for c in folded(&header.replace('#', "0")).chars() {
        match c.is_ascii_digit() {
            true if pattern.ends_with('#') => {}
            true => pattern.push('#'),
            false => pattern.push(c),
        }
    }
    pattern
}

impl Preset {
    /// The export that a header row is of: the one with most headers of its own.
    pub(crate) fn of(header: &[String]) -> Option<&'static Preset> {
        let header: HashSet<String> = header.iter().map(|name| pattern(name)).collect();
        let hits = |preset: &Preset| preset.own.iter().filter(|own| header.contains(*own)).count();
        let claims = PRESETS.iter().rev().filter(|preset| hits(preset) >= preset.min_own());
        claims.max_by_key(|preset| hits(preset))
    }

    /// Minimum number of its own headers. Where columns are ignored, a mistake would lose them.
    fn min_own(&self) -> usize {
        let ignores = self.fields.iter().any(|(field, _)| *field == PresetField::Ignored);
        if ignores { self.own.len() } else { 2 }
    }

    /// Whether the column with this header is ignored.
    pub(crate) fn ignores(&self, header: &str) -> bool {
        matches!(self.field(header), Some((PresetField::Ignored, _)))
    }

    /// What the column with this header holds, and its place among those of the field; `None` where
    /// the preset does not say.
    pub(crate) fn field(&self, header: &str) -> Option<(PresetField, usize)> {
        let header = pattern(header);
        let (field, _) = self.fields.iter().find(|(_, known)| *known == header)?;
        let mut of_field = self.fields.iter().filter(|(known, _)| known == field);
        Some((*field, of_field.position(|(_, known)| *known == header)?))
    }

    /// Whether columns that the preset does not name may be read by their headers.
    pub(crate) const fn is_open(&self) -> bool {
        self.attribute_prefix.is_empty()
    }

    /// The key of the attribute that a column holds, by the name of the column.
    pub(crate) fn key<'n>(&self, name: &'n str) -> &'n str {
        match name.strip_prefix(self.attribute_prefix) {
            Some(key) if !key.is_empty() => key,
            _ => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_an_export_stand_together() {
        let mut ids = std::collections::HashSet::new();
        for preset in &*PRESETS {
            assert!(ids.insert(preset.id), "{}", preset.id);
        }
    }

    #[test]
    fn every_export_has_a_title_and_two_headers_of_its_own() {
        for preset in &*PRESETS {
            assert_ne!(preset.title, preset.id);
            assert!(preset.own.len() >= 2, "{}", preset.id);
        }
    }

    #[test]
    fn no_export_says_two_things_of_a_header() {
        for preset in &*PRESETS {
            let mut own = std::collections::HashSet::new();
            for header in &preset.own {
                assert!(own.insert(header) && !header.is_empty(), "{}: {header}", preset.id);
            }
            let mut fields = std::collections::HashSet::new();
            for (_, header) in &preset.fields {
                assert!(fields.insert(header) && !header.is_empty(), "{}: {header}", preset.id);
            }
        }
    }
}
