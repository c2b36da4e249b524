//! Country cells: ISO 3166 codes, names, calling codes.

use std::collections::HashMap;
use std::sync::LazyLock;

use contactmill_phone::Region;

use crate::text::folded;

/// Alpha-2, alpha-3 and names of every region with a numbering plan.
const COUNTRIES: &str = include_str!("countries.tsv");

static NAMES: LazyLock<HashMap<String, Region>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for line in COUNTRIES.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let Some(Ok(region)) = columns.next().map(str::parse) else {
            continue;
        };
        for name in columns.flat_map(|column| column.split('|')) {
            names.insert(folded(name), region);
        }
    }
    names
});

/// The region that a country cell names, if it names one.
pub(crate) fn region_of(cell: &str) -> Option<Region> {
    let cell = cell.trim();
    if let Ok(region) = cell.parse() {
        return Some(region);
    }
    if let Some(region) = calling_code(cell).and_then(Region::of_calling_code) {
        return Some(region);
    }
    let named = |text: &str| NAMES.get(folded(text).as_str()).copied();
    // `India (+91)`, `United Kingdom (GB)`: what stands before the bracket is the name.
    named(cell).or_else(|| named(cell.split_once('(')?.0))
}

/// `91`, `+91` or `0091` as a number.
fn calling_code(cell: &str) -> Option<u16> {
    let digits = cell.strip_prefix('+').or_else(|| cell.strip_prefix("00")).unwrap_or(cell).trim();
    (matches!(digits.len(), 1..=3) && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_code_name_and_calling_code() {
        for (cell, region) in [
            ("IN", Region::IN),
            (" in ", Region::IN),
            ("IND", Region::IN),
            ("India", Region::IN),
            ("india (+91)", Region::IN),
            ("USA", Region::US),
            ("U.S.A.", Region::US),
            ("UK", Region::GB),
            ("U.A.E.", Region::AE),
            ("Côte d'Ivoire", Region::CI),
            ("COTE D’IVOIRE", Region::CI),
            ("Ivory Coast", Region::CI),
            ("Türkiye", Region::TR),
            ("91", Region::IN),
            ("+91", Region::IN),
            ("0044", Region::GB),
            ("1", Region::US),
        ] {
            assert_eq!(region_of(cell), Some(region), "{cell}");
        }
        for cell in ["", "Atlantis", "999", "?", "1234"] {
            assert_eq!(region_of(cell), None, "{cell}");
        }
    }

    #[test]
    fn every_region_is_listed_and_no_name_stands_for_two() {
        let mut seen: HashMap<String, &str> = HashMap::new();
        let mut regions = 0;
        for line in COUNTRIES.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let code = columns.next().unwrap();
            code.parse::<Region>().unwrap();
            regions += 1;
            for name in columns.flat_map(|column| column.split('|')) {
                if let Some(other) = seen.insert(folded(name), code) {
                    assert_eq!(other, code, "{name}");
                }
            }
        }
        assert_eq!(regions, Region::ALL.len() - 1);
    }
}
