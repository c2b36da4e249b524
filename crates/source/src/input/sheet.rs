//! What is known of the sheets of a workbook before one is read.

use crate::input::error::SourceProblem;
use crate::input::options::is_same_but_for_case;

/// A sheet of a workbook, or a table of a web page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Number of records; `None` where they were not counted, or cannot be read.
    pub records: Option<u64>,
    /// Whether it has a header row for contacts.
    pub has_contacts: bool,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
    pub(crate) is_empty: bool,
}

/// A workbook with several sheets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workbook {
    /// Its name.
    pub name: String,
    /// Its sheets, in order.
    pub sheets: Vec<Sheet>,
}

/// The sheets of these names, in the order of the names.
pub(crate) fn named(sheets: &[Sheet], wanted: &[String]) -> Result<Vec<Sheet>, SourceProblem> {
    let names = || sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let mut chosen: Vec<Sheet> = Vec::new();
    for name in wanted {
        let Some(sheet) = find(sheets, name) else {
            return Err(SourceProblem::UnknownSheet { sheet: name.clone(), sheets: names() });
        };
        if chosen.iter().any(|other| other.name == sheet.name) {
            return Err(SourceProblem::SheetTwice { sheet: sheet.name.clone(), sheets: names() });
        }
        chosen.push(sheet.clone());
    }
    Ok(chosen)
}

/// The sheet of this very name, or else the only one whose name differs in case alone.
fn find<'s>(sheets: &'s [Sheet], wanted: &str) -> Option<&'s Sheet> {
    let exact = sheets.iter().find(|sheet| sheet.name == wanted);
    exact.or_else(|| {
        let mut similar = sheets.iter().filter(|sheet| is_same_but_for_case(&sheet.name, wanted));
        similar.next().filter(|_| similar.next().is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_same_sheet_or_the_only_one_that_differs_in_case() {
        let all = ["Leads", "leads", "Été", "Old"];
        let sheets = all.map(|name| Sheet { name: name.to_owned(), ..Sheet::default() });
        for (wanted, expected) in [
            (&["leads"][..], Some(&["leads"][..])),
            (&["LEADS"], None),
            (&["old", "ÉTÉ"], Some(&["Old", "Été"])),
            (&["Old", "old"], None),
            (&["Old "], None),
        ] {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            let found = named(&sheets, &wanted).ok();
            let found = found.map(|found| found.into_iter().map(|s| s.name).collect::<Vec<_>>());
            assert_eq!(found, expected.map(|names| names.iter().map(|&n| n.to_owned()).collect()));
        }
    }
}
