//! Records as bytes, for a run whose records are read, merged and emitted in different processes.
//!
//! A [`RecordEncoder`] reads a source, or a split of one. A record is rejected or excluded at once, or
//! it is a contact, on which a [`KeyMerger`](super::KeyMerger) decides among all contacts
//! with its [`MergeKey`]. [`emit_encoded`] hands what is decided over to a [`Sink`].

use std::convert::Infallible;
use std::fmt;
use std::io;

use contactmill_phone::PhoneNumber;

use super::block::{BlockBuffers, BlockOutcome, NotEmitted, ReadOutcome, Worker};
use super::run::{Counts, PipelineOptions, Stopped};
use super::sink::{ColumnDamage, Emitted, Sink};
use crate::columns::column_map::ColumnMap;
use crate::dedup::codec::{Decoder, Encoder};
use crate::dedup::spill::damaged;
use crate::dedup::variant::other_form;
use crate::dedup::{Conflict, DedupPolicy};
use crate::exclusion::Exclusion;
use crate::normalize::Normalizer;
use crate::reason::{Field, Warning};
use crate::records::{Position, Record, RecordId, Source, SourceId};

/// Size of a [`MergeKey`], in bytes.
pub const MERGE_KEY_BYTES: usize = 11;

/// What contacts share that are decided on together: a number and, where contacts are merged, its other
/// form.
pub type MergeKey = [u8; MERGE_KEY_BYTES];

/// A record as bytes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EncodedRecord<'p> {
    /// The number of the record in its source, from 1.
    pub record: u64,
    /// The key of the contacts that it is merged with; `None` where the outcome of the record is decided.
    pub key: Option<MergeKey>,
    /// The record, and what was read in it.
    pub bytes: &'p [u8],
}

/// What a [`RecordEncoder`] has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadCounts {
    /// Records, headers not counted.
    pub records: u64,
    /// Records without any data; they are not encoded.
    pub blank: u64,
    /// How many contacts opted out by each column of consents.
    pub opt_outs: Vec<(String, u64)>,
    /// Damage by the index of the column; that of undamaged ones is left out.
    pub damage: Vec<(usize, ColumnDamage)>,
}

/// Reads a source, or a split of one, as a [`Pipeline`](super::Pipeline) does, block by block on the calling
/// thread. The run has an encoder.
#[derive(Default)]
pub struct RecordEncoder {
    id: SourceId,
    /// Number of records of the source before what is read.
    before: u64,
    counts: ReadCounts,
    /// By column of consents.
    opt_outs: Vec<u64>,
    /// By column.
    damage: Vec<ColumnDamage>,
    buffers: BlockBuffers,
    bytes: Vec<u8>,
}

impl RecordEncoder {
    /// An encoder of this source, or of a split before which it has this many records.
    #[must_use]
    pub fn new(id: SourceId, before: u64) -> Self {
        RecordEncoder { id, before, ..RecordEncoder::default() }
    }

    /// Reads the next block, and hands over its records that are not blank, in order. Returns whether there
    /// was one.
    ///
    /// # Errors
    ///
    /// When the source cannot be read, or `take` fails.
    pub fn next_block<S: Source, E>(
        &mut self,
        source: &mut S,
        (map, normalizer): (&ColumnMap, &Normalizer),
        options: &PipelineOptions<'_>,
        take: &mut dyn FnMut(EncodedRecord<'_>) -> Result<(), E>,
    ) -> Result<bool, Stopped<S::Error, E>> {
        let PipelineOptions { dedup, encoder, .. } = *options;
        let worker = Worker { map, normalizer, encoder, dedup, exclusion: options.exclusion() };
        if options.is_asked_to_stop() {
            return Err(Stopped::Asked);
        }
        let Some(block) = source.next_block().map_err(Stopped::Source)? else { return Ok(false) };
        let mut block = BlockOutcome::of(&block, worker, std::mem::take(&mut self.buffers));
        for read in block.read_records() {
            let own = read.record.position();
            let record = self.before + self.counts.records + own.record;
            let position = Position { source: self.id, record, ..own };
            let read = ReadOutcome { record: read.record.at(position), ..read };
            self.bytes.clear();
            let key = encode_record(&read, worker, &mut self.bytes);
            take(EncodedRecord { record, key, bytes: &self.bytes }).map_err(Stopped::Sink)?;
        }
        self.counts.records += block.records + block.left_out;
        self.counts.blank += block.blank;
        self.opt_outs.resize(map.consents().len(), 0);
        self.opt_outs.iter_mut().zip(&block.opt_outs).for_each(|(all, own)| *all += own);
        self.damage.resize(map.columns().count(), ColumnDamage::default());
        self.damage.iter_mut().zip(&block.damage).for_each(|(all, own)| all.add(*own));
        if let Some(error) = block.failed.take() {
            return Err(Stopped::Source(error));
        }
        self.buffers = block.into_buffers();
        Ok(true)
    }

    /// What was read, once there is no block left.
    #[must_use]
    pub fn finish(self, map: &ColumnMap) -> ReadCounts {
        let named = map.consents().iter().map(|&(column, _)| map.name(column).to_owned());
        let is_damaged = |(_, damage): &(usize, ColumnDamage)| *damage != ColumnDamage::default();
        ReadCounts {
            opt_outs: named.zip(self.opt_outs).collect(),
            damage: self.damage.into_iter().enumerate().filter(is_damaged).collect(),
            ..self.counts
        }
    }
}

impl fmt::Debug for RecordEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordEncoder").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// The first byte of what is decided on a record.
const CONTACT: u8 = 0;
const DUPLICATE: u8 = 1;
const REJECTED: u8 = 2;
const EXCLUDED: u8 = 3;

fn encode_record(
    read: &ReadOutcome<'_>,
    worker: Worker<'_>,
    out: &mut Vec<u8>,
) -> Option<MergeKey> {
    match read.outcome {
        Ok(contact) => {
            Encoder(out).record(read.record);
            Encoder(out).warnings(read.warnings.iter());
            let (encoded, email_domain) = contact.size.parts(read.bytes);
            if is_final(worker.dedup) {
                Encoder(out).phone(contact.phone);
                Encoder(out).sized(email_domain);
            }
            out.extend_from_slice(encoded);
            return Some(merge_key(contact.phone, worker.dedup));
        }
        Err(NotEmitted::Rejected(rejection)) => {
            out.push(REJECTED);
            Encoder(out).record(read.record);
            Encoder(out).rejection(rejection);
        }
        Err(NotEmitted::Excluded(_, excluded)) => {
            out.push(EXCLUDED);
            Encoder(out).record(read.record);
            encode_exclusion(worker.exclusion.exclusion(excluded, worker.map), Encoder(out));
        }
    }
    None
}

/// The first byte of an exclusion by a list, and of one by a column of consents.
const LISTED: u8 = 0;
const OPTED_OUT: u8 = 1;

fn encode_exclusion(exclusion: Exclusion<'_>, mut out: Encoder<'_>) {
    match exclusion {
        Exclusion::Listed { field, list, line } => {
            out.0.push(LISTED);
            out.field(field);
            out.text(list);
            out.number(line);
        }
        Exclusion::OptedOut { column } => {
            out.0.push(OPTED_OUT);
            out.text(column);
        }
    }
}

/// An exclusion, whose field is put into this place.
fn decode_exclusion<'e>(bytes: &mut Decoder<'e>, of: &'e mut Field) -> Option<Exclusion<'e>> {
    Some(match bytes.byte()? {
        LISTED => {
            *of = bytes.field()?;
            Exclusion::Listed { field: of, list: bytes.text()?, line: bytes.number()? }
        }
        OPTED_OUT => Exclusion::OptedOut { column: bytes.text()? },
        _ => return None,
    })
}

/// Whether contacts are encoded as the encoder of the run writes them, behind their number and the domain
/// of their e-mail address, and not as [`Encoder`] does.
pub(super) const fn is_final(dedup: DedupPolicy) -> bool {
    !dedup.defers()
}

/// With which contacts one with this number is decided on.
pub(super) fn merge_key(phone: PhoneNumber, dedup: DedupPolicy) -> MergeKey {
    let (code, national) = (phone.calling_code(), phone.national_number());
    let other = match dedup {
        DedupPolicy::Merge => other_form(phone.into()),
        _ => None,
    };
    // The lesser of the two forms stands for both.
    let value = other.map_or(national.value(), |(_, other)| other.min(national.value()));
    let mut key = MergeKey::default();
    // Most of what tells keys apart stands in front, so that they are soon sorted.
    key[..8].copy_from_slice(&value.to_be_bytes());
    key[8..10].copy_from_slice(&code.to_be_bytes());
    key[10] = national.leading_zeros();
    key
}

/// A contact that is not decided on.
pub(super) struct EncodedContact<'b> {
    pub(super) record: Record<'b>,
    pub(super) warnings: Vec<Warning>,
    pub(super) phone: PhoneNumber,
    /// The contact, behind its number.
    pub(super) bytes: &'b [u8],
}

impl<'b> EncodedContact<'b> {
    /// Reads a contact. The fields of its record end where `ends` is made to say.
    pub(super) fn decode(bytes: &'b [u8], ends: &'b mut Vec<usize>) -> Option<Self> {
        let mut bytes = Decoder(bytes);
        let record = bytes.record(ends)?;
        let warnings = bytes.warnings()?;
        Some(EncodedContact { record, warnings, phone: bytes.phone()?, bytes: bytes.0 })
    }

    pub(super) fn id(&self) -> RecordId {
        self.record.position().id()
    }
}

/// Takes what is decided: the record, and bytes for [`emit_encoded`].
pub type TakeDecided<'t> = dyn FnMut(RecordId, &[u8]) -> io::Result<()> + 't;

/// Writes what is decided on contacts.
pub(super) struct Decided<'d> {
    take: &'d mut TakeDecided<'d>,
    bytes: Vec<u8>,
}

impl<'d> Decided<'d> {
    pub(super) fn new(take: &'d mut TakeDecided<'d>) -> Self {
        Decided { take, bytes: Vec::new() }
    }

    /// A contact to which this many duplicates came. `encode` writes the domain of its e-mail address, and
    /// the contact as it is emitted.
    pub(super) fn contact<'w>(
        &mut self,
        (position, phone, duplicates): (Position, PhoneNumber, u64),
        warnings: impl ExactSizeIterator<Item = &'w Warning>,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let out = &mut self.bytes;
        out.clear();
        out.push(CONTACT);
        Encoder(out).position(position);
        Encoder(out).warnings(warnings);
        Encoder(out).number(duplicates);
        Encoder(out).phone(phone);
        encode(out);
        (self.take)(position.id(), out)
    }

    /// A duplicate of the contact of another record.
    pub(super) fn duplicate(
        &mut self,
        record: Record<'_>,
        warnings: &[Warning],
        kept: RecordId,
        conflicts: &[Conflict],
    ) -> io::Result<()> {
        let out = &mut self.bytes;
        out.clear();
        out.push(DUPLICATE);
        Encoder(out).record(record);
        Encoder(out).warnings(warnings.iter());
        Encoder(out).id(kept);
        Encoder(out).conflicts(conflicts);
        (self.take)(record.position().id(), out)
    }
}

/// A record that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmittedRecord {
    /// Which it was.
    pub id: RecordId,
    /// The number of duplicates that came to it, if it is a contact.
    pub duplicates: u64,
}

/// Hands over what is decided on a record. Contacts are as the encoder of the run has written them.
///
/// # Errors
///
/// When the sink takes no more, or the bytes are not what was encoded.
pub fn emit_encoded<K: Sink>(
    bytes: &[u8],
    counts: &mut Counts,
    sink: &mut K,
) -> Result<EmittedRecord, Stopped<Infallible, K::Error>> {
    let lacking = || Stopped::Scratch(damaged());
    let (mut bytes, mut ends) = (Decoder(bytes), Vec::new());
    let kind = bytes.byte().ok_or_else(lacking)?;
    let mut warn = |position, warnings: Vec<Warning>, sink: &mut K| {
        counts.warnings += warnings.len() as u64;
        warnings.iter().try_for_each(|warning| sink.warning(position, warning))
    };
    let mut came = 0;
    let (position, taken) = match kind {
        CONTACT => {
            let mut head = || Some((bytes.position()?, bytes.warnings()?, bytes.number()?));
            let (position, warnings, duplicates) = head().ok_or_else(lacking)?;
            let (phone, email_domain, bytes) = final_contact(bytes).ok_or_else(lacking)?;
            warn(position, warnings, sink).map_err(Stopped::Sink)?;
            counts.contacts += 1;
            came = duplicates;
            (position, sink.contact(position, Emitted::Encoded { phone, bytes, email_domain }))
        }
        DUPLICATE => {
            let record = bytes.record(&mut ends).ok_or_else(lacking)?;
            let mut rest = || Some((bytes.warnings()?, bytes.id()?, bytes.conflicts()?));
            let (warnings, kept, conflicts) = rest().ok_or_else(lacking)?;
            warn(record.position(), warnings, sink).map_err(Stopped::Sink)?;
            counts.duplicates += 1;
            (record.position(), sink.duplicate(record, kept, &conflicts))
        }
        REJECTED => {
            let record = bytes.record(&mut ends).ok_or_else(lacking)?;
            let rejection = bytes.rejection().ok_or_else(lacking)?;
            counts.rejected += 1;
            (record.position(), sink.rejected(record, &rejection))
        }
        EXCLUDED => {
            let mut field = Field::Contact;
            let record = bytes.record(&mut ends).ok_or_else(lacking)?;
            let exclusion = decode_exclusion(&mut bytes, &mut field).ok_or_else(lacking)?;
            counts.excluded += 1;
            (record.position(), sink.excluded(record, exclusion))
        }
        _ => return Err(lacking()),
    };
    taken.map_err(Stopped::Sink)?;
    Ok(EmittedRecord { id: position.id(), duplicates: came })
}

/// Parts a contact that is final: its number, the domain of its e-mail address, and the contact.
fn final_contact(bytes: Decoder<'_>) -> Option<(PhoneNumber, &[u8], &[u8])> {
    let phone = bytes.phone()?;
    let mut rest = Decoder(bytes.0.get(PHONE_BYTES..)?);
    let email_domain = rest.sized()?;
    Some((phone, email_domain, rest.0))
}

/// Size of a number as [`Encoder`] writes it, in bytes.
pub(super) const PHONE_BYTES: usize = 16;
