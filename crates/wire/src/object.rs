//! JSON objects that are read from objects alone: `serde` reads an array into a struct too, field by
//! field, and would take `["Asha", …]` for a contact.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// A struct that is read from an object alone.
///
/// ```
/// use contactmill_wire::import::Phone;
/// use contactmill_wire::object::Object;
///
/// let array = r#"["9876543210","91"]"#;
/// assert!(serde_json::from_str::<Phone>(array).is_ok());
/// assert!(serde_json::from_str::<Object<Phone>>(array).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object<T>(pub T);

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

/// Reads a field from an object alone.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// Reads a field from an array of objects.
pub(crate) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects: Vec<Object<T>> = Vec::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
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
        assert!(read("[1]").unwrap_err().to_string().contains("expected an object"));
    }
}
