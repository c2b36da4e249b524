//! A slice of an import array, and the body of its request.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use contactmill_wire::journal::ArraySlice;
use contactmill_wire::object::Object;

use crate::folder::contacts_of;

/// The body of the request that sends a slice of an array, with a tag for every contact.
///
/// # Errors
///
/// When the array is not what it was when it was checked, or a tag cannot be added.
pub(crate) fn body(
    json: Vec<u8>,
    slice: ArraySlice,
    tag: Option<&str>,
) -> Result<Vec<u8>, BodyError> {
    let contacts = contacts_of(&json).map_err(|_| BodyError::NotAnArray)?;
    let is_whole = slice.first == 0 && slice.end as usize == contacts.len();
    if is_whole && tag.is_none() {
        return Ok(json);
    }
    let chosen =
        contacts.get(slice.first as usize..slice.end as usize).ok_or(BodyError::NotAnArray)?;
    let mut body = Vec::with_capacity(json.len());
    for (index, contact) in chosen.iter().enumerate() {
        body.push(if index == 0 { b'[' } else { b',' });
        match tag {
            None => body.extend_from_slice(contact.get().as_bytes()),
            Some(tag) => write_tagged(contact, tag, &mut body)?,
        }
    }
    body.push(b']');
    Ok(body)
}

/// Why a body could not be made. It holds no contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    NotAnArray,
    NoTags,
}

/// A contact down to its tags. Everything else is sent byte for byte, which is why this is not
/// [`wire::import::Contact`](contactmill_wire::import::Contact): reading and writing that would drop
/// unknown fields and change escapes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contact<'c> {
    #[serde(borrow)]
    profile: Object<Profile<'c>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Profile<'c> {
    #[serde(borrow)]
    user_details: Object<UserDetails<'c>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct UserDetails<'c> {
    #[serde(borrow)]
    user_provided_name: &'c RawValue,
    #[serde(borrow)]
    contact: &'c RawValue,
    tags: Vec<String>,
    #[serde(borrow)]
    attributes: &'c RawValue,
}

fn write_tagged(contact: &RawValue, tag: &str, body: &mut Vec<u8>) -> Result<(), BodyError> {
    let Object(mut contact): Object<Contact<'_>> =
        serde_json::from_str(contact.get()).map_err(|_| BodyError::NoTags)?;
    let Object(profile) = &mut contact.profile;
    let Object(details) = &mut profile.user_details;
    let tags = &mut details.tags;
    if !tags.iter().any(|present| present == tag) {
        tags.push(tag.to_owned());
    }
    serde_json::to_writer(body, &contact).map_err(|_| BodyError::NoTags)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRAY: &[u8] = br#"[{"profile":{"userDetails":{"userProvidedName":"Asha \u0041","contact":{"email":"","phone":{"number":"9876543210","prefix":"91"}},"tags":["lead"],"attributes":[]}}},2,3]"#;

    fn made(first: u32, end: u32, tag: Option<&str>) -> Result<String, BodyError> {
        let slice = ArraySlice { array: 0, first, end };
        body(ARRAY.to_vec(), slice, tag).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn a_whole_array_is_sent_byte_for_byte() {
        assert_eq!(made(0, 3, None).unwrap().as_bytes(), ARRAY);
    }

    #[test]
    fn a_slice_is_sent_as_an_array() {
        assert_eq!(made(1, 3, None).unwrap(), "[2,3]");
        assert_eq!(made(2, 3, None).unwrap(), "[3]");
        assert_eq!(made(2, 4, None), Err(BodyError::NotAnArray));
    }

    #[test]
    fn a_tag_is_added_once_and_nothing_else_changes() {
        let text = std::str::from_utf8(ARRAY).unwrap();
        let expected = text.replace("[\"lead\"]", "[\"lead\",\"spring\"]").replace(",2,3]", "]");
        assert_eq!(made(0, 1, Some("spring")).unwrap(), expected);
        assert_eq!(made(0, 1, Some("lead")).unwrap(), text.replace(",2,3]", "]"));
        assert_eq!(made(1, 2, Some("spring")), Err(BodyError::NoTags));
    }

    #[test]
    fn a_contact_made_of_arrays_is_not_tagged() {
        let details = r#"{"userProvidedName":"Asha","contact":{},"tags":[],"attributes":[]}"#;
        for contact in [
            r#"[[["Asha",{},[],[]]]]"#.to_owned(),
            format!("[[{details}]]"),
            format!(r#"{{"profile":[{details}]}}"#),
            r#"{"profile":{"userDetails":["Asha",{},[],[]]}}"#.to_owned(),
        ] {
            let array = format!("[{contact}]").into_bytes();
            let slice = ArraySlice { array: 0, first: 0, end: 1 };
            assert_eq!(body(array.clone(), slice, Some("spring")), Err(BodyError::NoTags));
            assert_eq!(body(array.clone(), slice, None), Ok(array));
        }
    }

    #[test]
    fn halves_cover_the_slice_and_end_at_one_contact() {
        let slice = ArraySlice { array: 0, first: 3, end: 8 };
        let (first, second) = slice.halves().unwrap();
        assert_eq!((first.first, first.end, second.first, second.end), (3, 5, 5, 8));
        let single = ArraySlice { array: 0, first: 3, end: 4 };
        assert_eq!(single.halves(), None);
        assert_eq!(slice.split_first(), (single, Some(ArraySlice { first: 4, ..slice })));
        assert_eq!(single.split_first(), (single, None));
    }
}
