//! What short texts came to when they were read last: countries and domains come again in nearly every
//! record.

use std::cell::Cell;

/// Number of texts that are remembered.
const SLOTS: usize = 256;

/// A short text behind zeros, and its length.
type Key = [u64; 4];

/// Remembers the values of short texts, in a bound: each text has one slot, and takes it from another.
///
/// Where what a text comes to depends on nothing but the text, a thread may have one for all its records.
pub(crate) struct Recent<V>([Cell<Option<(Key, V)>>; SLOTS]);

impl<V: Copy> Recent<V> {
    pub(crate) const fn new() -> Self {
        Recent([const { Cell::new(None) }; SLOTS])
    }

    /// The value of a text: the one that is remembered, or else what `read` gives.
    pub(crate) fn value_of(&self, text: &str, read: impl FnOnce(&str) -> V) -> V {
        let Some(key) = key(text) else { return read(text) };
        let slot = &self.0[slot(key)];
        if let Some((known, value)) = slot.get()
            && known == key
        {
            return value;
        }
        let value = read(text);
        slot.set(Some((key, value)));
        value
    }
}

/// A text that is short enough to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortText {
    bytes: [u8; 31],
    len: u8,
}

impl ShortText {
    /// `None` if it is too long.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; 31];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(ShortText { bytes, len: u8::try_from(text.len()).ok()? })
    }

    pub(crate) fn as_str(&self) -> &str {
        // It was made of a whole text.
        std::str::from_utf8(&self.bytes[..self.len.into()]).unwrap_or_default()
    }
}

/// `None` for a text that is too long to be remembered.
fn key(text: &str) -> Option<Key> {
    let mut bytes = [0; size_of::<Key>()];
    let (length, room) = bytes.split_last_mut()?;
    room.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    // Texts may end in zeros themselves.
    *length = u8::try_from(text.len()).ok()?;
    let (words, _) = bytes.as_chunks();
    Some([0, 1, 2, 3].map(|word| u64::from_le_bytes(words[word])))
}

/// The highest bits of a product depend on all bits of what is multiplied.
fn slot(key: Key) -> usize {
    const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(GOLDEN_RATIO);
    let hash = key.into_iter().fold(0, mix);
    (hash >> (u64::BITS - SLOTS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_has_its_own_value(
            texts in proptest::collection::vec("[ab\0]{0,3}|[a-c]{29,33}", 0..500),
        ) {
            let recent = Recent::new();
            let first = |text: &str| (text.len(), text.chars().next());
            for text in &texts {
                prop_assert_eq!(recent.value_of(text, first), first(text));
            }
        }
    }

    #[test]
    fn a_short_text_is_the_text() {
        for text in ["", "शर्मा", "0123456789012345678901234567890"] {
            assert_eq!(ShortText::new(text).unwrap().as_str(), text);
        }
        assert_eq!(ShortText::new("01234567890123456789012345678901"), None);
    }

    #[test]
    fn a_text_that_comes_again_is_not_read_again() {
        let recent = Recent::new();
        assert_eq!(recent.value_of("India", str::len), 5);
        assert_eq!(recent.value_of("India", |_| unreachable!("it was read before")), 5);
    }
}
