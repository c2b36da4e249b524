//! What was typed, and what it is for the library.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand};
use contactmill::columns::{AttributeSelection, FieldMapping};
use contactmill::{
    ArrayLayout, BatchLimits, DecompressLimits, DedupPolicy, Delimiter, Existing, MaxRejects,
    OptOuts, Options, Output, Reading, Region, RejectsFormat, Sheets, SplitBy, TextEncoding,
};

use contactmill_review::{Setup, StartError};

use self::words::{
    AcceptArgument, Assignment, Attributes, BadEmailArgument, BareDigitsArgument, DedupArgument,
    LayoutArgument, LineTypeArgument, MissingNameArgument, OnDuplicateArgument, OptOutsArgument,
    PhonesArgument, RejectsArgument, ToArgument, changed, region,
};
pub(crate) use self::words::{FieldArgument, ProgressArgument, from_one};
use crate::upload_args::{SandboxArguments, UploadArguments};

mod words;

/// Turns messy contact dumps into strict JSON import arrays.
#[derive(Debug, Parser)]
#[command(name = "contactmill", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read contact dumps and write import arrays
    Convert(Box<ConvertArguments>),
    /// Show what is in a dump and how it would be read; writes no results
    Inspect(Box<InspectArguments>),
    /// Tell step by step how a value is read
    Explain(ExplainArguments),
    /// Open a page on this machine to map columns, correct cells and export
    Review(Box<ReviewArguments>),
    /// Send what convert wrote to the service
    Upload(Box<UploadArguments>),
    /// Run a local stand-in for the service, to rehearse an upload
    Sandbox(SandboxArguments),
    /// Write a page about a result, to look at in a browser
    Report(ReportArguments),
    /// Print the script that completes commands and options in a shell
    Completions(CompletionsArguments),
    /// Print a page of the manual, or write all of them
    Man(ManArguments),
}

/// Write a page about a result, to look at in a browser: where every record ended, what was rejected and
/// why, what was repaired, where the damage is, and how the upload went.
///
/// The page is one file without scripts, which asks for nothing from anywhere. Letters and digits of all
/// values are masked.
#[derive(Args, Debug)]
#[command(after_help = "Example: contactmill report contactmill-out")]
pub(crate) struct ReportArguments {
    /// Folder that convert wrote
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// File to write; - for standard output [default: report.html in DIR]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Print the script that completes commands and options in a shell.
#[derive(Args, Debug)]
#[command(
    after_help = "bash:        contactmill completions bash > ~/.local/share/bash-completion/completions/contactmill\nzsh:         contactmill completions zsh > a folder of $fpath, as _contactmill\nfish:        contactmill completions fish > ~/.config/fish/completions/contactmill.fish\npowershell:  contactmill completions powershell >> $PROFILE"
)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Print a page of the manual, or write all of them.
#[derive(Args, Debug)]
#[command(after_help = "Example: contactmill man convert | man -l -")]
pub(crate) struct ManArguments {
    /// The command whose page is printed [default: contactmill itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub(crate) command: Option<String>,

    /// Write every page into this folder, such as ~/.local/share/man/man1
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Show what is in a dump and how it would be read, by a sample of all of it: its form, what each
/// column was taken for and why, what is wrong with it, and some contacts as they would come out.
///
/// Nothing is written, but for the profile that --write-profile asks for.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: contactmill inspect leads.csv --region IN --write-profile leads.toml"
)]
pub(crate) struct InspectArguments {
    /// Files to look at; - for standard input
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Write the mapping and the options given here to FILE, for --profile
    #[arg(long, value_name = "FILE")]
    pub(crate) write_profile: Option<PathBuf>,

    #[command(flatten, next_help_heading = "How inputs are read")]
    pub(crate) reading: ReadingArguments,

    #[command(flatten, next_help_heading = "Columns")]
    columns: ColumnArguments,

    #[command(flatten, next_help_heading = "Phone numbers")]
    phones: PhoneArguments,

    #[command(flatten, next_help_heading = "Other fields")]
    fields: FieldArguments,

    /// Print what was found as JSON
    #[arg(long, help_heading = "What is shown")]
    pub(crate) json: bool,

    /// Show values of records, which are personal data; they are masked otherwise
    #[arg(long, help_heading = "What is shown")]
    pub(crate) show_values: bool,
}

impl InspectArguments {
    pub(crate) fn options(&self) -> Options {
        self.fields.options(&self.phones)
    }

    pub(crate) fn mapping(&self) -> FieldMapping {
        self.columns.mapping()
    }

    /// The options that differ from what they are by default, for a profile.
    pub(crate) fn for_profile(&self) -> Vec<(&'static str, String)> {
        let PhoneArguments { region, bare_digits, phones, line_type, accept } = &self.phones;
        let FieldArguments { missing_name, bad_email, add_tag } = &self.fields;
        let mut options = Vec::new();
        if self.reading.no_header {
            options.push(("no-header", "true".to_owned()));
        }
        options.extend(self.reading.sheet.iter().map(|name| ("sheet", name.clone())));
        options.extend(region.map(|region| ("region", region.to_string())));
        options.extend(changed("bare-digits", bare_digits));
        options.extend(changed("phones", phones));
        options.extend(changed("line-type", line_type));
        options.extend(changed("accept", accept));
        options.extend(changed("missing-name", missing_name));
        options.extend(changed("bad-email", bad_email));
        if self.columns.attributes.0 != AttributeSelection::All {
            options.push(("attributes", self.columns.attributes.to_string()));
        }
        options.extend(add_tag.iter().map(|tag| ("add-tag", tag.clone())));
        options
    }
}

/// Open a page on this machine: what each column is taken for, what is rejected and why, duplicates, and
/// cells to correct where they stand. What it exports is what convert writes.
///
/// Nothing leaves this machine. Corrections stand in FILE as soon as they are made, and the dump stays as
/// it is. The page ends with Ctrl-C, or by itself after an hour.
#[derive(Args, Debug)]
#[command(after_help = "Example: contactmill review leads.xlsx")]
pub(crate) struct ReviewArguments {
    /// Files to review; or a folder of results, whose inputs are read as they were for it, but for a region and columns that are given here
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Folder for the results; if there is one, a number is put behind its name
    #[arg(short, long, value_name = "DIR", default_value = "contactmill-out")]
    pub(crate) out: PathBuf,

    /// File of the corrections, for convert --fixes [default: INPUT.fixes.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) fixes: Option<PathBuf>,

    /// Port on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "N", default_value_t, hide_default_value = true)]
    pub(crate) port: u16,

    #[command(flatten, next_help_heading = "How inputs are read")]
    pub(crate) reading: ReadingArguments,

    #[command(flatten, next_help_heading = "Columns")]
    columns: ColumnArguments,

    #[command(flatten, next_help_heading = "Phone numbers")]
    phones: PhoneArguments,

    #[command(flatten, next_help_heading = "Other fields")]
    fields: FieldArguments,

    #[command(flatten, next_help_heading = "Who is left out")]
    exclusion: ExclusionArguments,

    #[command(flatten, next_help_heading = "Duplicates")]
    duplicates: DuplicateArguments,
}

impl ReviewArguments {
    /// What is reviewed.
    pub(crate) fn setup(&self) -> Result<Setup, StartError> {
        if let [folder] = self.inputs.as_slice()
            && folder.is_dir()
        {
            return Ok(self.with_said(Setup::of_result(folder)?));
        }
        let mut setup = Setup::new(&self.inputs);
        let sheets = self.reading.sheets();
        let sheets = if sheets == Sheets::default() { setup.reading.sheets } else { sheets };
        setup.reading = Reading { sheets, ..self.reading.reading() };
        setup.options = self.fields.options(&self.phones);
        setup.mapping = self.columns.mapping();
        setup.exclude.clone_from(&self.exclusion.exclude);
        setup.opt_outs = self.exclusion.opt_outs.into();
        setup.dedup = self.duplicates.policy();
        Ok(self.with_said(setup))
    }

    /// The same, with what was typed that is no option of a conversion, or wins over one.
    fn with_said(&self, mut setup: Setup) -> Setup {
        setup.options.region = self.phones.region.or(setup.options.region);
        if !self.columns.map.is_empty() {
            setup.mapping = self.columns.mapping();
        }
        setup.out.clone_from(&self.out);
        setup.fixes = self.fixes.clone().or(setup.fixes);
        setup.port = self.port;
        setup
    }
}

/// Tell step by step how a value is read: what was seen, what was taken or refused and why, and
/// what would stand in the import array.
///
/// It is the code that `convert` runs, telling what it does.
#[derive(Args, Debug)]
#[command(after_help = "Example: contactmill explain -r IN '098765 43210' 9.19877E+11")]
pub(crate) struct ExplainArguments {
    /// Values as they stand in a dump; - reads one from each line of standard input, and -- stands
    /// before values that begin with a hyphen
    #[arg(required = true, value_name = "VALUE", allow_negative_numbers = true)]
    pub(crate) values: Vec<String>,

    /// What the values are [default: phone, or email for what is an address and no number]
    #[arg(long, value_enum)]
    pub(crate) field: Option<FieldArgument>,

    #[command(flatten, next_help_heading = "Phone numbers")]
    phones: PhoneArguments,

    /// Leave a bad e-mail address empty (with a warning), or reject the record
    #[arg(long, value_enum, default_value_t)]
    bad_email: BadEmailArgument,

    /// Print one JSON object a value
    #[arg(long)]
    pub(crate) json: bool,
}

impl ExplainArguments {
    pub(crate) fn options(&self) -> Options {
        Options { bad_email: self.bad_email.into(), ..self.phones.options() }
    }
}

impl PhoneArguments {
    fn options(&self) -> Options {
        Options {
            region: self.region,
            phones: self.phones.into(),
            bare_digits: self.bare_digits.into(),
            line_type: self.line_type.into(),
            accept: self.accept.into(),
            ..Options::default()
        }
    }
}

/// Read contact dumps and write import arrays.
///
/// Every record ends in exactly one place: in an import array, merged into another (duplicates.csv),
/// unchanged since an earlier result (--since), left out as asked (excluded.csv), rejected with a reason (rejects.csv or rejects.xlsx), or blank. Every value that was changed beyond layout is
/// listed in warnings.csv.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 finished; 1 failed; 2 usage; 3 over --max-rejects;\n130 and 143 stopped by SIGINT and SIGTERM, with nothing written."
)]
pub(crate) struct ConvertArguments {
    /// Files to read; - for standard input
    #[arg(required_unless_present = "inputs_from", value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Read the files that FILE names, too: one path a line, or a NUL behind each, as find -print0
    /// writes them; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) inputs_from: Option<PathBuf>,

    /// Folder for the results
    #[arg(short, long, value_name = "DIR", default_value = "contactmill-out")]
    pub(crate) out: PathBuf,

    /// Replace the results that DIR holds; given twice, even those whose upload is not finished
    #[arg(long, action = ArgAction::Count)]
    overwrite: u8,

    /// What contacts are written as: import arrays, or one table, contacts.csv, contacts.ndjson or
    /// contacts.parquet. A table is not uploaded, and options about arrays change nothing in it
    #[arg(long, value_enum, default_value_t)]
    to: ToArgument,

    /// How the arrays are laid out: one file each, or one import.jsonl with an array a line
    #[arg(long, value_enum, default_value_t)]
    layout: LayoutArgument,

    /// What rejected records are written as; in rejects.xlsx every cell is text, which no spreadsheet
    /// changes
    #[arg(long, value_enum, default_value_t)]
    rejects: RejectsArgument,

    /// Write report.html, too: a page about the run, to look at in a browser, with all values masked
    #[arg(long)]
    pub(crate) report: bool,

    /// Read only N records, evenly spread over all inputs, to see what would come out; such a result is
    /// not uploaded
    #[arg(long, value_name = "N", value_parser = from_one::<NonZeroU64>)]
    pub(crate) sample: Option<NonZeroU64>,

    /// Split the results: a folder in DIR for each country of a number (country), or for each value of
    /// a column (a name, or a letter as inspect shows it); at most 1,000
    #[arg(long, value_name = "country|COLUMN")]
    pub(crate) split_by: Option<SplitBy>,

    /// Write only contacts that are new or changed since the results in DIR; those that are gone are
    /// listed in gone.csv. If DIR was uploaded, only what was acknowledged counts as known
    #[arg(long, value_name = "DIR", conflicts_with_all = ["split_by", "sample"])]
    pub(crate) since: Option<PathBuf>,

    /// Correct cells before they are read: a CSV file with the columns sha256, member, record, column,
    /// before and after, as the page of review writes it. A line that does not fit is an error
    #[arg(long, value_name = "FILE")]
    pub(crate) fixes: Option<PathBuf>,

    #[command(flatten, next_help_heading = "How inputs are read")]
    pub(crate) reading: ReadingArguments,

    #[command(flatten, next_help_heading = "Columns")]
    columns: ColumnArguments,

    #[command(flatten, next_help_heading = "Phone numbers")]
    phones: PhoneArguments,

    #[command(flatten, next_help_heading = "Other fields")]
    fields: FieldArguments,

    #[command(flatten, next_help_heading = "Who is left out")]
    exclusion: ExclusionArguments,

    #[command(flatten, next_help_heading = "Duplicates")]
    duplicates: DuplicateArguments,

    #[command(flatten, next_help_heading = "Limits")]
    pub(crate) limits: LimitArguments,

    #[command(flatten, next_help_heading = "What is shown")]
    pub(crate) display: DisplayArguments,

    /// Show values of records, which are personal data, in the summary
    #[arg(long, help_heading = "What is shown")]
    pub(crate) show_values: bool,
}

/// What `--sheet` takes for every sheet.
pub(crate) const ALL_SHEETS: &str = "*";

#[derive(Args, Debug)]
pub(crate) struct ReadingArguments {
    /// Encoding of text, such as utf-16le, windows-1252 or shift_jis [default: found by itself]
    #[arg(long, value_name = "NAME")]
    encoding: Option<TextEncoding>,

    /// What stands between two fields of delimited text: one character, \t, or \x01
    /// [default: found by itself]
    #[arg(long, value_name = "CHAR")]
    delimiter: Option<Delimiter>,

    /// The first row of text or of a sheet is data: its columns are column1, column2, …
    #[arg(long)]
    pub(crate) no_header: bool,

    /// Sheet of a workbook, as a source of its own; may be given several times, and '*' is every sheet
    /// [default: the one with contacts in it]
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Vec<String>,

    /// Maximum size of a decompressed input: in all, for each compressed byte, or both
    #[arg(long, value_name = "SIZE,RATIOx", default_value_t)]
    max_inflated: DecompressLimits,
}

#[derive(Args, Debug)]
struct ColumnArguments {
    /// What a column holds. FIELD is name, first_name, last_name, phone, email, country, tags,
    /// attributes (an object as JSON) or attr:KEY; several columns for one field are tried in order.
    /// COLUMN is a name, or a letter as inspect shows it (B, AA); a column called B wins over the
    /// second one [default: by header]
    #[arg(long = "map", value_name = "FIELD=COLUMN")]
    map: Vec<Assignment>,

    #[command(flatten)]
    attributes: Attributes,

    /// Take options and the mapping from this file, as inspect writes it; what is typed wins
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
}

impl ReadingArguments {
    pub(crate) fn reading(&self) -> Reading {
        Reading {
            encoding: self.encoding,
            delimiter: self.delimiter,
            sheets: self.sheets(),
            decompress: self.max_inflated,
            no_header: self.no_header,
        }
    }
}

impl ReadingArguments {
    fn sheets(&self) -> Sheets {
        match self.sheet.as_slice() {
            [] => Sheets::default(),
            names if names.iter().any(|name| name == ALL_SHEETS) => Sheets::All,
            names => Sheets::Named(names.to_vec()),
        }
    }
}

impl ColumnArguments {
    fn mapping(&self) -> FieldMapping {
        let assignment = |map: &Assignment| (map.field.clone(), map.column.clone());
        FieldMapping {
            assignments: self.map.iter().map(assignment).collect(),
            attributes: self.attributes.0.clone(),
        }
    }
}

impl FieldArguments {
    fn options(&self, phones: &PhoneArguments) -> Options {
        Options {
            missing_name: self.missing_name.into(),
            bad_email: self.bad_email.into(),
            add_tags: self.add_tag.clone(),
            ..phones.options()
        }
    }
}

impl Command {
    /// The profile that was named, and what `--map` says beside it.
    pub(crate) fn profile(&self) -> Option<(&Path, FieldMapping)> {
        let columns = match self {
            Command::Convert(arguments) => &arguments.columns,
            Command::Inspect(arguments) => &arguments.columns,
            Command::Review(arguments) => &arguments.columns,
            Command::Explain(_)
            | Command::Upload(_)
            | Command::Sandbox(_)
            | Command::Report(_)
            | Command::Completions(_)
            | Command::Man(_) => return None,
        };
        Some((columns.profile.as_deref()?, columns.mapping()))
    }
}

#[derive(Args, Debug)]
struct PhoneArguments {
    /// ISO 3166 region of numbers without a country code, such as IN
    #[arg(short, long, value_name = "XX", value_parser = region)]
    region: Option<Region>,

    /// What digits without + mean: a national number, or one with its country code
    #[arg(long, value_enum, default_value_t)]
    bare_digits: BareDigitsArgument,

    /// Recover damaged numbers where that can be proved, or read strictly as libphonenumber does
    #[arg(long, value_enum, default_value_t)]
    phones: PhonesArgument,

    /// Which kinds of line are taken; mobile includes fixed-line-or-mobile
    #[arg(long, value_enum, default_value_t)]
    line_type: LineTypeArgument,

    /// How good a number must be; for possible, the right length is enough
    #[arg(long, value_enum, default_value_t)]
    accept: AcceptArgument,
}

#[derive(Args, Debug)]
struct FieldArguments {
    /// Without a name, let the number stand in (with a warning), or reject the record
    #[arg(long, value_enum, default_value_t)]
    missing_name: MissingNameArgument,

    /// Leave a bad e-mail address empty (with a warning), or reject the record
    #[arg(long, value_enum, default_value_t)]
    bad_email: BadEmailArgument,

    /// Put a tag on every contact
    #[arg(long, value_name = "TAG")]
    add_tag: Vec<String>,
}

#[derive(Args, Debug)]
struct ExclusionArguments {
    /// Leave out whoever has a number or an e-mail address in this list (excluded.csv): a file of any
    /// format that is read, or a bare list, one value a line; may be given several times
    #[arg(long, value_name = "FILE")]
    exclude: Vec<PathBuf>,

    /// Keep people whom a column of consents says must not be written to, and count them, or leave
    /// them out (excluded.csv)
    #[arg(long, value_enum, default_value_t)]
    opt_outs: OptOutsArgument,
}

#[derive(Args, Debug)]
struct DuplicateArguments {
    /// What makes two contacts the same
    #[arg(long, value_enum, default_value_t)]
    dedup: DedupArgument,

    /// Merge duplicates into the first, or keep only the first or the last
    #[arg(long, value_enum, default_value_t)]
    on_duplicate: OnDuplicateArgument,
}

#[derive(Args, Debug)]
pub(crate) struct LimitArguments {
    /// Contacts in one import array
    #[arg(long, value_name = "N", default_value = "500", value_parser = from_one::<NonZeroUsize>)]
    max_contacts: NonZeroUsize,

    /// Bytes in one import array
    #[arg(long, value_name = "N", default_value = "100000", value_parser = from_one::<NonZeroUsize>)]
    max_bytes: NonZeroUsize,

    /// Exit with code 3 when more records than this are rejected; the files are written all the same
    #[arg(long, value_name = "N|P%")]
    pub(crate) max_rejects: Option<MaxRejects>,

    /// Worker threads; with 1, everything is done by one thread [default: all cores]
    #[arg(long, value_name = "N", value_parser = from_one::<NonZeroUsize>)]
    threads: Option<NonZeroUsize>,
}

/// What a run of `convert` or `upload` shows.
#[derive(Args, Debug)]
pub(crate) struct DisplayArguments {
    /// Print the outcome as JSON on standard output instead of the summary; of convert, that is the
    /// manifest
    #[arg(long)]
    pub(crate) json: bool,

    /// Print no summary and no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Show progress on standard error; auto means on a terminal
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) progress: ProgressArgument,
}

impl DuplicateArguments {
    fn policy(&self) -> DedupPolicy {
        match self.dedup {
            DedupArgument::Phone => self.on_duplicate.into(),
            DedupArgument::None => DedupPolicy::None,
        }
    }
}

impl ConvertArguments {
    pub(crate) fn options(&self) -> Options {
        self.fields.options(&self.phones)
    }

    pub(crate) fn mapping(&self) -> FieldMapping {
        self.columns.mapping()
    }

    pub(crate) fn dedup(&self) -> DedupPolicy {
        self.duplicates.policy()
    }

    /// The exclusion lists.
    pub(crate) fn exclude(&self) -> &[PathBuf] {
        &self.exclusion.exclude
    }

    pub(crate) fn opt_outs(&self) -> OptOuts {
        self.exclusion.opt_outs.into()
    }

    pub(crate) fn array_limits(&self) -> BatchLimits {
        BatchLimits {
            max_contacts: self.limits.max_contacts.get(),
            max_bytes: self.limits.max_bytes.get(),
        }
    }

    pub(crate) fn output(&self) -> Output {
        self.to.into()
    }

    pub(crate) fn layout(&self) -> ArrayLayout {
        self.layout.into()
    }

    pub(crate) fn rejects(&self) -> RejectsFormat {
        self.rejects.into()
    }

    pub(crate) const fn existing(&self) -> Existing {
        if self.overwrite > 0 { Existing::Overwrite } else { Existing::Keep }
    }

    /// Whether results may be replaced whose upload is not finished.
    pub(crate) const fn replaces_unfinished(&self) -> bool {
        self.overwrite > 1
    }

    /// Worker threads; 0 for one per core.
    pub(crate) fn threads(&self) -> usize {
        self.limits.threads.map_or(0, NonZeroUsize::get)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::error::ErrorKind;
    use clap::{Arg, CommandFactory};

    use super::*;

    /// Words of which every option takes at least one.
    const VALUES: [&str; 10] = [
        "1",
        "IN",
        "30s",
        "utf-8",
        "phone=Mobile",
        "https://crm.example/api",
        "botpenguin",
        "429=0.1",
        "City",
        ";",
    ];

    /// What a command must be given beside its options.
    fn needed(command: &str) -> &'static [&'static [&'static str]] {
        match command {
            "upload" => &[&["results", "--target=m1bot"], &["results"]],
            "sandbox" | "man" => &[&[]],
            _ => &[&["value"]],
        }
    }

    fn parsed(words: &[&str]) -> Result<clap::ArgMatches, clap::Error> {
        Arguments::command().try_get_matches_from(words)
    }

    /// The command with the option once, in words that it takes, and the option's word last.
    fn taken_once(command: &str, option: &Arg) -> Vec<Vec<String>> {
        let long = option.get_long().unwrap();
        let possible = option.get_possible_values();
        let possible = possible.iter().map(clap::builder::PossibleValue::get_name);
        let mut words: Vec<String> = match option.get_action().takes_values() {
            false => vec![format!("--{long}")],
            true => possible.chain(VALUES).map(|value| format!("--{long}={value}")).collect(),
        };
        words.dedup();
        let known = |word: &String| {
            needed(command).iter().find_map(|needed| {
                let all = [&["contactmill", command], *needed, &[word]].concat();
                parsed(&all).ok()?;
                Some(all.into_iter().map(str::to_owned).collect())
            })
        };
        let taken: Vec<_> = words.iter().filter_map(known).collect();
        assert!(!taken.is_empty(), "no word in the test is one for {command} --{long}");
        taken
    }

    #[test]
    fn every_option_said_twice_is_collected_or_refused() {
        let arguments = Arguments::command();
        let (mut collected, mut refused) = (Vec::new(), 0);
        for command in arguments.get_subcommands() {
            for option in command.get_arguments().filter(|option| option.get_long().is_some()) {
                let (name, id) = (command.get_name(), option.get_id().as_str());
                if matches!(id, "help" | "version") {
                    continue;
                }
                let once = taken_once(name, option).swap_remove(0);
                let words = once.iter().chain(once.last()).map(String::as_str);
                let words: Vec<&str> = words.collect();
                match parsed(&words) {
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{words:?}: {error}");
                        assert!(error.to_string().contains("cannot be used multiple times"));
                        refused += 1;
                    }
                    Ok(matches) => {
                        let matches = matches.subcommand_matches(name).unwrap();
                        let values = match option.get_action() {
                            ArgAction::Count => usize::from(matches.get_count(id)),
                            _ => matches.get_raw(id).unwrap().count(),
                        };
                        assert_eq!(values, 2, "{words:?}: one of the two is lost");
                        collected.push(format!("{name} {id}"));
                    }
                }
            }
        }
        assert!(refused > 50, "{refused}");
        // Each is a list where it is used, too, or means more when it is said twice.
        assert_eq!(
            collected,
            [
                "convert overwrite",
                "convert sheet",
                "convert map",
                "convert attributes",
                "convert add_tag",
                "convert exclude",
                "inspect sheet",
                "inspect map",
                "inspect attributes",
                "inspect add_tag",
                "review sheet",
                "review map",
                "review attributes",
                "review add_tag",
                "review exclude"
            ]
        );
    }

    #[test]
    fn every_option_of_a_profile_gives_way_to_the_one_that_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = Arguments::command();
        let mut held = 0;
        for name in ["convert", "inspect"] {
            let options = arguments.find_subcommand(name).unwrap().get_opts();
            for option in options.filter(|option| option.get_action().takes_values()) {
                let mut taken = taken_once(name, option);
                // Another word, where there is one.
                let mut typed = taken.remove(1.min(taken.len() - 1));
                let said = taken.first().unwrap_or(&typed).last().unwrap().clone();
                let (key, value) = said.trim_start_matches("--").split_once('=').unwrap();
                let profile = folder.path().join(format!("{name}-{key}.toml"));
                typed.push(format!("--profile={}", profile.display()));
                let typed: Vec<OsString> = typed.into_iter().map(OsString::from).collect();
                let with = |text: &str| {
                    std::fs::write(&profile, text).unwrap();
                    crate::profile::with_profile(&typed)
                };
                let alone = with("");
                let Ok(both) = with(&format!("{key} = {value:?}")) else { continue };
                let (both, alone) = (format!("{both:?}"), format!("{:?}", alone.unwrap()));
                match key {
                    "add-tag" => assert!(both.contains(r#"add_tag: ["1", "IN"]"#), "{both}"),
                    "exclude" => assert!(both.contains(r#"exclude: ["1", "IN"]"#), "{both}"),
                    _ => assert_eq!(both, alone, "{key}"),
                }
                held += 1;
            }
        }
        assert!(held > 20, "{held}");
    }

    #[test]
    fn columns_named_in_several_goes_are_all_attributes() {
        let attributes = |more: &[&str]| {
            let words = [&["contactmill", "convert", "a.csv"], more].concat();
            match Arguments::try_parse_from(words)?.command {
                Command::Convert(arguments) => Ok(arguments.columns.attributes.to_string()),
                other => panic!("{other:?}"),
            }
        };
        let attributes =
            |more: &[&str]| attributes(more).map_err(|error: clap::Error| error.kind());
        assert_eq!(attributes(&[]).unwrap(), "all");
        let both = ["--attributes", "City,Plan", "--attributes", "Notes"];
        assert_eq!(attributes(&both).unwrap(), "City,Plan,Notes");
        let both = ["--attributes", "all but City", "--attributes", "all but Plan,Notes"];
        assert_eq!(attributes(&both).unwrap(), "all but City,Plan,Notes");
        for unfinished in ["all but ", "all but City,"] {
            assert!(attributes(&["--attributes", unfinished]).is_err(), "{unfinished}");
        }
        for word in ["all", "none", "all but Plan"] {
            let both = ["--attributes", "City", "--attributes", word];
            assert_eq!(attributes(&both).unwrap_err(), ErrorKind::ArgumentConflict);
            let both = ["--attributes", word, "--attributes", "none"];
            assert_eq!(attributes(&both).unwrap_err(), ErrorKind::ArgumentConflict);
        }
    }
}
