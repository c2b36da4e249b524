//! What holds for every workbook. Damage is most likely in its parts, so the fuzzer writes parts, and the
//! archive around them is sound.

use std::io::{Cursor, Write};

use contactmill_core::records::{Block, Source};
use contactmill_source::{Format, SourceError};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

#[path = "inputs.rs"]
mod inputs;

const WORKBOOK: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="a"/>
    <sheet name="B" sheetId="2" r:id="b"/></sheets></workbook>"#;

const PACKAGE: &str = r#"<Relationships><Relationship Id="w"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    Target="xl/workbook.xml"/></Relationships>"#;

const RELATIONS: &str = r#"<Relationships>
    <Relationship Id="a" Type="worksheet" Target="worksheets/sheet1.xml"/>
    <Relationship Id="b" Type="worksheet" Target="worksheets/sheet2.xml"/></Relationships>"#;

/// Any parts make a workbook that is read to its end or to an error, without a panic. Its rows have at least
/// the columns of its header row, and numbers that a sheet can have. The first byte says what the others
/// are: `x` the two sheets, the strings and the styles of an XLSX, with a NUL between them; `o` the content
/// of an ODS; `b` the stream of an XLS; any other byte a whole workbook.
pub(crate) fn check(data: &[u8]) {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let workbook = workbook(kind, bytes);
    // An error is an outcome too.
    let _ = read(&workbook);
}

/// Whether the workbook of this seed can be read.
#[cfg(test)]
pub(crate) fn is_sound(data: &[u8]) -> bool {
    data.split_first().is_some_and(|(&kind, bytes)| read(&workbook(kind, bytes)).is_ok())
}

fn workbook(kind: u8, bytes: &[u8]) -> Vec<u8> {
    match kind {
        b'x' => {
            let mut parts = bytes.split(|&byte| byte == 0);
            let mut part = || parts.next().unwrap_or_default();
            let (first, second) = (part(), part());
            let second =
                if second.is_empty() { b"<worksheet><sheetData/></worksheet>" } else { second };
            archive(&[
                ("_rels/.rels", PACKAGE.as_bytes()),
                ("xl/workbook.xml", WORKBOOK.as_bytes()),
                ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
                ("xl/worksheets/sheet1.xml", first),
                ("xl/worksheets/sheet2.xml", second),
                ("xl/sharedStrings.xml", part()),
                ("xl/styles.xml", part()),
            ])
        }
        b'o' => archive(&[("META-INF/manifest.xml", b"<manifest/>"), ("content.xml", bytes)]),
        b'b' => compound(bytes),
        _ => bytes.to_vec(),
    }
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        // An empty part counts as one that is missing.
        if !bytes.is_empty() {
            archive.start_file(*name, stored).expect("memory takes all");
            archive.write_all(bytes).expect("memory takes all");
        }
    }
    archive.finish().expect("memory takes all").into_inner()
}

fn compound(stream: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("memory takes all");
    let mut workbook = file.create_stream("/Workbook").expect("memory takes all");
    workbook.write_all(stream).expect("memory takes all");
    workbook.flush().expect("memory takes all");
    drop(workbook);
    file.into_inner().into_inner()
}

fn read(workbook: &[u8]) -> Result<(), SourceError> {
    for mut source in inputs::members(workbook, inputs::options())? {
        if !matches!(source.format(), Format::Xlsx | Format::Xls | Format::Ods) {
            continue;
        }
        let (columns, mut row, mut count) = (source.header().len(), 0, 0);
        while count < 5_000
            && let Some(block) = source.next_block()?
        {
            block.visit(&mut |record| {
                let line = record.position().line;
                assert!(row < line && line <= 1 << 20, "row {line} behind row {row}");
                assert!(record.len() >= columns);
                row = line;
                count += 1;
            })?;
        }
    }
    Ok(())
}
