//! What each column of one header row holds, and what a record says by it.

use crate::columns::attribute_selection::AttributeSelection;
use crate::columns::consent::{self, Consent, ConsentReading};
use crate::columns::content::ContentSample;
use crate::columns::decide::{DecidedBy, Decision};
use crate::columns::field::MappedField;
use crate::columns::header::{self, Bookkeeping, CodeInCells};
use crate::columns::header_row::column_letters;
use crate::columns::names::{column_names, find_column};
use crate::columns::notes::MappingNote;
use crate::columns::phone_label::{self, LabelColumn};
use crate::columns::preset::Preset;
use crate::columns::sensitive::{self, SensitiveColumn};
use crate::raw::RawContact;
use crate::reason::{Field, Reason};
use crate::records::{Integrity, Record};
use crate::text::{is_blank, says_nothing};

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

/// A [`FieldMapping`](crate::columns::FieldMapping) resolved against one header row. The default has no
/// columns at all: what is damaged is rejected by it, and everything else is blank.
#[derive(Clone, Debug, Default)]
pub struct ColumnMap {
    pub(super) header: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) roles: Vec<ColumnRole>,
    /// Columns by field, in the order in which they are tried.
    pub(super) fields: Vec<(MappedField, usize)>,
    /// The column of a corrected file that says why the record was rejected.
    pub(super) reason_column: Option<usize>,
    /// Why each column holds what it holds.
    pub(super) decisions: Vec<Decision>,
    pub(super) preset: Option<&'static Preset>,
    /// The columns that say what kind of phone or e-mail address another column holds.
    pub(super) labels: Vec<LabelColumn>,
    /// The columns of area codes.
    pub(super) area_codes: Vec<usize>,
    /// The columns of phones whose header says whether the country calling code is in the cell.
    pub(super) codes_in_cells: Vec<(usize, CodeInCells)>,
    /// The columns of consents.
    pub(super) consents: Vec<(usize, Consent)>,
    /// What people should see of how columns were taken.
    pub(super) notes: Vec<MappingNote>,
    /// Attributes that look sensitive.
    pub(super) sensitive: Vec<SensitiveColumn>,
}

/// What a record is before its contact is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Contact,
    Rejected(Reason),
    /// No data: all fields empty, or the header row again.
    Blank,
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
        let (names, bookkeeping) = (column_names(header), Bookkeeping::of(header));
        ColumnMap {
            header: header.to_vec(),
            roles: roles(&names, bookkeeping, &fields),
            labels: LabelColumn::all(header, &fields),
            area_codes: area_codes(header, &fields),
            codes_in_cells: codes_in_cells(header, &fields),
            consents: consent::columns(header, &fields),
            fields,
            reason_column: reason_column(&names, bookkeeping),
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

    /// Whether a column can say, by its header, that somebody must not be written to.
    ///
    /// ```
    /// use contactmill_core::columns::FieldMapping;
    ///
    /// let map = |header: [&str; 3]| FieldMapping::default().resolve(&header.map(String::from));
    /// assert!(map(["Name", "Phone", "Unsubscribed"])?.has_consents());
    /// assert!(!map(["Name", "Phone", "City"])?.has_consents());
    /// assert!(map(["Name", "Phone", "Notes"])?.has_remarks_alone());
    /// # Ok::<(), contactmill_core::columns::MappingError>(())
    /// ```
    #[must_use]
    pub fn has_consents(&self) -> bool {
        !self.consents.is_empty()
    }

    /// Whether of the columns that say who does not want to be written to, all are remarks: most refusals are said
    /// in other words there.
    #[must_use]
    pub fn has_remarks_alone(&self) -> bool {
        self.has_consents()
            && self.consents.iter().all(|&(_, of)| matches!(of, Consent::Remark | Consent::Tags))
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

    /// The cells of columns of consents that say neither yes nor no, each with its column.
    pub(crate) fn unclear_consents<'r>(
        &self,
        record: Record<'r>,
    ) -> impl Iterator<Item = (usize, &'r str)> {
        let says = |consent| matches!(consent, Consent::In | Consent::Out);
        self.consents.iter().filter_map(move |&(index, consent)| {
            let cell = record.get(index).filter(|_| says(consent))?;
            (consent.read(cell) == ConsentReading::NotUnderstood).then_some((index, cell))
        })
    }

    /// The column of the first value of this field in a record that says something: the one for which
    /// the record is rejected.
    pub(crate) fn column_at_fault(&self, record: Record<'_>, field: &Field) -> Option<usize> {
        self.filled(record, field).next().map(|(column, _)| column)
    }

    /// The column of the value that is written like this and was taken for a value of the field, if that
    /// is clear.
    pub(crate) fn column_with(
        &self,
        record: Record<'_>,
        field: &Field,
        written: &str,
    ) -> Option<usize> {
        let says_something = !is_blank(written) && !says_nothing(written);
        let is_written = |cell: &str| says_something && cell.trim() == written;
        let mut filled = self.filled(record, field);
        let of_field = self.filled(record, field).find(|(_, cell)| is_written(cell));
        let anywhere = || {
            let mut columns = self.fields.iter().map(|&(_, column)| column);
            columns.find(|&column| record.get(column).is_some_and(is_written))
        };
        let only = || filled.next().filter(|_| filled.next().is_none()).map(|(column, _)| column);
        of_field.map(|(column, _)| column).or_else(anywhere).or_else(only)
    }

    /// The columns of a field with their cells in a record, those that say nothing left out.
    fn filled<'r>(
        &'r self,
        record: Record<'r>,
        field: &'r Field,
    ) -> impl Iterator<Item = (usize, &'r str)> {
        let of_field = self.fields.iter().filter(|(mapped, _)| mapped.is_reported_as(field));
        of_field
            .filter_map(move |&(_, column)| Some((column, record.get(column)?)))
            .filter(|(_, cell)| !is_blank(cell) && !says_nothing(cell))
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
    pub(super) fn unnamed_attributes(&self) -> impl Iterator<Item = usize> {
        let is_attribute =
            |role: &ColumnRole| matches!(role, ColumnRole::Field(MappedField::Attribute(_)));
        (0..self.names.len()).filter(move |&index| {
            is_attribute(&self.roles[index]) && self.decisions[index].by != DecidedBy::Option
        })
    }

    pub(super) fn sensitive_attributes(&self, sample: &ContentSample) -> Vec<SensitiveColumn> {
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
                MappedField::Phone => match self.refusal(*index, record) {
                    None => {
                        raw.phones.push(text);
                        match self.codes_in_cells.iter().find(|(column, _)| column == index) {
                            Some((_, CodeInCells::Has)) => raw.phones_with_code.push(text),
                            Some((_, CodeInCells::Lacks)) => raw.phones_without_code.push(text),
                            None => {}
                        }
                        if !self.area_codes.is_empty() {
                            self.fill_area_codes(*index, text, record, raw);
                        }
                    }
                    Some(reason) => {
                        raw.phones_of_others.push((text, reason));
                        raw.attributes.push((&self.names[*index], text));
                    }
                },
                MappedField::Email => match self.refusal(*index, record) {
                    None => raw.emails.push(text),
                    Some(_) => raw.attributes.push((&self.names[*index], text)),
                },
                MappedField::Country => raw.countries.push(text),
                MappedField::Tags => raw.tags.push(text),
                MappedField::Attributes => raw.attribute_objects.push(text),
                MappedField::Attribute(key) => raw.attributes.push((key, text)),
            }
        }
    }

    /// Adds the area code of a phone: that of the nearest column before it, or any behind it.
    fn fill_area_codes<'r>(
        &self,
        index: usize,
        phone: &'r str,
        record: Record<'r>,
        raw: &mut RawContact<'r>,
    ) {
        let nearest = self.area_codes.iter().filter(|&&at| at < index).max();
        let columns = nearest.map_or(self.area_codes.as_slice(), std::slice::from_ref);
        let cells = columns.iter().filter_map(|&at| record.get(at));
        let codes = cells.filter(|cell| !is_blank(cell) && !says_nothing(cell));
        raw.area_codes.extend(codes.map(|code| (code, phone)));
    }

    /// Why what stands in this column of a record is not the contact's, if a label of it says so.
    fn refusal(&self, index: usize, record: Record<'_>) -> Option<Reason> {
        if self.labels.is_empty() {
            return None;
        }
        let labels = LabelColumn::of(&self.labels, index);
        labels.filter_map(|label| phone_label::refusal(record.get(label)?)).next()
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
                | Reason::RowTooManyFields
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

/// What each column holds: a field, nothing, or what `convert` added to a file of its own.
pub(super) fn roles(
    names: &[String],
    bookkeeping: Bookkeeping,
    fields: &[(MappedField, usize)],
) -> Vec<ColumnRole> {
    let role = |name: &String| match bookkeeping.has(name) {
        true => ColumnRole::Bookkeeping,
        false => ColumnRole::Ignored,
    };
    let mut roles: Vec<ColumnRole> = names.iter().map(role).collect();
    for (field, index) in fields {
        roles[*index] = ColumnRole::Field(field.clone());
    }
    roles
}

/// The columns of area codes, unless they hold a field.
pub(super) fn area_codes(header: &[String], fields: &[(MappedField, usize)]) -> Vec<usize> {
    let is_attribute = |field: &MappedField| matches!(field, MappedField::Attribute(_));
    let is_free = |&at: &usize| !fields.iter().any(|(field, of)| *of == at && !is_attribute(field));
    let of_codes = header.iter().enumerate().filter(|(_, text)| header::is_area_code(text));
    of_codes.map(|(at, _)| at).filter(is_free).collect()
}

/// The columns of phones whose header says whether the country calling code is in the cell.
pub(super) fn codes_in_cells(
    header: &[String],
    fields: &[(MappedField, usize)],
) -> Vec<(usize, CodeInCells)> {
    let phones = fields.iter().filter(|(field, _)| *field == MappedField::Phone);
    let says = |&(_, at): &(_, usize)| Some((at, header::code_in_cells(header.get(at)?)?));
    phones.filter_map(says).collect()
}

/// The column of a corrected file that says why the record was rejected.
pub(super) fn reason_column(names: &[String], bookkeeping: Bookkeeping) -> Option<usize> {
    names.iter().position(|name| name == "_reason" && bookkeeping.has(name))
}
