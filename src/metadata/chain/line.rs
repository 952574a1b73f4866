//! The assembly line of a chain: workers on all cores read and judge files, and
//! the verdicts leave it in the order of the chain.
//!
//! A worker takes the next few files, reads them, and hands the last one to whoever
//! judges the files after it. Then it waits for the file before its own, which
//! somebody is reading already, and judges the hops between them. No more files are
//! on the line than a few batches for each worker, however long the chain is.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{Hop, Link};
use crate::metadata::key_cache::KeyCache;
use crate::metadata::root_file::RootFile;

/// More workers than this would hold more memory than they save time.
const MAX_WORKERS: usize = 32;
/// How many judged batches of each worker may wait for those before them.
const WAITING_PER_WORKER: usize = 2;
/// How many files a worker takes at once.
const BATCH_FILES: usize = 8;
/// After how many bytes a worker takes no further file: parsed, they need thirty times as much.
const BATCH_BYTES: usize = 256 << 10;

/// A named file, or why it could not be fetched.
type Fetched<E> = Result<(String, Vec<u8>), E>;

/// Consecutive files, and the position of the first in the chain.
struct Batch<E> {
    number: u64,
    first: u64,
    files: Vec<Fetched<E>>,
}

/// A batch that leaves the line.
struct Judged<E> {
    number: u64,
    links: Vec<(Result<Link, E>, Option<Hop>)>,
}

/// Reads and judges files side by side, and passes each on in order, until they
/// end or `take` has seen enough.
///
/// # Errors
/// With the first file, in order, that could not be fetched.
pub(super) fn run<E: Send>(
    files: impl Iterator<Item = Fetched<E>> + Send,
    take: impl FnMut(Link, Option<Hop>) -> ControlFlow<()>,
) -> Result<(), E> {
    let workers = thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .min(MAX_WORKERS);
    let line = Line {
        source: Mutex::new(Source {
            files: files.fuse(),
            batches: 0,
            fetched: 0,
        }),
        read: Mutex::default(),
        arrival: Condvar::new(),
        cache: KeyCache::default(),
    };
    thread::scope(|scope| {
        let (judged, verdicts) = sync_channel(workers * WAITING_PER_WORKER);
        for _ in 0..workers {
            let judged = judged.clone();
            let line = &line;
            scope.spawn(move || line.work(&judged));
        }
        // The verdicts end when the last worker lets go of its sender.
        drop(judged);
        in_order(verdicts, take)
    })
}

/// Passes verdicts on in the order of the chain.
fn in_order<E>(
    verdicts: Receiver<Judged<E>>,
    mut take: impl FnMut(Link, Option<Hop>) -> ControlFlow<()>,
) -> Result<(), E> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for verdict in verdicts {
        early.insert(verdict.number, verdict.links);
        while let Some(links) = early.remove(&next) {
            next += 1;
            for (link, hop) in links {
                if take(link?, hop).is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Where the files come from, and how many have come.
struct Source<I> {
    files: I,
    batches: u64,
    fetched: u64,
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
        let batch = Batch {
            number: self.batches,
            first: self.fetched,
            files,
        };
        self.batches += 1;
        self.fetched += batch.files.len() as u64;
        Some(batch)
    }
}

struct Line<I> {
    source: Mutex<Source<I>>,
    /// The last file of each batch, for whoever judges the batch after it; `None` for one that is no root.
    read: Mutex<HashMap<u64, Option<Arc<RootFile>>>>,
    arrival: Condvar,
    cache: KeyCache,
}

impl<I, E> Line<I>
where
    I: Iterator<Item = Fetched<E>>,
{
    fn work(&self, judged: &SyncSender<Judged<E>>) {
        loop {
            let Some(batch) = lock(&self.source).next_batch() else {
                return;
            };
            let number = batch.number;
            let links = self.judge(batch);
            if judged.send(Judged { number, links }).is_err() {
                // Nobody listens any more: a version before these was refused.
                return;
            }
        }
    }

    fn judge(&self, batch: Batch<E>) -> Vec<(Result<Link, E>, Option<Hop>)> {
        let mut place = Place {
            number: batch.number,
            file: None,
            read: &self.read,
            arrival: &self.arrival,
        };
        let read = |(name, bytes): (String, Vec<u8>)| Link::read(name, &bytes, &self.cache);
        let links: Vec<Result<Link, E>> = batch
            .files
            .into_iter()
            .map(|fetched| fetched.map(read))
            .collect();
        place.file = links.last().and_then(root_file).cloned();
        drop(place);
        let mut before = match batch.number.checked_sub(1) {
            Some(number) => self.wait_for(number),
            None => None,
        };
        links
            .into_iter()
            .zip(batch.first..)
            .map(|(link, position)| {
                let file = root_file(&link).cloned();
                let hop = match (&file, &before) {
                    (Some(file), None) if position == 0 => Some(Hop::judge(0, None, file)),
                    (Some(file), Some(before)) => Some(Hop::judge(position, Some(before), file)),
                    // After a file that could not be read there is nothing to judge by.
                    _ => None,
                };
                before = file;
                (link, hop)
            })
            .collect()
    }

    /// The last file of a batch. Each is waited for once.
    fn wait_for(&self, batch: u64) -> Option<Arc<RootFile>> {
        let mut read = lock(&self.read);
        loop {
            if let Some(file) = read.remove(&batch) {
                return file;
            }
            read = self
                .arrival
                .wait(read)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The root file of a link, if it was fetched and is one.
fn root_file<E>(link: &Result<Link, E>) -> Option<&Arc<RootFile>> {
    link.as_ref().ok()?.file.as_ref().ok()
}

/// The promise to hand the last file of a batch on. It is kept even if reading panics, so that nobody waits for ever.
struct Place<'a> {
    number: u64,
    file: Option<Arc<RootFile>>,
    read: &'a Mutex<HashMap<u64, Option<Arc<RootFile>>>>,
    arrival: &'a Condvar,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(self.read).insert(self.number, self.file.take());
        self.arrival.notify_all();
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
        let most = MAX_WORKERS * (2 * WAITING_PER_WORKER + 2) * BATCH_FILES;
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
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_a_panic_and_no_hang() {
        let files = garbage(10).map(|file| match file {
            Ok((name, _)) if name == "5" => panic!("the file system is gone"),
            file => file,
        });
        let _ = run(files, |_, _| ControlFlow::Continue(()));
    }
}
