//! The reader against cells whose truth is known.

use contactmill_benches::cells::{Corpus, HELD, Part, Score, Target};

/// CI's share; `score-cells` reads a million.
const CELLS: usize = 30_000;

#[test]
fn damaged_cells_are_read_rightly_or_not_at_all() {
    keeps_to_its_bounds(Part::First);
}

#[test]
fn cells_with_more_beside_the_number_are_read_rightly_or_not_at_all() {
    keeps_to_its_bounds(Part::Second);
}

fn keeps_to_its_bounds(part: Part) {
    let mut score = Score::keeping(part, 3);
    for cell in Corpus::of(part, 20_261_120).take(CELLS) {
        score.add(&cell);
    }
    let missed: Vec<Target> =
        score.targets().into_iter().filter(|target| !target.is_met()).collect();
    let mut failures = String::new();
    for target in &missed {
        failures += &format!("{target}\n");
    }
    for (kinds, cells) in score.failures() {
        failures += &format!("{kinds}\n  {}\n", cells.join("\n  "));
    }
    assert!(missed.is_empty() || !HELD.contains(&part), "\n{failures}");
}
