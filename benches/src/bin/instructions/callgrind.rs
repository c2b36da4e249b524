//! Reading what callgrind writes: <https://valgrind.org/docs/manual/cl-format.html>.

use std::collections::HashMap;
use std::path::Path;

/// The instructions of a program itself.
///
/// Those of the C library and of SHA-256 are left out: both choose other code on other processors.
pub(crate) fn own_instructions(profile: &str, program: &Path) -> u64 {
    let (mut objects, mut functions) = (Names::default(), Names::default());
    let (mut is_program, mut is_ours) = (false, false);
    let mut instructions = 0;
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        match line.split_once('=') {
            Some(("ob", name)) => is_program = Path::new(objects.name(name)) == program,
            Some(("cob", name)) => drop(objects.name(name)),
            Some(("fn", name)) => is_ours = !is_of_ring(functions.name(name)),
            Some(("cfn", name)) => drop(functions.name(name)),
            // The next line has what was called, which its own lines count.
            Some(("calls", _)) => drop(lines.next()),
            None if is_program && is_ours => instructions += self_cost(line),
            _ => {}
        }
    }
    instructions
}

/// `ring` has SHA-256.
fn is_of_ring(function: &str) -> bool {
    function.starts_with("ring::") || function.starts_with("ring_core_")
}

/// The cost of a line `position cost`, and 0 of any other line.
fn self_cost(line: &str) -> u64 {
    let is_cost = line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c));
    let cost = line.split(' ').nth(1).filter(|_| is_cost);
    cost.and_then(|cost| cost.parse().ok()).unwrap_or(0)
}

/// Names are written once, `(12) name`, and then as `(12)`.
#[derive(Default)]
struct Names<'a>(HashMap<&'a str, &'a str>);

impl<'a> Names<'a> {
    fn name(&mut self, text: &'a str) -> &'a str {
        match text.split_once(' ') {
            Some((number, name)) => {
                self.0.insert(number, name);
                name
            }
            None => self.0.get(text).copied().unwrap_or(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::own_instructions;
    use std::path::Path;

    #[test]
    fn what_is_not_our_own_does_not_count() {
        let profile = "\
version: 1
positions: line
events: Ir
summary: 12345

ob=(1) /bin/contactmill
fl=(1) a.rs
fn=(1) contactmill::run
12 5
+3 7
cob=(2) /lib/libc.so.6
cfn=(2) memcpy
calls=3 0
* 1000
-1 11

fn=(3) ring_core_0_17__sha256_block
1 2000

ob=(2)
fn=(2)
9 1000

ob=(1)
fn=(1)
* 100
totals: 12345
";
        assert_eq!(own_instructions(profile, Path::new("/bin/contactmill")), 123);
        assert_eq!(own_instructions(profile, Path::new("/lib/libc.so.6")), 1000);
    }
}
