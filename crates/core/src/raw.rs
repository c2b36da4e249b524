//! A contact as it was written: text by field, nothing checked.

use crate::reason::{Field, Reason};

/// Borrowed text by field, nothing checked.
///
/// Where a field has several texts, they are tried in order. For phones, the first that is not
/// rejected is the phone and the other valid ones become the attributes `phone_2`, `phone_3`, ….
///
/// ```
/// use contactmill_core::RawContact;
///
/// let mut raw = RawContact::default();
/// raw.phones.push("+91 98765 43210");
/// raw.attributes.push(("city", "Pune"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct RawContact<'r> {
    /// Full names.
    pub names: Vec<&'r str>,
    /// First names, joined with `last_names` where no full name is found.
    pub first_names: Vec<&'r str>,
    /// Last names.
    pub last_names: Vec<&'r str>,
    /// Phone numbers, best first.
    pub phones: Vec<&'r str>,
    /// Phone cells whose labels say that they do not hold the contact's own number (`type: fax`), and why
    /// each is refused. None of them is the phone; where there is no other, the record is rejected.
    pub phones_of_others: Vec<(&'r str, Reason)>,
    /// E-mail addresses, best first.
    pub emails: Vec<&'r str>,
    /// Countries: names, ISO 3166 codes or country calling codes.
    pub countries: Vec<&'r str>,
    /// Area codes that stand beside phones, each with the phone cell that it belongs before: `0221` and
    /// `8234567`. A phone may have several.
    pub area_codes: Vec<(&'r str, &'r str)>,
    /// Phone cells under a header that says that their country calling code is in them: `Mobile (with country code)`.
    pub phones_with_code: Vec<&'r str>,
    /// Phone cells under one that says that it is not: `Mobile (without country code)`.
    pub phones_without_code: Vec<&'r str>,
    /// Cells of tags, each split at `;` `|` `,` and `:::`.
    pub tags: Vec<&'r str>,
    /// Keys and values.
    pub attributes: Vec<(&'r str, &'r str)>,
    /// Cells with keys and values: an object of texts, as JSON.
    pub attribute_objects: Vec<&'r str>,
    /// Values that are stored but have no text: the field, and what is stored. Each is skipped, with a warning.
    pub unreadable: Vec<(Field, &'r str)>,
}

impl RawContact<'_> {
    /// An empty contact in the same memory, for the next record.
    pub(crate) fn emptied<'n>(self) -> RawContact<'n> {
        let texts = |list| emptied(list, |_| "");
        RawContact {
            names: texts(self.names),
            first_names: texts(self.first_names),
            last_names: texts(self.last_names),
            phones: texts(self.phones),
            emails: texts(self.emails),
            countries: texts(self.countries),
            area_codes: emptied(self.area_codes, |_| ("", "")),
            phones_with_code: texts(self.phones_with_code),
            phones_without_code: texts(self.phones_without_code),
            tags: texts(self.tags),
            attributes: emptied(self.attributes, |_| ("", "")),
            attribute_objects: texts(self.attribute_objects),
            // Hardly any record has one of these.
            phones_of_others: Vec::new(),
            unreadable: Vec::new(),
        }
    }
}

/// An empty list in the same memory: collecting a list's own items allocates nothing.
pub(crate) fn emptied<T, N>(mut list: Vec<T>, item: impl FnMut(T) -> N) -> Vec<N> {
    if list.capacity() == 0 {
        return Vec::new();
    }
    list.clear();
    list.into_iter().map(item).collect()
}
