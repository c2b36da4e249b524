//! How one value is read, step by step.

use contactmill_core::contact::Attribute;
use contactmill_core::explain::{Explained, Explanation, Step};
use contactmill_core::{Normalizer, Options, Reason, Warning};
use serde::{Serialize, Serializer};

/// How a value is read, step by step. It is the code of [`Convert`](crate::Convert), which notes
/// what it does.
///
/// Serialised, it is the object that `contactmill explain --json` prints.
///
/// ```
/// use contactmill::{Explain, Options, Reason};
///
/// let explain = Explain::phone("+34 0910 123 456", &Options::default());
/// assert_eq!(explain.steps()[0].text, "as it stands, +340910123456: too many digits");
/// assert_eq!(explain.phone_json().unwrap(), r#"{"number":"910123456","prefix":"34"}"#);
///
/// let explain = Explain::phone("9.19877E+11", &Options::default());
/// assert_eq!(explain.outcome().as_ref().unwrap_err(), &Reason::PhoneExcelRounded);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explain {
    value: String,
    field: CellField,
    explanation: Explanation,
}

/// What kind of cell a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CellField {
    /// A phone cell.
    Phone,
    /// An e-mail cell.
    Email,
}

impl Explain {
    /// Reads the value as a phone cell.
    #[must_use]
    pub fn phone(value: &str, options: &Options) -> Self {
        let explanation = Normalizer::new(options.clone()).explain_phone(value);
        Explain { value: value.to_owned(), field: CellField::Phone, explanation }
    }

    /// Reads the value as an e-mail cell. Of the options, it needs what happens to a bad address.
    #[must_use]
    pub fn email(value: &str, options: &Options) -> Self {
        let explanation = Normalizer::new(options.clone()).explain_email(value);
        Explain { value: value.to_owned(), field: CellField::Email, explanation }
    }

    /// Reads the value as a phone cell, or as an e-mail cell where it is an address and no number.
    ///
    /// ```
    /// use contactmill::{CellField, Explain, Options};
    ///
    /// let explain = Explain::phone_or_email("asha@example.com", &Options::default());
    /// assert_eq!(explain.field(), CellField::Email);
    /// ```
    #[must_use]
    pub fn phone_or_email(value: &str, options: &Options) -> Self {
        let explain = Explain::phone(value, options);
        match explain.outcome().is_err() && value.contains('@') {
            true => Explain::email(value, options),
            false => explain,
        }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What it was read as.
    #[must_use]
    pub const fn field(&self) -> CellField {
        self.field
    }

    /// What happened, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.explanation.steps
    }

    /// What the value gives to its contact, or why it is rejected.
    pub const fn outcome(&self) -> &Result<Explained, Reason> {
        &self.explanation.outcome
    }

    /// The phone number as it stands in an import array.
    #[must_use]
    pub fn phone_json(&self) -> Option<String> {
        let number = self.outcome().as_ref().ok()?.phone?;
        let mut json = Vec::new();
        contactmill_emit::phone_json(number, &mut json);
        String::from_utf8(json).ok()
    }

    /// The e-mail address; empty where there is none.
    #[must_use]
    pub fn email_address(&self) -> &str {
        let explained = self.outcome().as_ref().ok();
        explained.and_then(|explained| explained.email.as_ref()).map_or("", |email| email.as_str())
    }
}

impl Serialize for Explain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Object {
            value: &self.value,
            field: self.field,
            steps: self.steps().iter().map(StepObject::from).collect(),
            outcome: OutcomeObject::from(self),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct Object<'e> {
    value: &'e str,
    field: CellField,
    steps: Vec<StepObject<'e>>,
    #[serde(flatten)]
    outcome: OutcomeObject<'e>,
}

#[derive(Serialize)]
struct StepObject<'e> {
    step: &'static str,
    text: &'e str,
}

impl<'e> From<&'e Step> for StepObject<'e> {
    fn from(step: &'e Step) -> Self {
        StepObject { step: step.kind.as_str(), text: &step.text }
    }
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum OutcomeObject<'e> {
    Accepted {
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<serde_json::Value>,
        email: &'e str,
        attributes: Vec<AttributeObject<'e>>,
        warnings: Vec<WarningObject<'e>>,
    },
    Rejected {
        reason: &'static str,
        meaning: &'static str,
        hint: &'static str,
    },
}

#[derive(Serialize)]
struct AttributeObject<'e> {
    key: &'e str,
    value: &'e str,
}

#[derive(Serialize)]
struct WarningObject<'e> {
    code: &'static str,
    before: &'e str,
    after: &'e str,
}

impl<'e> From<&'e Explain> for OutcomeObject<'e> {
    fn from(explain: &'e Explain) -> Self {
        let explained = match explain.outcome() {
            Err(reason) => {
                return OutcomeObject::Rejected {
                    reason: reason.code(),
                    meaning: reason.meaning(),
                    hint: reason.advice(),
                };
            }
            Ok(explained) => explained,
        };
        let attribute = |attribute: &'e Attribute<'_>| AttributeObject {
            key: &attribute.key,
            value: attribute.value.as_str(),
        };
        let warning = |warning: &'e Warning| WarningObject {
            code: warning.code.code(),
            before: &warning.before,
            after: &warning.after,
        };
        OutcomeObject::Accepted {
            phone: explain.phone_json().and_then(|json| serde_json::from_str(&json).ok()),
            email: explain.email_address(),
            attributes: explained.attributes.iter().map(attribute).collect(),
            warnings: explained.warnings.iter().map(warning).collect(),
        }
    }
}
