//! The index of a result: which contacts it stands for, and what each of them says.
//!
//! `contacts.index` is a header ([`header`]), an entry of 24 bytes for each contact
//! ([`IndexEntry::to_bytes`]), sorted by number, and a CRC-32 of all that. All numbers in it are
//! little-endian.

use std::fmt;
use std::io::{self, Read};

use twox_hash::XxHash3_128;

/// The first bytes of every index.
const MAGIC: [u8; 8] = *b"contacts";

/// The version of the form. Another way to write a contact, or to hash it, is another version: every
/// contact would look as if it had changed.
const VERSION: u32 = 1;

/// Size of the header.
pub const HEADER_BYTES: usize = 24;

/// Size of an entry.
pub const ENTRY_BYTES: usize = 24;

/// Size of the checksum behind the entries.
pub const CHECKSUM_BYTES: usize = 4;

/// Size of the hash of what a contact says.
pub const CONTENT_BYTES: usize = 16;

/// One contact: the number that it is matched by, and a hash of all that it says.
///
/// ```
/// use contactmill_wire::import::PhoneDigits;
/// use contactmill_wire::index::{IndexEntry, content_hash};
///
/// let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
/// let entry = IndexEntry { phone: phone.e164(), content: content_hash(b"{}") };
/// assert_eq!(entry.phone, 39_0612345678);
/// assert_eq!(IndexEntry::from_bytes(entry.to_bytes()), entry);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// The full international number: its digits, without the `+`.
    pub phone: u64,
    /// The [`content_hash`] of the contact.
    pub content: [u8; CONTENT_BYTES],
}

impl IndexEntry {
    /// As it stands in the file.
    #[must_use]
    pub fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..8].copy_from_slice(&self.phone.to_le_bytes());
        bytes[8..].copy_from_slice(&self.content);
        bytes
    }

    /// Of what stands in the file.
    #[must_use]
    pub fn from_bytes(bytes: [u8; ENTRY_BYTES]) -> Self {
        let (mut phone, mut content) = ([0; 8], [0; CONTENT_BYTES]);
        phone.copy_from_slice(&bytes[..8]);
        content.copy_from_slice(&bytes[8..]);
        IndexEntry { phone: u64::from_le_bytes(phone), content }
    }
}

/// The hash of a contact: XXH3 (128 bits) of the JSON that the API receives for it. It finds changes, and
/// is no protection against whoever makes contacts up.
#[must_use]
pub fn content_hash(json: &[u8]) -> [u8; CONTENT_BYTES] {
    XxHash3_128::oneshot(json).to_le_bytes()
}

/// The header of an index with this number of entries.
#[must_use]
pub fn header(entries: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[16..].copy_from_slice(&entries.to_le_bytes());
    header
}

/// The number of entries, by the header of an index.
///
/// ```
/// use contactmill_wire::index::{IndexProblem, header, read_header};
///
/// assert_eq!(read_header(header(7)), Ok(7));
/// assert_eq!(read_header([0; 24]), Err(IndexProblem::Damaged));
/// ```
///
/// # Errors
///
/// When it is no index, or one of another version.
pub fn read_header(bytes: [u8; HEADER_BYTES]) -> Result<u64, IndexProblem> {
    let word = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(word)
    };
    if !bytes.starts_with(&MAGIC) {
        return Err(IndexProblem::Damaged);
    }
    match word(8) {
        version if version == u64::from(VERSION) => Ok(word(16)),
        _ => Err(IndexProblem::OtherVersion),
    }
}

/// The entries of an index of this size in bytes, sorted by number; or why it is none.
///
/// ```
/// use contactmill_wire::index::{IndexEntry, IndexProblem, header, read};
///
/// let entry = IndexEntry { phone: 919_876_543_210, content: [7; 16] };
/// let mut index = [&header(1)[..], &entry.to_bytes()].concat();
/// index.extend(crc32fast::hash(&index).to_le_bytes());
/// assert_eq!(read(&*index, index.len() as u64)?, Ok(vec![entry]));
/// assert_eq!(read(&index[1..], index.len() as u64)?, Err(IndexProblem::Damaged));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// When it cannot be read.
pub fn read(file: impl Read, size: u64) -> io::Result<Result<Vec<IndexEntry>, IndexProblem>> {
    match entries(file, size) {
        Err(Unreadable::Problem(problem)) => Ok(Err(problem)),
        Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(Err(IndexProblem::Damaged))
        }
        Err(Unreadable::Io(error)) => Err(error),
        Ok(entries) => Ok(Ok(entries)),
    }
}

enum Unreadable {
    Problem(IndexProblem),
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Unreadable::Io(error)
    }
}

fn entries(mut file: impl Read, size: u64) -> Result<Vec<IndexEntry>, Unreadable> {
    const DAMAGED: Unreadable = Unreadable::Problem(IndexProblem::Damaged);
    let mut head = [0; HEADER_BYTES];
    file.read_exact(&mut head)?;
    let count = read_header(head).map_err(Unreadable::Problem)?;
    let frame = (HEADER_BYTES + CHECKSUM_BYTES) as u64;
    let expected = count.checked_mul(ENTRY_BYTES as u64).and_then(|all| all.checked_add(frame));
    if expected != Some(size) {
        return Err(DAMAGED);
    }
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&header(count));
    let mut entries = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    for _ in 0..count {
        let mut bytes = [0; ENTRY_BYTES];
        file.read_exact(&mut bytes)?;
        checksum.update(&bytes);
        entries.push(IndexEntry::from_bytes(bytes));
    }
    let mut expected = [0; CHECKSUM_BYTES];
    file.read_exact(&mut expected)?;
    let is_whole = checksum.finalize().to_le_bytes() == expected;
    let is_sorted = entries.is_sorted_by_key(|entry: &IndexEntry| entry.phone);
    if is_whole && is_sorted { Ok(entries) } else { Err(DAMAGED) }
}

/// Why an index cannot be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexProblem {
    /// It has another form, or its contacts are hashed in another way.
    OtherVersion,
    /// It is not what was written.
    Damaged,
}

impl fmt::Display for IndexProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IndexProblem::OtherVersion => "it was written by another version of contactmill",
            IndexProblem::Damaged => "it is damaged",
        })
    }
}

impl std::error::Error for IndexProblem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_another_version_is_none_and_one_of_other_bytes_is_damaged() {
        for entries in [0, 7, u64::MAX] {
            assert_eq!(read_header(header(entries)), Ok(entries));
        }
        let mut later = header(7);
        later[8] += 1;
        assert_eq!(read_header(later), Err(IndexProblem::OtherVersion));
        let mut other = header(7);
        other[0] += 1;
        assert_eq!(read_header(other), Err(IndexProblem::Damaged));
    }

    #[test]
    fn entries_come_back_and_hashes_tell_contents_apart() {
        let entry = IndexEntry { phone: 390_612_345_678, content: content_hash(b"{}") };
        assert_eq!(IndexEntry::from_bytes(entry.to_bytes()), entry);
        assert_ne!(content_hash(b"{}"), content_hash(b"[]"));
        // XXH3 (128 bits) of nothing, as published: an update of the library must not make every contact
        // look changed.
        let nothing = 0x99aa_06d3_0147_98d8_6001_c324_468d_497f_u128;
        assert_eq!(content_hash(b""), nothing.to_le_bytes());
    }
}
