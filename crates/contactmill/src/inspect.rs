//! What is in a dump, and how it would be read.

use std::fmt;
use std::sync::atomic::AtomicBool;

use contactmill_core::columns::{ColumnMap, FieldMapping};
use contactmill_core::inspect::{Inspection, Inspector};
use contactmill_core::records::{Position, SourceId};
use contactmill_core::{Contact, Normalizer, Options};
use contactmill_source::{Format, ReadOptions, Sheets, Workbook};
use serde_json::Value;

use crate::error::Error;
use crate::event::{Event, OnEvent};
use crate::inputs::{self, Input, Reading};
use crate::mask::mask;
use crate::opening::{OpenInput, Opened, Opening};
use crate::scratch::scratch;

mod report;

/// Looks at contact dumps and reports how [`Convert`](crate::Convert) would read them. It writes
/// nothing.
///
/// ```
/// use contactmill::{Input, Inspect};
///
/// let dump = "Name,Phone\nAsha,+91 98765 43210\nRavi,9.19877E+11\n";
/// let report = Inspect::new([Input::reader("leads", dump.as_bytes())]).run()?;
/// let seen = report.inputs[0].seen.as_ref().unwrap();
/// assert_eq!((seen.inspection.contacts, seen.inspection.rejected), (1, 1));
/// # Ok::<(), contactmill::Error>(())
/// ```
#[must_use = "nothing happens before `run`"]
pub struct Inspect<'i> {
    inputs: Vec<Input<'i>>,
    on_event: Box<OnEvent<'i>>,
    options: Options,
    mapping: FieldMapping,
    reading: Reading,
    stop: Option<&'i AtomicBool>,
    show_values: bool,
}

/// What was found. Serialised, it is the object that `contactmill inspect --json` prints.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The inputs, and the members of those that are archives.
    pub inputs: Vec<InspectedInput>,
    /// The workbooks with several sheets, where [`Reading::sheets`] chooses none: then every sheet with
    /// contacts is among the inputs.
    pub workbooks: Vec<Workbook>,
}

/// What was found in an input, or in a member of one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InspectedInput {
    /// Its name.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// Its encoding, such as `utf-8`.
    pub encoding: String,
    /// What stands between the fields of delimited text.
    pub delimiter: Option<String>,
    /// How fields are quoted, where it is not the usual way.
    pub quotes: Option<&'static str>,
    /// Size in bytes.
    pub bytes: u64,
    /// Its columns and what is in them; `None` when it is empty.
    pub seen: Option<SeenColumns>,
}

/// The columns of an input and what is in them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenColumns {
    /// What each column is taken for.
    pub map: ColumnMap,
    /// What a sample of all records gives.
    pub inspection: Inspection,
    /// Some contacts as they would come out, in the form of an import array, with the line of each.
    /// They are masked unless [`Inspect::show_values`] says otherwise.
    pub examples: Vec<(u64, Value)>,
}

impl<'i> Inspect<'i> {
    /// A look at these inputs.
    pub fn new<I: Into<Input<'i>>>(inputs: impl IntoIterator<Item = I>) -> Self {
        Inspect {
            inputs: inputs.into_iter().map(Into::into).collect(),
            on_event: Box::new(|_| {}),
            options: Options::default(),
            mapping: FieldMapping::default(),
            reading: Reading::default(),
            stop: None,
            show_values: false,
        }
    }

    /// How contacts are read.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// What columns hold. What is not said, the header says, or the cells.
    pub fn mapping(mut self, mapping: FieldMapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// How inputs are read.
    pub fn reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// Whether examples show values of records, which are personal data. They are masked by default.
    pub const fn show_values(mut self, show_values: bool) -> Self {
        self.show_values = show_values;
        self
    }

    /// Reports what happens to this function: what is skipped, and what waits.
    pub fn on_event(mut self, on_event: impl FnMut(Event<'_>) + 'i) -> Self {
        self.on_event = Box::new(on_event);
        self
    }

    /// Stops at the next input once any thread sets this.
    pub const fn stop(mut self, stop: &'i AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Looks at every input.
    ///
    /// # Errors
    ///
    /// When an input cannot be read, or its columns are not known.
    pub fn run(self) -> Result<Report, Error> {
        let Inspect { inputs, mut on_event, options, mapping, mut reading, stop, show_values } =
            self;
        inputs::check(inputs.iter().filter_map(Input::path))?;
        if reading.sheets == Sheets::OneWithContacts {
            reading.sheets = Sheets::EachWithContacts;
        }
        let is_header = |row: &[String]| mapping.is_header(row);
        let reading = reading.options(&scratch, &is_header);
        let opening = Opening {
            reading,
            mapping: &mapping,
            options: &options,
            exclusions: None,
            fixes: None,
            stop,
        };
        let Opened { inputs, workbooks, .. } = opening.all(inputs, &mut *on_event)?;
        let normalizer = Normalizer::new(options.clone());
        let mut report = Report { inputs: Vec::with_capacity(inputs.len()), workbooks };
        for input in inputs {
            opening.check_stop()?;
            report.inputs.push(inspect(input, reading, &normalizer, show_values)?);
        }
        Ok(report)
    }
}

impl fmt::Debug for Inspect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspect")
            .field("inputs", &self.inputs)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn inspect(
    mut input: OpenInput,
    reading: ReadOptions<'_>,
    normalizer: &Normalizer,
    show_values: bool,
) -> Result<InspectedInput, Error> {
    let seen = match input.map.take() {
        Some(map) => {
            let mut source = input.take_source(reading)?;
            let mut inspector = Inspector::new(normalizer, &map);
            inspector.read(SourceId(0), &mut source)?;
            let inspection = inspector.finish();
            let examples = &inspection.examples;
            let examples = examples.iter().map(|example| json(example, show_values)).collect();
            Some(SeenColumns { map, inspection, examples })
        }
        None => None,
    };
    Ok(InspectedInput {
        name: input.name,
        format: input.format,
        encoding: input.encoding.to_string(),
        delimiter: input.delimiter,
        quotes: input.quotes,
        bytes: input.bytes,
        seen,
    })
}

/// A contact in the form of an import array, with its line.
fn json((position, contact): &(Position, Contact<'_>), show_values: bool) -> (u64, Value) {
    let mut json = Vec::new();
    contactmill_emit::contact_json(contact, &mut json);
    let mut value = serde_json::from_slice(&json).unwrap_or_default();
    if !show_values {
        mask(&mut value);
    }
    (position.line, value)
}
