//! What holds of every input, whatever it is: text, packed, an archive, a workbook.

use contactmill_core::{Block, Source};
use contactmill_source::{Dump, InflateLimits, Input, ReadOptions, SourceError, TextEncoding};

/// Any bytes are read to their end or to an error, without a panic, and records come in the order of
/// their lines. The first byte says which encoding is forced, if one is; the others are the input.
pub(crate) fn check(data: &[u8]) {
    let Some((&encoding, bytes)) = data.split_first() else { return };
    let labels = ["utf-8", "utf-16le", "windows-1252", "shift_jis", "gb18030", "iso-2022-jp"];
    let label = labels.get(usize::from(encoding).wrapping_sub(usize::from(b'0')));
    let encoding = label.map(|label| label.parse::<TextEncoding>().expect("a known label"));
    let is_header = |row: &[String]| row.iter().any(|cell| cell == "Phone");
    let options = ReadOptions {
        encoding,
        inflate: InflateLimits { max_bytes: 1 << 22, max_ratio: 250 },
        is_header: &is_header,
        ..ReadOptions::new(&tempfile::tempfile)
    };
    // An error is an outcome too.
    let _ = read(bytes, options);
}

fn read(bytes: &[u8], options: ReadOptions<'_>) -> Result<(), SourceError> {
    let dump = Dump::of(Input::spool("input", bytes, options.scratch)?, options)?;
    for part in dump.parts.iter().take(8) {
        let mut source = part.open(options)?;
        let mut line = 0;
        while let Some(block) = source.next_block()? {
            block.visit(&mut |record| {
                let position = record.position();
                assert!(position.line > line || position.line == line && position.byte > 0);
                line = position.line;
            })?;
        }
        source.sha256()?;
    }
    Ok(())
}
