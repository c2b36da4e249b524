//! Exports that are known by their header rows.

use crate::text::folded;

/// An export that is known by its header row. In its lists of headers, set apart by commas, case,
/// accents, spaces and punctuation do not matter, and `#` is any number. Columns that no list names
/// are read by their headers as those of any other file.
#[derive(Debug)]
pub(crate) struct Preset {
    /// The stable name.
    pub(crate) id: &'static str,
    /// The name that people know.
    pub(crate) title: &'static str,
    /// Headers that hardly any other export has. Two of them claim the file.
    own: &'static str,
    name: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    /// Best first.
    phone: &'static str,
    email: &'static str,
    country: &'static str,
    tags: &'static str,
    /// Headers that by themselves would be taken for a field, and here are none.
    attributes: &'static str,
    /// What stands before the key in the headers of attributes. Where it is not empty, no column is
    /// read by its header alone.
    attribute_prefix: &'static str,
}

/// A field of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PresetField {
    Name,
    FirstName,
    LastName,
    Phone,
    Email,
    Country,
    Tags,
    Attribute,
}

const EMPTY: Preset = Preset {
    id: "",
    title: "",
    own: "",
    name: "",
    first_name: "First Name",
    last_name: "Last Name",
    phone: "",
    email: "",
    country: "",
    tags: "",
    attributes: "",
    attribute_prefix: "",
};

/// Every export that is known, the more particular first. The header rows are those of the
/// products' own exports in 2026.
const PRESETS: &[Preset] = &[
    Preset {
        id: "contactmill",
        title: "contactmill (import arrays)",
        own: "profile.userDetails.userProvidedName, profile.userDetails.contact.email,
              profile.userDetails.contact.phone.number, profile.userDetails.contact.phone.prefix",
        name: "profile.userDetails.userProvidedName",
        first_name: "",
        last_name: "",
        phone: "profile.userDetails.contact.phone.number",
        email: "profile.userDetails.contact.email",
        country: "profile.userDetails.contact.phone.prefix",
        tags: "profile.userDetails.tags",
        attribute_prefix: "profile.userDetails.attributes.",
        ..EMPTY
    },
    Preset {
        id: "google-contacts",
        title: "Google Contacts",
        own: "Phonetic First Name, Phonetic Last Name, File As, Organization Name, Labels,
              E-mail # - Label, E-mail # - Value, Phone # - Label, Phone # - Value,
              Address # - Formatted",
        phone: "Phone # - Value",
        email: "E-mail # - Value",
        country: "Address # - Country",
        tags: "Labels",
        attributes: "File As",
        ..EMPTY
    },
    Preset {
        id: "google-contacts-old",
        title: "Google Contacts (old form)",
        own: "Yomi Name, Given Name Yomi, Family Name Yomi, Additional Name, Group Membership,
              E-mail # - Type, E-mail # - Value, Phone # - Type, Phone # - Value,
              Billing Information, Directory Server",
        name: "Name",
        first_name: "Given Name",
        last_name: "Family Name",
        phone: "Phone # - Value",
        email: "E-mail # - Value",
        country: "Address # - Country",
        tags: "Group Membership",
        ..EMPTY
    },
    Preset {
        id: "outlook",
        title: "Outlook",
        own: "E-mail Address, E-mail # Address, E-mail # Display Name, Primary Phone,
              Company Main Phone, Business Phone, Business Phone 2, Business Fax, Home Fax,
              Home Street, Business Street, Categories",
        // `Company Main Phone` is the same for all who work there.
        phone: "Mobile Phone, Primary Phone, Home Phone, Home Phone 2, Business Phone,
                Business Phone 2, Other Phone",
        email: "E-mail Address, E-mail # Address",
        country: "Home Country, Home Country/Region, Business Country, Business Country/Region,
                  Other Country, Other Country/Region",
        tags: "Categories",
        ..EMPTY
    },
    Preset {
        id: "facebook-lead-ads",
        title: "Facebook lead ads",
        own: "ad_id, ad_name, adset_id, adset_name, campaign_id, campaign_name, form_id,
              form_name, is_organic, inbox_url, lead_status",
        name: "full_name",
        phone: "whatsapp_number, phone_number, work_phone_number",
        email: "email, work_email",
        country: "country",
        ..EMPTY
    },
    Preset {
        id: "shopify",
        title: "Shopify customers",
        own: "Accepts Email Marketing, Accepts SMS Marketing, Default Address Company,
              Default Address Address1, Default Address Country Code, Default Address Phone,
              Total Spent, Total Orders, Tax Exempt",
        phone: "Phone, Default Address Phone",
        email: "Email",
        country: "Default Address Country Code",
        tags: "Tags",
        ..EMPTY
    },
    Preset {
        id: "mailchimp",
        title: "Mailchimp audience",
        own: "MEMBER_RATING, OPTIN_TIME, OPTIN_IP, CONFIRM_TIME, CONFIRM_IP, GMTOFF, DSTOFF,
              LAST_CHANGED, LEID, EUID",
        phone: "SMS Phone Number, Phone Number, Phone",
        email: "Email Address",
        tags: "TAGS",
        // Where the address of the computer was when it signed up.
        attributes: "CC, REGION",
        ..EMPTY
    },
    Preset {
        id: "brevo",
        title: "Brevo",
        own: "EMAIL_BLACKLISTED, SMS_BLACKLISTED, ADDED_TIME, MODIFIED_TIME",
        first_name: "FIRSTNAME",
        last_name: "LASTNAME",
        phone: "WHATSAPP, SMS",
        email: "EMAIL",
        ..EMPTY
    },
    Preset {
        id: "wati",
        title: "WATI",
        own: "AllowBroadcast, AllowSMS",
        name: "Name",
        phone: "Phone",
        email: "Email",
        country: "CountryCode",
        ..EMPTY
    },
    Preset {
        id: "zoho-crm",
        title: "Zoho CRM",
        own: "Record Id, Contact Owner.id, Lead Source, Account Name.id, Created By.id,
              Modified By.id, Email Opt Out, Secondary Email",
        phone: "Mobile, Phone, Home Phone, Other Phone",
        email: "Email, Secondary Email",
        country: "Mailing Country",
        tags: "Tag",
        ..EMPTY
    },
    Preset {
        id: "hubspot",
        title: "HubSpot",
        own: "Record ID, Contact owner, Lead Status, Create Date, Last Modified Date,
              Lifecycle Stage, Associated Company",
        phone: "WhatsApp Phone Number, Mobile Phone Number, Phone Number",
        email: "Email",
        country: "Country/Region",
        ..EMPTY
    },
    Preset {
        id: "salesforce",
        title: "Salesforce",
        own: "Salutation, Mailing Street, Mailing City, Mailing State/Province,
              Mailing Zip/Postal Code, Mailing Country, Account Owner, Account Name",
        phone: "Mobile, Mobile Phone, Phone, Home Phone, Other Phone",
        email: "Email",
        country: "Mailing Country",
        ..EMPTY
    },
    Preset {
        id: "pipedrive",
        title: "Pipedrive people",
        own: "Person - ID, Person - Name, Person - Email, Person - Phone, Organization - Name,
              Person - Organization, Person - Owner, Person - Phone - Mobile,
              Person - Phone - Work, Person - Email - Work",
        name: "Person - Name",
        first_name: "Person - First name",
        last_name: "Person - Last name",
        phone: "Person - Phone - Mobile, Person - Phone, Person - Phone - Work,
                Person - Phone - Home, Person - Phone - Other",
        email: "Person - Email, Person - Email - Work, Person - Email - Home,
                Person - Email - Other",
        tags: "Person - Label, Person - Labels",
        ..EMPTY
    },
];

/// A header in the form in which those of presets compare: [`folded`], every number a `#`.
fn pattern(header: &str) -> String {
    let mut pattern = String::with_capacity(header.len());
    for c in folded(&header.replace('#', "0")).chars() {
        match c.is_ascii_digit() {
            true if pattern.ends_with('#') => {}
            true => pattern.push('#'),
            false => pattern.push(c),
        }
    }
    pattern
}

fn patterns(list: &'static str) -> impl Iterator<Item = String> {
    list.split(',').map(pattern).filter(|pattern| !pattern.is_empty())
}

impl Preset {
    /// The export that a header row is of: the one with most headers of its own, two at least.
    pub(crate) fn of(header: &[String]) -> Option<&'static Preset> {
        let header: Vec<String> = header.iter().map(|name| pattern(name)).collect();
        let hits =
            |preset: &Preset| patterns(preset.own).filter(|own| header.contains(own)).count();
        let best = PRESETS.iter().rev().max_by_key(|preset| hits(preset))?;
        (hits(best) >= 2).then_some(best)
    }

    /// What the column with this header holds, and its place among those of the field; `None` where
    /// the preset does not say.
    pub(crate) fn field(&self, header: &str) -> Option<(PresetField, usize)> {
        let header = pattern(header);
        let lists = [
            (PresetField::Name, self.name),
            (PresetField::FirstName, self.first_name),
            (PresetField::LastName, self.last_name),
            (PresetField::Phone, self.phone),
            (PresetField::Email, self.email),
            (PresetField::Country, self.country),
            (PresetField::Tags, self.tags),
            (PresetField::Attribute, self.attributes),
        ];
        lists.into_iter().find_map(|(field, list)| {
            patterns(list).position(|name| name == header).map(|place| (field, place))
        })
    }

    /// Whether columns that the preset does not name may be read by their headers.
    pub(crate) const fn is_open(&self) -> bool {
        self.attribute_prefix.is_empty()
    }

    /// The key of the attribute that a column holds, by the name of the column.
    pub(crate) fn key<'n>(&self, name: &'n str) -> &'n str {
        match name.strip_prefix(self.attribute_prefix) {
            Some(key) if !key.is_empty() => key,
            _ => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_headers_of_its_own_claim_a_file_and_one_does_not() {
        let of = |header: &str| {
            let header: Vec<String> = header.split(',').map(str::to_owned).collect();
            Preset::of(&header).map(|preset| preset.id)
        };
        assert_eq!(of("Name,Email,Phone"), None);
        assert_eq!(of("Email,EMAIL_BLACKLISTED"), None);
        assert_eq!(of("email,sms,email blacklisted,Sms-Blacklisted"), Some("brevo"));
        assert_eq!(of("Name,Phone,AllowBroadcast,AllowSMS"), Some("wati"));
        // HubSpot and Zoho both have a record id and a contact owner.
        assert_eq!(of("Record ID,Contact owner,Lead Status,Phone"), Some("hubspot"));
        let zoho = "Record Id,Contact Owner.id,Contact Owner,Account Name.id,Account Name,Phone";
        assert_eq!(of(zoho), Some("zoho-crm"));
    }

    #[test]
    fn numbered_columns_are_of_one_kind() {
        let google = PRESETS.iter().find(|preset| preset.id == "google-contacts").unwrap();
        assert_eq!(google.field("Phone 12 - Value"), Some((PresetField::Phone, 0)));
        assert_eq!(google.field("Phone 12 - Label"), None);
        assert_eq!(google.field("File As"), Some((PresetField::Attribute, 0)));
    }

    #[test]
    fn no_preset_says_two_things_of_a_header() {
        for preset in PRESETS {
            let lists = [
                preset.name,
                preset.first_name,
                preset.last_name,
                preset.phone,
                preset.email,
                preset.country,
                preset.tags,
                preset.attributes,
            ];
            let mut seen = std::collections::HashSet::new();
            for name in lists.into_iter().flat_map(|list| {
                // `Home Phone` and `Home Phone 2` are one pattern with and without a number.
                list.split(',').map(pattern).filter(|name| !name.is_empty())
            }) {
                assert!(seen.insert(name.clone()), "{}: {name}", preset.id);
            }
            assert!(patterns(preset.own).count() >= 2, "{}", preset.id);
        }
    }
}
