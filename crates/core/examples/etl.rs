//! A job that moves contacts from one system to another: rows come one after the other out of a
//! cursor, contacts go to a table by their number, and what was rejected goes back to its owners.
//! Too many rejected records mean that the source is not what it was: the job stops.
//!
//! ```text
//! cargo run --release -p contactmill-core --example etl
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use contactmill_core::columns::FieldMapping;
use contactmill_core::dedup::DedupPolicy;
use contactmill_core::pipeline::{Emitted, Outcome, Outcomes, Pipeline, PipelineOptions, Stopped};
use contactmill_core::records::{Rows, SourceId};
use contactmill_core::{Normalizer, Options, Reason, Region};

/// A job that rejects more than this is looked at by a person.
const MOST_REJECTED: usize = 2_000;

/// Stands for a cursor over the rows of a CRM.
fn rows() -> impl Iterator<Item = [String; 3]> {
    (0..20_000_u32).map(|id| {
        let phone = match id % 20 {
            0 => "n/a".to_owned(),
            1 => "9.19877E+11".to_owned(),
            // Every third customer has two entries.
            _ => format!("0{}", 98_0000_0000_u64 + u64::from(id - id % 3)),
        };
        [format!("Customer {id}"), phone, format!("customer{id}@example.com")]
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let normalizer = Normalizer::new(Options { region: Some(Region::IN), ..Options::default() });
    let map = FieldMapping::default().resolve(&["Name", "Phone", "Email"].map(String::from))?;
    let stop = AtomicBool::new(false);
    let options = PipelineOptions {
        dedup: DedupPolicy::First,
        stop: Some(&stop),
        ..PipelineOptions::default()
    };
    let mut pipeline = Pipeline::new(&normalizer, options)?;

    let mut table: BTreeMap<String, String> = BTreeMap::new();
    let mut rejected: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut duplicates = 0;
    let mut outcomes = Outcomes::new(|outcome| match outcome {
        Outcome::Contact { contact: Emitted::AsIs(contact), .. } => {
            table.insert(contact.phone.e164().to_string(), contact.name.to_string());
        }
        Outcome::Rejected { rejection, .. } => {
            *rejected.entry(rejection.reason).or_default() += 1;
            if rejected.values().sum::<usize>() > MOST_REJECTED {
                stop.store(true, Ordering::Relaxed);
            }
        }
        Outcome::Duplicate { .. } => duplicates += 1,
        _ => {}
    });
    let fed = pipeline.feed(SourceId(0), &mut Rows::new(rows()), &map, &mut outcomes);
    let is_whole = match fed {
        Ok(_) => {
            pipeline.finish(&mut outcomes)?;
            true
        }
        Err(Stopped::Asked) => false,
        Err(error) => return Err(error.into()),
    };

    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}",
        if is_whole { "all rows were read" } else { "stopped: look at the source" }
    )?;
    writeln!(out, "{} contacts, {duplicates} duplicates", table.len())?;
    for (reason, count) in rejected {
        writeln!(out, "{count} rejected: {reason}, {}", reason.meaning())?;
    }
    Ok(())
}
