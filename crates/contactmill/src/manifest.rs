//! The manifest: what went in, what came out, how it was read.

use std::collections::BTreeMap;

use contactmill_core::columns::{ColumnMap, ColumnRole, DecidedBy, FieldMapping, MappingNote};
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::exclusion;
use contactmill_core::options::{
    Acceptance, BadEmail, BareDigits, LineTypePolicy, MissingName, PhoneMode,
};
use contactmill_core::pipeline;
use contactmill_core::records::SourceId;
use contactmill_core::regions::{self, RegionFits};
use contactmill_core::{METADATA_VERSION, Reason, Region, WarningCode};
use contactmill_emit::{
    ArrayLayout, Comparison, ContactCounts, Finished, FinishedPart, RejectsFormat, manifest_counts,
};
use contactmill_source::Sheets;
pub use contactmill_wire::manifest::{
    Column, ColumnDamage, ContentDecision, Counts, ExclusionList, Fixed, Input, Manifest, Mapping,
    OptOuts, Options, OutputFile, Part, PartValue, RegionAdvice, RegionFit, SCHEMA, Sample,
    Sensitive, Since, Skipped, Tool,
};

use crate::convert::{Output, Settings, Written};
use crate::opening::{OpenInput, Opened};
use crate::tallies::RunTallies;

/// What a manifest says of the inputs of a run.
pub(crate) struct RunInputs {
    pub(crate) inputs: Vec<Input>,
    pub(crate) mapping: Vec<Mapping>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) sampled: Option<u64>,
    pub(crate) fixed: Option<Fixed>,
    pub(crate) regions: RegionFits,
}

impl RunInputs {
    pub(crate) fn of(opened: &Opened, regions: RegionFits) -> Self {
        RunInputs {
            inputs: opened.inputs.iter().map(input).collect(),
            mapping: opened.inputs.iter().map(mapping_of).collect(),
            skipped: opened.skipped.clone(),
            sampled: opened.sampled,
            fixed: opened.fixed,
            regions,
        }
    }
}

/// What a run read, how, and what came of it.
pub(crate) fn of_run(
    settings: &Settings<'_>,
    run: RunInputs,
    exclusion_lists: Vec<ExclusionList>,
    (counts, tallies): (pipeline::Counts, RunTallies),
    mut finished: Finished,
) -> Manifest {
    let RunInputs { inputs, mapping, skipped, sampled, fixed, regions } = run;
    let since = finished.compared.as_ref().map(Comparison::counts);
    let opted_out = std::mem::take(&mut finished.opt_outs);
    let manifest = Manifest {
        schema: SCHEMA,
        tool: tool(),
        skipped,
        mapping,
        sample: sampled.map(|of| Sample { records: counts.records, of }),
        options: options(settings),
        counts: manifest_counts(counts, since),
        since,
        fixed,
        exclusion_lists,
        opt_outs: opt_outs(&inputs, opted_out),
        clusters_by_size: tallies.clusters,
        conflicts_by_field: tallies.conflicts,
        damage_by_column: damage(&inputs, tallies.damage),
        region_advice: doubt(&regions),
        inputs,
        ..Manifest::default()
    };
    with_finished(manifest, finished)
}

/// What a partition of a distributed run is made of.
pub(crate) fn of_partition(written: Written) -> Manifest {
    let Written { counts, tallies, finished, .. } = written;
    let manifest = Manifest {
        schema: SCHEMA,
        tool: tool(),
        counts: manifest_counts(counts, None),
        clusters_by_size: tallies.clusters,
        conflicts_by_field: tallies.conflicts,
        ..Manifest::default()
    };
    with_finished(manifest, finished)
}

/// Adds what a partition of a distributed run is made of, but for its files and the domains of its
/// contacts.
pub(crate) fn add(run: &mut Manifest, partition: Manifest) {
    let (all, own) = (&mut run.counts, partition.counts);
    all.contacts += own.contacts;
    all.duplicates += own.duplicates;
    all.excluded += own.excluded;
    all.rejected += own.rejected;
    all.warnings += own.warnings;
    run.contacts_with_email += partition.contacts_with_email;
    add_counts(&mut run.clusters_by_size, partition.clusters_by_size);
    for (all, own) in [
        (&mut run.excluded_by_reason, partition.excluded_by_reason),
        (&mut run.rejected_by_reason, partition.rejected_by_reason),
        (&mut run.warnings_by_code, partition.warnings_by_code),
        (&mut run.contacts_by_region, partition.contacts_by_region),
        (&mut run.contacts_by_line_type, partition.contacts_by_line_type),
        (&mut run.conflicts_by_field, partition.conflicts_by_field),
    ] {
        add_counts(all, own);
    }
}

fn add_counts<K: Ord>(all: &mut BTreeMap<K, u64>, own: BTreeMap<K, u64>) {
    for (key, count) in own {
        *all.entry(key).or_default() += count;
    }
}

/// What wrote a result.
pub(crate) fn tool() -> Tool {
    Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        phone_metadata: METADATA_VERSION.to_owned(),
    }
}

/// The manifest with what was written.
fn with_finished(manifest: Manifest, finished: Finished) -> Manifest {
    let ContactCounts { regions, line_types, with_email, email_domains, .. } = finished.contacts;
    Manifest {
        excluded_by_reason: by_code(finished.excluded, Reason::code, |tally| tally.count),
        rejected_by_reason: by_code(finished.rejected, Reason::code, |tally| tally.count),
        warnings_by_code: by_code(finished.warnings, WarningCode::code, |tally| tally.count),
        contacts_by_region: by_code(regions, Region::as_str, |count| count),
        contacts_by_line_type: by_code(line_types, |kind| kind, |count| count),
        contacts_with_email: with_email,
        contacts_by_email_domain: email_domains.frequent(),
        files: finished.files,
        ..manifest
    }
}

/// What the manifest of a split run says of a part, and the manifest of the part: that of the run, but
/// for what is of the part alone.
pub(crate) fn of_part(run: &Manifest, part: FinishedPart) -> (Part, Manifest) {
    let FinishedPart { value, folder, counts, records, finished, .. } = part;
    let input = |(input, records): (&Input, u64)| Input { records, ..input.clone() };
    let manifest = Manifest {
        inputs: run.inputs.iter().zip(records).map(input).collect(),
        counts,
        parts: Vec::new(),
        part: Some(PartValue { value: value.clone() }),
        // These are counted over the whole run.
        opt_outs: Vec::new(),
        clusters_by_size: BTreeMap::new(),
        conflicts_by_field: BTreeMap::new(),
        damage_by_column: Vec::new(),
        ..with_finished(run.clone(), finished)
    };
    (Part { value, folder, counts }, manifest)
}

pub(crate) fn input(input: &OpenInput) -> Input {
    Input {
        path: input.name.clone(),
        format: input.format.name().to_owned(),
        encoding: input.encoding.to_string(),
        bytes: input.bytes,
        sha256: input.sha256.clone(),
        records: input.records,
        skipped_columns: input.skipped.iter().map(|column| column.name.clone()).collect(),
    }
}

fn opt_outs(inputs: &[Input], counts: Vec<(SourceId, String, u64)>) -> Vec<OptOuts> {
    let named = counts.into_iter().map(|(source, column, contacts)| OptOuts {
        path: name(inputs, source),
        column,
        contacts,
    });
    named.collect()
}

fn damage(
    inputs: &[Input],
    damage: Vec<(SourceId, String, pipeline::ColumnDamage)>,
) -> Vec<ColumnDamage> {
    let named = damage.into_iter().map(|(source, column, damage)| ColumnDamage {
        path: name(inputs, source),
        column,
        rejected: damage.rejected,
        warnings: damage.warnings,
    });
    named.collect()
}

/// The name of an input.
fn name(inputs: &[Input], source: SourceId) -> String {
    inputs.get(source.0 as usize).map(|input| input.path.clone()).unwrap_or_default()
}

pub(crate) fn mapping_of(input: &OpenInput) -> Mapping {
    mapping(&input.name, input.map.as_ref())
}

/// What the columns of the input of this name were taken for.
pub(crate) fn mapping(path: &str, map: Option<&ColumnMap>) -> Mapping {
    Mapping {
        path: path.to_owned(),
        preset: map.and_then(ColumnMap::preset).map(|(id, _)| id.to_owned()),
        columns: map.map(columns).unwrap_or_default(),
        missing: map.map(missing).unwrap_or_default(),
    }
}

/// The fields that contacts should have and no column holds.
pub(crate) fn missing(map: &ColumnMap) -> Vec<String> {
    let missing = |note: &MappingNote| match note {
        MappingNote::Missing { field, .. } => Some(field.to_string()),
        _ => None,
    };
    map.notes().iter().filter_map(missing).collect()
}

fn columns(map: &ColumnMap) -> Vec<Column> {
    let column = |(index, (name, role)): (usize, (&str, &ColumnRole))| Column {
        column: name.to_owned(),
        field: match role {
            ColumnRole::Field(field) => Some(field.to_string()),
            ColumnRole::Ignored | ColumnRole::Bookkeeping => None,
        },
        content: content_decision(map, index),
        looks_like: looks_like(map, index),
        sensitive: sensitive(map, index),
    };
    map.columns().enumerate().map(column).collect()
}

/// The decision on a column, where its cells made it.
fn content_decision(map: &ColumnMap, index: usize) -> Option<ContentDecision> {
    let decision = map.decision(index).filter(|decision| decision.by == DecidedBy::Content)?;
    Some(ContentDecision {
        confidence: decision.confidence,
        why: decision.share.map(|share| share.to_string()).unwrap_or_default(),
    })
}

/// The field that a column looks like and does not hold.
pub(crate) fn looks_like(map: &ColumnMap, index: usize) -> Option<String> {
    map.notes().iter().find_map(|note| match note {
        MappingNote::Unused { field, column, .. } if *column == index => Some(field.to_string()),
        _ => None,
    })
}

/// Why a column looks sensitive.
pub(crate) fn sensitive(map: &ColumnMap, index: usize) -> Option<Sensitive> {
    let found = map.sensitive().iter().find(|found| found.column == index)?;
    Some(Sensitive {
        kind: found.kind.code().to_owned(),
        by_header: found.by_header,
        why: found.identifiers.map(|share| share.to_string()),
    })
}

/// The advice on regions, where it speaks for one that was not named.
fn doubt(fits: &RegionFits) -> Option<RegionAdvice> {
    let named = || fits.better().is_some();
    let unnamed = || fits.given.is_none() && fits.likely().is_some();
    (named() || unnamed()).then(|| region_advice(fits))
}

/// How numbers without a country code fit regions.
pub(crate) fn region_advice(fits: &RegionFits) -> RegionAdvice {
    let code = |advice: regions::RegionAdvice| advice.region.to_string();
    let fit = |advice: &regions::RegionAdvice| RegionFit {
        region: code(*advice),
        valid: advice.valid,
        mobile: advice.mobile,
        written: advice.written,
    };
    RegionAdvice {
        without_code: fits.tried,
        likely: fits.likely().map(code),
        better: fits.better().map(code),
        regions: fits.regions.iter().map(fit).collect(),
    }
}

/// The options under the names and words that they have on the command line.
pub(crate) fn options(settings: &Settings<'_>) -> Options {
    let reading = &settings.reading;
    let options = &settings.options;
    Options {
        region: options.region.map(|region| region.as_str().to_owned()),
        encoding: reading.encoding.map(|encoding| encoding.to_string()),
        delimiter: reading.delimiter.map(|delimiter| delimiter.to_string()),
        no_header: reading.no_header,
        sheet: sheets(&reading.sheets),
        max_inflated: reading.decompress.to_string(),
        map: assignments(&settings.mapping),
        attributes: settings.mapping.attributes.to_string(),
        add_tags: options.add_tags.clone(),
        bare_digits: either(
            options.bare_digits,
            BareDigits::International,
            "international",
            "national",
        ),
        phones: either(options.phones, PhoneMode::Strict, "strict", "recover"),
        line_type: either(options.line_type, LineTypePolicy::Mobile, "mobile", "any"),
        accept: either(options.accept, Acceptance::Possible, "possible", "valid"),
        missing_name: either(options.missing_name, MissingName::Reject, "reject", "phone"),
        bad_email: either(options.bad_email, BadEmail::Reject, "reject", "drop"),
        dedup: either(settings.dedup, DedupPolicy::None, "none", "phone"),
        on_duplicate: match settings.dedup {
            DedupPolicy::First => "first".into(),
            DedupPolicy::Last => "last".into(),
            _ => "merge".into(),
        },
        exclude: settings.exclude.iter().map(|path| path.display().to_string()).collect(),
        opt_outs: (settings.opt_outs == exclusion::OptOuts::Exclude).then(|| "exclude".to_owned()),
        to: output(settings.output).map(str::to_owned),
        max_contacts: settings.limits.max_contacts,
        max_bytes: settings.limits.max_bytes,
        layout: either(settings.layout, ArrayLayout::Lines, "lines", "files"),
        rejects: (settings.rejects == RejectsFormat::Xlsx).then(|| "xlsx".to_owned()),
        report: settings.report,
        max_rejects: settings.max_rejects.map(|max| max.to_string()),
        split_by: settings.split_by.as_ref().map(ToString::to_string),
        since: settings.since.as_ref().map(|folder| folder.display().to_string()),
        fixes: settings.fixes.as_ref().map(|file| file.display().to_string()),
    }
}

/// The word for what contacts are written as, unless it is import arrays.
const fn output(output: Output) -> Option<&'static str> {
    match output {
        Output::Import => None,
        Output::Csv => Some("csv"),
        Output::Ndjson => Some("ndjson"),
        #[cfg(feature = "arrow")]
        Output::Parquet => Some("parquet"),
    }
}

/// The sheets that were given, as they are on the command line.
fn sheets(sheets: &Sheets) -> Option<Vec<String>> {
    match sheets {
        Sheets::OneWithContacts | Sheets::EachWithContacts => None,
        Sheets::Named(names) => Some(names.clone()),
        Sheets::All => Some(vec!["*".to_owned()]),
    }
}

/// The word for a value, or for the other one that it can be.
fn either<T: PartialEq>(value: T, this: T, word: &str, other_word: &str) -> String {
    if value == this { word.to_owned() } else { other_word.to_owned() }
}

fn assignments(mapping: &FieldMapping) -> Vec<String> {
    mapping.assignments.iter().map(|(field, column)| format!("{field}={column}")).collect()
}

fn by_code<K, V>(
    counts: BTreeMap<K, V>,
    code: impl Fn(K) -> &'static str,
    count: impl Fn(V) -> u64,
) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(key, value)| (code(key).to_owned(), count(value))).collect()
}
