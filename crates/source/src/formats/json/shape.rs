//! Distinguishing a record from an object that holds a whole table.

use json_event_parser::{JsonEvent, LowLevelJsonParser, LowLevelJsonParserResult};

use super::leaves::{MAX_DEPTH, MAX_NUMBERED};

/// What the values of an object are, if it is not a record; `None` where it may be one.
///
/// Two forms hold all records in one object: records by their keys (`{"id1": {…}, "id2": {…}}`), which
/// is also how pandas writes columns (`{"name": {"0": …, "1": …}, "phone": {…}}`), and columns as
/// lists (`{"name": […], "phone": […]}`). Read as one record, they would make one contact of many
/// people. So the values of a record must not all be objects that have a key in common, nor all be lists
/// of the same length of at least two.
///
/// Nor may it have a list of more objects than get columns of their own: that is a table under a key which
/// is not known to wrap one. Objects of two keys are not counted, as they may be a key and its value. And where
/// it holds objects alone, none of these may hold several people by their keys (`{"users": {"id1": {…}, …}}`).
pub(super) fn no_record(bytes: &[u8]) -> Option<&'static str> {
    let mut shape = Some(Shape::default());
    let mut lists = Lists::default();
    let mut people = PeopleByKey::default();
    let mut parser = LowLevelJsonParser::new().with_max_stack_size(MAX_DEPTH);
    let mut rest = bytes;
    loop {
        let LowLevelJsonParserResult { event, consumed_bytes } = parser.parse_next(rest, true);
        rest = &rest[consumed_bytes..];
        let event = match event {
            None => continue,
            // Text that is not JSON is rejected as a malformed record.
            Some(Err(_)) => return None,
            Some(Ok(JsonEvent::Eof)) => {
                return shape.and_then(|shape| shape.verdict()).or_else(|| people.verdict());
            }
            Some(Ok(event)) => event,
        };
        if lists.take(&event) > MAX_NUMBERED {
            return Some("a list of many objects");
        }
        people.take(&event);
        shape = shape.and_then(|mut shape| shape.take(event).then_some(shape));
    }
}

/// The lists and objects that are open.
#[derive(Debug, Default)]
struct Lists(Vec<Open>);

#[derive(Debug)]
enum Open {
    /// A list, with the number of its objects that have three keys or more.
    List { objects: usize },
    /// An object, with the number of its keys.
    Object { keys: usize },
}

impl Lists {
    /// Takes an event. Returns the number of objects of the list in which it ends one.
    fn take(&mut self, event: &JsonEvent<'_>) -> usize {
        match event {
            JsonEvent::StartObject => self.0.push(Open::Object { keys: 0 }),
            JsonEvent::StartArray => self.0.push(Open::List { objects: 0 }),
            JsonEvent::ObjectKey(_) => {
                if let Some(Open::Object { keys }) = self.0.last_mut() {
                    *keys += 1;
                }
            }
            JsonEvent::EndObject => {
                let ended = self.0.pop();
                if let (Some(Open::Object { keys: 3.. }), Some(Open::List { objects })) =
                    (ended, self.0.last_mut())
                {
                    *objects += 1;
                    return *objects;
                }
            }
            JsonEvent::EndArray => {
                self.0.pop();
            }
            _ => {}
        }
        0
    }
}

/// The values of the values of an object, where these are objects, too.
#[derive(Debug, Default)]
struct PeopleByKey {
    depth: usize,
    /// Whether the outer object holds anything but objects and lists.
    has_value: bool,
    /// Of the inner object that is open: how many objects it holds, how many of them have a value with the look
    /// of a number or an address, and how many other values.
    objects: usize,
    people: usize,
    others: usize,
    /// Whether the innermost object has such a value.
    is_person: bool,
    is_found: bool,
}

impl PeopleByKey {
    fn take(&mut self, event: &JsonEvent<'_>) {
        match event {
            JsonEvent::StartObject => {
                self.depth += 1;
                match self.depth {
                    2 => (self.objects, self.people, self.others) = (0, 0, 0),
                    3 => (self.objects, self.is_person) = (self.objects + 1, false),
                    _ => {}
                }
            }
            JsonEvent::StartArray => {
                self.others += usize::from(self.depth == 2);
                self.depth += 1;
            }
            JsonEvent::EndObject => {
                match self.depth {
                    2 => {
                        let are_people = self.objects > 1 && self.people == self.objects;
                        self.is_found |= are_people && self.others == 0;
                    }
                    3 => self.people += usize::from(self.is_person),
                    _ => {}
                }
                self.depth -= 1;
            }
            JsonEvent::EndArray => self.depth -= 1,
            JsonEvent::String(text) | JsonEvent::Number(text) => self.value(text),
            JsonEvent::Boolean(_) | JsonEvent::Null => self.value(""),
            JsonEvent::ObjectKey(_) | JsonEvent::Eof => {}
        }
    }

    fn value(&mut self, text: &str) {
        // Shorter ones are years and prices.
        const FEWEST_DIGITS: usize = 7;
        match self.depth {
            1 => self.has_value = true,
            2 => self.others += 1,
            3 => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                self.is_person |= digits >= FEWEST_DIGITS || text.contains('@');
            }
            _ => {}
        }
    }

    fn verdict(&self) -> Option<&'static str> {
        (self.is_found && !self.has_value).then_some("objects by their keys")
    }
}

/// What is known about the values of an object.
#[derive(Debug, Default)]
struct Shape {
    depth: usize,
    objects: usize,
    /// The keys that all objects so far have.
    shared: Vec<String>,
    /// Those of them that the current object has.
    present: Vec<String>,
    lists: usize,
    /// The length of the first list.
    first_len: usize,
    /// The length of the current list so far.
    len: usize,
}

impl Shape {
    /// Takes an event. Returns `false` once the object must be a record.
    fn take(&mut self, event: JsonEvent<'_>) -> bool {
        match event {
            JsonEvent::StartObject => {
                self.depth += 1;
                if self.depth == 2 {
                    self.objects += 1;
                    self.present.clear();
                }
                // A list of objects is one of phones or addresses.
                self.depth != 3 || self.lists == 0
            }
            JsonEvent::EndObject => {
                if self.depth == 2 {
                    self.shared = std::mem::take(&mut self.present);
                }
                self.depth -= 1;
                self.depth == 0 || self.objects == 0 || !self.shared.is_empty()
            }
            JsonEvent::ObjectKey(key) => {
                if self.depth == 2
                    && (self.objects == 1 || self.shared.iter().any(|known| *known == key))
                {
                    self.present.push(key.into_owned());
                }
                true
            }
            JsonEvent::StartArray => {
                self.depth += 1;
                if self.depth == 2 {
                    self.lists += 1;
                    self.len = 0;
                } else if self.depth == 3 {
                    self.len += 1;
                }
                self.objects == 0 || self.depth > 2
            }
            JsonEvent::EndArray => {
                let is_value = self.depth == 2;
                self.depth -= 1;
                if is_value && self.lists == 1 {
                    self.first_len = self.len;
                }
                !is_value || self.len == self.first_len && self.len > 1
            }
            JsonEvent::String(_)
            | JsonEvent::Number(_)
            | JsonEvent::Boolean(_)
            | JsonEvent::Null => {
                if self.depth == 2 {
                    self.len += 1;
                }
                self.depth > 1
            }
            JsonEvent::Eof => true,
        }
    }

    fn verdict(&self) -> Option<&'static str> {
        match (self.objects, self.lists) {
            (2.., 0) => Some("objects by their keys"),
            (0, 2..) => Some("the columns of a table"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_that_hold_a_whole_table_are_distinguished_from_records() {
        for (json, verdict) in [
            (r#"{"a":{"name":"x","phone":1},"b":{"phone":2}}"#, Some("objects by their keys")),
            (r#"{"name":{"0":"x","1":"y"},"phone":{"0":1,"1":2}}"#, Some("objects by their keys")),
            (r#"{"name":["x","y"],"phone":[1,null]}"#, Some("the columns of a table")),
            (r#"{"name":"x","phone":1}"#, None),
            (r#"{"name":{"first":"x"},"phone":{"number":1}}"#, None),
            (r#"{"name":"x","phones":[1,2],"mails":["a","b"]}"#, None),
            (r#"{"names":["x"],"phones":[1]}"#, None),
            (r#"{"names":["x"],"phones":[1,2]}"#, None),
            (r#"{"phones":[{"n":1},{"n":2}],"mails":[{"m":1},{"m":2}]}"#, None),
            (r#"{"contact":{"name":"x","phone":1}}"#, None),
            (
                r#"{"users":{"a":{"phone":"9876543210"},"b":{"phone":9876543211}},"more":{"x":1}}"#,
                Some("objects by their keys"),
            ),
            (r#"{"name":"x","phones":{"a":{"n":"9876543210"},"b":{"n":"9876543211"}}}"#, None),
            (
                r#"{"who":{"name":"x"},"at":{"home":{"zip":"411001"},"work":{"zip":"411002"}}}"#,
                None,
            ),
            (r#"{"who":{"name":"x","a":{"n":"9876543210"},"b":{"n":"9876543211"}}}"#, None),
            (r#"{"a":{"n":1},"b":{"n":1}"#, None),
            ("{}", None),
        ] {
            assert_eq!(no_record(json.as_bytes()), verdict, "{json}");
        }
    }

    #[test]
    fn a_list_of_more_objects_than_get_columns_is_a_table_unless_they_are_keys_and_values() {
        for (object, count, is_table) in [
            (r#"{"n":"x","p":1,"q":2}"#, MAX_NUMBERED + 1, true),
            (r#"{"n":"x","p":1,"q":2}"#, MAX_NUMBERED, false),
            (r#"{"key":"x","value":"y"}"#, MAX_NUMBERED + 1, false),
            (r#"["n","p","q"]"#, MAX_NUMBERED + 1, false),
        ] {
            let list = vec![object; count].join(",");
            let json = format!(r#"{{"status":"ok","found":{{"guests":[{list}]}}}}"#);
            let verdict = is_table.then_some("a list of many objects");
            assert_eq!(no_record(json.as_bytes()), verdict, "{count} of {object}");
        }
    }
}
