//! Public data sets by name: where they are on the web, what they must hold, whose they are.
//!
//! A registered file is looked for beside the notebook (`data`), below `CISTRON_DATA`, and in the cache
//! (`CISTRON_CACHE`, or `~/.cache/cistron`); only then it is fetched, into the cache. Wherever it comes from, its
//! SHA-256 must be the registered one.

mod entries;
mod fetch;
mod locate;

pub use entries::{Entry, entries, entry};
pub(crate) use locate::cache_folder;
pub use locate::{open, path};
