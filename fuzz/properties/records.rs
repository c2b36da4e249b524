//! What holds for every source.

use contactmill_core::records::{Block, Integrity, Source};
use contactmill_source::SourceError;

/// A record with its position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) fields: Vec<String>,
    pub(crate) line: u64,
    pub(crate) byte: u64,
    pub(crate) integrity: Integrity,
}

/// All records. Checks that they are numbered and in the order of the input, that their lines are right,
/// and that the blocks cover the input.
pub(crate) fn records<S: Source<Error = SourceError>>(mut source: S, text: &[u8]) -> Vec<Read> {
    let mut all: Vec<Read> = Vec::new();
    let mut covered = 0;
    while let Some(block) = source.next_block().expect("a text in memory can be read") {
        covered += block.len_bytes();
        let mut number = 0;
        let visited = block.visit(&mut |record| {
            number += 1;
            let position = record.position();
            assert_eq!(position.record, number, "records are numbered within their block");
            assert!(position.byte <= text.len() as u64, "a record stands in its input");
            let before = &text[..position.byte as usize];
            let lines = before.iter().filter(|&&byte| byte == b'\n').count() as u64;
            assert_eq!(position.line, lines + 1, "the line of byte {}", position.byte);
            assert!(all.last().is_none_or(|last| last.byte <= position.byte));
            all.push(Read {
                fields: record.iter().map(str::to_owned).collect(),
                line: position.line,
                byte: position.byte,
                integrity: record.integrity(),
            });
        });
        visited.expect("a block that was read can be parsed");
    }
    let mark = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    assert_eq!(covered + mark, text.len() as u64, "blocks cover the input");
    all
}
