//! The threads that operations work on: one pool for the process.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;

fn wished(wish: Option<&str>) -> (usize, Option<String>) {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    match wish.map(str::parse::<usize>) {
        None => (all, None),
        Some(Ok(count)) if count > 0 => (count, None),
        Some(_) => {
            let found = wish.unwrap_or_default();
            let message = format!("CISTRON_THREADS is `{found}`, expected a number from 1 on: using {all}");
            (all, Some(message))
        }
    }
}

/// The pool of this process; none where the system gives no threads.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| {
        let wish = std::env::var("CISTRON_THREADS").ok().filter(|w| !w.is_empty());
        let (count, message) = wished(wish.as_deref());
        if let Some(message) = message {
            eprintln!("{message}");
        }
        build(count)
    })
    .as_ref()
}

fn build(count: usize) -> Option<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(count);
    builder.thread_name(|i| format!("cistron-{i}")).build().ok()
}

/// Runs work on the pool: at once where this thread belongs to a pool already.
pub(crate) fn in_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match pool() {
        Some(pool) if rayon::current_thread_index().is_none() => pool.install(work),
        _ => work(),
    }
}

/// How many threads operations work on: all that the machine offers, or as many as `CISTRON_THREADS` says.
///
/// Results don't depend on it, bit for bit.
pub fn threads() -> usize {
    in_pool(rayon::current_num_threads)
}

/// Runs work in which operations use this many threads, at least one.
///
/// # Example
/// ```
/// assert_eq!(cistron_ops::with_threads(3, cistron_ops::threads), 3);
/// ```
pub fn with_threads<R: Send>(count: usize, work: impl FnOnce() -> R + Send) -> R {
    match build(count.max(1)) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_is_a_number() {
        let all = wished(None).0;
        assert_eq!(wished(Some("3")), (3, None));
        for wrong in ["0", "two", "-1"] {
            let (count, message) = wished(Some(wrong));
            assert_eq!(count, all);
            assert!(message.is_some_and(|m| m.contains(wrong)));
        }
    }
}
