//! Chunks of contacts, written by the thread that makes them or by one of their own.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use contactmill_wire::manifest::OutputFile;

use crate::error::EmitError;

/// The thread that writes and hashes files of contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteThread {
    /// The one that calls: for a run on a single thread.
    Caller,
    /// One of its own, so that the caller need not wait for the disk.
    #[default]
    Own,
}

/// Files that take contacts in chunks.
pub(crate) trait ChunkFiles: Send + 'static {
    /// Some encoded contacts.
    type Chunk: Send;

    /// Maximum number of chunks that wait to be written. More than a few take memory, and are of use only where
    /// writing takes its time now and then.
    const MAX_WAITING: usize = 8;

    fn write(&mut self, chunk: Self::Chunk) -> Result<(), EmitError>;

    fn finish(self) -> Result<Vec<OutputFile>, EmitError>;
}

/// Hands chunks to their files.
pub(crate) enum ChunkWriter<F: ChunkFiles> {
    Caller(Box<F>),
    Own(OwnThread<F::Chunk>),
}

/// A thread that writes chunks.
pub(crate) struct OwnThread<C> {
    /// `None` once there are no more chunks.
    chunks: Option<SyncSender<C>>,
    /// `None` once its result was taken.
    thread: Option<JoinHandle<Result<Vec<OutputFile>, EmitError>>>,
}

impl<F: ChunkFiles> ChunkWriter<F> {
    pub(crate) fn new(files: F, thread: WriteThread) -> Result<Self, EmitError> {
        Ok(match thread {
            WriteThread::Caller => ChunkWriter::Caller(Box::new(files)),
            WriteThread::Own => ChunkWriter::Own(OwnThread::start(files)?),
        })
    }

    pub(crate) fn write(&mut self, chunk: F::Chunk) -> Result<(), EmitError> {
        match self {
            ChunkWriter::Caller(files) => files.write(chunk),
            ChunkWriter::Own(thread) => thread.write(chunk),
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<OutputFile>, EmitError> {
        match self {
            ChunkWriter::Caller(files) => files.finish(),
            ChunkWriter::Own(mut thread) => thread.join(),
        }
    }
}

impl<C: Send> OwnThread<C> {
    fn start<F: ChunkFiles<Chunk = C>>(mut files: F) -> Result<Self, EmitError>
    where
        C: 'static,
    {
        let (sender, chunks) = sync_channel::<C>(F::MAX_WAITING);
        let thread = std::thread::Builder::new().name("contactmill-write".into());
        let thread = thread.spawn(move || {
            for chunk in chunks {
                files.write(chunk)?;
            }
            files.finish()
        });
        let thread = thread.map_err(EmitError::NoThread)?;
        Ok(OwnThread { chunks: Some(sender), thread: Some(thread) })
    }

    fn write(&mut self, chunk: C) -> Result<(), EmitError> {
        match self.chunks.as_ref().map(|chunks| chunks.send(chunk)) {
            Some(Ok(())) => Ok(()),
            // The thread has stopped early. Its result says why.
            _ => self.join().map(drop),
        }
    }
}

impl<C> OwnThread<C> {
    /// Waits until everything is written.
    fn join(&mut self) -> Result<Vec<OutputFile>, EmitError> {
        self.chunks = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(Vec::new()),
        }
    }
}

impl<C> Drop for OwnThread<C> {
    fn drop(&mut self) {
        // Nothing may be written any more when the staging folder is removed.
        self.chunks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts chunks, and fails at one of them.
    struct Counting {
        written: Arc<AtomicUsize>,
        fails_at: usize,
    }

    impl ChunkFiles for Counting {
        type Chunk = ();

        fn write(&mut self, (): ()) -> Result<(), EmitError> {
            // Slow enough that the caller would be first, if it did not wait.
            std::thread::sleep(std::time::Duration::from_millis(1));
            if self.written.fetch_add(1, Ordering::SeqCst) + 1 == self.fails_at {
                return Err(EmitError::Unfinished { path: PathBuf::from("full") });
            }
            Ok(())
        }

        fn finish(self) -> Result<Vec<OutputFile>, EmitError> {
            Ok(Vec::new())
        }
    }

    fn counting(fails_at: usize) -> (Arc<AtomicUsize>, ChunkWriter<Counting>) {
        let written = Arc::new(AtomicUsize::new(0));
        let files = Counting { written: Arc::clone(&written), fails_at };
        (written, ChunkWriter::new(files, WriteThread::Own).unwrap())
    }

    #[test]
    fn nothing_is_written_once_a_writer_was_dropped() {
        let (written, mut writer) = counting(usize::MAX);
        for _ in 0..Counting::MAX_WAITING {
            writer.write(()).unwrap();
        }
        drop(writer);
        assert_eq!(written.load(Ordering::SeqCst), Counting::MAX_WAITING);
        assert_eq!(Arc::strong_count(&written), 1, "the thread still has the files");
    }

    #[test]
    fn an_error_of_the_thread_reaches_the_caller() {
        let (written, mut writer) = counting(3);
        let failed = (0..3 * Counting::MAX_WAITING).find_map(|_| writer.write(()).err());
        assert!(matches!(failed, Some(EmitError::Unfinished { .. })), "{failed:?}");
        assert_eq!(written.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn an_error_at_the_last_chunk_is_that_of_finish() {
        let (_, mut writer) = counting(1);
        writer.write(()).unwrap();
        assert!(matches!(writer.finish(), Err(EmitError::Unfinished { .. })));
    }
}
