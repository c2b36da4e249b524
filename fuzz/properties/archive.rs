//! What holds of every archive and of everything that is packed.

use std::io::{Cursor, Write};

use contactmill_source::SourceError;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

#[path = "inputs.rs"]
mod inputs;

/// Any bytes read the same, packed or not; and any bytes as an archive are read to their end or to an
/// error, without a panic. The first byte says how the others are packed: `g` by gzip, in two
/// members, `s` by zstd, in two frames, `d` and `z` as the only file of a zip archive, deflated or
/// not; where it is another, they are packed already.
pub(crate) fn check(data: &[u8]) {
    let Some((&packing, bytes)) = data.split_first() else { return };
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let packed = match packing {
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
    let is_packed = [&b"\x1F\x8B"[..], b"\x28\xB5\x2F\xFD", b"PK"];
    if is_packed.iter().any(|magic| bytes.starts_with(magic)) {
        let _ = records(&packed);
        return;
    }
    match (records(bytes), records(&packed)) {
        (Ok(plain), Ok(packed)) => assert_eq!(plain, packed),
        // What is no table is passed over in an archive, and it may be all there is.
        (Ok(_), Err(_)) if matches!(packing, b'd' | b'z') => {}
        (Err(_), Err(_)) => {}
        (plain, packed) => panic!("plain {plain:?}, packed {packed:?}"),
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
    let parts = inputs::parts(bytes, inputs::options())?;
    parts.into_iter().map(|mut part| inputs::read(&mut part, 20_000)).collect()
}
