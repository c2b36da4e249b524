//! What holds for all vCards. The fuzz target checks it, and a test checks it on the corpus and the findings
//! of the fuzzer.

use std::io::Cursor;

use contactmill_core::records::Integrity;
use contactmill_source::{SelfDescribingOptions, VcardSource};

#[path = "records.rs"]
mod records;

/// Any bytes give the same records with blocks of any size, without a panic. A whole card has its BEGIN and
/// its END.
pub(crate) fn check(data: &[u8]) {
    let read = |block_bytes| {
        let options = SelfDescribingOptions { block_bytes, ..SelfDescribingOptions::default() };
        let source = VcardSource::new("fuzz.vcf", Cursor::new(data), options);
        source.ok().map(|source| {
            let header = source.header().to_vec();
            (header, records::records(source, data))
        })
    };
    let (small, large) = (read(7), read(4 << 10));
    assert_eq!(small, large, "blocks must not show");
    let Some((header, records)) = small else { return };
    let lines = |word: &str| {
        let lines = data.split(|&byte| byte == b'\n');
        lines.filter(|line| line.trim_ascii().eq_ignore_ascii_case(word.as_bytes())).count()
    };
    let taken =
        |integrity: Integrity| matches!(integrity, Integrity::Whole | Integrity::InvalidEncoding);
    let cards = records.iter().filter(|record| taken(record.integrity)).count();
    // A byte order mark hides the first line from this count, and not from the source.
    assert!(cards <= lines("BEGIN:VCARD") + 1 && cards <= lines("END:VCARD"));
    for record in &records {
        let is_whole = record.integrity == Integrity::Whole;
        assert!(record.fields.len() >= header.len());
        assert!(!is_whole || record.fields.len() == header.len());
    }
}
