//! What people should see of how columns were taken: by what they hold their fields, and which look like a
//! field and hold none.

use crate::columns::consent;
use crate::columns::content::ContentSample;
use crate::columns::decide::{CellKind, DecidedBy, Decision, ENOUGH_CELLS, Share};
use crate::columns::field::MappedField;
use crate::columns::header::{self, Bookkeeping, HeaderMeaning};
use crate::columns::hint::{HeaderHint, hint, is_of_something_else, speaks_of_other_country};
use crate::columns::party::{self, Party, Standing};
use crate::columns::preset::Preset;
use crate::columns::sensitive;

/// Something about a column, or about a field without one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MappingNote {
    /// A column holds a field, and not by a header that is known as a whole: its cells decided, or words
    /// in its header; or its cells speak against its header.
    Taken {
        /// The field.
        field: MappedField,
        /// The column, from 0.
        column: usize,
        /// Why.
        why: WhyTaken,
    },
    /// A column looks as if it held a field, and does not.
    Unused {
        /// The field.
        field: MappedField,
        /// The column, from 0.
        column: usize,
        /// Why it looks so, or why it holds none.
        why: WhyUnused,
    },
    /// No column holds a field that contacts should have.
    Missing {
        /// The field.
        field: MappedField,
        /// The only column that could hold it, from 0.
        likely: Option<usize>,
    },
}

/// Why a column holds a field whose header is not known as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyTaken {
    /// Its cells read so.
    Cells(Share),
    /// Its header says so, in other words than the known ones.
    Header,
    /// Its header says so, though few of its cells do, as there is no other.
    HeaderAlone(Share),
}

/// Why a column that looks like a field does not hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyUnused {
    /// Its header says that it does, and its cells that it does not.
    Refuted(Option<Share>),
    /// Its header names somebody else.
    OfOthers,
    /// It stands beside the name of somebody else: `Name, Phone, Guardian, Mobile`.
    BehindAnotherName,
    /// Its header does not say that it does, and its cells do.
    Unnamed(Share),
    /// Another column fits better.
    Another,
}

/// What is known of the columns of a file.
pub(crate) struct Known<'k> {
    pub(crate) header: &'k [String],
    pub(crate) sample: &'k ContentSample,
    pub(crate) bookkeeping: Bookkeeping,
    pub(crate) preset: Option<&'static Preset>,
    /// Fields and their columns, in the order in which these are tried.
    pub(crate) fields: &'k [(MappedField, usize)],
    pub(crate) decisions: &'k [Decision],
}

impl Known<'_> {
    /// Every note: first what was taken, in the order of the fields, then the columns in theirs.
    pub(crate) fn notes(&self) -> Vec<MappingNote> {
        let taken = self.fields.iter().filter_map(|(field, column)| self.taken(field, *column));
        let unused = (0..self.header.len()).filter_map(|column| self.unused(column));
        taken.chain(unused).chain(self.missing_name()).collect()
    }

    fn taken(&self, field: &MappedField, column: usize) -> Option<MappingNote> {
        let why = match self.decisions[column] {
            Decision { by: DecidedBy::Content, share: Some(share), .. } => WhyTaken::Cells(share),
            Decision { by: DecidedBy::Header, confidence, share: Some(share) }
                if confidence < CONTRADICTED =>
            {
                WhyTaken::HeaderAlone(share)
            }
            Decision { by: DecidedBy::Header | DecidedBy::Content, .. }
                if !header::is_known(&self.header[column]) =>
            {
                WhyTaken::Header
            }
            _ => return None,
        };
        Some(MappingNote::Taken { field: field.clone(), column, why })
    }

    fn unused(&self, column: usize) -> Option<MappingNote> {
        let is_refuted = self.decisions[column].by == DecidedBy::Content;
        if self.fields.iter().any(|&(_, taken)| taken == column)
            || self.is_own(column) && !is_refuted
            || self.sample.is_surely_empty(column)
        {
            return None;
        }
        let (field, why) = match self.decisions[column] {
            Decision { by: DecidedBy::Content, share, .. } => {
                (MappedField::Phone, WhyUnused::Refuted(share))
            }
            Decision { by: DecidedBy::Header, .. } => {
                let is_said = Party::of(&self.header[column]).standing() > Standing::Contact;
                let why = if is_said { WhyUnused::OfOthers } else { WhyUnused::BehindAnotherName };
                (MappedField::Phone, why)
            }
            _ => self.looks_like(column)?,
        };
        // Where the user has chosen the columns, others were left out on purpose.
        (!self.is_chosen(&field)).then_some(MappingNote::Unused { field, column, why })
    }

    /// Whether `convert`, or a known export, says what the column is.
    fn is_own(&self, column: usize) -> bool {
        let header = &self.header[column];
        self.bookkeeping.has(header)
            || self.preset.is_some_and(|one| !one.is_open() || one.field(header).is_some())
    }

    fn is_chosen(&self, field: &MappedField) -> bool {
        self.columns_of(field).any(|column| self.decisions[column].by == DecidedBy::Option)
    }

    fn columns_of(&self, field: &MappedField) -> impl Iterator<Item = usize> {
        self.fields.iter().filter(move |(known, _)| known == field).map(|&(_, column)| column)
    }

    /// The field that a column without one looks like.
    fn looks_like(&self, column: usize) -> Option<(MappedField, WhyUnused)> {
        let (header, content) = (&self.header[column], self.sample.column(column));
        if let Some(field) = header::meaning(header).and_then(HeaderMeaning::person_field) {
            return (content.filled > 0).then_some((field, WhyUnused::Another));
        }
        if self.is_of_something_else(column) || content.filled < ENOUGH_CELLS {
            return None;
        }
        if self.columns_of(&MappedField::Country).next().is_none()
            && !speaks_of_other_country(header)
            && let Some(seen) = self.sample.countries_by_name(column)
        {
            let share = Share { kind: CellKind::Country, count: seen.named, of: seen.filled };
            return Some((MappedField::Country, WhyUnused::Unnamed(share)));
        }
        let named = || matches!(hint(header), Some(HeaderHint::Name));
        let share = |kind, count| WhyUnused::Unnamed(Share { kind, count, of: content.filled });
        if content.is_mostly(content.phones) {
            Some((MappedField::Phone, share(CellKind::Phone, content.phones)))
        } else if content.is_mostly(content.emails) {
            Some((MappedField::Email, share(CellKind::Email, content.emails)))
        } else if named() && content.is_mostly(content.names) {
            Some((MappedField::Name, WhyUnused::Another))
        } else {
            None
        }
    }

    /// Whether a column speaks of other things, or holds identifiers or what is sensitive: a national id
    /// may read as a phone number, a religion as a name.
    fn is_of_something_else(&self, column: usize) -> bool {
        let header = &self.header[column];
        is_of_something_else(header)
            || sensitive::of_header(header).is_some()
            || self.sample.identifiers(column).is_some()
    }

    /// The note that nothing holds the name.
    fn missing_name(&self) -> Option<MappingNote> {
        use MappedField::{FirstName, LastName, Name};
        let has_name =
            self.fields.iter().any(|(field, _)| matches!(field, Name | FirstName | LastName));
        if has_name {
            return None;
        }
        let is_free = |&column: &usize| {
            !self.fields.iter().any(|&(_, taken)| taken == column)
                && !self.is_own(column)
                && !self.is_of_something_else(column)
                && consent::of_header(&self.header[column]).is_none()
        };
        let is_hinted = |&column: &usize| hint(&self.header[column]) == Some(HeaderHint::Name);
        let could_be = |&column: &usize| {
            let content = self.sample.column(column);
            content.filled >= ENOUGH_CELLS && content.is_mostly(content.names)
        };
        let free: Vec<usize> = (0..self.header.len()).filter(is_free).collect();
        let only = |fits: &dyn Fn(&usize) -> bool| {
            let mut fitting = free.iter().copied().filter(|column| fits(column));
            fitting.next().filter(|_| fitting.next().is_none())
        };
        let of_role = |&column: &usize| {
            let header = &self.header[column];
            party::meaning(header) == Some(HeaderMeaning::Name)
                && Party::of(header).standing() == Standing::Role
        };
        let likely = only(&is_hinted).or_else(|| only(&of_role)).or_else(|| only(&could_be));
        Some(MappingNote::Missing { field: Name, likely })
    }
}

/// How sure a header is whose cells speak against it.
const CONTRADICTED: u8 = 50;
