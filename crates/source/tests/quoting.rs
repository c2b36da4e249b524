//! Fields are read as they were written, in any way of quoting. Text that is quoted in the usual way is read
//! in the usual way, even with apostrophes and backslashes in it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use contactmill_core::records::{Block, Source};
use contactmill_source::{Dump, Input, ReadOptions};
use proptest::collection::vec;
use proptest::prelude::*;

type Rows = Vec<Vec<String>>;

/// All rows of a text, header row and all.
fn read(text: &str) -> Rows {
    let options = ReadOptions::new(&tempfile::tempfile);
    let input = Input::spool("text", text.as_bytes(), tempfile::tempfile).unwrap();
    let mut source = Dump::of(input, options).unwrap().members[0].open(options).unwrap();
    let mut rows = vec![source.header().to_vec()];
    while let Some(block) = source.next_block().unwrap() {
        block.visit(&mut |record| rows.push(record.iter().map(str::to_owned).collect())).unwrap();
    }
    rows
}

/// The rows with every field in quotes, and what `escape` makes of its text.
fn written(rows: &Rows, quote: char, delimiter: char, escape: impl Fn(&str) -> String) -> String {
    let field = |field: &String| format!("{quote}{}{quote}", escape(field));
    let line = |row: &Vec<String>| {
        row.iter().map(field).collect::<Vec<_>>().join(&delimiter.to_string()) + "\n"
    };
    rows.iter().map(line).collect()
}

/// Rows below a header row, with what is a sign in some way of quoting, and with enough other rows
/// that the way can be told.
fn rows() -> impl Strategy<Value = Rows> {
    let row = |field: &'static str| vec(proptest::string::string_regex(field).unwrap(), 3);
    (vec(row("[a-z'\"\\\\,;\n ]{0,8}"), 1..8), vec(row("[a-z]{1,5}"), 80)).prop_map(
        |(strange, plain)| {
            let header = ["name", "phone", "note"].map(String::from).to_vec();
            [vec![header], strange, plain].concat()
        },
    )
}

proptest! {
    #[test]
    fn single_quotes_and_backslashes(rows in rows(), delimiter in prop::sample::select(vec![',', ';', '\t'])) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\"");
        // Something must show that backslashes escape.
        let mut rows = rows;
        rows.push(["O'Brien", "it's", "\"x\" y"].map(String::from).to_vec());
        prop_assert_eq!(&read(&written(&rows, '\'', delimiter, escaped)), &rows);
        prop_assert_eq!(&read(&written(&rows, '"', delimiter, escaped)), &rows);
    }

    #[test]
    fn doubled_single_quotes(rows in rows()) {
        // A backslash before a doubled quote could be one that escapes.
        let rows: Rows = rows
            .into_iter()
            .map(|row| row.into_iter().map(|field| field.replace('\\', "/")).collect())
            .collect();
        let doubled = |text: &str| text.replace('\'', "''");
        prop_assert_eq!(&read(&written(&rows, '\'', ',', doubled)), &rows);
    }

    #[test]
    fn the_usual_way_stays_the_usual_way(rows in rows(), all in any::<bool>()) {
        let style = if all { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(read(&text), rows);
    }
}
