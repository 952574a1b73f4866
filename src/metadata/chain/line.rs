//! The assembly line of a chain: threads on all cores read and judge files, and
//! the verdicts leave it in the order of the chain.
//!
//! A thread takes the next few files, reads them, and hands the last one to whoever
//! judges the files after it. Then it waits for the file before its own, which
//! somebody is reading already, and judges the hops between them. Whoever has judged
//! the batch that is next takes its verdicts out, and those that waited for them. No
//! more files are on the line than a few batches for each thread, however long the
//! chain is.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{Hop, Link};
use crate::metadata::authority_cache::AuthorityCache;
use crate::metadata::root_file::RootFile;

/// More threads than this would hold more memory than they save time.
const MAX_THREADS: usize = 32;
/// How many batches for each thread are on the line.
const BATCHES_PER_THREAD: usize = 3;
/// How many files a thread takes at once.
const BATCH_FILES: usize = 4;
/// After how many bytes a thread takes no further file: parsed, they need many times as much.
const BATCH_BYTES: usize = 256 << 10;

/// A named file, or why it could not be fetched.
type Fetched<E> = Result<(String, Vec<u8>), E>;

/// A file that was judged, if it was fetched.
type Verdict<E> = (Result<Link, E>, Option<Hop>);

/// Reads and judges files side by side, and passes each on in order, until they
/// end or `take` has seen enough.
///
/// # Errors
/// With the first file, in order, that could not be fetched.
pub(super) fn run<E: Send>(
    files: impl Iterator<Item = Fetched<E>> + Send,
    take: impl FnMut(Link, Option<Hop>) -> ControlFlow<()> + Send,
) -> Result<(), E> {
    let batches = files.size_hint().1.map(|files| files.div_ceil(BATCH_FILES));
    let threads = match batches {
        // To ask how many cores there are takes longer than to judge so few.
        Some(0 | 1) => 1,
        _ => thread::available_parallelism()
            .map_or(1, std::num::NonZero::get)
            .min(MAX_THREADS)
            .min(batches.unwrap_or(MAX_THREADS)),
    };
    let line = Line {
        source: Mutex::new(Source {
            files: files.fuse(),
            batches: 0,
        }),
        belt: Mutex::new(Belt {
            handed_on: HashMap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            take,
            end: None,
        }),
        moved: Condvar::new(),
        batches: (threads * BATCHES_PER_THREAD) as u64,
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| line.work());
        }
        line.work();
    });
    let belt = line.belt.into_inner();
    let end = belt.unwrap_or_else(PoisonError::into_inner).end;
    end.unwrap_or(Ok(()))
}

/// Consecutive files, and their place in the chain.
struct Batch<E> {
    number: u64,
    files: Vec<Fetched<E>>,
}

/// Where the files come from, and how many batches have come.
struct Source<I> {
    files: I,
    batches: u64,
}

impl<E, I: Iterator<Item = Fetched<E>>> Source<I> {
    fn next_batch(&mut self) -> Option<Batch<E>> {
        let mut bytes = 0;
        let mut files = Vec::with_capacity(BATCH_FILES);
        while files.len() < BATCH_FILES && bytes < BATCH_BYTES {
            let Some(fetched) = self.files.next() else {
                break;
            };
            bytes += fetched.as_ref().map_or(0, |(_, bytes)| bytes.len());
            files.push(fetched);
        }
        if files.is_empty() {
            return None;
        }
        let number = self.batches;
        self.batches += 1;
        Some(Batch { number, files })
    }
}

/// What lies between the threads.
struct Belt<E, T> {
    /// The last file of each batch, for whoever judges the batch after it; `None` for one that is no root.
    handed_on: HashMap<u64, Option<Arc<RootFile>>>,
    /// Verdicts that wait for those before them.
    waiting: BTreeMap<u64, Vec<Verdict<E>>>,
    /// The batch whose verdicts leave next.
    next: u64,
    take: T,
    /// How it ended, if it ended before the files did.
    end: Option<Result<(), E>>,
}

impl<E, T: FnMut(Link, Option<Hop>) -> ControlFlow<()>> Belt<E, T> {
    /// Passes on, in order, the verdicts that nothing is missing before.
    fn pass_on(&mut self) {
        while let Some(verdicts) = self.waiting.remove(&self.next) {
            self.next += 1;
            for (link, hop) in verdicts {
                let end = match link {
                    Ok(link) => match (self.take)(link, hop) {
                        ControlFlow::Continue(()) => continue,
                        ControlFlow::Break(()) => Ok(()),
                    },
                    Err(error) => Err(error),
                };
                self.end = Some(end);
                return;
            }
        }
    }
}

struct Line<I, E, T> {
    source: Mutex<Source<I>>,
    belt: Mutex<Belt<E, T>>,
    /// Something on the belt has changed.
    moved: Condvar,
    /// How many batches may be on the line.
    batches: u64,
}

impl<I, E, T> Line<I, E, T>
where
    I: Iterator<Item = Fetched<E>>,
    T: FnMut(Link, Option<Hop>) -> ControlFlow<()>,
{
    fn work(&self) {
        let _stop = StopOnPanic(self);
        let mut cache = AuthorityCache::default();
        loop {
            let Some(batch) = lock(&self.source).next_batch() else {
                return;
            };
            // A thread that has taken a batch whose turn is far off waits before it reads it.
            let number = batch.number;
            if self
                .wait(|belt| (number < belt.next + self.batches).then_some(()))
                .is_none()
            {
                return;
            }
            let Some(verdicts) = self.judge(batch, &mut cache) else {
                return;
            };
            let mut belt = lock(&self.belt);
            if belt.end.is_some() {
                return;
            }
            belt.waiting.insert(number, verdicts);
            belt.pass_on();
            self.moved.notify_all();
        }
    }

    /// Reads and judges a batch, unless the line has ended.
    fn judge(&self, batch: Batch<E>, cache: &mut AuthorityCache) -> Option<Vec<Verdict<E>>> {
        let links: Vec<Result<Link, E>> = batch
            .files
            .into_iter()
            .map(|fetched| fetched.map(|(name, bytes)| Link::read(name, &bytes, cache)))
            .collect();
        let last = links.last().and_then(root_file).cloned();
        lock(&self.belt).handed_on.insert(batch.number, last);
        self.moved.notify_all();
        let mut before = match batch.number.checked_sub(1) {
            // Each is waited for once.
            Some(number) => self.wait(|belt| belt.handed_on.remove(&number))?,
            None => None,
        };
        let mut anchor = batch.number == 0;
        let judged = links.into_iter().map(|link| {
            let file = root_file(&link).cloned();
            let hop = match (&file, &before) {
                (Some(file), None) if anchor => Some(Hop::judge(None, file)),
                (Some(file), Some(before)) => Some(Hop::judge(Some(before), file)),
                // After a file that could not be read there is nothing to judge by.
                _ => None,
            };
            anchor = false;
            before = file;
            (link, hop)
        });
        Some(judged.collect())
    }

    /// Waits until there is something on the belt; `None` if the line has ended.
    fn wait<R>(&self, mut look: impl FnMut(&mut Belt<E, T>) -> Option<R>) -> Option<R> {
        let mut belt = lock(&self.belt);
        loop {
            if belt.end.is_some() {
                return None;
            }
            let found = look(&mut belt);
            if found.is_some() {
                return found;
            }
            let woken = self.moved.wait(belt);
            belt = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The root file of a link, if it was fetched and is one.
fn root_file<E>(link: &Result<Link, E>) -> Option<&Arc<RootFile>> {
    link.as_ref().ok()?.file.as_ref().ok()
}

/// Ends the line if a thread panics, so that no other waits for it for ever.
struct StopOnPanic<'a, I, E, T>(&'a Line<I, E, T>);

impl<I, E, T> Drop for StopOnPanic<'_, I, E, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.belt).end = Some(Ok(()));
            self.0.moved.notify_all();
        }
    }
}

/// What a lock guards here is whole after every statement, also after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn garbage(count: u64) -> impl Iterator<Item = Fetched<&'static str>> + Send {
        (0..count).map(|number| Ok((number.to_string(), b"{".to_vec())))
    }

    #[test]
    fn files_leave_the_line_in_order() {
        let mut names = Vec::new();
        let end = run(garbage(1000), |link, hop| {
            assert!(hop.is_none() && link.file.is_err());
            names.push(link.name);
            ControlFlow::Continue(())
        });
        assert_eq!(end, Ok(()));
        assert!(
            names
                .into_iter()
                .eq((0..1000).map(|number| number.to_string()))
        );
    }

    #[test]
    fn no_more_is_fetched_than_is_needed() {
        let fetched = AtomicU64::new(0);
        let files = garbage(1_000_000).inspect(|_| {
            fetched.fetch_add(1, Ordering::Relaxed);
        });
        let end = run(files, |_, _| ControlFlow::Break(()));
        assert_eq!(end, Ok(()));
        let most = MAX_THREADS * (BATCHES_PER_THREAD + 1) * BATCH_FILES;
        assert!(fetched.into_inner() <= most as u64);
    }

    #[test]
    fn the_first_file_that_cannot_be_fetched_ends_it() {
        let files = garbage(10).chain([Err("first"), Err("second")]);
        let mut taken = 0;
        let end = run(files, |_, _| {
            taken += 1;
            ControlFlow::Continue(())
        });
        assert_eq!((end, taken), (Err("first"), 10));
    }

    #[test]
    fn a_panic_is_a_panic_and_no_hang() {
        let end = std::panic::catch_unwind(|| {
            let files = garbage(10).map(|file| match file {
                Ok((name, _)) if name == "5" => panic!("the file system is gone"),
                file => file,
            });
            run(files, |_, _| ControlFlow::Continue(()))
        });
        assert!(end.is_err());
    }
}
