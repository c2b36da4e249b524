//! The pages in a real browser: each `tests/pages/*.test.mjs` is a test of its name, run by Node.
//!
//! Without Node, the packages (`npm ci` in `tests/pages`) or Chromium the pages cannot be tested,
//! which is said and passes, unless `CONTACTMILL_BROWSER` is set. `CONTACTMILL_CHROMIUM` names
//! another Chromium than `/usr/bin/chromium`, `CONTACTMILL_SCREENSHOTS` a folder for pictures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

const VARIABLE: &str = "CONTACTMILL_BROWSER";
const CHROMIUM: &str = "CONTACTMILL_CHROMIUM";

/// What there is no testing a page without, and is not there.
fn missing(folder: &Path, chromium: &Path) -> Option<String> {
    if let Err(error) = Command::new("node").arg("--version").output() {
        return Some(format!("node cannot be used: {error}"));
    }
    [folder.join("node_modules"), chromium.to_owned()]
        .into_iter()
        .find(|path| !path.exists())
        .map(|path| format!("{} is not there", path.display()))
}

/// Runs the tests of a file.
fn check(file: &Path, chromium: &Path) -> Result<(), Failed> {
    let output = Command::new("node")
        .args(["--test", "--test-reporter=spec"])
        .arg(file)
        .env(CHROMIUM, chromium)
        .env("CONTACTMILL_BINARY", env!("CARGO_BIN_EXE_contactmill"))
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    output.status.success().then_some(()).ok_or_else(|| printed.into_owned().into())
}

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pages");
    let chromium =
        std::env::var_os(CHROMIUM).map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
    let missing = missing(&folder, &chromium);
    if let Some(missing) = &missing {
        assert!(std::env::var_os(VARIABLE).is_none(), "a browser is required: {missing}");
        let skipped = format!("\nSKIPPED, no page was tested in a browser: {missing}\n");
        #[allow(clippy::disallowed_methods, reason = "a test has no terminal of ours")]
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    assert!(!files.is_empty());
    let trials = files.into_iter().map(|file| {
        let name = file.file_name().unwrap().to_string_lossy().replace(".test.mjs", "");
        let chromium = chromium.clone();
        Trial::test(name, move || check(&file, &chromium)).with_ignored_flag(missing.is_some())
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
