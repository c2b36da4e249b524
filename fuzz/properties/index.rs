//! What holds of every index of a result.

use contactmill_wire::index::{ENTRY_BYTES, IndexEntry, header, read};

/// Any bytes are no index, or they are exactly what would be written for its entries. Entries that are
/// written are read as they are; an index of which a byte was changed, or the end cut off, is none. The first
/// two bytes say which, the others are the entries, and the index as they stand.
pub(crate) fn check(data: &[u8]) {
    let Some((&[place, change], bytes)) = data.split_first_chunk() else { return };
    if let Ok(entries) = read_all(bytes) {
        assert!(entries.is_sorted_by_key(|entry| entry.phone));
        assert_eq!(written(&entries), bytes, "another index with the same entries");
    }
    let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
    let mut entries: Vec<IndexEntry> =
        entries.iter().copied().map(IndexEntry::from_bytes).collect();
    entries.sort_unstable_by_key(|entry| entry.phone);
    let mut index = written(&entries);
    assert_eq!(read_all(&index), Ok(entries));
    let at = usize::from(place) * (index.len() - 1) / 255;
    assert!(read_all(&index[..at]).is_err(), "cut at {at}");
    if change != 0 {
        index[at] ^= change;
        assert!(read_all(&index).is_err(), "byte {at} changed by {change:#04x}");
    }
}

fn read_all(bytes: &[u8]) -> Result<Vec<IndexEntry>, ()> {
    let read = read(bytes, bytes.len() as u64).expect("memory can be read");
    read.map_err(|_| ())
}

fn written(entries: &[IndexEntry]) -> Vec<u8> {
    let mut index = header(entries.len() as u64).to_vec();
    entries.iter().for_each(|entry| index.extend(entry.to_bytes()));
    index.extend(crc32fast::hash(&index).to_le_bytes());
    index
}
