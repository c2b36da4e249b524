//! The tables that are printed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::jobs::{JOBS, PAIRS, PEERS, READ};
use crate::measure::Measured;

/// What all jobs took in one place.
pub(crate) struct Table {
    place: &'static str,
    rows: u64,
    bytes: u64,
    jobs: BTreeMap<&'static str, Measured>,
}

impl Table {
    pub(crate) fn new(place: &'static str, rows: u64, bytes: u64) -> Self {
        Self { place, rows, bytes, jobs: BTreeMap::new() }
    }

    /// The fastest run counts, and of memory the highest peak.
    pub(crate) fn note(&mut self, job: &'static str, measured: Option<Measured>) {
        let Some(measured) = measured else { return };
        let kept = self.jobs.entry(job).or_insert(measured);
        kept.wall = kept.wall.min(measured.wall);
        kept.processor = kept.processor.min(measured.processor);
        kept.peak = kept.peak.max(measured.peak);
    }

    fn seconds(&self, job: &str) -> Option<f64> {
        self.jobs.get(job).map(|measured| measured.wall.as_secs_f64())
    }

    fn ratio(&self, job: &str, base: &str) -> Option<f64> {
        Some(self.seconds(job)? / self.seconds(base)?)
    }

    fn text(&self) -> String {
        let megabytes = self.bytes as f64 / 1e6;
        let mut text = format!("{}: {} rows, {megabytes:.1} MB\n\n", self.place, self.rows);
        text +=
            "job                         seconds  ÷ csv  processors   rows/s  peak MiB  bound\n";
        for job in &JOBS {
            match self.jobs.get(job.label) {
                Some(measured) => text += &self.line(job.label, measured),
                None => text += &format!("{:<27} not found\n", job.label),
            }
        }
        text + "\n" + &self.ratios()
    }

    fn line(&self, label: &str, measured: &Measured) -> String {
        let Measured { wall, processor, peak, phones } = measured;
        let (seconds, csv) = (wall.as_secs_f64(), self.ratio(label, READ));
        let processor = processor.as_ref().map(Duration::as_secs_f64);
        let rows = self.rows as f64 / seconds;
        let peak = peak.map(|peak| peak as f64 / 1024.0);
        let bound = phones.map(|phones| 64.0 + 24.0 * phones as f64 / f64::from(1 << 20));
        let [csv, processor] = [csv, processor].map(|figure| cell(figure, 2));
        let [peak, bound] = [peak, bound].map(|figure| cell(figure, 0));
        let line = format!(
            "{label:<27} {seconds:>7.2} {csv:>6} {processor:>11} {rows:>8.0} {peak:>9} {bound:>6}"
        );
        line.trim_end().to_owned() + "\n"
    }

    fn ratios(&self) -> String {
        let mut text = String::new();
        for [two, one] in PAIRS {
            text += &ratio(&format!("{two} ÷ {one}"), self.ratio(two, one));
            for peer in PEERS {
                text += &ratio(&format!("{two} ÷ {peer}"), self.ratio(two, peer));
            }
        }
        text
    }
}

fn cell(figure: Option<f64>, digits: usize) -> String {
    figure.map(|figure| format!("{figure:.digits$}")).unwrap_or_default()
}

fn ratio(label: &str, ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{label:<48} {ratio:>6.2}\n")).unwrap_or_default()
}

/// The tables, and how the places compare.
pub(crate) fn report(tables: &[Table]) -> String {
    let mut text: String = tables.iter().map(|table| table.text() + "\n").collect();
    if let [first, second] = tables {
        text += &format!("{} ÷ {}\n\n", second.place, first.place);
        for job in &JOBS {
            let both = second.seconds(job.label).zip(first.seconds(job.label));
            text += &ratio(job.label, both.map(|(second, first)| second / first));
        }
    }
    text.trim_end().to_owned() + "\n"
}
