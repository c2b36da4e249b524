//! How numbers are laid out for readers abroad: the formats of a territory as one automaton over
//! ten digits.

use std::error::Error;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};
use rlibphonenumber::{NumberFormat, PhoneMetadata};

use crate::automaton::{self, Automaton};
use crate::plan::Patterns;

/// Stands for the next digit in a layout.
pub(crate) const DIGIT: char = '#';
/// Stands for a digit that is left out.
pub(crate) const LEFT_OUT: char = '_';

/// The automaton of the layouts of a calling code, whose main territory this is. Where a number
/// has the empty layout, its digits stay side by side.
#[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
pub(crate) fn build(main: &PhoneMetadata) -> Result<Automaton<String>, Box<dyn Error>> {
    let formats = match main.intl_number_format.as_slice() {
        [] => &main.number_format,
        international => international,
    };
    let mut patterns = Patterns::default();
    let formats = formats
        .iter()
        .map(|format| {
            // The last of these is the most detailed, and the only one that counts. Just the
            // beginning of a number has to match it.
            let leading = format.leading_digits_pattern.last().map(|leading| {
                let start = leading.strip_suffix('$').unwrap_or(leading);
                patterns.add(format!("{start}[0-9]*$"))
            });
            Format::of(format, leading, &mut patterns)
        })
        .collect::<Result<Vec<Format>, _>>()?;
    automaton::build(&patterns.0, |matched, digits| {
        let has = |pattern: usize| matched.contains(&pattern);
        let format =
            formats.iter().find(|format| format.leading.is_none_or(has) && has(format.pattern));
        format.map(|format| format.layout(digits)).unwrap_or_default()
    })
}

/// One format, whose groups follow from the number of digits alone.
struct Format {
    leading: Option<usize>,
    pattern: usize,
    groups: Vec<Group>,
    /// What stands before each group that is kept, in the order of the groups, and at the end.
    pieces: Vec<(String, usize)>,
    end: String,
}

/// The fewest and the most digits of a group.
#[derive(Clone, Copy)]
struct Group {
    fewest: usize,
    most: usize,
}

impl Format {
    #[expect(deprecated, reason = "read as it is decoded, without the library's wrapper")]
    fn of(
        format: &NumberFormat,
        leading: Option<usize>,
        patterns: &mut Patterns,
    ) -> Result<Self, Box<dyn Error>> {
        let (pattern, rule) = (format.pattern.as_str(), format.format.as_str());
        let unknown = || format!("a format is of a new kind: {pattern} to {rule}");
        let bare = pattern.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
        let groups = groups(bare.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
        let mut parts = rule.split('$');
        let mut before = parts.next().unwrap_or_default().to_owned();
        let mut pieces = Vec::new();
        for part in parts {
            let after = part.trim_start_matches(|c: char| c.is_ascii_digit());
            let group: usize = part[..part.len() - after.len()].parse()?;
            let ascends = pieces.last().is_none_or(|&(_, last)| last < group);
            if !ascends || !(1..=groups.len()).contains(&group) {
                return Err(unknown().into());
            }
            pieces.push((std::mem::replace(&mut before, after.to_owned()), group));
        }
        if !rule.is_ascii() || rule.contains([DIGIT, LEFT_OUT]) {
            return Err(unknown().into());
        }
        let pattern = patterns.add(pattern.to_owned());
        Ok(Format { leading, pattern, groups, pieces, end: before })
    }

    /// The layout of numbers with this many digits that match the pattern.
    fn layout(&self, digits: usize) -> String {
        let mut layout = String::new();
        let mut pieces = self.pieces.iter().peekable();
        let mut spare = digits - self.groups.iter().map(|group| group.fewest).sum::<usize>();
        for (number, group) in (1..).zip(&self.groups) {
            // Groups are greedy.
            let more = spare.min(group.most - group.fewest);
            spare -= more;
            let mark = match pieces.next_if(|(_, kept)| *kept == number) {
                Some((before, _)) => {
                    layout += before;
                    DIGIT
                }
                None => LEFT_OUT,
            };
            layout.extend(std::iter::repeat_n(mark, group.fewest + more));
        }
        layout + &self.end
    }
}

/// The groups of a pattern that consists of groups alone.
fn groups(pattern: &str) -> Result<Option<Vec<Group>>, Box<dyn Error>> {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern)?;
    let parts = match parsed.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&parsed),
    };
    let group = |part: &Hir| match part.kind() {
        HirKind::Capture(capture) => Some(Group {
            fewest: capture.sub.properties().minimum_len()?,
            most: capture.sub.properties().maximum_len()?,
        }),
        _ => None,
    };
    Ok(parts.iter().map(group).collect())
}
