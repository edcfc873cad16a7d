//! Many small parameters at once: work cut into jobs that are worth a thread's while.

use crate::kernel::in_pool;
use rayon::prelude::*;

/// Values that make a job.
const JOB: usize = 32_768;

/// Runs work items on all threads, several small ones to a job; all on this thread when they are few values in all.
///
/// # Errors
/// The first of an item.
pub(super) fn run<W: Send>(
    items: Vec<W>,
    values: impl Fn(&W) -> usize,
    work: impl Fn(W) -> crate::Result<()> + Sync + Send,
) -> crate::Result<()> {
    if items.iter().map(&values).sum::<usize>() <= JOB {
        return items.into_iter().try_for_each(work);
    }
    let mut jobs: Vec<Vec<W>> = Vec::new();
    let mut room = 0;
    for item in items {
        let size = values(&item);
        match jobs.last_mut() {
            Some(job) if size <= room => {
                room -= size;
                job.push(item);
            }
            _ => {
                room = JOB.saturating_sub(size);
                jobs.push(vec![item]);
            }
        }
    }
    in_pool(|| jobs.into_par_iter().try_for_each(|job| job.into_iter().try_for_each(&work)))
}
