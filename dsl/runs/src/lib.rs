//! The folder that every fit leaves on disk: what was declared, on which data, what came of it, and
//! the states to go on from.
//!
//! ```text
//! runs/20260314-101500-two_sided-1f3a9c04/
//!     run.json                      declarations, data with hashes, options, versions, how it ended
//!     metrics.jsonl                 one line per epoch
//!     weights.safetensors           the weights that the fit returned
//!     checkpoints/best.safetensors  the best epoch so far
//!     checkpoints/last.safetensors  the newest state; a fit is resumed from it
//! ```
//!
//! Files that must never be half written (all but the appended `metrics.jsonl`) go to a temporary name,
//! are synced, renamed, and the folder is synced.

mod checkpoint;
mod error;
mod files;
mod folder;
mod manifest;
mod metrics;

pub use checkpoint::{Checkpoint, Element, StoredTensor};
pub use error::RunError;
pub use files::{read_limited, sha256_hex, write_atomically};
pub use folder::{RunFolder, root, take_made};
pub use manifest::{DataFile, Ending, Manifest, Resumption, Versions};
pub use metrics::{EpochRow, Metrics, read_metrics};
