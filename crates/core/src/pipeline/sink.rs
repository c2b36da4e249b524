//! What a run hands over, and who takes it.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use contactmill_phone::PhoneNumber;

use crate::contact::{Contact, EmailAddress};
use crate::dedup::Conflict;
use crate::encoder::ContactEncoder;
use crate::exclusion::Exclusion;
use crate::reason::{Rejection, Warning};
use crate::records::{Position, Record, RecordId, SourceId};

/// A contact to emit.
#[derive(Clone, Debug)]
pub enum Emitted<'e> {
    /// The contact itself, where the run has no [`ContactEncoder`].
    AsIs(Contact<'e>),
    /// The contact as the run's [`ContactEncoder`] writes it.
    Encoded {
        /// The contact's phone number.
        phone: PhoneNumber,
        /// The encoded contact.
        bytes: &'e [u8],
        /// The domain of the contact's e-mail address, in UTF-8; empty where it has none.
        email_domain: &'e [u8],
    },
}

impl<'e> Emitted<'e> {
    /// The contact's phone number.
    #[must_use]
    pub const fn phone(&self) -> PhoneNumber {
        match self {
            Emitted::AsIs(contact) => contact.phone,
            Emitted::Encoded { phone, .. } => *phone,
        }
    }

    /// The domain of the contact's e-mail address, in UTF-8; empty where it has none.
    #[must_use]
    pub fn email_domain(&self) -> &[u8] {
        match self {
            Emitted::AsIs(contact) => {
                contact.email.as_ref().map_or("", EmailAddress::domain).as_bytes()
            }
            Emitted::Encoded { email_domain, .. } => email_domain,
        }
    }

    /// The contact as `encoder` writes it, which is the run's encoder if it has one.
    #[must_use]
    pub fn encoded(self, encoder: &dyn ContactEncoder) -> Cow<'e, [u8]> {
        match self {
            Emitted::Encoded { bytes, .. } => Cow::Borrowed(bytes),
            Emitted::AsIs(contact) => {
                let mut bytes = Vec::new();
                encoder.encode(&contact, &mut bytes);
                Cow::Owned(bytes)
            }
        }
    }
}

/// How many values of a column were not as they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnDamage {
    /// Values for which their record was rejected.
    pub rejected: u64,
    /// Warnings about values of contacts that were read.
    pub warnings: u64,
}

impl ColumnDamage {
    /// Adds that of other values of the column.
    pub const fn add(&mut self, other: ColumnDamage) {
        self.rejected += other.rejected;
        self.warnings += other.warnings;
    }
}

/// Encodes merged records on the workers of a run, as a [`ContactEncoder`](crate::ContactEncoder) does
/// contacts, so that whoever takes them only copies.
pub trait DuplicateEncoder: Send + Sync {
    /// Appends the encoded record, with the record that it was merged into and the values that it loses.
    fn encode(&self, record: Record<'_>, kept: RecordId, conflicts: &[Conflict], out: &mut Vec<u8>);
}

/// Takes the outcomes of a run.
///
/// Contacts arrive in input order among themselves, and so do rejected records, duplicates and
/// warnings.
pub trait Sink {
    /// Why the sink could take no more.
    type Error;

    /// Takes every record that is not blank, in input order, before its outcome. The
    /// number is there unless the record is rejected.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn record(
        &mut self,
        record: Record<'_>,
        phone: Option<PhoneNumber>,
    ) -> Result<(), Self::Error> {
        let _ = (record, phone);
        Ok(())
    }

    /// Takes a contact.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), Self::Error>;

    /// Takes a record that was rejected.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), Self::Error>;

    /// Takes a record of somebody who must not be written to.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn excluded(&mut self, record: Record<'_>, exclusion: Exclusion<'_>)
    -> Result<(), Self::Error>;

    /// Takes a record that was merged into the contact of another, or skipped in its favour.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), Self::Error>;

    /// What workers encode merged records with, for [`encoded_duplicate`](Sink::encoded_duplicate). By default
    /// there is none.
    fn duplicate_encoder(&self) -> Option<Arc<dyn DuplicateEncoder>> {
        None
    }

    /// As [`duplicate`](Sink::duplicate), with what the sink's own encoder made of it.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn encoded_duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
        encoded: &[u8],
    ) -> Result<(), Self::Error> {
        let _ = encoded;
        self.duplicate(record, kept, conflicts)
    }

    /// Takes a warning: a value that was changed or is suspect.
    ///
    /// # Errors
    ///
    /// When it cannot be taken; the run stops.
    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), Self::Error>;

    /// What to call a source where a warning names a record of it; its number by default.
    fn source_name(&self, source: SourceId) -> String {
        format!("input {}", source.0 + 1)
    }

    /// Takes the number of contacts of a source that a column of consents says must not be written
    /// to, whatever became of them. Each is counted in the first column that says so.
    fn opt_outs(&mut self, source: SourceId, column: &str, contacts: u64) {
        let _ = (source, column, contacts);
    }

    /// Takes how much damage there was in a column of a source. A value counts where it is clear in
    /// which column it stood; one that is missing stands in none.
    fn damage(&mut self, source: SourceId, column: &str, damage: ColumnDamage) {
        let _ = (source, column, damage);
    }

    /// Takes the progress: bytes and records of the source so far.
    fn progress(&mut self, bytes: u64, records: u64) {
        let _ = (bytes, records);
    }
}

/// One outcome of a run; see [`Outcomes`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'o> {
    /// A contact to emit.
    Contact {
        /// Where its record stands.
        position: Position,
        /// The contact.
        contact: &'o Emitted<'o>,
    },
    /// A record that was rejected.
    Rejected {
        /// The record.
        record: Record<'o>,
        /// Why.
        rejection: &'o Rejection,
    },
    /// A record of somebody who must not be written to.
    Excluded {
        /// The record.
        record: Record<'o>,
        /// Why.
        exclusion: Exclusion<'o>,
    },
    /// A record that was merged into the contact of another, or skipped in its favour.
    Duplicate {
        /// The record.
        record: Record<'o>,
        /// The record of the other.
        kept: RecordId,
        /// The values that it loses.
        conflicts: &'o [Conflict],
    },
    /// A value that was changed or is suspect.
    Warning {
        /// Where the record stands.
        position: Position,
        /// The warning.
        warning: &'o Warning,
    },
    /// The progress in the current source.
    Progress {
        /// Bytes of the source so far.
        bytes: u64,
        /// Records of the source so far.
        records: u64,
    },
}

/// A [`Sink`] that hands every outcome to a function; see
/// [`Rows`](crate::records::Rows) for an example.
#[derive(Clone, Debug)]
pub struct Outcomes<F>(F);

impl<F: FnMut(Outcome<'_>)> Outcomes<F> {
    /// A sink that calls this function.
    pub const fn new(take: F) -> Self {
        Outcomes(take)
    }
}

impl<F: FnMut(Outcome<'_>)> Sink for Outcomes<F> {
    type Error = Infallible;

    fn contact(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), Infallible> {
        (self.0)(Outcome::Contact { position, contact: &contact });
        Ok(())
    }

    fn rejected(&mut self, record: Record<'_>, rejection: &Rejection) -> Result<(), Infallible> {
        (self.0)(Outcome::Rejected { record, rejection });
        Ok(())
    }

    fn excluded(&mut self, record: Record<'_>, exclusion: Exclusion<'_>) -> Result<(), Infallible> {
        (self.0)(Outcome::Excluded { record, exclusion });
        Ok(())
    }

    fn duplicate(
        &mut self,
        record: Record<'_>,
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> Result<(), Infallible> {
        (self.0)(Outcome::Duplicate { record, kept, conflicts });
        Ok(())
    }

    fn warning(&mut self, position: Position, warning: &Warning) -> Result<(), Infallible> {
        (self.0)(Outcome::Warning { position, warning });
        Ok(())
    }

    fn progress(&mut self, bytes: u64, records: u64) {
        (self.0)(Outcome::Progress { bytes, records });
    }
}
