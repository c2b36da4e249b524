//! The words that options take, and what they mean.

use std::fmt;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use contactmill::columns::{AttributeSelection, InvalidAttributes, MappedField};
use contactmill::options::{
    Acceptance, BadEmail, BareDigits, LineTypePolicy, MissingName, PhoneMode,
};
use contactmill::{
    ArrayLayout, DedupPolicy, OptOuts, Output, Region, RejectsFormat, UnknownRegion, meant_region,
};

/// Declares the words of an option and what they mean.
macro_rules! words {
    ($name:ident => $meaning:ty { $first:ident = $first_value:expr, $($(#[$meta:meta])* $word:ident = $value:expr),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name {
            #[default]
            $first,
            $($(#[$meta])* $word,)+
        }

        impl From<$name> for $meaning {
            fn from(word: $name) -> Self {
                match word {
                    $name::$first => $first_value,
                    $($(#[$meta])* $name::$word => $value,)+
                }
            }
        }
    };
}

words!(ToArgument => Output {
    Import = Output::Import,
    Csv = Output::Csv,
    Ndjson = Output::Ndjson,
    #[cfg(feature = "arrow")]
    Parquet = Output::Parquet,
});
words!(LayoutArgument => ArrayLayout { Files = ArrayLayout::Files, Lines = ArrayLayout::Lines });
words!(RejectsArgument => RejectsFormat { Csv = RejectsFormat::Csv, Xlsx = RejectsFormat::Xlsx });
words!(BareDigitsArgument => BareDigits {
    National = BareDigits::National,
    International = BareDigits::International,
});
words!(PhonesArgument => PhoneMode { Recover = PhoneMode::Recover, Strict = PhoneMode::Strict });
words!(LineTypeArgument => LineTypePolicy {
    Any = LineTypePolicy::Any,
    Mobile = LineTypePolicy::Mobile,
});
words!(AcceptArgument => Acceptance {
    Valid = Acceptance::Valid,
    Possible = Acceptance::Possible,
});
words!(MissingNameArgument => MissingName {
    Phone = MissingName::Phone,
    Reject = MissingName::Reject,
});
words!(BadEmailArgument => BadEmail { Drop = BadEmail::Drop, Reject = BadEmail::Reject });
words!(OptOutsArgument => OptOuts { Keep = OptOuts::Keep, Exclude = OptOuts::Exclude });
words!(OnDuplicateArgument => DedupPolicy {
    Merge = DedupPolicy::Merge,
    First = DedupPolicy::First,
    Last = DedupPolicy::Last,
});

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DedupArgument {
    #[default]
    Phone,
    None,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressArgument {
    #[default]
    Auto,
    Always,
    Never,
}

/// `FIELD=COLUMN`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) field: MappedField,
    pub(super) column: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, column) =
            text.split_once('=').ok_or("expected FIELD=COLUMN, such as phone=Mobile")?;
        let field: MappedField = field.trim().parse().map_err(|error| format!("{error}"))?;
        let column = column.trim();
        if column.is_empty() {
            return Err(format!("expected the name of a column behind {field}="));
        }
        Ok(Assignment { field, column: column.to_owned() })
    }
}

/// `all`, `none`, or names of columns, with `all but ` before them or without, which may be said in several
/// goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributes(pub(super) AttributeSelection);

impl FromStr for Attributes {
    type Err = InvalidAttributes;

    fn from_str(text: &str) -> Result<Self, InvalidAttributes> {
        text.parse().map(Attributes)
    }
}

impl Args for Attributes {
    fn augment_args(command: Command) -> Command {
        command.arg(
            Arg::new("attributes")
                .long("attributes")
                .value_name("all|none|COL,COL|all but COL,COL")
                .default_value("all")
                .value_parser(Attributes::from_str)
                .action(ArgAction::Append)
                .help("Which other columns become attributes: all, none, their names, or all but some"),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Attributes::augment_args(command)
    }
}

impl FromArgMatches for Attributes {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut said = matches.get_many::<Attributes>("attributes").into_iter().flatten();
        let mut all = said.next().cloned().unwrap_or(Attributes(AttributeSelection::All));
        for more in said {
            match (&mut all.0, &more.0) {
                (AttributeSelection::Columns(columns), AttributeSelection::Columns(more))
                | (AttributeSelection::AllBut(columns), AttributeSelection::AllBut(more)) => {
                    columns.extend_from_slice(more);
                }
                _ => {
                    let message = format!(
                        "--attributes {all} and --attributes {more} do not go together: only lists of the same kind add up\n"
                    );
                    return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message));
                }
            }
        }
        Ok(all)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Attributes::from_arg_matches(matches)?;
        Ok(())
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A region by its code; who wrote something else is told the code, and nothing is taken for it.
pub(super) fn region(text: &str) -> Result<Region, String> {
    text.parse().map_err(|unknown: UnknownRegion| match meant_region(text) {
        Some(region) => format!("did you mean the code {region}?"),
        None => unknown.to_string(),
    })
}

/// A number from 1 up, in words that people use.
pub(crate) fn from_one<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "expected a whole number, at least 1".to_owned())
}

/// What kind of cell a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FieldArgument {
    Phone,
    Email,
}

/// An option and its word, unless that is the default.
pub(super) fn changed<W: ValueEnum + Default + PartialEq>(
    name: &'static str,
    word: &W,
) -> Option<(&'static str, String)> {
    let possible = word.to_possible_value().filter(|_| *word != W::default())?;
    Some((name, possible.get_name().to_owned()))
}
