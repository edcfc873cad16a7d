//! Examples for training: sequences and measurements read from files or data frames, joined by name,
//! checked, counted, split and made into batches.
//!
//! A `data!` declaration becomes a [`Dataset`]: sequences are kept as one byte per base, targets as
//! `f32`, and one-hot tensors (`[batch, 4, length]`, order A C G T) are made per batch. More than 16 MiB of
//! sequences are unpacked once into the cache and mapped into memory from there. Everything that
//! is skipped or filled in on the way is counted and shown once, in the [`Audit`].

mod alphabet;
mod audit;
mod baseline;
mod batch;
mod captured;
mod codes;
mod control;
mod dataset;
mod declare;
mod error;
mod fingerprint;
mod folds;
mod genome;
mod meme;
mod motif;
mod one_hot;
mod opened;
mod part;
pub mod registry;
mod ridge;
mod saved;
pub mod simulate;
mod source;
pub mod stats;
mod store;
pub mod table;

pub use audit::Audit;
pub use baseline::{Baseline, Features};
pub use batch::{Batch, Named};
pub use captured::Captured;
pub use dataset::Dataset;
pub use error::{DataError, Result};
pub use genome::Genome;
pub use motif::{Motif, MotifMatch, Site, Strand};
pub use one_hot::one_hot;
pub use opened::{OpenedFile, take_opened};
pub use part::Part;
pub use ridge::Ridge;
