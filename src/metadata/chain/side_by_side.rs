//! Work over all cores, with the results in the order of the input.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Applies `work` to every item, on as many threads as there are cores.
///
/// Threads take items from one iterator under a lock, so an iterator that reads
/// files overlaps with the work on those that were read.
pub(super) fn side_by_side<T: Send, R: Send>(
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let items = Mutex::new(items.enumerate());
    let take = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut done = Vec::new();
        while let Some((index, item)) = take() {
            done.push((index, work(item)));
        }
        done
    };
    let mut results = thread::scope(|scope| {
        let helpers: Vec<_> = (1..cores).map(|_| scope.spawn(run)).collect();
        let mut results = run();
        for helper in helpers {
            match helper.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_input() {
        let squares = side_by_side(0..1000u64, |n| {
            if n % 7 == 0 {
                thread::yield_now();
            }
            n * n
        });
        assert!(squares.into_iter().eq((0..1000).map(|n| n * n)));
        assert!(side_by_side(std::iter::empty::<u8>(), |n| n).is_empty());
    }
}
