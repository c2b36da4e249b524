//! The index of a result: which contacts it stands for, and what each of them says.
//!
//! `contacts.index` is a header ([`header`]), an entry of 24 bytes for each contact
//! ([`IndexEntry::to_bytes`]), sorted by number, and a CRC-32 of all that. All numbers in it are
//! little-endian.

use std::fmt;
use std::io::{self, Read};

use twox_hash::XxHash3_128;

use crate::import::{Contact, PhoneDigits};

/// The first bytes of every index.
const MAGIC: [u8; 8] = *b"contacts";

/// The version of the form. Another way to hash a contact is another version: every contact would look as if
/// it had changed.
const VERSION: u32 = 2;

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
/// use contactmill_wire::index::IndexEntry;
///
/// let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
/// let (tags, attributes) = (["lead"], [("plan", "pro")]);
/// let entry = IndexEntry::new(
///     "Mario",
///     "",
///     phone,
///     tags.into_iter(),
///     attributes.into_iter(),
///     &mut Vec::new(),
/// );
/// assert_eq!(entry.phone, 39_0612345678);
/// assert_eq!(IndexEntry::from_bytes(entry.to_bytes()), entry);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// The full international number: its digits, without the `+`.
    pub phone: u64,
    /// XXH3 (128 bits) of all that the API receives for the contact, little-endian. It finds changes, and is
    /// no protection against whoever makes contacts up.
    pub content: [u8; CONTENT_BYTES],
}

/// Ends each text of what is hashed. No UTF-8 has this byte (RFC 3629, section 1).
const END_OF_TEXT: u8 = 0xFF;

/// Ends the list of tags. No UTF-8 has this byte either.
const END_OF_TAGS: u8 = 0xFE;

impl IndexEntry {
    /// The entry of a contact that says this. What is hashed is appended to `scratch`, and taken off again.
    ///
    /// Different contacts are different bytes: the parts of the number have a fixed size, and each text has an end
    /// of its own.
    #[must_use]
    pub fn new<'a>(
        name: &str,
        email: &str,
        phone: PhoneDigits,
        tags: impl Iterator<Item = &'a str>,
        attributes: impl Iterator<Item = (&'a str, &'a str)>,
        scratch: &mut Vec<u8>,
    ) -> Self {
        let start = scratch.len();
        scratch.extend_from_slice(&phone.calling_code.to_le_bytes());
        scratch.push(phone.leading_zeros);
        scratch.extend_from_slice(&phone.national.to_le_bytes());
        let text = |text: &str, scratch: &mut Vec<u8>| {
            scratch.extend_from_slice(text.as_bytes());
            scratch.push(END_OF_TEXT);
        };
        text(name, scratch);
        text(email, scratch);
        tags.for_each(|tag| text(tag, scratch));
        scratch.push(END_OF_TAGS);
        for (key, value) in attributes {
            text(key, scratch);
            text(value, scratch);
        }
        let content = XxHash3_128::oneshot(&scratch[start..]).to_le_bytes();
        scratch.truncate(start);
        IndexEntry { phone: phone.e164(), content }
    }

    /// The entry of a contact as it stands in an import array; `None` where its number is none.
    #[must_use]
    pub fn of(contact: &Contact) -> Option<Self> {
        let details = &contact.profile.user_details;
        Some(IndexEntry::new(
            &details.user_provided_name,
            &details.contact.email,
            details.contact.phone.digits()?,
            details.tags.iter().map(String::as_str),
            details.attributes.iter().map(|own| (own.key.as_str(), own.value.as_str())),
            &mut Vec::new(),
        ))
    }

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

    /// The entry of a contact: name, address, tags and attributes are parted by `|`.
    fn entry(text: &str) -> IndexEntry {
        let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
        let mut parts = text.split('|').map(|part| part.split(',').filter(|part| !part.is_empty()));
        let mut part = || parts.next().into_iter().flatten();
        let (name, email) = (part().collect::<String>(), part().collect::<String>());
        let (tags, attributes) = (part(), part().map(|own| own.split_once('=').unwrap()));
        IndexEntry::new(&name, &email, phone, tags, attributes, &mut vec![7])
    }

    #[test]
    fn entries_come_back_and_hashes_tell_contacts_apart() {
        assert_eq!(IndexEntry::from_bytes(entry("Asha").to_bytes()), entry("Asha"));
        let texts = [
            "",
            "a",
            "|a",
            "||a",
            "||a,b",
            "||ab",
            "||b,a",
            "|||a=b",
            "|||ab=",
            "|||=ab",
            "||a|b=",
            "|||a=b,c=d",
            "|||c=d,a=b",
            "a|b|c|d=e",
        ];
        let mut contents: Vec<_> = texts.iter().map(|text| entry(text).content).collect();
        contents.sort_unstable();
        contents.dedup();
        assert_eq!(contents.len(), texts.len());
    }

    #[test]
    fn a_contact_is_hashed_as_it_always_was() {
        // XXH3 (128 bits) of nothing, as published: an update of the library must not make every contact
        // look changed.
        let nothing = 0x99aa_06d3_0147_98d8_6001_c324_468d_497f_u128;
        assert_eq!(XxHash3_128::oneshot(b""), nothing);
        assert_eq!(entry("a|b|c|d=e").content[..8], [113, 106, 94, 13, 34, 231, 132, 187]);
    }

    #[test]
    fn a_contact_of_an_array_has_the_entry_that_it_was_written_with() {
        let phone = PhoneDigits { calling_code: 39, leading_zeros: 1, national: 612_345_678 };
        let (name, email) = ("Asha \"\n😀", "asha@example.org");
        let tags = || ["lead", "a\\b"].into_iter();
        let attributes = || [("plan", "pro"), ("", "\u{1}")].into_iter();
        let mut json = Vec::new();
        crate::import::write_contact(name, email, phone, tags(), attributes(), &mut json);
        let mut scratch = vec![1, 2];
        let written = IndexEntry::new(name, email, phone, tags(), attributes(), &mut scratch);
        assert_eq!(IndexEntry::of(&serde_json::from_slice(&json).unwrap()), Some(written));
        assert_eq!(scratch, [1, 2]);
    }
}
