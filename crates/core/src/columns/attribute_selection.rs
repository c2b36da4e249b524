//! Which of the columns that are mapped to nothing become attributes.

use std::fmt;
use std::str::FromStr;

/// Which of the columns that are mapped to nothing become attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AttributeSelection {
    /// Every one.
    #[default]
    All,
    /// None.
    None,
    /// Those with these names.
    Columns(Vec<String>),
    /// Every one but those with these names, of which an input may lack some:
    /// [`FieldMapping::unknown_exception`](crate::columns::FieldMapping::unknown_exception).
    AllBut(Vec<String>),
}

impl AttributeSelection {
    /// What stands before the names of the columns that become no attributes.
    const ALL_BUT: &str = "all but ";

    /// Whether columns become attributes without having been named.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, AttributeSelection::All | AttributeSelection::AllBut(_))
    }
}

/// Reads `all`, `none`, `City,Plan` or `all but City,Plan`.
impl FromStr for AttributeSelection {
    type Err = InvalidAttributes;

    fn from_str(text: &str) -> Result<Self, InvalidAttributes> {
        Ok(match (text, text.strip_prefix(Self::ALL_BUT)) {
            ("all", _) => AttributeSelection::All,
            ("none", _) => AttributeSelection::None,
            (_, Some(names)) => AttributeSelection::AllBut(column_list(names)?),
            (_, None) => AttributeSelection::Columns(column_list(text)?),
        })
    }
}

impl fmt::Display for AttributeSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AttributeSelection::All => f.write_str("all"),
            AttributeSelection::None => f.write_str("none"),
            AttributeSelection::Columns(columns) => f.write_str(&columns.join(",")),
            AttributeSelection::AllBut(columns) => {
                write!(f, "{}{}", Self::ALL_BUT, columns.join(","))
            }
        }
    }
}

fn column_list(text: &str) -> Result<Vec<String>, InvalidAttributes> {
    let columns: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    match columns.iter().any(String::is_empty) {
        true => Err(InvalidAttributes),
        false => Ok(columns),
    }
}

/// A text that selects no columns for attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAttributes;

impl fmt::Display for InvalidAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected all, none, or names of columns set apart by commas")
    }
}

impl std::error::Error for InvalidAttributes {}
