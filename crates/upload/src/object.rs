//! JSON objects that are objects: `serde` would read an array into a struct too, field by field.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A struct that is read from an object alone.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Object<T>, M::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The fields of any object, in order. A name that stands there twice is an error: nobody can tell
/// which of the two counts.
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
                        return Err(M::Error::custom("a field stands there twice"));
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
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Pair {
        first: u32,
        second: Option<u32>,
    }

    #[test]
    fn an_array_is_not_read_as_a_struct() {
        let read = |text| serde_json::from_str::<Object<Pair>>(text);
        let Object(pair) = read(r#"{"first":1,"other":[]}"#).unwrap();
        assert_eq!((pair.first, pair.second), (1, None));
        // What makes the wrapper necessary.
        assert!(serde_json::from_str::<Pair>("[1,2]").is_ok());
        for text in ["[1,2]", "[1]", "[]", "1", "null", r#"{"first":1,"first":2}"#, "{}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_field_that_stands_there_twice_is_an_error() {
        let read = |text| serde_json::from_str::<Fields>(text);
        let fields = read(r#"{"a":1,"b":{"a":2}}"#).unwrap();
        assert_eq!(fields.get("a"), Some(&1.into()));
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, "[]", r#"[["a",1]]"#, "null"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
