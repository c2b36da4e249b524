//! The values of one JSON record, each with the path that leads to it.

use std::ops::Range;

use json_event_parser::{JsonEvent, LowLevelJsonParser, LowLevelJsonParserResult};

/// Records that nest deeper are given up.
const MAX_DEPTH: usize = 64;

/// So many objects of one list get columns of their own; the values of further ones are put into the
/// columns of the last.
const MAX_NUMBERED: usize = 32;

/// The values of one record, in the order in which they stand, in buffers that are used again.
///
/// The path to a value is the keys that lead to it, with dots between: `contact.phone`. Of a list of
/// objects the second is `phones.2.number`; the values of other lists share their path. An object of
/// a list that has just a `key` and a `value` is read as one value under that key.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    paths: String,
    values: String,
    leaves: Vec<Leaf>,
    /// The path to what is being read.
    path: String,
    levels: Vec<Level>,
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
    /// How long the path to it is.
    path_len: usize,
    /// In a list, how many objects there were.
    objects: usize,
    /// Where its leaves begin.
    leaves: usize,
}

/// The bytes are no record: no object, or no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Leaves {
    /// Paths and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |leaf: &Leaf| (&self.paths[leaf.path.clone()], &self.values[leaf.value.clone()]);
        self.leaves.iter().map(text)
    }

    /// The value at this place among all.
    pub(crate) fn value(&self, index: usize) -> &str {
        let range = self.leaves.get(index).map(|leaf| leaf.value.clone());
        range.and_then(|range| self.values.get(range)).unwrap_or_default()
    }

    /// Reads an object.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        self.paths.clear();
        self.values.clear();
        self.leaves.clear();
        self.path.clear();
        self.levels.clear();
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
            JsonEvent::EndArray => self.end(),
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
        self.levels.push(Level { is_list, path_len, objects: 0, leaves });
    }

    fn start_object(&mut self) {
        if let Some(list) = self.levels.last_mut().filter(|level| level.is_list) {
            list.objects += 1;
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

    fn end(&mut self) {
        self.levels.pop();
        let len = self.levels.last().map_or(0, |level| level.path_len);
        // What a list holds next has the path of the list.
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
    fn numbers_stay_as_they_are_written() {
        check(
            r#"{"p":919876543210,"q":9.19876543210E+11,"r":98765432109876543210}"#,
            &[("p", "919876543210"), ("q", "9.19876543210E+11"), ("r", "98765432109876543210")],
        );
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        for json in ["1", "\"x\"", "[1]", "{", "{\"a\":}", "{} x", "{\"a\":\"\n\"}", &deep] {
            assert_eq!(Leaves::default().read(json.as_bytes()), Err(Malformed), "{json}");
        }
    }
}
