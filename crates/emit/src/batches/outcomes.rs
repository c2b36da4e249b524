//! A row for each record, whatever became of it; a row for each phone cell.

use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, Int32Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use contactmill_core::contact::{EmailAddress, Tag};
use contactmill_core::pipeline::ReadRecord;
use contactmill_core::{Contact, PhoneNumber, Reason, Region, Rejection, Warning};

use super::columns::{
    TextLists, TextMaps, WarningLists, push_displayed, push_e164, push_national, text,
};
use super::{BATCH_BYTES, BATCH_ROWS};

/// What became of records, a row each: `status` is `contact`, `rejected` or `blank`.
///
/// ```
/// use contactmill_core::pipeline::ReadRecord;
/// use contactmill_core::{Reason, Rejection};
/// use contactmill_emit::OutcomeRows;
///
/// let mut rows = OutcomeRows::default();
/// rows.push(ReadRecord::Rejected(Rejection::from(Reason::PhoneMissing)));
/// rows.push(ReadRecord::Blank);
/// let batch = rows.finish()?;
/// assert_eq!((batch.num_rows(), batch.schema()), (2, OutcomeRows::schema()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct OutcomeRows {
    status: StringBuilder,
    reason: StringBuilder,
    field: StringBuilder,
    name: StringBuilder,
    email: StringBuilder,
    phone: StringBuilder,
    calling_code: Int32Builder,
    number: StringBuilder,
    region: StringBuilder,
    line_type: StringBuilder,
    tags: TextLists,
    attributes: TextMaps,
    warnings: WarningLists,
}

impl OutcomeRows {
    /// The columns. What a record that is rejected or blank lacks is null, or an empty list.
    #[must_use]
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            text("status", false),
            text("reason", true),
            text("field", true),
            text("name", true),
            text("email", true),
            text("phone", true),
            Field::new("calling_code", DataType::Int32, true),
            text("number", true),
            text("region", true),
            text("line_type", true),
            TextLists::field("tags"),
            TextMaps::field("attributes"),
            WarningLists::field("warnings"),
        ]))
    }

    /// Adds what a record says.
    pub fn push(&mut self, read: ReadRecord<'_>) {
        match read {
            ReadRecord::Contact(contact, warnings) => self.push_contact(contact, &warnings),
            ReadRecord::Rejected(rejection) => self.push_rejected(&rejection),
            ReadRecord::Blank => self.push_nothing("blank"),
        }
    }

    fn push_contact(&mut self, contact: &Contact<'_>, warnings: &[Warning]) {
        let phone = contact.phone;
        self.status.append_value("contact");
        self.reason.append_null();
        self.field.append_null();
        self.name.append_value(contact.name.as_str());
        self.email.append_option(contact.email.as_ref().map(EmailAddress::as_str));
        push_e164(&mut self.phone, phone);
        self.calling_code.append_value(phone.calling_code().into());
        push_national(&mut self.number, phone);
        self.region.append_option(phone.region().map(Region::as_str));
        self.line_type.append_value(phone.line_type().as_str());
        self.tags.push(contact.tags.iter().map(Tag::as_str));
        let attributes = contact.attributes.iter();
        self.attributes.push(attributes.map(|own| (&*own.key, own.value.as_str())));
        self.warnings.push(warnings);
    }

    fn push_rejected(&mut self, rejection: &Rejection) {
        self.push_nothing_but("rejected", rejection.reason.code());
        push_displayed(&mut self.field, &rejection.field);
    }

    fn push_nothing(&mut self, status: &str) {
        self.status.append_value(status);
        self.reason.append_null();
        self.field.append_null();
        self.push_no_contact();
    }

    fn push_nothing_but(&mut self, status: &str, reason: &str) {
        self.status.append_value(status);
        self.reason.append_value(reason);
        self.push_no_contact();
    }

    fn push_no_contact(&mut self) {
        let texts = [
            &mut self.name,
            &mut self.email,
            &mut self.phone,
            &mut self.number,
            &mut self.region,
            &mut self.line_type,
        ];
        texts.into_iter().for_each(StringBuilder::append_null);
        self.calling_code.append_null();
        self.tags.push([]);
        self.attributes.push([]);
        self.warnings.push(&[]);
    }

    /// Whether the rows are enough for a batch.
    #[must_use]
    pub fn are_enough(&self) -> bool {
        let text = self.name.values_slice().len()
            + self.tags.bytes()
            + self.attributes.bytes()
            + self.warnings.bytes();
        self.status.len() >= BATCH_ROWS || text >= BATCH_BYTES
    }

    /// The rows so far as a batch. Those that follow are in another one.
    ///
    /// # Errors
    ///
    /// When the columns do not fit the schema.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.status.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.field.finish()),
            Arc::new(self.name.finish()),
            Arc::new(self.email.finish()),
            Arc::new(self.phone.finish()),
            Arc::new(self.calling_code.finish()),
            Arc::new(self.number.finish()),
            Arc::new(self.region.finish()),
            Arc::new(self.line_type.finish()),
            self.tags.finish()?,
            self.attributes.finish()?,
            self.warnings.finish()?,
        ];
        RecordBatch::try_new(Self::schema(), columns)
    }
}

/// What phone cells were read as, a row each: the number in E.164 form, or the reason why there is none.
#[derive(Default)]
pub struct PhoneRows {
    e164: StringBuilder,
    reason: StringBuilder,
}

impl PhoneRows {
    /// The columns, one of which is null in each row; both are where there is no cell.
    #[must_use]
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![text("e164", true), text("reason", true)]))
    }

    /// Adds what a cell says.
    pub fn push(&mut self, read: Result<PhoneNumber, Reason>) {
        match read {
            Ok(number) => {
                push_e164(&mut self.e164, number);
                self.reason.append_null();
            }
            Err(reason) => {
                self.e164.append_null();
                self.reason.append_value(reason.code());
            }
        }
    }

    /// The rows so far as a batch.
    ///
    /// # Errors
    ///
    /// When the columns do not fit the schema.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> =
            vec![Arc::new(self.e164.finish()), Arc::new(self.reason.finish())];
        RecordBatch::try_new(Self::schema(), columns)
    }
}
