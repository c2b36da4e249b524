//! The page around the sections.

use contactmill_wire::manifest::Manifest;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::TITLE;
use crate::examples::Examples;
use crate::figures::{counted, grouped};
use crate::mask::cut;
use crate::sections::{self, Shown};
use crate::upload::Upload;

const STYLE: &str = include_str!("style.css");

/// How much is shown of what there may be any number of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detail {
    /// Bars of a chart, and rows of a table.
    pub(crate) rows: usize,
    /// Examples of a code.
    pub(crate) examples: usize,
    /// Characters of a value or a name.
    pub(crate) characters: usize,
}

impl Detail {
    /// From much to little: the first that fits is taken, and the last always does.
    pub(crate) const ALL: [Detail; 4] = [
        Detail { rows: 12, examples: 3, characters: 48 },
        Detail { rows: 8, examples: 2, characters: 32 },
        Detail { rows: 6, examples: 1, characters: 24 },
        Detail { rows: 4, examples: 0, characters: 16 },
    ];
}

/// The page about a result.
pub(crate) fn of(
    manifest: &Manifest,
    examples: &Examples,
    upload: Option<&Upload>,
    detail: Detail,
) -> Markup {
    let shown = Shown { manifest, examples, upload, detail };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (TITLE) (name(manifest, detail)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(manifest, detail))
                main { @for section in sections::all(shown) { (section) } }
                (foot(manifest))
            }
        }
    }
}

/// What the page is about, in a few words.
fn name(manifest: &Manifest, detail: Detail) -> String {
    match manifest.inputs.as_slice() {
        [input] => {
            let file = input.path.rsplit(['/', '\\']).next().unwrap_or(&input.path);
            cut(file, detail.characters)
        }
        inputs => counted(inputs.len() as u64, "input"),
    }
}

fn head(manifest: &Manifest, detail: Detail) -> Markup {
    let counts = &manifest.counts;
    html! {
        header {
            p.kicker { "contactmill report" }
            h1 {
                (counted(counts.contacts, "contact")) " from "
                span dir="auto" { (name(manifest, detail)) }
            }
            @if let Some(part) = &manifest.part {
                p.note { "One part of the run: " @match &part.value {
                    Some(value) => { bdi dir="auto" { (cut(&sections::part_value(manifest, value), detail.characters)) } }
                    None => "records without a value"
                } "." }
            }
            @if let Some(sample) = manifest.sample {
                p.note { "A sample: " (grouped(sample.records)) " of "
                    (counted(sample.of, "record")) " were read." }
            }
            dl.figures {
                (figure("Records read", counts.records))
                (figure("Contacts", counts.contacts))
                (figure("Rejected", counts.rejected))
                (figure("Repaired or suspect", counts.warnings))
            }
        }
    }
}

fn figure(what: &str, count: u64) -> Markup {
    html! { div { dt { (what) } dd { (grouped(count)) } } }
}

fn foot(manifest: &Manifest) -> Markup {
    let tool = &manifest.tool;
    html! {
        footer {
            p { "Letters and digits of values are hidden: 0 stands for a digit, x for a letter. The values
                themselves stand in the tables beside this page. It asks for nothing from anywhere." }
            p { (tool.name) " " (tool.version) ", numbering plans " (tool.phone_metadata) }
        }
    }
}
