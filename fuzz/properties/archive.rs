//! What holds for every archive and every compressed file.

use std::io::{Cursor, Write};

use contactmill_source::SourceError;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

#[path = "inputs.rs"]
mod inputs;

/// Bytes give the same records, compressed or not. An archive of any bytes is read to its end or to an
/// error, without a panic. The first byte says how to compress the others: `g` by gzip, in two members;
/// `s` by zstd, in two frames; `d` and `z` as the only file of a zip archive, deflated or stored. With
/// any other first byte, they are compressed already.
pub(crate) fn check(data: &[u8]) {
    let Some((&method, bytes)) = data.split_first() else { return };
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let compressed = match method {
        b'g' => [gzip(first), gzip(second)].concat(),
        b's' => [zstd(first), zstd(second)].concat(),
        b'd' => archive(bytes, CompressionMethod::Deflated),
        b'z' => archive(bytes, CompressionMethod::Stored),
        _ => {
            // An error is an outcome too.
            let _ = records(bytes);
            return;
        }
    };
    let is_compressed = [&b"\x1F\x8B"[..], b"\x28\xB5\x2F\xFD", b"PK"];
    if is_compressed.iter().any(|magic| bytes.starts_with(magic)) {
        let _ = records(&compressed);
        return;
    }
    match (records(bytes), records(&compressed)) {
        (Ok(plain), Ok(compressed)) => assert_eq!(plain, compressed),
        // A file without a table is skipped in an archive, and may be the only one.
        (Ok(_), Err(_)) if matches!(method, b'd' | b'z') => {}
        (Err(_), Err(_)) => {}
        (plain, compressed) => panic!("plain {plain:?}, compressed {compressed:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes all")
}

fn archive(bytes: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    archive.start_file("leads", options).expect("memory takes all");
    archive.write_all(bytes).expect("memory takes all");
    archive.finish().expect("memory takes all").into_inner()
}

fn records(bytes: &[u8]) -> Result<Vec<inputs::Records>, SourceError> {
    let parts = inputs::members(bytes, inputs::options())?;
    parts.into_iter().map(|mut part| inputs::read(&mut part, 20_000)).collect()
}
