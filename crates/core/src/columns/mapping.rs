//! What the user or the header says of the columns, resolved against one header row.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::columns::consent::{self, Consent};
use crate::columns::content::ContentSample;
use crate::columns::decide::{Columns, DecidedBy, Decision, FieldCandidate, Share};
use crate::columns::field::MappedField;
use crate::columns::header;
use crate::columns::header_row::{
    Labels, column_letters, has_data, index_of_letters, is_data, is_label, is_record, labels,
    may_be_record, without_shared_word,
};
use crate::columns::notes::{Known, MappingNote};
use crate::columns::preset::Preset;
use crate::columns::sensitive::{self, SensitiveColumn};
use crate::raw::RawContact;
use crate::reason::Reason;
use crate::records::{Integrity, Record};
use crate::text::{folded, is_blank, visible};

/// Which of the columns that are mapped to nothing become attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AttributeSelection {
    /// Every one.
    #[default]
    All,
    /// None.
    None,
    /// Those with these names.
    Columns(Vec<String>),
    /// Every one but those with these names, of which an input may lack some:
    /// [`FieldMapping::unknown_exception`].
    AllBut(Vec<String>),
}

impl AttributeSelection {
    /// Whether columns become attributes without having been named.
    const fn is_open(&self) -> bool {
        matches!(self, AttributeSelection::All | AttributeSelection::AllBut(_))
    }
}

/// What the user says of the columns; what is not said, the header says, or their content.
///
/// ```
/// use contactmill_core::columns::{AttributeSelection, FieldMapping, MappedField};
///
/// let mapping = FieldMapping {
///     assignments: vec![(MappedField::Phone, "Mobile".into()), (MappedField::Phone, "Home".into())],
///     attributes: AttributeSelection::None,
/// };
/// let header = ["Name", "Home", "Mobile"].map(String::from);
/// let map = mapping.resolve(&header)?;
/// assert_eq!(map.columns().filter(|(_, role)| role.is_phone()).count(), 2);
/// # Ok::<(), contactmill_core::columns::MappingError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMapping {
    /// Fields and the names of their columns; several columns of one field are tried in order. A
    /// field that stands here takes no other column.
    pub assignments: Vec<(MappedField, String)>,
    /// Which other columns become attributes.
    pub attributes: AttributeSelection,
}

/// Why a mapping does not fit a header row.
///
/// Columns are called by their names where the first row is known to be a header, and by their
/// letters where it may hold somebody's data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MappingError {
    /// No column holds phone numbers, as far as the header tells.
    NoPhoneColumn {
        /// The columns there are.
        columns: Vec<String>,
        /// The one that most likely holds them.
        likely: Option<String>,
    },
    /// The phone columns are of different people, or several fit by their cells alone.
    AmbiguousPhone {
        /// Those that it could be, in the order of the columns.
        candidates: Vec<PhoneCandidate>,
    },
    /// The first row holds an e-mail address or a phone number: it is no header.
    NoHeader {
        /// How many columns there are.
        columns: usize,
        /// The letter of the one that most likely holds phone numbers.
        likely: Option<String>,
    },
    /// A column that the user named is not there.
    UnknownColumn {
        /// The name that was given.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
        /// The columns that would hold the fields of the mapping if it said nothing of them.
        fits: Vec<(MappedField, String)>,
    },
}

/// A column that could hold the phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PhoneCandidate {
    /// By this, `--map` knows it: its name or its letter.
    pub column: String,
    /// Its letter.
    pub letter: String,
    /// How many of its cells are numbers.
    pub share: Option<Share>,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MappingError::NoPhoneColumn { columns, .. } => {
                write!(f, "no column with phone numbers among {}", columns.join(", "))
            }
            MappingError::AmbiguousPhone { candidates } => {
                let columns: Vec<&str> = candidates.iter().map(|one| &*one.column).collect();
                write!(f, "the phone could be in any of {}", columns.join(", "))
            }
            MappingError::NoHeader { .. } => f.write_str("the first row is data, not a header"),
            MappingError::UnknownColumn { column, columns, .. } => {
                write!(f, "no column {column:?} among {}", columns.join(", "))
            }
        }
    }
}

impl std::error::Error for MappingError {}

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    /// A field.
    Field(MappedField),
    /// Nothing that is carried over.
    Ignored,
    /// A column that `convert` itself added; never data.
    Bookkeeping,
}

impl ColumnRole {
    /// Whether the column holds phone numbers.
    #[must_use]
    pub fn is_phone(&self) -> bool {
        *self == ColumnRole::Field(MappedField::Phone)
    }
}

/// A [`FieldMapping`] resolved against one header row. The default has no columns at all: what is
/// damaged is rejected by it, and everything else is blank.
#[derive(Clone, Debug, Default)]
pub struct ColumnMap {
    header: Vec<String>,
    names: Vec<String>,
    roles: Vec<ColumnRole>,
    /// Columns by field, in the order in which they are tried.
    fields: Vec<(MappedField, usize)>,
    /// The column of a corrected file that says why the record was rejected.
    reason_column: Option<usize>,
    /// Why each column holds what it holds.
    decisions: Vec<Decision>,
    preset: Option<&'static Preset>,
    /// The columns of consents.
    consents: Vec<(usize, Consent)>,
    /// What people should see of how columns were taken.
    notes: Vec<MappingNote>,
    /// Attributes that look sensitive.
    sensitive: Vec<SensitiveColumn>,
}

/// By what the people in a file must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Phone,
    PhoneOrEmail,
}

/// What a record is before its contact is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Contact,
    Rejected(Reason),
    /// No data: all fields empty, or the header row again.
    Blank,
}

impl FieldMapping {
    /// Finds the columns in a header row, by the header row alone.
    ///
    /// # Errors
    ///
    /// When a named column is not there, no column holds phone numbers or several do and nothing says
    /// which, or the header row is a record.
    pub fn resolve(&self, header: &[String]) -> Result<ColumnMap, MappingError> {
        self.resolve_with(header, &ContentSample::default())
    }

    /// The columns that the user named and that a header row does not have.
    ///
    /// ```
    /// use contactmill_core::columns::{FieldMapping, MappedField};
    ///
    /// let assignments = vec![(MappedField::Phone, "Mobile".into())];
    /// let mapping = FieldMapping { assignments, ..FieldMapping::default() };
    /// assert_eq!(mapping.missing_in(&["Name".into()]), ["Mobile"]);
    /// ```
    #[must_use]
    pub fn missing_in(&self, header: &[String]) -> Vec<&str> {
        let names = column_names(header);
        let assigned = self.assignments.iter().map(|(_, column)| column);
        let chosen: &[String] = match &self.attributes {
            AttributeSelection::Columns(columns) => columns,
            _ => &[],
        };
        let missing = assigned.chain(chosen).filter(|column| find_column(&names, column).is_none());
        missing.map(String::as_str).collect()
    }

    /// The first column that is to become no attribute and that no input has, as an error for the first
    /// header row: it may be misspelt, and another one be sent along.
    ///
    /// ```
    /// use contactmill_core::columns::{AttributeSelection, FieldMapping};
    ///
    /// let attributes = AttributeSelection::AllBut(vec!["Passport".into()]);
    /// let mapping = FieldMapping { attributes, ..FieldMapping::default() };
    /// let header = ["Name", "Phone", "Passport No"].map(String::from);
    /// assert!(mapping.unknown_exception(&[&header]).is_some());
    /// let other = ["Phone", "Passport"].map(String::from);
    /// assert_eq!(mapping.unknown_exception(&[&header, &other]), None);
    /// ```
    #[must_use]
    pub fn unknown_exception(&self, headers: &[&[String]]) -> Option<MappingError> {
        let AttributeSelection::AllBut(columns) = &self.attributes else { return None };
        let is_known =
            |column: &String| headers.iter().any(|header| named_column(header, column).is_ok());
        let unknown = columns.iter().find(|column| !is_known(column))?;
        named_column(headers.first()?, unknown).err()
    }

    /// Finds the columns in a header row and by what a sample of the records holds.
    ///
    /// ```
    /// use contactmill_core::Options;
    /// use contactmill_core::columns::{ContentSample, DecidedBy, FieldMapping};
    /// use contactmill_core::records::{Integrity, Position, Record};
    ///
    /// let header = ["Name", "Home"].map(String::from);
    /// let mapping = FieldMapping::default();
    /// assert!(mapping.resolve(&header).is_err());
    ///
    /// let mut sample = ContentSample::new(Options::default());
    /// let text = "Asha+91 98765 43210";
    /// sample.add(Record::new(text, &[4, text.len()], Position::default(), Integrity::Whole));
    /// let map = mapping.resolve_with(&header, &sample)?;
    /// assert_eq!(map.decision(1).unwrap().by, DecidedBy::Content);
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a named column is not there, no column holds phone numbers or several do and nothing says
    /// which, or the header row is a record.
    pub fn resolve_with(
        &self,
        header: &[String],
        sample: &ContentSample,
    ) -> Result<ColumnMap, MappingError> {
        self.resolve_for(Reach::Phone, header, sample)
    }

    /// As [`resolve_with`](FieldMapping::resolve_with), for a list of people of whom an e-mail address
    /// is enough.
    ///
    /// ```
    /// use contactmill_core::columns::{ContentSample, FieldMapping};
    ///
    /// let (mapping, sample) = (FieldMapping::default(), ContentSample::default());
    /// let header = ["Email".to_owned()];
    /// assert!(mapping.resolve_with(&header, &sample).is_err());
    /// assert!(mapping.resolve_list(&header, &sample).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// When no column holds phone numbers or e-mail addresses, or several do and nothing says which,
    /// or the header row is a record.
    pub fn resolve_list(
        &self,
        header: &[String],
        sample: &ContentSample,
    ) -> Result<ColumnMap, MappingError> {
        self.resolve_for(Reach::PhoneOrEmail, header, sample)
    }

    fn resolve_for(
        &self,
        reach: Reach,
        header: &[String],
        sample: &ContentSample,
    ) -> Result<ColumnMap, MappingError> {
        let names = column_names(header);
        let preset = Preset::of(header);
        let shortened = if preset.is_none() { without_shared_word(header) } else { None };
        let said = shortened.as_deref().unwrap_or(header);
        let labels = Labels::new(said, &names, sample);
        if is_record(header, sample) {
            return Err(no_header(header, sample));
        }
        let assigned = self.assigned(&names, &labels);
        let mut fields = assigned.map_err(|error| self.with_fits(error, header, sample))?;
        let mut decisions = vec![Decision::default(); names.len()];
        for &(_, index) in &fields {
            decisions[index] = Decision { by: DecidedBy::Option, confidence: 100, share: None };
        }
        let columns = Columns { header: said, names: &names, assigned: &fields, preset, sample };
        let decided = columns.decide();
        if !decided.ambiguous.is_empty() {
            return Err(labels.ambiguous(&decided.ambiguous));
        }
        for (index, decision) in decided.refuted {
            decisions[index] = decision;
        }
        for FieldCandidate { field, index, decision, .. } in decided.candidates {
            decisions[index] = decision;
            fields.push((field, index));
        }
        self.check_header(reach, &fields, &labels, decided.likely)?;

        let known = Known { header, sample, preset, fields: &fields, decisions: &decisions };
        let notes = known.notes();
        let is_own = header::is_bookkeeping_header(header);
        let mut roles = roles(&names, is_own, &fields);
        for (field, index) in self.attributes(&names, &labels, preset, &roles)? {
            roles[index] = ColumnRole::Field(field.clone());
            fields.push((field, index));
        }
        let mut map = ColumnMap {
            header: header.to_vec(),
            reason_column: reason_column(&names, is_own),
            names,
            roles,
            fields,
            decisions,
            preset,
            consents: consent::columns(header),
            notes,
            sensitive: Vec::new(),
        };
        // Columns that the user named were chosen.
        if self.attributes.is_open() {
            map.sensitive = map.sensitive_attributes(sample);
        }
        Ok(map)
    }

    /// The fields that the user has assigned, and their columns.
    fn assigned(
        &self,
        names: &[String],
        labels: &Labels<'_>,
    ) -> Result<Vec<(MappedField, usize)>, MappingError> {
        let assignments = self.assignments.iter();
        assignments
            .map(|(field, column)| Ok((field.clone(), find_named(names, labels, column)?)))
            .collect()
    }

    /// The error with the columns that fit, for a mapping that was made for another layout.
    fn with_fits(
        &self,
        mut error: MappingError,
        header: &[String],
        sample: &ContentSample,
    ) -> MappingError {
        let is_meant = |field: &MappedField| self.assignments.iter().any(|(of, _)| of == field);
        if let MappingError::UnknownColumn { fits, .. } = &mut error
            && let Ok(map) = FieldMapping::default().resolve_with(header, sample)
        {
            let known = map.fields().filter(|(field, _)| is_meant(field));
            fits.extend(known.map(|(field, column)| (field.clone(), column.to_owned())));
        }
        error
    }

    /// Checks that a column holds what is needed, and that the first row is no record.
    fn check_header(
        &self,
        reach: Reach,
        fields: &[(MappedField, usize)],
        labels: &Labels<'_>,
        likely: Option<usize>,
    ) -> Result<(), MappingError> {
        let Labels { header, names, sample, .. } = *labels;
        let phones: Vec<usize> = fields
            .iter()
            .filter(|(field, _)| *field == MappedField::Phone)
            .map(|&(_, index)| index)
            .collect();
        if phones.is_empty() {
            if has_data(header, sample) {
                return Err(no_header(header, sample));
            }
            let has_email = || fields.iter().any(|(field, _)| *field == MappedField::Email);
            if reach == Reach::PhoneOrEmail && has_email() {
                return Ok(());
            }
            let likely = likely.or_else(|| sample.likely_phone_column());
            let likely = likely.map(|index| labels.of(index));
            return Err(MappingError::NoPhoneColumn { columns: labels.all(), likely });
        }
        // A column that the user calls by its name proves that it has one.
        let is_by_name = |(_, column): &(MappedField, String)| by_name(names, column).is_some();
        if !self.assignments.iter().any(is_by_name) && may_be_record(header, &phones, sample) {
            return Err(no_header(header, sample));
        }
        Ok(())
    }

    /// The attributes that are made of columns without a field.
    fn attributes(
        &self,
        names: &[String],
        labels: &Labels<'_>,
        preset: Option<&Preset>,
        roles: &[ColumnRole],
    ) -> Result<Vec<(MappedField, usize)>, MappingError> {
        let wanted = self.wanted_attributes(names, labels, preset)?;
        let attribute = |index: usize| {
            let name = names[index].as_str();
            let key = preset.map_or(name, |preset| preset.key(name));
            (MappedField::Attribute(key.into()), index)
        };
        let is_free = |&index: &usize| wanted[index] && roles[index] == ColumnRole::Ignored;
        Ok((0..names.len()).filter(is_free).map(attribute).collect())
    }

    /// Whether each column becomes an attribute if it holds no field.
    fn wanted_attributes(
        &self,
        names: &[String],
        labels: &Labels<'_>,
        preset: Option<&Preset>,
    ) -> Result<Vec<bool>, MappingError> {
        let is_ignored = |name: &str| preset.is_some_and(|preset| preset.ignores(name));
        let is_data = |name: &String| {
            self.attributes.is_open() && !name.starts_with('_') && !is_ignored(name)
        };
        let mut wanted: Vec<bool> = names.iter().map(is_data).collect();
        match &self.attributes {
            AttributeSelection::All | AttributeSelection::None => {}
            AttributeSelection::AllBut(columns) => {
                for index in columns.iter().filter_map(|column| find_column(names, column)) {
                    wanted[index] = false;
                }
            }
            AttributeSelection::Columns(columns) => {
                for column in columns {
                    wanted[find_named(names, labels, column)?] = true;
                }
            }
        }
        Ok(wanted)
    }
}

impl FieldMapping {
    /// Whether a row is a header row for contacts, by its own words: that distinguishes it from
    /// preamble rows above it. A column that is mapped by its letter is in every row, and says nothing.
    ///
    /// ```
    /// use contactmill_core::columns::{FieldMapping, MappedField};
    ///
    /// let mapping = FieldMapping::default();
    /// assert!(mapping.is_header(&["Name", "Mobile"].map(String::from)));
    /// assert!(!mapping.is_header(&["Asha", "98765 43210"].map(String::from)));
    /// assert!(!mapping.is_header(&["Contacts of March", ""].map(String::from)));
    /// ```
    #[must_use]
    pub fn is_header(&self, row: &[String]) -> bool {
        let sample = ContentSample::default();
        if is_record(row, &sample) {
            return false;
        }
        let (by_names, has_phone_by_letter) = self.by_names(row);
        match by_names.resolve(row) {
            Ok(_) | Err(MappingError::AmbiguousPhone { .. }) => true,
            Err(MappingError::NoPhoneColumn { .. }) if has_phone_by_letter => {
                !by_names.assignments.is_empty() || labels(row, &sample) >= 2
            }
            Err(_) => false,
        }
    }

    /// Whether a row holds somebody's e-mail address or number and no word of a header: it is a
    /// record, and no preamble row.
    ///
    /// ```
    /// use contactmill_core::columns::FieldMapping;
    ///
    /// let row = |cells: [&str; 3]| FieldMapping::is_record(&cells.map(String::from));
    /// assert!(row(["Asha", "98765 43210", ""]));
    /// assert!(!row(["Contacts of March", "", ""]));
    /// assert!(!row(["Phone:", "044 2345 6789", ""]));
    /// ```
    #[must_use]
    pub fn is_record(row: &[String]) -> bool {
        let sample = ContentSample::default();
        row.iter().any(|cell| is_data(cell, &sample)) && !row.iter().any(|cell| is_label(cell))
    }

    /// What it says of columns by their names, and whether it says that a phone column is at a letter,
    /// for a row that may or may not be the header.
    pub(crate) fn by_names(&self, row: &[String]) -> (FieldMapping, bool) {
        let names = column_names(row);
        let is_letter =
            |column: &str| by_name(&names, column).is_none() && index_of_letters(column).is_some();
        let mut mapping = self.clone();
        mapping.assignments.retain(|(_, column)| !is_letter(column));
        if let AttributeSelection::Columns(columns) = &mut mapping.attributes {
            columns.retain(|column| !is_letter(column));
        }
        let mut all = self.assignments.iter();
        let by_letter =
            all.any(|(field, column)| *field == MappedField::Phone && is_letter(column));
        (mapping, by_letter)
    }
}

impl ColumnMap {
    /// A map of these columns, decided elsewhere: the fields with the indexes of their columns, as
    /// [`field_columns`](ColumnMap::field_columns) says them. Records are read by it just as by that map;
    /// it does not know why columns were taken so.
    ///
    /// ```
    /// use contactmill_core::columns::{ColumnMap, FieldMapping};
    ///
    /// let header = ["Name", "Phone", "City"].map(String::from);
    /// let map = FieldMapping::default().resolve(&header)?;
    /// let fields = map.field_columns().map(|(field, index)| (field.clone(), index));
    /// let same = ColumnMap::of_fields(&header, fields.collect());
    /// assert!(map.columns().eq(same.columns()));
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn of_fields(header: &[String], mut fields: Vec<(MappedField, usize)>) -> Self {
        fields.retain(|&(_, index)| index < header.len());
        let (names, is_own) = (column_names(header), header::is_bookkeeping_header(header));
        ColumnMap {
            header: header.to_vec(),
            roles: roles(&names, is_own, &fields),
            fields,
            reason_column: reason_column(&names, is_own),
            consents: consent::columns(header),
            names,
            ..ColumnMap::default()
        }
    }

    /// The fields and the indexes of their columns, in the order in which they are tried.
    pub fn field_columns(&self) -> impl Iterator<Item = (&MappedField, usize)> {
        self.fields.iter().map(|(field, index)| (field, *index))
    }

    /// The columns in order: name (made unique) and role.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &ColumnRole)> {
        self.names.iter().map(String::as_str).zip(&self.roles)
    }

    /// The name of the column at this index.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// The columns of consents, each with its index.
    pub(crate) fn consents(&self) -> &[(usize, Consent)] {
        &self.consents
    }

    /// Which of the columns of consents is the first to say that the person does not want to be
    /// written to.
    pub(crate) fn opt_out(&self, record: Record<'_>) -> Option<usize> {
        self.consents.iter().position(|&(index, consent)| {
            record.get(index).is_some_and(|cell| consent.is_opt_out(cell))
        })
    }

    /// The fields and the names of their columns, those of one field in the order in which they are
    /// tried.
    pub fn fields(&self) -> impl Iterator<Item = (&MappedField, &str)> {
        self.fields.iter().map(|(field, index)| (field, self.names[*index].as_str()))
    }

    /// Why the column at this index holds what it holds.
    #[must_use]
    pub fn decision(&self, index: usize) -> Option<Decision> {
        self.decisions.get(index).copied()
    }

    /// What people should see of how columns were taken.
    ///
    /// ```
    /// use contactmill_core::columns::{FieldMapping, MappedField, MappingNote};
    ///
    /// let map = FieldMapping::default().resolve(&["Phone", "City"].map(String::from))?;
    /// let missing = MappingNote::Missing { field: MappedField::Name, likely: None };
    /// assert_eq!(map.notes(), [missing]);
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn notes(&self) -> &[MappingNote] {
        &self.notes
    }

    /// The columns that become attributes without having been named by the user, and look sensitive.
    ///
    /// ```
    /// use contactmill_core::columns::{FieldMapping, Sensitive};
    ///
    /// let map = FieldMapping::default().resolve(&["Name", "Phone", "Passport No"].map(String::from))?;
    /// assert_eq!(map.sensitive()[0].kind, Sensitive::Identity);
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn sensitive(&self) -> &[SensitiveColumn] {
        &self.sensitive
    }

    /// The selection of attributes that leaves out those that look sensitive, and nothing else; `None`
    /// where a column cannot be named in a list.
    ///
    /// ```
    /// use contactmill_core::columns::{AttributeSelection, FieldMapping};
    ///
    /// let header = ["Name", "Phone", "City", "Passport No"].map(String::from);
    /// let map = FieldMapping::default().resolve(&header)?;
    /// let kept = AttributeSelection::AllBut(vec!["Passport No".into()]);
    /// assert_eq!(map.without_sensitive(), Some(kept));
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn without_sensitive(&self) -> Option<AttributeSelection> {
        let names = self.sensitive.iter().map(|found| self.list_name(found.column));
        names.collect::<Option<_>>().map(AttributeSelection::AllBut)
    }

    /// The assignments that let a column hold a field beside those that hold it.
    ///
    /// ```
    /// use contactmill_core::columns::{FieldMapping, MappedField::Phone};
    ///
    /// let map = FieldMapping::default().resolve(&["Phone", "Reach"].map(String::from))?;
    /// let both = [(Phone, "Phone".to_owned()), (Phone, "Reach".to_owned())];
    /// assert_eq!(map.with_column(&Phone, 1), both);
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn with_column(&self, field: &MappedField, column: usize) -> Vec<(MappedField, String)> {
        let of_field = self.fields.iter().filter(|(known, _)| known == field);
        let columns = of_field.map(|&(_, index)| index).chain([column]);
        columns.map(|index| (field.clone(), self.name(index).to_owned())).collect()
    }

    /// The columns that become attributes without having been named by the user.
    fn unnamed_attributes(&self) -> impl Iterator<Item = usize> {
        let is_attribute =
            |role: &ColumnRole| matches!(role, ColumnRole::Field(MappedField::Attribute(_)));
        (0..self.names.len()).filter(move |&index| {
            is_attribute(&self.roles[index]) && self.decisions[index].by != DecidedBy::Option
        })
    }

    fn sensitive_attributes(&self, sample: &ContentSample) -> Vec<SensitiveColumn> {
        let attributes = self.unnamed_attributes().filter(|&index| !sample.is_surely_empty(index));
        let of_column = |index: usize| {
            sensitive::of_column(index, &self.header[index], sample.identifiers(index))
        };
        attributes.filter_map(of_column).collect()
    }

    /// What a column is called in a list: its name or, where that has a comma, its letters.
    fn list_name(&self, index: usize) -> Option<String> {
        let name = self.name(index);
        let is_word = matches!(name, "all" | "none") || name.starts_with("all but ");
        match name.contains(',') || is_word {
            false => Some(name.to_owned()),
            true => {
                let letters = column_letters(index);
                (find_column(&self.names, &letters) == Some(index)).then_some(letters)
            }
        }
    }

    /// The known export that the header row is of: its stable name, and the one that people know.
    ///
    /// ```
    /// use contactmill_core::columns::FieldMapping;
    ///
    /// let header = ["Name", "Phone", "AllowBroadcast", "AllowSMS"].map(String::from);
    /// let map = FieldMapping::default().resolve(&header)?;
    /// assert_eq!(map.preset(), Some(("wati", "WATI")));
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn preset(&self) -> Option<(&'static str, &'static str)> {
        self.preset.map(|preset| (preset.id, preset.title))
    }

    /// The text of a record by role.
    ///
    /// ```
    /// use contactmill_core::columns::FieldMapping;
    /// use contactmill_core::records::{Integrity, Position, Record};
    ///
    /// let map = FieldMapping::default().resolve(&["Name", "Phone"].map(String::from))?;
    /// let record = Record::new("Asha98765", &[4, 9], Position::default(), Integrity::Whole);
    /// assert_eq!(map.raw_contact(record).phones, ["98765"]);
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn raw_contact<'r>(&'r self, record: Record<'r>) -> RawContact<'r> {
        let mut raw = RawContact::default();
        self.fill(record, &mut raw);
        raw
    }

    /// Adds the text of a record by role.
    pub(crate) fn fill<'r>(&'r self, record: Record<'r>, raw: &mut RawContact<'r>) {
        let may_be_unreadable = record.integrity() == Integrity::UnreadableValue;
        for (field, index) in &self.fields {
            let Some(text) = record.get(*index).filter(|text| !text.is_empty()) else {
                continue;
            };
            if may_be_unreadable
                && let Some(stored) = text.strip_prefix(char::REPLACEMENT_CHARACTER)
            {
                raw.unreadable.push((field.reported(), stored));
                continue;
            }
            match field {
                MappedField::Name => raw.names.push(text),
                MappedField::FirstName => raw.first_names.push(text),
                MappedField::LastName => raw.last_names.push(text),
                MappedField::Phone => raw.phones.push(text),
                MappedField::Email => raw.emails.push(text),
                MappedField::Country => raw.countries.push(text),
                MappedField::Tags => raw.tags.push(text),
                MappedField::Attributes => raw.attribute_objects.push(text),
                MappedField::Attribute(key) => raw.attributes.push((key, text)),
            }
        }
    }

    /// What the record is, before its contact is looked at.
    pub(crate) fn kind(&self, record: Record<'_>) -> RecordKind {
        if let Some(reason) = self.damage(record) {
            return RecordKind::Rejected(reason);
        }
        if self.is_blank(record) || self.is_header(record) {
            return RecordKind::Blank;
        }
        let ends_early = |&(ref field, index): &(MappedField, usize)| {
            *field == MappedField::Phone && index < record.len()
        };
        if record.len() < self.names.len()
            && (record.integrity() == Integrity::NoLineEnd || !self.fields.iter().any(ends_early))
        {
            return RecordKind::Rejected(Reason::RowTooFewFields);
        }
        RecordKind::Contact
    }

    /// Damage that shows before any cell is read.
    fn damage(&self, record: Record<'_>) -> Option<Reason> {
        match record.integrity() {
            Integrity::UnterminatedQuote => return Some(Reason::RowUnterminatedQuote),
            Integrity::TooLarge => return Some(Reason::RowTooLarge),
            Integrity::InvalidEncoding => return Some(Reason::TextInvalidEncoding),
            Integrity::Malformed => return Some(Reason::RowMalformed),
            Integrity::Whole | Integrity::NoLineEnd | Integrity::UnreadableValue => {}
        }
        if (self.names.len()..record.len())
            .any(|index| record.get(index).is_some_and(|text| !is_blank(text)))
        {
            return Some(Reason::RowTooManyFields);
        }
        // A row that came back from a file of rejects cannot show such damage any more. It stays
        // rejected until somebody has looked at it and emptied the reason.
        let reason = Reason::from_code(record.get(self.reason_column?)?)?;
        matches!(
            reason,
            Reason::RowTooFewFields
                | Reason::RowUnterminatedQuote
                | Reason::RowTooLarge
                | Reason::RowMalformed
                | Reason::TextInvalidEncoding
        )
        .then_some(reason)
    }

    fn is_blank(&self, record: Record<'_>) -> bool {
        let data = |index: usize| self.roles.get(index) != Some(&ColumnRole::Bookkeeping);
        record.iter().enumerate().all(|(index, text)| !data(index) || is_blank(text))
    }

    fn is_header(&self, record: Record<'_>) -> bool {
        record.len() == self.header.len()
            && record.iter().eq(self.header.iter().map(String::as_str))
    }
}

/// The names of the columns of a header row: trimmed, a repeated one followed by ` (2)`, one
/// without a name called `column 3` by its place.
///
/// ```
/// use contactmill_core::columns::column_names;
///
/// let header = ["Phone", " Phone", ""].map(String::from);
/// assert_eq!(column_names(&header), ["Phone", "Phone (2)", "column 3"]);
/// ```
#[must_use]
pub fn column_names(header: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    let mut taken: HashSet<String> = HashSet::with_capacity(header.len());
    // The number that the next repetition of a name may have.
    let mut next: HashMap<String, usize> = HashMap::new();
    for (index, column) in header.iter().enumerate() {
        let base = match visible(column) {
            name if name.is_empty() => format!("column {}", index + 1),
            name => name.into_owned(),
        };
        let mut name = base.clone();
        while taken.contains(&name) {
            let count = next.entry(base.clone()).or_insert(2);
            name = format!("{base} ({count})");
            *count += 1;
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// The column of a header row that the user has named, by its name or its letters.
///
/// ```
/// use contactmill_core::columns::named_column;
///
/// let header = ["Name", "City"].map(String::from);
/// assert_eq!(named_column(&header, "city"), Ok(1));
/// assert_eq!(named_column(&header, "B"), Ok(1));
/// assert!(named_column(&header, "Country").is_err());
/// ```
///
/// # Errors
///
/// When there is no such column.
pub fn named_column(header: &[String], column: &str) -> Result<usize, MappingError> {
    let names = column_names(header);
    find_column(&names, column).ok_or_else(|| MappingError::UnknownColumn {
        column: column.to_owned(),
        columns: names,
        fits: Vec::new(),
    })
}

/// What each column holds: a field, nothing, or what `convert` added to a file of its own.
fn roles(names: &[String], is_own: bool, fields: &[(MappedField, usize)]) -> Vec<ColumnRole> {
    let is_bookkeeping =
        |name: &String| is_own && header::BOOKKEEPING_COLUMNS.contains(&name.as_str());
    let role = |name: &String| match is_bookkeeping(name) {
        true => ColumnRole::Bookkeeping,
        false => ColumnRole::Ignored,
    };
    let mut roles: Vec<ColumnRole> = names.iter().map(role).collect();
    for (field, index) in fields {
        roles[*index] = ColumnRole::Field(field.clone());
    }
    roles
}

/// The column of a corrected file that says why the record was rejected.
fn reason_column(names: &[String], is_own: bool) -> Option<usize> {
    names.iter().position(|name| is_own && name == "_reason")
}

/// The error for a first row that is data.
fn no_header(header: &[String], sample: &ContentSample) -> MappingError {
    let likely = sample.likely_phone_column().map(column_letters);
    MappingError::NoHeader { columns: header.len(), likely }
}

impl Labels<'_> {
    /// The error for phone columns from which the user has to choose.
    fn ambiguous(&self, columns: &[(usize, Option<Share>)]) -> MappingError {
        let candidate = |&(index, share): &(usize, Option<Share>)| PhoneCandidate {
            column: self.of(index),
            letter: column_letters(index),
            share,
        };
        MappingError::AmbiguousPhone { candidates: columns.iter().map(candidate).collect() }
    }
}

/// The column that the user has named.
fn find_named(names: &[String], labels: &Labels<'_>, column: &str) -> Result<usize, MappingError> {
    find_column(names, column).ok_or_else(|| MappingError::UnknownColumn {
        column: column.to_owned(),
        columns: labels.all(),
        fits: Vec::new(),
    })
}

/// A column by its name, else by its letters.
fn find_column(names: &[String], wanted: &str) -> Option<usize> {
    let by_letters = || index_of_letters(wanted).filter(|&index| index < names.len());
    by_name(names, wanted).or_else(by_letters)
}

/// A column by its name: as it stands, else without regard to case, accents and punctuation.
fn by_name(names: &[String], wanted: &str) -> Option<usize> {
    let wanted_folded = folded(wanted);
    names.iter().position(|name| name == wanted).or_else(|| {
        names.iter().position(|name| !wanted_folded.is_empty() && folded(name) == wanted_folded)
    })
}
