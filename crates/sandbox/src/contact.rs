//! Checks contacts: every field is present and of its type, and there is no other.

use serde_json::{Map, Value};

/// A contact that is valid, and its key.
pub(crate) struct Valid {
    pub(crate) key: Key,
    pub(crate) contact: Value,
}

/// Identifies a contact: prefix and number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The country calling code.
    pub prefix: String,
    /// The national number.
    pub number: String,
}

/// The contacts of an array, or a message about the first mistake, as a service would write it.
pub(crate) fn contacts_in(body: &[u8]) -> Result<Vec<Valid>, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("Body is no JSON: {error}"))?;
    let Value::Array(contacts) = value else {
        return Err("Body must be an array, for a single contact too.".to_owned());
    };
    if contacts.is_empty() {
        return Err("The array has no contacts.".to_owned());
    }
    let checked = contacts.into_iter().enumerate().map(|(index, contact)| {
        key_of(&contact)
            .map_err(|problem| format!("[{index}].{problem}"))
            .map(|key| Valid { key, contact })
    });
    checked.collect()
}

fn key_of(contact: &Value) -> Result<Key, String> {
    let profile = only(contact, "", &["profile"])?;
    let details = only(&profile["profile"], "profile", &["userDetails"])?;
    let path = "profile.userDetails";
    let details = only(
        &details["userDetails"],
        path,
        &["userProvidedName", "contact", "tags", "attributes"],
    )?;
    if text(&details["userProvidedName"], path, "userProvidedName")?.trim().is_empty() {
        return Err(format!("{path}.userProvidedName must not be empty."));
    }
    for tag in list(&details["tags"], path, "tags")? {
        if text(tag, path, "tags[]")?.is_empty() {
            return Err(format!("{path}.tags[] must not be empty."));
        }
    }
    for attribute in list(&details["attributes"], path, "attributes")? {
        let at = "profile.userDetails.attributes[]";
        let attribute = only(attribute, at, &["key", "value"])?;
        if text(&attribute["key"], at, "key")?.is_empty() {
            return Err(format!("{at}.key must not be empty."));
        }
        text(&attribute["value"], at, "value")?;
    }
    let path = "profile.userDetails.contact";
    let reach = only(&details["contact"], path, &["email", "phone"])?;
    let email = text(&reach["email"], path, "email")?;
    let is_address = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !email.contains(char::is_whitespace)
    });
    if !email.is_empty() && !is_address {
        return Err(format!("{path}.email must be an address or empty."));
    }
    let path = "profile.userDetails.contact.phone";
    let phone = only(&reach["phone"], path, &["number", "prefix"])?;
    let number = digits(&phone["number"], path, "number", 3..=15)?;
    let prefix = digits(&phone["prefix"], path, "prefix", 1..=3)?;
    if prefix.starts_with('0') {
        return Err(format!("{path}.prefix must not begin with 0."));
    }
    if prefix.len() + number.len() > 16 {
        return Err(format!("{path} has more digits than a number can have."));
    }
    Ok(Key { prefix: prefix.to_owned(), number: number.to_owned() })
}

/// The object, if it has these fields and no other.
fn only<'v>(
    value: &'v Value,
    path: &str,
    fields: &[&str],
) -> Result<&'v Map<String, Value>, String> {
    let at = |field: &str| match path {
        "" => field.to_owned(),
        path => format!("{path}.{field}"),
    };
    let Value::Object(object) = value else { return Err(format!("{path} must be an object.")) };
    if let Some(missing) = fields.iter().find(|field| !object.contains_key(**field)) {
        return Err(format!("{} is missing.", at(missing)));
    }
    match object.keys().find(|key| !fields.contains(&key.as_str())) {
        Some(unknown) => Err(format!("{} is not known.", at(unknown))),
        None => Ok(object),
    }
}

fn text<'v>(value: &'v Value, path: &str, field: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("{path}.{field} must be a string."))
}

fn list<'v>(value: &'v Value, path: &str, field: &str) -> Result<&'v [Value], String> {
    let list = value.as_array().map(Vec::as_slice);
    list.ok_or_else(|| format!("{path}.{field} must be an array."))
}

fn digits<'v>(
    value: &'v Value,
    path: &str,
    field: &str,
    lengths: std::ops::RangeInclusive<usize>,
) -> Result<&'v str, String> {
    let text = text(value, path, field)?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{path}.{field} must have digits alone."));
    }
    if !lengths.contains(&text.len()) {
        return Err(format!(
            "{path}.{field} must have {} to {} digits.",
            lengths.start(),
            lengths.end()
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contact() -> Value {
        json!({"profile": {"userDetails": {
            "userProvidedName": "John Doe",
            "contact": {"email": "john@example.com", "phone": {"number": "9876543210", "prefix": "91"}},
            "tags": ["lead"],
            "attributes": [{"key": "plan", "value": "pro"}],
        }}})
    }

    fn check(contact: &Value) -> Result<Key, String> {
        let body = serde_json::to_vec(&[contact]).unwrap();
        contacts_in(&body).map(|mut contacts| contacts.remove(0).key)
    }

    #[test]
    fn the_published_example_is_valid() {
        let key = check(&contact()).unwrap();
        assert_eq!((key.prefix.as_str(), key.number.as_str()), ("91", "9876543210"));
    }

    #[test]
    fn every_field_must_be_present_and_of_its_type() {
        for path in [
            "/profile",
            "/profile/userDetails",
            "/profile/userDetails/userProvidedName",
            "/profile/userDetails/contact",
            "/profile/userDetails/contact/email",
            "/profile/userDetails/contact/phone",
            "/profile/userDetails/contact/phone/number",
            "/profile/userDetails/contact/phone/prefix",
            "/profile/userDetails/tags",
            "/profile/userDetails/tags/0",
            "/profile/userDetails/attributes",
            "/profile/userDetails/attributes/0",
            "/profile/userDetails/attributes/0/key",
            "/profile/userDetails/attributes/0/value",
        ] {
            for wrong in [Value::Null, json!(7), json!({"x": 1})] {
                let mut contact = contact();
                *contact.pointer_mut(path).unwrap() = wrong.clone();
                assert!(check(&contact).is_err(), "{path} = {wrong}");
            }
            let mut contact = contact();
            let (parent, field) = path.rsplit_once('/').unwrap();
            if let Some(Value::Object(parent)) = contact.pointer_mut(parent) {
                let value = parent.remove(field).unwrap();
                parent.insert(format!("{field}2"), value.clone());
                assert!(check(&contact).is_err(), "without {path}");
                let parent = path.rsplit_once('/').unwrap().0;
                let parent = contact.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
                parent.insert(field.to_owned(), value);
                assert!(check(&contact).is_err(), "one more than {path}");
            }
        }
    }

    #[test]
    fn values_must_make_sense() {
        for (path, wrong) in [
            ("userProvidedName", json!(" ")),
            ("contact/email", json!("john")),
            ("contact/email", json!("john@")),
            ("contact/phone/number", json!("98765 43210")),
            ("contact/phone/number", json!("")),
            ("contact/phone/prefix", json!("+91")),
            ("contact/phone/prefix", json!("091")),
            ("tags/0", json!("")),
            ("attributes/0/key", json!("")),
        ] {
            let mut contact = contact();
            *contact.pointer_mut(&format!("/profile/userDetails/{path}")).unwrap() = wrong;
            let error = check(&contact).unwrap_err();
            assert!(error.starts_with("[0].profile.userDetails."), "{error}");
        }
        let mut italian = contact();
        *italian.pointer_mut("/profile/userDetails/contact/phone").unwrap() =
            json!({"number": "0612345678", "prefix": "39"});
        *italian.pointer_mut("/profile/userDetails/contact/email").unwrap() = json!("");
        assert_eq!(check(&italian).unwrap().number, "0612345678");
    }

    #[test]
    fn a_body_must_be_an_array_with_contacts() {
        for body in ["", "{}", "[]", "[", "null"] {
            assert!(contacts_in(body.as_bytes()).is_err(), "{body}");
        }
    }
}
