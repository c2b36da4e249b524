//! A sample of the records of one source, or of several.

use std::marker::PhantomData;

use crate::records::{Block, Record, RecordArena, RecordSlot, Source};

/// Which records are in a sample: this number of all, evenly spread from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    take: u64,
    of: u64,
}

impl Spread {
    /// Every record with this interval.
    pub(crate) const fn one_in(every: u64) -> Self {
        Spread { take: 1, of: every }
    }

    /// Whether the record with this index, from 0, is in the sample.
    pub(crate) fn has(self, index: u64) -> bool {
        let Spread { take, of } = self;
        match index.checked_mul(take) {
            _ if take >= of => true,
            Some(step) => step % of < take,
            None => u128::from(index) * u128::from(take) % u128::from(of) < u128::from(take),
        }
    }
}

/// A sample of a run: a number of records, evenly spread over all its sources. It depends on the number
/// of records alone.
///
/// ```
/// use contactmill_core::records::{Block, Rows, Sample, Source};
///
/// let rows = || Rows::new((1..=4).map(|number| [number.to_string()]));
/// let mut sample = Sample::new(3, 8);
/// let mut seen = Vec::new();
/// for mut rows in [rows(), rows()] {
///     let mut source = sample.of_next(&mut rows);
///     while let Some(block) = source.next_block()? {
///         block.visit(&mut |record| seen.push(record.position().record))?;
///     }
/// }
/// assert_eq!(seen, [1, 4, 3]);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sample {
    spread: Spread,
    /// The index of the next record of the run.
    next: u64,
}

impl Sample {
    /// This many of this many records.
    #[must_use]
    pub const fn new(take: u64, of: u64) -> Self {
        Sample { spread: Spread { take, of }, next: 0 }
    }

    /// What the sample takes of the next source of the run, with the numbers that records have there.
    pub const fn of_next<'s, S>(&'s mut self, source: &'s mut S) -> SampleSource<'s, S> {
        SampleSource { sample: self, source }
    }
}

/// The records of a source that a [`Sample`] takes.
#[derive(Debug)]
pub struct SampleSource<'s, S> {
    sample: &'s mut Sample,
    source: &'s mut S,
}

impl<S: Source> Source for SampleSource<'_, S> {
    type Block = SampleBlock<S::Error>;
    type Error = S::Error;

    fn next_block(&mut self) -> Result<Option<Self::Block>, S::Error> {
        let Some(block) = self.source.next_block()? else { return Ok(None) };
        let Sample { spread, next } = &mut *self.sample;
        let mut taken = SampleBlock {
            arena: RecordArena::default(),
            records: Vec::new(),
            left_out: block.left_out(),
            covers: block.len_bytes(),
            error: PhantomData,
        };
        block.visit(&mut |record| {
            match spread.has(*next) {
                true => taken.records.push(taken.arena.keep(record)),
                false => taken.left_out += 1,
            }
            *next += 1;
        })?;
        Ok(Some(taken))
    }
}

/// The records of a block that a [`Sample`] takes.
#[derive(Debug)]
pub struct SampleBlock<E> {
    arena: RecordArena,
    records: Vec<RecordSlot>,
    left_out: u64,
    covers: u64,
    error: PhantomData<fn() -> E>,
}

impl<E> Block for SampleBlock<E> {
    type Error = E;

    fn len_bytes(&self) -> u64 {
        self.covers
    }

    fn left_out(&self) -> u64 {
        self.left_out
    }

    fn visit(&self, visitor: &mut dyn FnMut(Record<'_>)) -> Result<(), E> {
        self.records.iter().for_each(|slot| visitor(self.arena.get(slot)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sample_has_its_number_of_records_and_none_of_them_are_close(
            take in 1_u64..60,
            of in 1_u64..3_000,
        ) {
            let spread = Spread { take, of };
            let taken: Vec<u64> = (0..of).filter(|&index| spread.has(index)).collect();
            prop_assert_eq!(taken.len() as u64, take.min(of));
            prop_assert_eq!(taken[0], 0);
            let interval = (of / take).max(1);
            for pair in taken.windows(2) {
                prop_assert!((interval..=interval + 1).contains(&(pair[1] - pair[0])));
            }
        }
    }

    #[test]
    fn a_sample_of_more_than_64_bits_hold_is_as_even() {
        let spread = Spread { take: 1 << 62, of: 1 << 63 };
        assert_eq!([8, 9, 10, 11].map(|index| spread.has(index)), [true, false, true, false]);
    }
}
