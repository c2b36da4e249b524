//! JSON objects with unknown fields. Structs are read by [`Object`](contactmill_wire::object::Object).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

/// The fields of any object, in order. A name that occurs twice is an error: nobody can say which of the
/// two counts.
#[derive(Debug)]
pub(crate) struct Fields(pub(crate) Vec<(String, Value)>);

impl Fields {
    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;

        impl<'de> Visitor<'de> for OfMap {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
                let mut fields = Fields(Vec::new());
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if fields.get(&name).is_some() {
                        return Err(M::Error::custom("a field occurs twice"));
                    }
                    fields.0.push((name, value));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(OfMap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_occurs_twice_is_an_error() {
        let read = |text| serde_json::from_str::<Fields>(text);
        let fields = read(r#"{"a":1,"b":{"a":2}}"#).unwrap();
        assert_eq!(fields.get("a"), Some(&1.into()));
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, "[]", r#"[["a",1]]"#, "null"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
