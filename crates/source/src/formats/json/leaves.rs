//! The values of one JSON record, each with the path that leads to it.

use std::ops::Range;

use contactmill_core::columns::PhoneRank;
use contactmill_core::records::Integrity;
use json_event_parser::{JsonEvent, LowLevelJsonParser, LowLevelJsonParserResult};

use crate::records::self_describing::{ColumnGroup, RecordParser};

/// Maximum nesting depth of a record. A record that nests deeper is malformed.
pub(super) const MAX_DEPTH: usize = 64;

/// Maximum number of objects of one list that get columns of their own. The values of further objects
/// go into the columns of the last.
pub(super) const MAX_NUMBERED: usize = 32;

/// The values of one record, in their order, in buffers that are used again.
///
/// The path to a value is the keys that lead to it, with dots between them: `contact.phone`. In a list
/// of objects the second is `phones.2.number`; the values of other lists share their path. An object of
/// a list that has only a `key` and a `value` is read as one value under that key. Objects of a list
/// that are labelled as mobiles or WhatsApp, as phones are, come first; the core ranks the labels.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    paths: String,
    values: String,
    leaves: Vec<Leaf>,
    /// The path to what is being read.
    path: String,
    levels: Vec<Level>,
    /// The index of the first leaf of each object, for the lists that are being read.
    objects: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Leaf {
    path: Range<usize>,
    value: Range<usize>,
}

/// An object or a list that is being read.
#[derive(Clone, Copy, Debug)]
struct Level {
    is_list: bool,
    /// The length of the path to it.
    path_len: usize,
    /// In a list, the number of objects so far.
    objects: usize,
    /// Whether an object of the list was read as a key and its value.
    has_keys: bool,
    /// The index of its first leaf.
    leaves: usize,
}

/// The bytes are not a record: they are another value, or not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl RecordParser for Leaves {
    fn parse(&mut self, bytes: &[u8]) -> Integrity {
        match self.read(bytes) {
            Ok(()) => Integrity::Whole,
            Err(Malformed) => Integrity::Malformed,
        }
    }

    fn each_column(&self, take: &mut dyn FnMut(&str, Option<ColumnGroup<'_>>) -> bool) -> bool {
        self.iter().all(|(path, _)| take(path, None))
    }

    fn value(&self, index: usize) -> &str {
        let range = self.leaves.get(index).map(|leaf| leaf.value.clone());
        range.and_then(|range| self.values.get(range)).unwrap_or_default()
    }
}

impl Leaves {
    /// Paths and values.
    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |leaf: &Leaf| (&self.paths[leaf.path.clone()], &self.values[leaf.value.clone()]);
        self.leaves.iter().map(text)
    }

    /// Reads an object.
    fn read(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        self.paths.clear();
        self.values.clear();
        self.leaves.clear();
        self.path.clear();
        self.levels.clear();
        self.objects.clear();
        if bytes.first() != Some(&b'{') {
            return Err(Malformed);
        }
        let mut parser = LowLevelJsonParser::new().with_max_stack_size(MAX_DEPTH);
        loop {
            let LowLevelJsonParserResult { event, consumed_bytes } = parser.parse_next(bytes, true);
            bytes = &bytes[consumed_bytes..];
            match event {
                None => {}
                Some(Ok(JsonEvent::Eof)) => return Ok(()),
                Some(Ok(event)) => self.take(event),
                Some(Err(_)) => return Err(Malformed),
            }
        }
    }

    fn take(&mut self, event: JsonEvent<'_>) {
        match event {
            JsonEvent::String(text) | JsonEvent::Number(text) => self.leaf(&text),
            JsonEvent::Boolean(value) => self.leaf(if value { "true" } else { "false" }),
            JsonEvent::Null => self.leaf(""),
            JsonEvent::ObjectKey(key) => {
                let len = self.levels.last().map_or(0, |level| level.path_len);
                self.path.truncate(len);
                self.step(&key);
            }
            JsonEvent::StartObject => self.start_object(),
            JsonEvent::StartArray => self.start(true),
            JsonEvent::EndObject => self.end_object(),
            JsonEvent::EndArray => self.end_list(),
            JsonEvent::Eof => {}
        }
    }

    fn step(&mut self, step: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(step);
    }

    fn start(&mut self, is_list: bool) {
        let (path_len, leaves) = (self.path.len(), self.leaves.len());
        self.levels.push(Level { is_list, path_len, objects: 0, has_keys: false, leaves });
    }

    fn start_object(&mut self) {
        if let Some(list) = self.levels.last_mut().filter(|level| level.is_list) {
            list.objects += 1;
            self.objects.push(self.leaves.len());
            let number = list.objects.min(MAX_NUMBERED);
            self.path.truncate(list.path_len);
            if number > 1 {
                self.step(&number.to_string());
            }
        }
        self.start(false);
    }

    fn end_object(&mut self) {
        let Some(object) = self.levels.last().copied() else { return };
        let list = self.levels.len().checked_sub(2).map(|at| self.levels[at]);
        if let Some(list) = list.filter(|level| level.is_list) {
            self.join_key_and_value(object, list);
        }
        self.end();
    }

    fn end_list(&mut self) {
        if let Some(list) = self.levels.last().copied() {
            let objects = self.objects.split_off(self.objects.len() - list.objects);
            if (2..=MAX_NUMBERED).contains(&objects.len()) && !list.has_keys {
                self.order_by_label(list, &objects);
            }
        }
        self.end();
    }

    /// Orders the objects of a list by their labels, if one of them is labelled as a mobile.
    fn order_by_label(&mut self, list: Level, objects: &[usize]) {
        let prefix = |index: usize| {
            let path = &self.path[..list.path_len];
            if index == 0 { path.to_owned() } else { format!("{path}.{}", index + 1) }
        };
        let ends = objects.iter().skip(1).copied().chain([self.leaves.len()]);
        let mut ranked: Vec<(PhoneRank, Vec<(&str, &Leaf)>)> = Vec::with_capacity(objects.len());
        for (index, (&start, end)) in objects.iter().zip(ends).enumerate() {
            let prefix = prefix(index);
            // A value that stands in the list beside objects is not part of one.
            let step = |leaf: &Leaf| self.paths[leaf.path.clone()].strip_prefix(prefix.as_str());
            let leaves = self.leaves[start..end].iter().map(|leaf| Some((step(leaf)?, leaf)));
            let Some(leaves) = leaves.collect::<Option<Vec<(&str, &Leaf)>>>() else {
                return;
            };
            let label =
                leaves.iter().find(|(step, _)| matches!(*step, ".type" | ".label" | ".kind"));
            let label = label.map_or("", |(_, leaf)| &self.values[leaf.value.clone()]);
            ranked.push((PhoneRank::of_label(label), leaves));
        }
        if objects.first() != Some(&list.leaves)
            || ranked.is_sorted_by_key(|(rank, _)| *rank)
            || ranked.iter().all(|(rank, _)| *rank > PhoneRank::Mobile)
        {
            return;
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut paths = String::new();
        let mut ordered = Vec::new();
        for (index, (_, leaves)) in ranked.into_iter().enumerate() {
            for (step, leaf) in leaves {
                let start = self.paths.len() + paths.len();
                paths.push_str(&prefix(index));
                paths.push_str(step);
                let path = start..self.paths.len() + paths.len();
                ordered.push(Leaf { path, value: leaf.value.clone() });
            }
        }
        self.paths.push_str(&paths);
        self.leaves.truncate(list.leaves);
        self.leaves.extend(ordered);
    }

    fn end(&mut self) {
        self.levels.pop();
        let len = self.levels.last().map_or(0, |level| level.path_len);
        // The next value of a list has the path of the list.
        if self.levels.last().is_some_and(|level| level.is_list) {
            self.path.truncate(len);
        }
    }

    /// `{"key": "City", "value": "Pune"}` in a list called `attributes` is `attributes.City`.
    fn join_key_and_value(&mut self, object: Level, list: Level) {
        let [first, second] = &self.leaves[object.leaves..] else { return };
        let step = |leaf: &Leaf| {
            let path = &self.paths[leaf.path.clone()];
            path.get(object.path_len..).unwrap_or_default().trim_start_matches('.')
        };
        let (key, value) = match (step(first), step(second)) {
            ("key", "value") => (first, second),
            ("value", "key") => (second, first),
            _ => return,
        };
        let key = self.values[key.value.clone()].to_owned();
        let value = value.value.clone();
        if key.is_empty() {
            return;
        }
        self.path.truncate(list.path_len);
        self.step(&key);
        self.leaves.truncate(object.leaves);
        let path = self.add_path();
        self.leaves.push(Leaf { path, value });
        let above = self.levels.len().checked_sub(2);
        if let Some(list) = above.and_then(|at| self.levels.get_mut(at)) {
            list.has_keys = true;
        }
    }

    fn add_path(&mut self) -> Range<usize> {
        let start = self.paths.len();
        self.paths.push_str(&self.path);
        start..self.paths.len()
    }

    fn leaf(&mut self, value: &str) {
        let start = self.values.len();
        self.values.push_str(value);
        let path = self.add_path();
        self.leaves.push(Leaf { path, value: start..self.values.len() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &[(&str, &str)]) {
        let mut leaves = Leaves::default();
        leaves.read(json.as_bytes()).unwrap();
        assert_eq!(leaves.iter().collect::<Vec<_>>(), expected, "{json}");
    }

    #[test]
    fn a_value_is_named_by_the_path_to_it() {
        check(
            r#"{"a":"x","b":{"c":1,"d":{"e":true}},"f":null}"#,
            &[("a", "x"), ("b.c", "1"), ("b.d.e", "true"), ("f", "")],
        );
        check(r#"{"t":["x","y"],"u":[],"v":{}}"#, &[("t", "x"), ("t", "y")]);
        check(
            r#"{"p":[{"n":1,"t":"a"},{"n":2}],"q":3}"#,
            &[("p.n", "1"), ("p.t", "a"), ("p.2.n", "2"), ("q", "3")],
        );
        check(
            r#"{"a":[{"key":"City","value":"Pune"},{"value":"x","key":"Plan"}]}"#,
            &[("a.City", "Pune"), ("a.Plan", "x")],
        );
        check(r#"{"a":[[1,[2]],3]}"#, &[("a", "1"), ("a", "2"), ("a", "3")]);
    }

    #[test]
    fn a_mobile_comes_before_other_phones() {
        check(
            r#"{"p":[{"n":1,"type":"work"},{"type":"Mobile","n":2},{"n":3}],"q":4}"#,
            &[
                ("p.type", "Mobile"),
                ("p.n", "2"),
                ("p.2.n", "3"),
                ("p.3.n", "1"),
                ("p.3.type", "work"),
                ("q", "4"),
            ],
        );
        check(
            r#"{"p":[{"n":1,"type":"work"},{"n":2,"type":"other"}]}"#,
            &[("p.n", "1"), ("p.type", "work"), ("p.2.n", "2"), ("p.2.type", "other")],
        );
        check(
            r#"{"p":[7,{"type":"home"},8,{"type":"cell"}],"k":[{"key":"type","value":"cell"}]}"#,
            &[("p", "7"), ("p.type", "home"), ("p", "8"), ("p.2.type", "cell"), ("k.type", "cell")],
        );
        check(
            r#"{"p":[{"q":[{"type":"home","n":1},{"type":"cell","n":2}],"type":"work"},{"type":"cell"}]}"#,
            &[
                ("p.type", "cell"),
                ("p.2.q.type", "cell"),
                ("p.2.q.n", "2"),
                ("p.2.q.2.type", "home"),
                ("p.2.q.2.n", "1"),
                ("p.2.type", "work"),
            ],
        );
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        check(
            r#"{"p":919876543210,"q":9.19876543210E+11,"r":98765432109876543210}"#,
            &[("p", "919876543210"), ("q", "9.19876543210E+11"), ("r", "98765432109876543210")],
        );
    }

    #[test]
    fn anything_but_an_object_is_malformed() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        for json in ["1", "\"x\"", "[1]", "{", "{\"a\":}", "{} x", "{\"a\":\"\n\"}", &deep] {
            assert_eq!(Leaves::default().read(json.as_bytes()), Err(Malformed), "{json}");
        }
    }
}
