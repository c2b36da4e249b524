//! What was typed as inputs: paths, and `-` for standard input.

use std::io;
use std::path::{Path, PathBuf};

use contactmill::Input;

use crate::failure::Failure;

/// The inputs as the library takes them.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input<'static>>, Failure> {
    let is_standard_input = |path: &Path| path == Path::new("-");
    if paths.iter().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::StandardInputTwice);
    }
    let input = |path: &PathBuf| match is_standard_input(path) {
        true => Input::reader("<stdin>", io::stdin().lock()),
        false => Input::from(path),
    };
    Ok(paths.iter().map(input).collect())
}
