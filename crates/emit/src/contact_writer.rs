//! The seam for output formats: what contacts are written with.

use contactmill_core::ContactEncoder;
use contactmill_core::pipeline::Emitted;
use contactmill_core::records::Position;
use contactmill_wire::manifest::OutputFile;

use crate::error::EmitError;

/// Writes the contacts of a run to files of a [`Staging`](crate::Staging) folder.
///
/// An output format is one implementation; [`ArrayWriter`](crate::ArrayWriter) is that of the import
/// arrays. A [`ResultWriter`](crate::ResultWriter) calls it from one thread, with the contacts in
/// input order. To write on a thread of its own, an implementation takes
/// [`Staging::files`](crate::Staging::files), a handle that any thread can create files with. It must
/// then wait for that thread when it is dropped: a run that stops early drops its writer without
/// [`finish`](ContactWriter::finish) and removes the staging folder.
///
/// ```
/// use contactmill_core::pipeline::Emitted;
/// use contactmill_core::records::Position;
/// use contactmill_core::{Contact, ContactEncoder};
/// use contactmill_emit::{ContactFile, ContactWriter, EmitError, Existing, OutputFile, Staging};
///
/// /// `numbers.txt`: the number of each contact on a line.
/// struct Numbers(ContactFile);
///
/// /// What the workers do.
/// struct NumberEncoder;
///
/// impl ContactEncoder for NumberEncoder {
///     fn encode(&self, contact: &Contact<'_>, out: &mut Vec<u8>) {
///         out.extend_from_slice(contact.phone.e164().to_string().as_bytes());
///         out.push(b'\n');
///     }
/// }
///
/// impl ContactWriter for Numbers {
///     fn encoder(&self) -> Option<Box<dyn ContactEncoder>> {
///         Some(Box::new(NumberEncoder))
///     }
///
///     fn write(&mut self, _: Position, contact: Emitted<'_>) -> Result<(), EmitError> {
///         self.0.write_contacts(&contact.encoded(&NumberEncoder), 1)
///     }
///
///     fn finish(self: Box<Self>) -> Result<Vec<OutputFile>, EmitError> {
///         Ok(vec![self.0.finish()?])
///     }
/// }
///
/// # use contactmill_core::records::{Integrity, SourceId};
/// # use contactmill_core::{Normalizer, Options, RawContact};
/// # let mut raw = RawContact::default();
/// # raw.phones.push("+91 98765 43210");
/// # let contact = Normalizer::new(Options::default()).normalize(&raw).unwrap().contact;
/// # let parent = tempfile::tempdir().unwrap();
/// # let out = parent.path().join("out");
/// # let position = Position { source: SourceId(0), record: 1, line: 2, byte: 0 };
/// let staging = Staging::new(&out, Existing::Keep)?;
/// let mut numbers = Box::new(Numbers(ContactFile::create(staging.files(), "numbers.txt")?));
/// numbers.write(position, Emitted::AsIs(contact))?;
/// let files = numbers.finish()?;
/// assert_eq!((files[0].contacts, files[0].bytes), (1, 14));
/// assert_eq!(std::fs::read_to_string(staging.path_of("numbers.txt")).unwrap(), "+919876543210\n");
/// # Ok::<(), EmitError>(())
/// ```
///
/// A file that a format adds also needs its name in `contactmill_wire::files`: a folder with files of
/// other names is never replaced.
pub trait ContactWriter {
    /// What the workers encode contacts with, before [`write`](ContactWriter::write) gets them; `None`
    /// to get them as they are.
    ///
    /// It is asked once, before the run. What takes time belongs into the encoder, as there are many
    /// workers and one writer.
    fn encoder(&self) -> Option<Box<dyn ContactEncoder>>;

    /// Writes a contact. `position` is that of its record; what is known of positions alone, such as
    /// a column with the line, is written here.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or one before it could not. The run then stops and drops the writer.
    fn write(&mut self, position: Position, contact: Emitted<'_>) -> Result<(), EmitError>;

    /// Writes what is left, ends the files, and returns them in order.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    fn finish(self: Box<Self>) -> Result<Vec<OutputFile>, EmitError>;
}
