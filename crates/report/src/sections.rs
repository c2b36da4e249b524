//! What stands on the page, part by part. A part with nothing to show is left out.

use std::collections::BTreeMap;

use contactmill_core::regions::english_name;
use contactmill_core::{Reason, Region, WarningCode};
use contactmill_wire::manifest::{MAX_CLUSTER, Manifest};
use maud::{Markup, html};

use crate::chart::{self, Bar, Bars, Series};
use crate::examples::{Example, Examples};
use crate::figures::{counted, duration, grouped, percent, share};
use crate::mask::{cut, masked};
use crate::page::Detail;
use crate::upload::Upload;

/// What is shown, and how much of it.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'m> {
    pub(crate) manifest: &'m Manifest,
    pub(crate) examples: &'m Examples,
    pub(crate) upload: Option<&'m Upload>,
    pub(crate) detail: Detail,
}

const CONTACTS: Series = Series { name: "contacts", class: "contacts" };
const UNCHANGED: Series = Series { name: "unchanged", class: "unchanged" };
const DUPLICATES: Series = Series { name: "duplicates", class: "duplicates" };
const EXCLUDED: Series = Series { name: "excluded", class: "excluded" };
const REJECTED: Series = Series { name: "rejected", class: "rejected" };
const BLANK: Series = Series { name: "blank", class: "blank" };
const REPAIRED: Series = Series { name: "repaired or suspect", class: "repaired" };

/// Every part of the page, in order.
pub(crate) fn all(shown: Shown<'_>) -> Vec<Markup> {
    let parts = [
        Some(records(shown)),
        contacts(shown),
        rejected(shown),
        warnings(shown),
        damage(shown),
        duplicates(shown),
        left_out(shown),
        parts(shown),
        upload(shown),
        inputs(shown),
    ];
    parts.into_iter().flatten().collect()
}

fn section(title: &str, lead: &str, body: Markup) -> Markup {
    html! { section { h2 { (title) } @if !lead.is_empty() { p.lead { (lead) } } (body) } }
}

fn records(Shown { manifest, .. }: Shown<'_>) -> Markup {
    let counts = &manifest.counts;
    let parts = [
        (CONTACTS, counts.contacts),
        (UNCHANGED, counts.unchanged),
        (DUPLICATES, counts.duplicates),
        (EXCLUDED, counts.excluded),
        (REJECTED, counts.rejected),
        (BLANK, counts.blank),
    ];
    let title = "Where the records ended";
    let gone = manifest.since.map_or(0, |since| since.gone);
    section(
        "Every record in one place",
        "Nothing is lost: each record that was read is counted once.",
        html! {
            (chart::stack(title, &parts, counts.records))
            @if let Some(since) = manifest.since {
                p { "Since the earlier result: " (grouped(since.new)) " new, " (grouped(since.changed))
                    " changed, " (grouped(since.unchanged)) " unchanged, " (grouped(gone)) " gone." }
            }
        },
    )
}

fn contacts(Shown { manifest, detail, .. }: Shown<'_>) -> Option<Markup> {
    let all = manifest.counts.contacts;
    if all == 0 {
        return None;
    }
    let countries = named(&manifest.contacts_by_region, country);
    let kinds = named(&manifest.contacts_by_line_type, |kind| capitalised(&kind.replace('_', " ")));
    let domains =
        named(&manifest.contacts_by_email_domain, |domain| cut(domain, detail.characters));
    let with_email = manifest.contacts_with_email;
    let bars = |title, of, bars| Bars { title, of, series: &[CONTACTS], bars, whole: Some(all) };
    let countries = bars("By country", "Country", topped(countries, all, detail, "Others"));
    let kinds = bars("By kind of line", "Kind", topped(kinds, all, detail, "Others"));
    let domains = Bars {
        whole: Some(with_email),
        ..bars(
            "By e-mail domain",
            "Domain",
            topped(domains, with_email, detail, "All other domains"),
        )
    };
    let lead = format!("{} of them have an e-mail address.", share_of(with_email, all));
    Some(section(
        "Contacts",
        &lead,
        html! {
            div.charts { (countries.draw()) div {
                (kinds.draw())
                @if with_email > 0 {
                    (domains.draw())
                    p.small { "Domains that fewer than five contacts have are counted together." }
                }
            } }
        },
    ))
}

fn rejected(Shown { manifest, examples, detail, .. }: Shown<'_>) -> Option<Markup> {
    let of = manifest.counts.records;
    let codes = by_count(&manifest.rejected_by_reason).into_iter().map(|(code, count)| {
        let known = Reason::from_code(code);
        let said = (known.map_or("", Reason::meaning), known.map_or("", Reason::advice));
        Code { code, count, said, examples: shown_of(&examples.rejects, code, detail) }
    });
    let has_workbook = manifest.reject_files().iter().any(|name| name.ends_with(".xlsx"));
    let lead = format!(
        "{} could not be taken, each for one reason. {} has them with all their columns: correct it, and convert it again.",
        share_of(manifest.counts.rejected, of),
        manifest.reject_files().join(" and "),
    );
    codes_section("Rejected", &lead, codes.collect(), (of, "rejected", detail)).map(|body| {
        html! {
            (body)
            @if has_workbook { p.small { "Examples are read from rejects.csv alone." } }
        }
    })
}

fn warnings(Shown { manifest, examples, detail, .. }: Shown<'_>) -> Option<Markup> {
    let codes = by_count(&manifest.warnings_by_code).into_iter().map(|(code, count)| {
        let known = WarningCode::ALL.iter().find(|known| known.code() == code);
        let said = known.map_or(("", ""), |known| (known.meaning(), known.advice()));
        Code { code, count, said, examples: shown_of(&examples.warnings, code, detail) }
    });
    let lead = "A value is changed only where that is proved; here it stands before and after. warnings.csv lists every one.";
    codes_section("Repairs and warnings", lead, codes.collect(), (0, "repaired", detail))
}

/// A reason or a warning.
struct Code<'m> {
    code: &'m str,
    count: u64,
    /// What it means, and what to do.
    said: (&'static str, &'static str),
    examples: &'m [Example],
}

fn codes_section(
    title: &str,
    lead: &str,
    codes: Vec<Code<'_>>,
    (of, class, detail): (u64, &str, Detail),
) -> Option<Markup> {
    if codes.is_empty() {
        return None;
    }
    let all = codes.iter().map(|code| code.count).sum();
    let item = |code: &Code<'_>| {
        html! {
            li {
                h3 { @if code.said.0.is_empty() { (code.code) } @else { (capitalised(code.said.0)) } }
                div.count { (grouped(code.count)) @if of > 0 { " " span.share { (percent(code.count, of)) } } }
                svg.bar height="8" aria-hidden="true" {
                    rect class=(class) width=(share(code.count, all)) height="8" {}
                }
                p.advice { code { (code.code) } " " (sentence(code.said.1)) }
            @if !code.examples.is_empty() {
                    ul.examples { @for example in code.examples { li { (example_of(example, detail)) } } }
                }
            }
        }
    };
    Some(section(title, lead, html! { ul.codes { @for code in &codes { (item(code)) } } }))
}

fn example_of(example: &Example, detail: Detail) -> Markup {
    let before = cut(&example.before, detail.characters);
    html! {
        @if before.is_empty() { span.none { "nothing" } } @else { code dir="auto" { (before) } }
        @if let Some(after) = &example.after {
            span.arrow { " → " } code dir="auto" { (cut(after, detail.characters)) }
        }
    }
}

fn shown_of<'m>(
    examples: &'m BTreeMap<String, Vec<Example>>,
    code: &str,
    detail: Detail,
) -> &'m [Example] {
    let found = examples.get(code).map_or(&[][..], Vec::as_slice);
    &found[..found.len().min(detail.examples)]
}

fn damage(Shown { manifest, detail, .. }: Shown<'_>) -> Option<Markup> {
    // Files of one form have the same columns.
    let mut columns: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for column in &manifest.damage_by_column {
        let [rejected, warnings] = columns.entry(&column.column).or_default();
        (*rejected, *warnings) = (*rejected + column.rejected, *warnings + column.warnings);
    }
    let mut bars: Vec<Bar> = columns
        .into_iter()
        .map(|(name, values)| Bar {
            label: cut(name, detail.characters),
            values: values.to_vec(),
            is_rest: false,
        })
        .collect();
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.values.iter().sum::<u64>()));
    bars.truncate(detail.rows);
    if bars.is_empty() {
        return None;
    }
    let series = &[REJECTED, REPAIRED];
    let chart = Bars { title: "Values by column", of: "Column", series, bars, whole: None };
    Some(section(
        "Damage by column",
        "The columns in which values were not as they should be. A value that is missing counts in none.",
        chart.draw(),
    ))
}

fn duplicates(Shown { manifest, .. }: Shown<'_>) -> Option<Markup> {
    let size = |(&records, &clusters): (&u64, &u64)| {
        let more = if records >= MAX_CLUSTER { " and more" } else { "" };
        Bar::new(format!("{records} records{more}"), clusters)
    };
    let sizes: Vec<Bar> = manifest.clusters_by_size.iter().map(size).collect();
    let conflicts = named(&manifest.conflicts_by_field, capitalised);
    if manifest.counts.duplicates == 0 || sizes.is_empty() {
        return None;
    }
    let sizes = Bars {
        title: "Contacts by number of records",
        of: "Records of one contact",
        series: &[DUPLICATES],
        bars: sizes,
        whole: None,
    };
    let conflicts = Bars {
        title: "Values that lost, by field",
        of: "Field",
        series: &[DUPLICATES],
        bars: conflicts,
        whole: None,
    };
    let lead = format!(
        "{} had the number of another. duplicates.csv has them, with the values that lost.",
        counted(manifest.counts.duplicates, "record")
    );
    Some(section(
        "Duplicates",
        &lead,
        html! { div.charts { (sizes.draw()) @if !conflicts.bars.is_empty() { (conflicts.draw()) } } },
    ))
}

fn left_out(Shown { manifest, detail, .. }: Shown<'_>) -> Option<Markup> {
    let opt_outs: u64 = manifest.opt_outs.iter().map(|column| column.contacts).sum();
    if opt_outs == 0 && manifest.counts.excluded == 0 && manifest.exclusion_lists.is_empty() {
        return None;
    }
    let is_excluded = manifest.options.opt_outs.is_some();
    let lead = match manifest.counts.excluded {
        0 => "Nobody was left out.".to_owned(),
        excluded => format!("{} left out; excluded.csv is the proof.", was(excluded, "record")),
    };
    let columns = manifest.opt_outs.iter().take(detail.rows).map(|own| {
        let name = match manifest.inputs.len() {
            1 => own.column.clone(),
            _ => format!("{} in {}", own.column, own.path),
        };
        (cut(&name, detail.characters), own.contacts)
    });
    let lists = manifest
        .exclusion_lists
        .iter()
        .take(detail.rows)
        .map(|list| (cut(&list.path, detail.characters), list.numbers + list.addresses));
    Some(section(
        "Who must not be written to",
        &lead,
        html! {
            @if opt_outs > 0 {
                h3 { "Opt-outs" }
                p { (was(opt_outs, "contact")) " found that a column of consents says must not be written
                    to. " @if is_excluded { "They are left out." } @else { strong { "They are kept." } } }
                (listed("Opt-outs by column", ["Column", "Contacts"], columns.collect()))
            }
            @if !manifest.exclusion_lists.is_empty() {
                h3 { "Exclusion lists" }
                (listed("Exclusion lists", ["List", "Numbers and addresses"], lists.collect()))
            }
        },
    ))
}

fn parts(Shown { manifest, detail, .. }: Shown<'_>) -> Option<Markup> {
    if manifest.parts.is_empty() {
        return None;
    }
    let mut parts: Vec<_> = manifest.parts.iter().collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.counts.contacts));
    let folder = |name: &str| if is_by_country(manifest) { name.to_owned() } else { masked(name) };
    let rows = parts
        .iter()
        .take(detail.rows)
        .map(|part| (cut(&folder(&part.folder), detail.characters), part.counts.contacts));
    Some(section(
        "Parts",
        &format!(
            "The results stand in {}, each with all of its files.",
            counted(parts.len() as u64, "folder")
        ),
        listed("Largest parts", ["Folder", "Contacts"], rows.collect()),
    ))
}

fn upload(Shown { manifest, upload, detail, .. }: Shown<'_>) -> Option<Markup> {
    let upload = upload?;
    if let Some(line) = upload.damaged {
        let lead = format!("The journal of the upload cannot be read from line {line} on.");
        return Some(section("Upload", &lead, html! {}));
    }
    let Upload { acknowledged, refused, limited, took, .. } = *upload;
    let of = manifest.counts.contacts;
    let ends = ["0 s".to_owned(), duration(took)];
    let title =
        format!("Contacts acknowledged over time: {} in {}", grouped(acknowledged), duration(took));
    let summed = [
        ("Acknowledged", acknowledged),
        ("Refused", refused),
        ("No final answer", of.saturating_sub(acknowledged + refused)),
        ("Asked to wait", limited),
    ];
    Some(section(
        "Upload",
        &format!("{} were acknowledged.", share_of(acknowledged, of)),
        html! {
            p.small { "To " bdi { (cut(&upload.url, 2 * detail.characters)) } }
            figure.chart {
                figcaption { h3 { "Contacts acknowledged over time" } }
                (chart::curve(&title, &upload.curve, ends))
                (chart::table("Upload", "What", vec!["contacts or times"],
                    summed.iter().map(|(what, count)| (*what, std::slice::from_ref(count))).collect()))
            }
        },
    ))
}

fn inputs(Shown { manifest, detail, .. }: Shown<'_>) -> Option<Markup> {
    let inputs = &manifest.inputs;
    let more = inputs.len().saturating_sub(detail.rows);
    let region = manifest.options.region.as_deref().map(country);
    Some(section(
        "What was read",
        "",
        html! {
            p { @match &region {
                Some(region) => { "Numbers without a country code were read as numbers of " (region) "." }
                None => "No country was named for numbers without a country code.",
            } }
            div.scroll role="region" tabindex="0" aria-label="Table: inputs" { table {
                thead { tr {
                    th scope="col" { "Input" } th scope="col" { "Format" } th scope="col" { "Encoding" }
                    th.number scope="col" { "Bytes" } th.number scope="col" { "Records" }
                } }
                tbody { @for input in inputs.iter().take(detail.rows) { tr {
                    th scope="row" dir="auto" { (cut(&input.path, detail.characters)) }
                    td { (input.format) } td { (input.encoding) }
                    td.number { (grouped(input.bytes)) } td.number { (grouped(input.records)) }
                } } }
            } }
            @if more > 0 { p.small { "And " (counted(more as u64, "more input")) ", in manifest.json." } }
        },
    ))
}

/// Whether parts are called after countries, and not after values of records.
fn is_by_country(manifest: &Manifest) -> bool {
    manifest.options.split_by.as_deref() == Some("country")
}

/// The value of a part, for people.
pub(crate) fn part_value(manifest: &Manifest, value: &str) -> String {
    if is_by_country(manifest) { country(value) } else { masked(value) }
}

/// A short table of names and counts.
fn listed(title: &str, [name, count]: [&str; 2], rows: Vec<(String, u64)>) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label={ "Table: " (title) } { table {
            thead { tr { th scope="col" { (name) } th.number scope="col" { (count) } } }
            tbody { @for (label, value) in &rows { tr {
                th scope="row" dir="auto" { (label) } td.number { (grouped(*value)) }
            } } }
        } }
    }
}

/// Bars with these labels, the longest first.
fn named(counts: &BTreeMap<String, u64>, label: impl Fn(&str) -> String) -> Vec<Bar> {
    by_count(counts).into_iter().map(|(code, count)| Bar::new(label(code), count)).collect()
}

/// The most frequent first.
fn by_count(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut sorted: Vec<_> = counts.iter().map(|(code, &count)| (code.as_str(), count)).collect();
    // Stable: codes of the same count are in the order of the alphabet.
    sorted.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    sorted
}

/// The first bars, and one for all that is left of the whole.
fn topped(mut bars: Vec<Bar>, whole: u64, detail: Detail, rest: &str) -> Vec<Bar> {
    bars.truncate(detail.rows);
    let listed: u64 = bars.iter().flat_map(|bar| &bar.values).sum();
    let left = whole.saturating_sub(listed);
    bars.extend((left > 0).then(|| Bar::rest(rest, left)));
    bars
}

/// The name of a region by its code.
fn country(code: &str) -> String {
    let name = code.parse::<Region>().ok().and_then(english_name);
    name.map_or_else(|| format!("International ({code})"), str::to_owned)
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Advice as a sentence.
fn sentence(advice: &str) -> String {
    let is_whole = advice.ends_with(char::is_alphanumeric);
    format!("{}{}", capitalised(advice), if is_whole { "." } else { "" })
}

/// `12 records were`, for a sentence.
fn was(count: u64, noun: &str) -> String {
    format!("{} {}", counted(count, noun), if count == 1 { "was" } else { "were" })
}

/// `1,204 (12 %)`, for a sentence.
fn share_of(count: u64, of: u64) -> String {
    format!("{} ({})", grouped(count), percent(count, of))
}
