//! What holds for every input: text, a compressed file, an archive, a workbook.

use contactmill_source::{ReadOptions, SourceError, TextEncoding};

#[path = "inputs.rs"]
mod inputs;

/// Any bytes are read to their end or to an error, without a panic, and records come in the order of their
/// lines. The first byte says which encoding is given, if any. The others are the input.
pub(crate) fn check(data: &[u8]) {
    let Some((&encoding, bytes)) = data.split_first() else { return };
    let labels = ["utf-8", "utf-16le", "windows-1252", "shift_jis", "gb18030", "iso-2022-jp"];
    let label = labels.get(usize::from(encoding).wrapping_sub(usize::from(b'0')));
    let encoding = label.map(|label| label.parse::<TextEncoding>().expect("a known label"));
    // An error is an outcome too.
    let _ = read(bytes, ReadOptions { encoding, ..inputs::options() });
}

fn read(bytes: &[u8], options: ReadOptions<'_>) -> Result<(), SourceError> {
    for mut source in inputs::members(bytes, options)? {
        inputs::read(&mut source, 20_000)?;
        source.sha256()?;
    }
    Ok(())
}
