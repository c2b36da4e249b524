//! What the user or the header says of the columns, resolved against one header row.

use std::fmt;

use crate::columns::attribute_selection::AttributeSelection;
use crate::columns::column_map::{
    ColumnMap, ColumnRole, area_codes, codes_in_cells, reason_column, roles,
};
use crate::columns::consent;
use crate::columns::content::ContentSample;
use crate::columns::decide::{Columns, DecidedBy, Decision, FieldCandidate, Share};
use crate::columns::field::MappedField;
use crate::columns::header::Bookkeeping;
use crate::columns::header_row::{
    Labels, column_letters, has_data, index_of_letters, is_data, is_record, labels, may_be_record,
    other_header, without_shared_word,
};
use crate::columns::hint::{is_label, is_of_something_else};
use crate::columns::names::{by_name, column_names, find_column};
use crate::columns::notes::Known;
use crate::columns::phone_label::LabelColumn;
use crate::columns::preset::Preset;

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
    /// A column may hold the countries of the numbers, or their calling codes: some cells, or a part of its header, say
    /// so. A country that is left out makes another number.
    AmbiguousCountry {
        /// The name or letter by which [`FieldMapping::assignments`] finds it.
        column: String,
    },
    /// The columns would be taken for other fields than in the run that wrote the table.
    OtherThanBefore {
        /// What they were taken for then.
        assignments: Vec<(MappedField, String)>,
    },
    /// Columns were taken for different fields in the inputs whose rows the table holds.
    OfSeveralInputs {
        /// The names of the columns.
        columns: Vec<String>,
    },
    /// Country calling codes are those of one of several phones, and a contact has one country.
    SeveralCodes {
        /// The columns of each phone and of its codes, where it has some: the names or letters by which
        /// [`FieldMapping::assignments`] finds them.
        phones: Vec<(String, Option<String>)>,
    },
    /// The first row holds an e-mail address or a phone number: it is no header.
    NoHeader {
        /// How many columns there are.
        columns: usize,
        /// The letter of the one that most likely holds phone numbers.
        likely: Option<String>,
    },
    /// A record is another header row, by which numbers are somebody else's below it.
    OtherHeader {
        /// The line on which it begins, from 1.
        line: u64,
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
    /// The name or letter by which [`FieldMapping::assignments`] finds it.
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
            MappingError::AmbiguousCountry { column } => {
                write!(f, "the column {column:?} may hold the countries of the numbers")
            }
            MappingError::OtherThanBefore { .. } => f.write_str(
                "the columns would be taken for other fields than in the run that wrote it",
            ),
            MappingError::OfSeveralInputs { columns } => {
                let columns = columns.join(", ");
                write!(f, "{columns} were different fields in the inputs that the rows are of")
            }
            MappingError::SeveralCodes { phones } => {
                let codes: Vec<&str> =
                    phones.iter().filter_map(|(_, code)| code.as_deref()).collect();
                let each = if codes.len() == 1 { "" } else { "each of " };
                let codes = codes.join(", ");
                write!(f, "{each}{codes} holds the country calling codes of one phone of several")
            }
            MappingError::OtherHeader { line } => {
                write!(f, "line {line} is another header row, with other columns")
            }
            MappingError::NoHeader { .. } => f.write_str("the first row is data, not a header"),
            MappingError::UnknownColumn { column, columns, .. } => {
                write!(f, "no column {column:?} among {}", columns.join(", "))
            }
        }
    }
}

impl std::error::Error for MappingError {}

/// By what the people in a file must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Phone,
    PhoneOrEmail,
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
        let bookkeeping = Bookkeeping::of(header);
        let columns =
            Columns { header: said, names: &names, bookkeeping, assigned: &fields, preset, sample };
        let decided = columns.decide();
        if !decided.ambiguous.is_empty() {
            return Err(labels.ambiguous(&decided.ambiguous));
        }
        if !decided.codes_of_several.is_empty() {
            let pair = |&(phone, code): &(usize, Option<usize>)| {
                (labels.of(phone), code.map(|code| labels.of(code)))
            };
            let phones = decided.codes_of_several.iter().map(pair).collect();
            return Err(MappingError::SeveralCodes { phones });
        }
        if let Some(index) = decided.perhaps_countries {
            return Err(MappingError::AmbiguousCountry { column: labels.of(index) });
        }
        for (index, decision) in decided.refuted {
            decisions[index] = decision;
        }
        for FieldCandidate { field, index, decision, .. } in decided.candidates {
            decisions[index] = decision;
            fields.push((field, index));
        }
        self.check_header(reach, &fields, &labels, decided.likely)?;
        if let Some(line) = other_header(header, &fields, sample) {
            return Err(MappingError::OtherHeader { line });
        }

        let known =
            Known { header, sample, preset, bookkeeping, fields: &fields, decisions: &decisions };
        let notes = known.notes();
        let mut roles = roles(&names, bookkeeping, &fields);
        for (field, index) in self.attributes(&names, &labels, preset, &roles)? {
            roles[index] = ColumnRole::Field(field.clone());
            fields.push((field, index));
        }
        let mut map = ColumnMap {
            header: header.to_vec(),
            labels: LabelColumn::all(header, &fields),
            area_codes: area_codes(header, &fields),
            codes_in_cells: codes_in_cells(header, &fields),
            consents: consent::columns(header, &fields),
            reason_column: reason_column(&names, bookkeeping),
            names,
            roles,
            fields,
            decisions,
            preset,
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
            let may_be = |index: usize| {
                labels.header.get(index).is_none_or(|header| !is_of_something_else(header))
            };
            // One of a party is the last to be suggested.
            let likely = sample
                .likely_phone_column_among(may_be)
                .or(likely)
                .or_else(|| sample.likely_phone_column());
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
        let is_data =
            |name: &String| self.attributes.is_open() && !is_ignored(name) && !is_row_label(name);
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
/// Whether pandas has numbered the rows in a column of this name, for want of a better index (pandas'
/// developer guide, "Storing pandas DataFrame objects in Apache Parquet format").
fn is_row_label(name: &str) -> bool {
    let number = name.strip_prefix("__index_level_").and_then(|rest| rest.strip_suffix("__"));
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}
