//! Inputs that one process has opened, and another plans with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use contactmill_core::columns::Sampled;
use contactmill_core::regions::RegionSample;
use contactmill_source::{AnySource, Dump, DumpMember, Format, ReadOptions};
use serde::{Deserialize, Serialize};

use crate::convert::{Convert, Settings};
use crate::decided::DecidedColumns;
use crate::distributed::DistributedProblem;
use crate::error::{Error, Problem};
use crate::event::OnEvent;
use crate::inputs::{self, Input};
use crate::manifest::{self, Mapping, Options, RunInputs, Skipped, Tool};
use crate::opening::{InputColumns, OpenInput, Opened, Opening, phone_column};

/// An input as every process of a distributed run must know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlannedInput {
    path: PathBuf,
    /// In an archive, the path and the name of the file.
    pub(crate) name: String,
    bytes: u64,
    modified: Option<SystemTime>,
    is_self_describing: bool,
    pub(crate) columns: DecidedColumns,
}

impl PlannedInput {
    pub(crate) fn of(input: &OpenInput) -> Result<Self, Error> {
        let path = input
            .member
            .path()
            .ok_or_else(|| DistributedProblem::NoFile { input: input.name.clone() })?;
        Ok(PlannedInput {
            path: path.to_owned(),
            name: input.name.clone(),
            bytes: input.bytes,
            modified: input.member.modified(),
            is_self_describing: input.format.is_self_describing(),
            columns: DecidedColumns::of(&input.header, input.map.as_ref()),
        })
    }

    /// Finds it again, unless it was changed.
    pub(crate) fn member(&self, reading: ReadOptions<'_>) -> Result<DumpMember, Error> {
        let file = Input::file(&self.path).open(reading.scratch, &mut |_| {})?;
        let mut members = Dump::of(file, reading)?.members.into_iter();
        let mut member =
            members.find(|member| member.name() == self.name).ok_or_else(|| self.changed())?;
        if member.modified() != self.modified {
            return Err(self.changed());
        }
        if self.is_self_describing {
            member.has_columns(&self.columns.header);
        }
        Ok(member)
    }

    /// Requires that a source is the one that was planned.
    pub(crate) fn check(&self, source: &AnySource) -> Result<(), Error> {
        match source.bytes() == self.bytes && source.header() == self.columns.header {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn changed(&self) -> Error {
        Problem::Changed { input: self.name.clone() }.into()
    }
}

/// Some inputs of a run, as another process has opened them: see
/// [`Convert::open_inputs`](crate::Convert::open_inputs).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedInputs {
    tool: Tool,
    options: Options,
    /// As they were given. An archive has several inputs in it.
    paths: Vec<PathBuf>,
    inputs: Vec<OpenedInput>,
    skipped: Vec<Skipped>,
    /// Phone cells whose country cannot be told.
    without_code: Vec<Box<str>>,
    /// Number of phone cells that tell it, by calling code.
    with_code: BTreeMap<u16, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OpenedInput {
    planned: PlannedInput,
    input: manifest::Input,
    mapping: Mapping,
    /// The first column with phones.
    phone: Option<String>,
    /// Columns are lacking that others may have.
    unresolved: Option<Unresolved>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Unresolved {
    lacks_phones: bool,
}

impl OpenedInputs {
    /// As JSON. It holds up to 250 phone cells.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Of such values, writing into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of what [`to_json`](OpenedInputs::to_json) has written.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|_| DistributedProblem::NotOpened.into())
    }

    pub(crate) fn of(convert: Convert<'_>) -> Result<Self, Error> {
        let Convert { inputs, mut on_event, settings } = convert;
        inputs::check(inputs.iter().filter_map(Input::path))?;
        let paths = inputs.iter().filter_map(Input::path).map(Path::to_owned).collect();
        let is_header = |row: &[String]| settings.mapping.is_header(row);
        let reading = settings.reading.options(&tempfile::tempfile, &is_header);
        let opened = settings.opening(reading, None).each(inputs, &mut on_event)?;
        let Opened { inputs, skipped, unresolved, .. } = opened;
        let mut regions = RegionSample::new(&settings.options);
        let mut opened = Vec::with_capacity(inputs.len());
        for mut input in inputs {
            regions.append(std::mem::take(&mut input.regions));
            opened.push(OpenedInput {
                planned: PlannedInput::of(&input)?,
                input: manifest::input(&input),
                mapping: manifest::mapping(&input.name, input.map.as_ref()),
                phone: input.map.as_ref().and_then(phone_column).map(str::to_owned),
                unresolved: None,
            });
        }
        for of in unresolved {
            opened[of.index].unresolved = Some(Unresolved { lacks_phones: of.lacks_phones });
        }
        let (without_code, with_code) = regions.into_parts();
        let (tool, options) = (manifest::tool(), manifest::options(&settings));
        Ok(OpenedInputs { tool, options, paths, inputs: opened, skipped, without_code, with_code })
    }
}

impl OpenedInput {
    fn format(&self) -> Result<Format, Error> {
        Format::of_name(&self.input.format).ok_or_else(|| DistributedProblem::NotOpened.into())
    }

    fn columns(&self) -> Result<InputColumns<'_>, Error> {
        Ok(InputColumns {
            name: &self.planned.name,
            format: self.format()?,
            header: &self.planned.columns.header,
            phone: self.phone.as_deref(),
        })
    }
}

/// What is known of the inputs of a run before they are read.
pub(crate) struct PlannedRun {
    pub(crate) planned: Vec<PlannedInput>,
    pub(crate) inputs: RunInputs,
}

impl PlannedRun {
    /// Opens all inputs in this process.
    pub(crate) fn open(
        settings: &Settings<'_>,
        inputs: Vec<Input<'_>>,
        reading: ReadOptions<'_>,
        on_event: &mut OnEvent<'_>,
    ) -> Result<Self, Error> {
        let (opened, regions) = settings.open(inputs, (reading, None), on_event)?;
        let planned = opened.inputs.iter().map(PlannedInput::of).collect::<Result<_, _>>()?;
        Ok(PlannedRun { planned, inputs: RunInputs::of(&opened, regions) })
    }

    /// Takes all inputs as other processes have opened them.
    pub(crate) fn of_opened(
        settings: &Settings<'_>,
        given: &[Input<'_>],
        opened: Vec<OpenedInputs>,
        reading: ReadOptions<'_>,
        on_event: &mut OnEvent<'_>,
    ) -> Result<Self, Error> {
        let options = manifest::options(settings);
        let mut regions = RegionSample::new(&settings.options);
        let (mut paths, mut inputs, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for some in opened {
            if some.tool != manifest::tool() {
                return Err(DistributedProblem::OtherTool { plan: some.tool }.into());
            }
            if some.options != options {
                return Err(DistributedProblem::OtherOptions.into());
            }
            paths.extend(some.paths);
            inputs.extend(some.inputs);
            skipped.extend(some.skipped);
            let parts = (some.without_code, some.with_code);
            regions.append(RegionSample::of_parts(&settings.options, parts));
        }
        if !given.iter().map(Input::path).eq(paths.iter().map(|path| Some(path.as_path()))) {
            return Err(DistributedProblem::OtherInputs.into());
        }
        let opening = settings.opening(reading, None);
        complete(&opening, &mut inputs)?;
        let columns: Vec<_> = inputs.iter().map(OpenedInput::columns).collect::<Result<_, _>>()?;
        opening.check_exceptions(columns.into_iter())?;
        let bytes = inputs.iter().map(|input| input.planned.bytes).sum();
        let regions = settings.report_opened(&regions, bytes, on_event);
        let mut run = RunInputs { skipped, ..RunInputs::of(&Opened::default(), regions) };
        let mut planned = Vec::with_capacity(inputs.len());
        for input in inputs {
            planned.push(input.planned);
            run.inputs.push(input.input);
            run.mapping.push(input.mapping);
        }
        Ok(PlannedRun { planned, inputs: run })
    }
}

/// Gives inputs the columns that they lack and others have.
fn complete(opening: &Opening<'_>, inputs: &mut [OpenedInput]) -> Result<(), Error> {
    if inputs.iter().all(|input| input.unresolved.is_none()) {
        return Ok(());
    }
    let columns: Vec<_> = inputs.iter().map(OpenedInput::columns).collect::<Result<_, _>>()?;
    let known = opening.known_columns(columns.into_iter());
    for input in inputs {
        let Some(Unresolved { lacks_phones }) = input.unresolved else { continue };
        let mut member = input.planned.member(opening.reading)?;
        let sampled = Sampled::of(member.open(opening.reading)?, opening.options.clone())?;
        // The error, where others do not help.
        let alone = opening.columns_of(&sampled);
        let known = known.get(&input.format()?);
        let completed = opening.complete(&mut member, known, lacks_phones)?;
        let (header, map) = match completed {
            Some((sampled, map)) => (sampled.source().header().to_vec(), map),
            None => (input.planned.columns.header.clone(), alone?),
        };
        input.planned.columns = DecidedColumns::of(&header, map.as_ref());
        input.mapping = manifest::mapping(&input.planned.name, map.as_ref());
    }
    Ok(())
}
