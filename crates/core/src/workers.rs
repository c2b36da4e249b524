//! Hands work to threads and takes the results back in the order of the work.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::slice::ParallelSliceMut;

/// The threads that a run needs could not be started.
#[derive(Debug)]
pub struct NoThreads(rayon::ThreadPoolBuildError);

impl fmt::Display for NoThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot start threads: {}; use one thread, or raise the limit on processes",
            self.0
        )
    }
}

impl std::error::Error for NoThreads {}

/// Maximum number of threads: a hundred thousand of them keep a machine busy with nothing else.
const MAX_THREADS: usize = 256;

/// The threads that do the work of a run.
pub(crate) enum Workers {
    /// The calling thread does everything.
    Caller,
    /// Threads of a pool.
    Pool(rayon::ThreadPool),
}

impl Workers {
    /// Starts this many threads, at most [`MAX_THREADS`], or one per core for 0. One thread is the calling one.
    pub(crate) fn new(threads: usize) -> Result<Self, NoThreads> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            threads => threads.min(MAX_THREADS),
        };
        if threads == 1 {
            return Ok(Workers::Caller);
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("contactmill-{index}"))
            .build();
        pool.map(Workers::Pool).map_err(NoThreads)
    }

    /// Sorts on these threads. What is equal may change places.
    pub(crate) fn sort<T: Ord + Send>(&self, items: &mut [T]) {
        match self {
            Workers::Caller => items.sort_unstable(),
            Workers::Pool(pool) => pool.install(|| items.par_sort_unstable()),
        }
    }

    /// Has workers do `work` on every piece that `next` gives, and commits the results on the calling
    /// thread, in the order of the pieces. `work` also gets a result that was committed, for its
    /// memory. When `next` fails, what came before is committed all the same.
    pub(crate) fn in_order<P: Send, M: Send, S: Send, E>(
        &self,
        mut next: impl FnMut() -> Result<Option<P>, E>,
        work: impl Fn(P, Option<S>) -> M + Sync,
        mut commit: impl FnMut(M) -> Result<S, E>,
    ) -> Result<(), E> {
        let pool = match self {
            Workers::Caller => {
                let mut committed = None;
                while let Some(piece) = next()? {
                    committed = Some(commit(work(piece, committed))?);
                }
                return Ok(());
            }
            Workers::Pool(pool) => pool,
        };
        // Enough that no worker waits; each holds memory, so not more.
        let max_under_way = 2 * pool.current_num_threads() + 2;
        let work = &work;
        pool.in_place_scope_fifo(|scope| {
            let mut under_way: VecDeque<Receiver<M>> = VecDeque::new();
            let mut committed = Vec::new();
            let mut end = None;
            loop {
                while end.is_none() && under_way.len() < max_under_way {
                    match next() {
                        Ok(Some(piece)) => {
                            let (sender, receiver) = sync_channel(1);
                            let done = committed.pop();
                            scope.spawn_fifo(move |_| {
                                // Nobody waits any more when the run has stopped.
                                let _ = sender.send(work(piece, done));
                            });
                            under_way.push_back(receiver);
                        }
                        Ok(None) => end = Some(Ok(())),
                        Err(error) => end = Some(Err(error)),
                    }
                }
                let Some(receiver) = under_way.pop_front() else {
                    return end.unwrap_or(Ok(()));
                };
                // A worker that panicked sends nothing; the scope passes its panic on.
                let Ok(made) = receiver.recv() else { return Ok(()) };
                committed.push(commit(made)?);
            }
        })
    }
}
