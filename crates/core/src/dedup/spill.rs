//! Entries that are too many for memory: written to scratch files, and read back in order, or sorted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

/// Temporary storage without a name, written and read back: a file, or memory.
pub trait Scratch: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Scratch for T {}

/// Makes [`Scratch`] storage for a run.
pub type ScratchMaker<'a> = dyn Fn() -> io::Result<Box<dyn Scratch>> + 'a;

/// Scratch in memory, for runs that are known to be small.
///
/// # Errors
///
/// Never.
pub fn scratch_in_memory() -> io::Result<Box<dyn Scratch>> {
    Ok(Box::new(Cursor::new(Vec::new())))
}

/// Bytes written or read at a time.
const CHUNK: usize = 128 << 10;

/// Bytes sorted in memory.
const RUN: usize = 4 << 20;

/// Bytes of each sorted run that are in memory while runs are merged.
const RUN_CHUNK: usize = 32 << 10;

/// Framed entries, read back in the order in which they were written.
pub(crate) struct Log<'a> {
    make: &'a ScratchMaker<'a>,
    /// Made once the first chunk is full.
    scratch: Option<Box<dyn Scratch>>,
    buffer: Vec<u8>,
}

impl<'a> Log<'a> {
    pub(crate) const fn new(make: &'a ScratchMaker<'a>) -> Self {
        Log { make, scratch: None, buffer: Vec::new() }
    }

    /// Writes an entry: what `encode` appends.
    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        frame(&mut self.buffer, encode)?;
        if self.buffer.len() >= CHUNK {
            let scratch = match &mut self.scratch {
                Some(scratch) => scratch,
                None => self.scratch.insert((self.make)()?),
            };
            scratch.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Everything, from the beginning.
    pub(crate) fn into_chunks(mut self) -> io::Result<LogChunks> {
        if let Some(scratch) = &mut self.scratch {
            scratch.rewind()?;
        }
        Ok(LogChunks { scratch: self.scratch, tail: self.buffer, rest: Vec::new() })
    }
}

/// A [`Log`] being read back, some whole entries at a time.
pub(crate) struct LogChunks {
    scratch: Option<Box<dyn Scratch>>,
    /// The entries that were never written to the scratch.
    tail: Vec<u8>,
    /// The beginning of an entry whose end was not read yet.
    rest: Vec<u8>,
}

impl LogChunks {
    /// The next entries, one behind the other; see [`entries`]. Nothing at the end.
    pub(crate) fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut chunk = std::mem::take(&mut self.rest);
        while let Some(scratch) = &mut self.scratch {
            let read = Read::by_ref(scratch).take(CHUNK as u64).read_to_end(&mut chunk)?;
            if read < CHUNK {
                self.scratch = None;
            }
            let whole = whole_entries(&chunk);
            if whole > 0 && self.scratch.is_some() {
                self.rest = chunk.split_off(whole);
                return Ok(Some(chunk));
            }
        }
        chunk.append(&mut self.tail);
        if whole_entries(&chunk) != chunk.len() {
            return Err(damaged());
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

/// The entries of a chunk.
pub(crate) fn entries(chunk: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = chunk;
    std::iter::from_fn(move || {
        let (entry, behind) = first_entry(rest)?;
        rest = behind;
        Some(entry)
    })
}

/// The error for scratch data that is not what was written.
pub(crate) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what was set aside is damaged")
}

/// Appends a length and that many bytes.
fn frame(buffer: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    encode(buffer);
    let length = u32::try_from(buffer.len() - start - 4);
    let length = length.map_err(|_| io::Error::other("an entry is larger than 4 GiB"))?;
    buffer[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

fn first_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// Size of the whole entries at the beginning, in bytes.
fn whole_entries(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((_, behind)) = first_entry(rest) {
        rest = behind;
    }
    bytes.len() - rest.len()
}

/// Entries with keys, read back in the order of their keys; those of one key in the order in which
/// they were written. What is too much for memory goes to scratch storage.
///
/// ```
/// use contactmill_core::pipeline::{Sorter, scratch_in_memory};
///
/// let mut sorter = Sorter::new(&scratch_in_memory);
/// for (key, text) in [(9, "nine"), (3, "three")] {
///     sorter.push(key, |entry| entry.extend_from_slice(text.as_bytes()))?;
/// }
/// let (mut sorted, mut entry) = (sorter.into_sorted()?, Vec::new());
/// assert_eq!(sorted.next_entry(&mut entry)?, Some(3));
/// assert_eq!(entry, b"three");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Sorter<'a> {
    make: &'a ScratchMaker<'a>,
    scratch: Option<Box<dyn Scratch>>,
    /// Where each sorted run begins and ends in the scratch.
    runs: Vec<(u64, u64)>,
    keys: Vec<(u64, usize)>,
    buffer: Vec<u8>,
}

impl<'a> Sorter<'a> {
    /// A sorter that makes its scratch storage once there is much to sort.
    #[must_use]
    pub const fn new(make: &'a ScratchMaker<'a>) -> Self {
        Sorter { make, scratch: None, runs: Vec::new(), keys: Vec::new(), buffer: Vec::new() }
    }

    /// Writes an entry: what `encode` appends.
    ///
    /// # Errors
    ///
    /// When scratch storage cannot be made or written.
    pub fn push(&mut self, key: u64, encode: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.keys.push((key, self.buffer.len()));
        frame(&mut self.buffer, |buffer| {
            buffer.extend_from_slice(&key.to_le_bytes());
            encode(buffer);
        })?;
        if self.buffer.len() >= RUN {
            self.write_run()?;
        }
        Ok(())
    }

    /// The entries in memory, sorted.
    fn sorted(&mut self) -> Vec<u8> {
        // Entries of one key keep their order.
        self.keys.sort_unstable();
        let mut sorted = Vec::with_capacity(self.buffer.len());
        for (_, at) in self.keys.drain(..) {
            if let Some((entry, _)) = first_entry(&self.buffer[at..]) {
                sorted.extend_from_slice(&self.buffer[at..at + 4 + entry.len()]);
            }
        }
        self.buffer.clear();
        sorted
    }

    fn write_run(&mut self) -> io::Result<()> {
        let run = self.sorted();
        let scratch = match &mut self.scratch {
            Some(scratch) => scratch,
            None => self.scratch.insert((self.make)()?),
        };
        scratch.write_all(&run)?;
        let start = self.runs.last().map_or(0, |&(_, end)| end);
        self.runs.push((start, start + run.len() as u64));
        Ok(())
    }

    /// Everything, in order.
    ///
    /// # Errors
    ///
    /// When scratch storage cannot be written or read back.
    pub fn into_sorted(mut self) -> io::Result<Sorted> {
        let runs = match self.scratch {
            // All of it is in memory.
            None => vec![Run { at: 0, end: 0, bytes: self.sorted(), read: 0 }],
            Some(_) => {
                self.write_run()?;
                let run = |&(at, end)| Run { at, end, bytes: Vec::new(), read: 0 };
                self.runs.iter().map(run).collect()
            }
        };
        let mut sorted = Sorted { scratch: self.scratch, runs, heads: BinaryHeap::new() };
        for index in 0..sorted.runs.len() {
            sorted.find_head(index)?;
        }
        Ok(sorted)
    }
}

/// The entries of a [`Sorter`].
pub struct Sorted {
    scratch: Option<Box<dyn Scratch>>,
    runs: Vec<Run>,
    /// The key of the next entry of each run.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
}

struct Run {
    /// The part of the scratch that was not read yet.
    at: u64,
    end: u64,
    bytes: Vec<u8>,
    /// Number of bytes that were read already.
    read: usize,
}

impl Sorted {
    /// The key of the next entry.
    fn next_key(&self) -> Option<u64> {
        self.heads.peek().map(|&Reverse((key, _))| key)
    }

    /// Takes the entries whose keys are below this one; see [`SortedEntries`].
    pub(crate) fn below(&mut self, end: u64) -> io::Result<Vec<u8>> {
        let mut chunk = Vec::new();
        while self.next_key().is_some_and(|key| key < end) {
            self.take(0, &mut chunk)?;
        }
        Ok(chunk)
    }

    /// Takes the next entry: its key, and into `entry` what was written. Nothing at the end.
    ///
    /// # Errors
    ///
    /// When scratch storage cannot be read back.
    pub fn next_entry(&mut self, entry: &mut Vec<u8>) -> io::Result<Option<u64>> {
        entry.clear();
        // The length and the key stand before it.
        self.take(4 + 8, entry)
    }

    /// Appends the next entry, without this many bytes of its beginning.
    fn take(&mut self, skipped: usize, out: &mut Vec<u8>) -> io::Result<Option<u64>> {
        let Some(Reverse((key, index))) = self.heads.pop() else { return Ok(None) };
        let run = &mut self.runs[index];
        let (entry, _) = first_entry(&run.bytes[run.read..]).ok_or_else(damaged)?;
        let framed = run.read..run.read + 4 + entry.len();
        run.read = framed.end;
        out.extend_from_slice(&run.bytes[framed.start + skipped..framed.end]);
        self.find_head(index)?;
        Ok(Some(key))
    }

    /// Finds the key of a run's next entry, which is in memory then.
    fn find_head(&mut self, index: usize) -> io::Result<()> {
        let run = &mut self.runs[index];
        let mut wanted = RUN_CHUNK;
        while first_entry(&run.bytes[run.read..]).is_none() && run.at < run.end {
            run.bytes.drain(..run.read);
            run.read = 0;
            let Some(scratch) = &mut self.scratch else { break };
            scratch.seek(SeekFrom::Start(run.at))?;
            let count = (run.end - run.at).min(wanted as u64);
            let read = Read::by_ref(scratch).take(count).read_to_end(&mut run.bytes)?;
            if read == 0 {
                return Err(damaged());
            }
            run.at += read as u64;
            wanted *= 2;
        }
        let rest = &run.bytes[run.read..];
        let Some((entry, _)) = first_entry(rest) else {
            return if rest.is_empty() { Ok(()) } else { Err(damaged()) };
        };
        let key = entry.first_chunk().ok_or_else(damaged)?;
        self.heads.push(Reverse((u64::from_le_bytes(*key), index)));
        Ok(())
    }
}

/// Entries with keys, in their order.
#[derive(Clone, Copy, Default)]
pub(crate) struct SortedEntries<'e>(&'e [u8]);

impl<'e> SortedEntries<'e> {
    /// The entries of what [`Sorted::below`] gave.
    pub(crate) const fn of(chunk: &'e [u8]) -> Self {
        SortedEntries(chunk)
    }

    /// The key of the next entry; `None` at the end, and where it is damaged.
    pub(crate) fn next_key(&self) -> Option<u64> {
        let (entry, _) = first_entry(self.0)?;
        Some(u64::from_le_bytes(*entry.first_chunk()?))
    }

    /// The next entry, if it has this key.
    pub(crate) fn next_of(&mut self, key: u64) -> Option<&'e [u8]> {
        let (entry, behind) = first_entry(self.0)?;
        let (next, entry) = entry.split_first_chunk()?;
        (u64::from_le_bytes(*next) == key).then(|| {
            self.0 = behind;
            entry
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_too_much_for_memory_goes_to_scratch() {
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            scratch_in_memory()
        };
        let mut log = Log::new(&make);
        log.append(|out| out.resize(CHUNK / 2, 0)).unwrap();
        assert_eq!(made.get(), 0);
        log.append(|out| out.resize(CHUNK, 0)).unwrap();
        assert_eq!((made.get(), log.buffer.len()), (1, 0));
        let mut sorter = Sorter::new(&make);
        sorter.push(1, |out| out.resize(RUN / 2, 0)).unwrap();
        assert_eq!(made.get(), 1);
        sorter.push(1, |out| out.resize(RUN, 0)).unwrap();
        assert_eq!((made.get(), sorter.buffer.len()), (2, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn entries_come_back_in_order_and_sorted_ones_by_their_keys(
            lengths in proptest::collection::vec((0..9_u64, 0..200_000_usize), 0..200),
        ) {
            let entry = |number: usize, length| {
                let mut bytes = (number as u64).to_le_bytes().to_vec();
                bytes.resize(8 + length, number as u8);
                bytes
            };
            let mut log = Log::new(&scratch_in_memory);
            let mut sorter = Sorter::new(&scratch_in_memory);
            for (number, &(key, length)) in lengths.iter().enumerate() {
                log.append(|out| out.extend(entry(number, length))).unwrap();
                sorter.push(key, |out| out.extend(entry(number, length))).unwrap();
            }

            let mut number = 0;
            let mut chunks = log.into_chunks().unwrap();
            while let Some(chunk) = chunks.next_chunk().unwrap() {
                prop_assert!((1..2 * (CHUNK + 200_100)).contains(&chunk.len()));
                for found in entries(&chunk) {
                    prop_assert!(found == entry(number, lengths[number].1));
                    number += 1;
                }
            }
            prop_assert_eq!(number, lengths.len());

            let mut expected: Vec<(u64, usize)> =
                lengths.iter().enumerate().map(|(number, &(key, _))| (key, number)).collect();
            expected.sort_unstable();
            let mut sorted = sorter.into_sorted().unwrap();
            let mut bytes;
            let mut chunk = SortedEntries::default();
            for (key, number) in expected {
                if chunk.next_key().is_none() {
                    bytes = sorted.below(key + 2).unwrap();
                    let key_of = |entry: &[u8]| u64::from_le_bytes(*entry.first_chunk().unwrap());
                    prop_assert!(entries(&bytes).all(|entry| key_of(entry) < key + 2));
                    chunk = SortedEntries::of(&bytes);
                }
                prop_assert_eq!(chunk.next_key(), Some(key));
                prop_assert!(chunk.next_of(key) == Some(&*entry(number, lengths[number].1)));
            }
            prop_assert_eq!(chunk.next_key(), None);
            prop_assert_eq!(sorted.next_key(), None);
        }
    }
}
