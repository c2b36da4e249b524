//! What the fuzzers start from and what they have found.

use std::fs;
use std::path::Path;

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");

/// Checks every file under `corpus` and `regressions`, and that one cut off and one with a byte
/// changed does no harm either.
pub(crate) fn check_all(target: &str, check: fn(&[u8])) {
    let mut count = 0;
    for folder in ["corpus", "regressions"] {
        let Ok(entries) = fs::read_dir(Path::new(FUZZ).join(folder).join(target)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(name.len() < 40, "{name}: say what it is");
            let input = fs::read(&path).unwrap();
            let passed = std::panic::catch_unwind(|| {
                check(&input);
                for at in (0..input.len()).step_by(input.len() / 40 + 1) {
                    check(&input[..at]);
                    let mut changed = input.clone();
                    changed[at] ^= 0x41;
                    check(&changed);
                }
            });
            assert!(passed.is_ok(), "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 5);
}
