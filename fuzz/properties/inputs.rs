//! Any bytes as an input, read to the end.

#![allow(dead_code, reason = "each property uses its own part")]

use std::hash::{DefaultHasher, Hash, Hasher};

use contactmill_core::records::{Block, Source};
use contactmill_source::{AnySource, DecompressLimits, Dump, Input, ReadOptions, SourceError};

/// The number of records of a part, and a hash of their fields and positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) count: u64,
    pub(crate) hash: u64,
}

/// Small limits, and a header row that any row with `Phone` is.
pub(crate) fn options() -> ReadOptions<'static> {
    ReadOptions {
        decompress: DecompressLimits { max_bytes: 1 << 22, max_ratio: 250 },
        is_header: &|row| row.iter().any(|cell| cell == "Phone"),
        ..ReadOptions::new(&tempfile::tempfile)
    }
}

/// The first members of an input.
pub(crate) fn members(
    bytes: &[u8],
    options: ReadOptions<'_>,
) -> Result<Vec<AnySource>, SourceError> {
    let dump = Dump::of(Input::spool("input", bytes, options.scratch)?, options)?;
    dump.members.iter().take(8).map(|member| member.open(options)).collect()
}

/// All records of a part, or the first `max`. They are in the order of their lines.
pub(crate) fn read(source: &mut AnySource, max: u64) -> Result<Records, SourceError> {
    let (mut count, mut line, mut hash) = (0, 0, DefaultHasher::new());
    source.header().hash(&mut hash);
    while count < max
        && let Some(block) = source.next_block()?
    {
        block.visit(&mut |record| {
            let position = record.position();
            assert!(position.line > line || position.line == line && position.byte > 0);
            line = position.line;
            count += 1;
            if count <= max {
                record.iter().for_each(|field| field.hash(&mut hash));
                (line, position.byte).hash(&mut hash);
            }
        })?;
    }
    Ok(Records { count, hash: hash.finish() })
}
