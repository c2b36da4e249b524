//! Which options of the command line help. The library says what to do in words of its own.

use std::io::{self, Write};

use contactmill::{Hint, Reason, RegionAdvice, RegionFits, Sheet};

use crate::args::ALL_SHEETS;
use crate::shell::shell_word;
use crate::summary::{grouped, percent};

/// The options that let a run succeed, as a sentence; `None` where the text of the error says all.
pub(crate) fn of_error(hint: Hint<'_>) -> Option<String> {
    let text = match hint {
        Hint::Out => "--out DIR names another folder",
        Hint::OutOrReplace => "--out DIR names another folder; --overwrite replaces the results",
        Hint::Encoding => "--encoding NAME names it",
        Hint::DecompressLimits => "--max-inflated SIZE,RATIOx raises them",
        Hint::OneThread => "--threads 1 uses one",
        Hint::ExcludeOptOuts => "--opt-outs exclude does",
        Hint::Exclude(lists) => {
            let option = |list: &String| format!("--exclude {}", shell_word(list));
            let options: Vec<String> = lists.iter().map(option).collect();
            return Some(format!("{} does", options.join(" ")));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// The option that takes a sheet, or every sheet.
pub(crate) fn of_sheet(name: &str) -> String {
    format!("--sheet {}", shell_word(name))
}

/// The sheets of a workbook that hold contacts, each with the option that takes it.
pub(crate) fn of_sheets(sheets: &[Sheet]) -> Vec<String> {
    let options = sheets.iter().map(|sheet| (of_sheet(&sheet.name), sheet.records));
    let options: Vec<_> = options.chain([(of_sheet(ALL_SHEETS), None)]).collect();
    // Beside a longer one, nothing fits on a line of 80 columns.
    let width = options.iter().map(|(option, _)| option.chars().count()).max();
    let width = width.unwrap_or_default().min(50);
    let line = |(option, records): &(String, Option<u64>)| match records {
        Some(records) => format!("{option:width$}  {} records", grouped(*records)),
        None if *option == of_sheet(ALL_SHEETS) => format!("{option:width$}  all of them"),
        None => option.clone(),
    };
    options.iter().map(line).collect()
}

/// The options that let a rejected record be taken, as they are typed.
pub(crate) const fn of_reason(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::PhoneCountryUnknown => "--region XX, or --bare-digits international",
        Reason::PhoneTypeNotAllowed => "leave out --line-type mobile",
        Reason::EmailInvalid => "leave out --bad-email reject",
        Reason::NameMissing => "leave out --missing-name reject",
        Reason::RowExceedsMaxBytes => "--attributes COL,COL, or --max-bytes N",
        Reason::TextInvalidEncoding => "--encoding NAME",
        _ => return None,
    })
}

/// What the numbers without a country code say of their region.
pub(crate) fn likely_region(fits: &RegionFits, advice: RegionAdvice) -> String {
    let RegionAdvice { region, valid, mobile, .. } = advice;
    let (valid, mobile) = (percent(valid, fits.tried), percent(mobile, fits.tried));
    format!("the numbers fit {region} best ({valid} valid, {mobile} mobile)")
}

/// What they say against the region that was named.
pub(crate) fn better_region(fits: &RegionFits, advice: RegionAdvice) -> String {
    let given = fits.given.map(|given| given.region.to_string()).unwrap_or_default();
    format!("--region {given} may be wrong: {}", likely_region(fits, advice))
}

/// The option that leaves out people who opted out.
const OF_OPT_OUTS: &str = "--opt-outs exclude";

/// Writes how to leave out other records with the numbers of those who opted out.
pub(crate) fn write_other_records(out: &mut impl Write, folder: &str) -> io::Result<()> {
    writeln!(out, "  to leave out other records with their numbers, too, convert once more with")?;
    writeln!(out, "    --exclude {folder}/excluded.csv")
}

/// Writes what leaves out people who opted out.
pub(crate) fn write_opt_outs(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "  to leave out who opted out: {OF_OPT_OUTS}")
}

/// The option of `upload` for a certificate whose issuer is not trusted.
pub(crate) const OF_ROOTS: &str = "--ca-file FILE names the roots to trust";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Arguments;

    #[test]
    fn the_hint_for_certificates_names_an_option_of_upload() {
        let arguments = Arguments::command();
        let upload = arguments.find_subcommand("upload").unwrap();
        let named = OF_ROOTS.strip_prefix("--").and_then(|hint| hint.split(' ').next());
        assert!(upload.get_arguments().any(|option| option.get_long() == named), "{named:?}");
    }

    #[test]
    fn every_option_that_a_hint_names_is_one_of_convert() {
        let arguments = Arguments::command();
        let convert = arguments.find_subcommand("convert").unwrap();
        let hints = [
            Hint::Out,
            Hint::OutOrReplace,
            Hint::Encoding,
            Hint::DecompressLimits,
            Hint::OneThread,
            Hint::Exclude(&["list.txt".to_owned()]),
            Hint::ExcludeOptOuts,
        ];
        let of_errors = hints.into_iter().map(|hint| of_error(hint).unwrap());
        let of_reasons =
            Reason::ALL.iter().filter_map(|reason| of_reason(*reason).map(str::to_owned));
        let mut named = 0;
        for hint in
            of_errors.chain(of_reasons).chain([OF_OPT_OUTS.to_owned(), of_sheet(ALL_SHEETS)])
        {
            for word in hint.split([' ', ',', ';']).filter_map(|word| word.strip_prefix("--")) {
                let mut options = convert.get_arguments().filter_map(clap::Arg::get_long);
                assert!(options.any(|option| option == word), "{hint}");
                named += 1;
            }
        }
        assert!(named > 14, "{named}");
    }
}
