//! What was typed as inputs: paths, lists of paths, and `-` for standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use contactmill::Input;

use crate::failure::Failure;

/// The inputs as the library takes them: those that were typed, then those of a list.
pub(crate) fn inputs(
    typed: &[PathBuf],
    list: Option<&Path>,
) -> Result<Vec<Input<'static>>, Failure> {
    let is_standard_input = |path: &&Path| *path == Path::new("-");
    let named = typed.iter().map(PathBuf::as_path).chain(list);
    if named.filter(is_standard_input).count() > 1 {
        return Err(Failure::StandardInputTwice);
    }
    let input = |path: &PathBuf| match is_standard_input(&path.as_path()) {
        true => Input::reader("<stdin>", io::stdin().lock()),
        false => Input::from(path),
    };
    let mut inputs: Vec<_> = typed.iter().map(input).collect();
    if let Some(list) = list {
        inputs.extend(listed(list)?.into_iter().map(Input::from));
    }
    Ok(inputs)
}

/// The paths in a list, which is never empty.
fn listed(list: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fail = |error| Failure::InputList { list: list.to_owned(), error };
    let read = match list == Path::new("-") {
        true => paths(io::stdin().lock()),
        false => File::open(list).and_then(|file| paths(BufReader::new(file))),
    };
    let paths = read.map_err(|error| fail(Some(error)))?;
    if paths.is_empty() { Err(fail(None)) } else { Ok(paths) }
}

/// The paths of a list, one a line; with a NUL in it, one before each NUL.
fn paths(mut list: impl BufRead) -> io::Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    list.read_to_end(&mut bytes)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let has_nul = text.contains(&0);
    let ends = |byte: &u8| *byte == if has_nul { 0 } else { b'\n' };
    let path = |part: &[u8]| {
        // A list that was written on Windows.
        let part = if has_nul { part } else { part.strip_suffix(b"\r").unwrap_or(part) };
        (!part.is_empty()).then(|| path_of(part))
    };
    text.split(ends).filter_map(path).collect()
}

/// A path may be any bytes.
#[cfg(unix)]
fn path_of(bytes: &[u8]) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> io::Result<PathBuf> {
    let text = std::str::from_utf8(bytes);
    text.map(PathBuf::from).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_path_a_line_or_before_each_nul() {
        for (list, expected) in [
            ("a.csv\nb c.csv\n", ["a.csv", "b c.csv"]),
            ("\u{feff}a.csv\r\n\r\nb.csv", ["a.csv", "b.csv"]),
            ("a\nb.csv\0b.csv\0", ["a\nb.csv", "b.csv"]),
        ] {
            let expected = expected.map(PathBuf::from);
            assert_eq!(paths(list.as_bytes()).unwrap(), expected, "{list:?}");
        }
        assert_eq!(paths(&b"\n\n"[..]).unwrap(), Vec::<PathBuf>::new());
    }
}
