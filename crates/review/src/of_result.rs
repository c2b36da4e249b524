//! A review of what a result was made of, as its manifest tells.

use std::path::{Path, PathBuf};

use contactmill::columns::AttributeSelection;
use contactmill::manifest::{Manifest, Options as Words};
use contactmill::options::{
    Acceptance, BadEmail, BareDigits, LineTypePolicy, MissingName, PhoneMode,
};
use contactmill::{DedupPolicy, OptOuts, Options, Sheets};
use contactmill_wire::files::MANIFEST;

use crate::{Setup, StartError};

impl Setup {
    /// A review of the inputs of a result, read as they were for it.
    ///
    /// # Errors
    ///
    /// When the folder is no result, or its inputs are not where they were.
    pub fn of_result(folder: &Path) -> Result<Self, StartError> {
        let fail = |message: &str| StartError::Result {
            folder: folder.to_owned(),
            message: message.to_owned(),
        };
        let json = std::fs::read(folder.join(MANIFEST))
            .map_err(|_| fail("it holds no results; name an input, or a folder of results"))?;
        let manifest: Manifest = serde_json::from_slice(&json)
            .map_err(|_| fail("its manifest is not of the known form; name the inputs"))?;
        let mut inputs: Vec<PathBuf> = Vec::new();
        for input in &manifest.inputs {
            // A sheet, or a file in an archive, has its name behind that of the input.
            let file = Path::new(&input.path).ancestors().find(|path| path.is_file());
            let file = file.ok_or_else(|| {
                fail(&format!("its input {} is not there; name it where it is now", input.path))
            })?;
            if !inputs.iter().any(|known| known == file) {
                inputs.push(file.to_owned());
            }
        }
        let said = manifest.options;
        let mut setup = Setup::new(inputs);
        setup.reading.no_header = said.no_header;
        setup.reading.encoding = said.encoding.as_deref().and_then(|word| word.parse().ok());
        setup.reading.delimiter = said.delimiter.as_deref().and_then(|word| word.parse().ok());
        if let Some(names) = said.sheet.clone() {
            let is_all = names == ["*"];
            setup.reading.sheets = if is_all { Sheets::All } else { Sheets::Named(names) };
        }
        setup.mapping.attributes = attributes(&said.attributes);
        let assigned = said.map.iter().filter_map(|said| {
            let (field, column) = said.split_once('=')?;
            Some((field.parse().ok()?, column.to_owned()))
        });
        setup.mapping.assignments = assigned.collect();
        setup.exclude = said.exclude.iter().map(PathBuf::from).collect();
        setup.fixes = said.fixes.as_ref().map(PathBuf::from);
        setup.dedup = dedup(&said);
        if said.opt_outs.is_some() {
            setup.opt_outs = OptOuts::Exclude;
        }
        setup.options = options(said);
        Ok(setup)
    }
}

fn attributes(word: &str) -> AttributeSelection {
    let columns = |list: &str| list.split(',').map(str::to_owned).collect();
    match (word, word.strip_prefix("all but ")) {
        ("all" | "", _) => AttributeSelection::All,
        ("none", _) => AttributeSelection::None,
        (_, Some(list)) => AttributeSelection::AllBut(columns(list)),
        (list, None) => AttributeSelection::Columns(columns(list)),
    }
}

fn dedup(said: &Words) -> DedupPolicy {
    match (said.dedup.as_str(), said.on_duplicate.as_str()) {
        ("none", _) => DedupPolicy::None,
        (_, "first") => DedupPolicy::First,
        (_, "last") => DedupPolicy::Last,
        _ => DedupPolicy::Merge,
    }
}

fn options(said: Words) -> Options {
    let region = said.region.and_then(|region| region.parse().ok());
    let mut options = Options { region, add_tags: said.add_tags, ..Options::default() };
    if said.bare_digits == "international" {
        options.bare_digits = BareDigits::International;
    }
    if said.phones == "strict" {
        options.phones = PhoneMode::Strict;
    }
    if said.line_type == "mobile" {
        options.line_type = LineTypePolicy::Mobile;
    }
    if said.accept == "possible" {
        options.accept = Acceptance::Possible;
    }
    if said.missing_name == "reject" {
        options.missing_name = MissingName::Reject;
    }
    if said.bad_email == "reject" {
        options.bad_email = BadEmail::Reject;
    }
    options
}
