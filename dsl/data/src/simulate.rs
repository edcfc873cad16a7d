//! Simulated data.

use crate::{Motif};
use polars::prelude::DataFrame;

/// Simulated sequences with their truth.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The table.
    pub table: DataFrame,
    /// The planted motifs.
    pub motifs: Vec<Motif>,
    /// The rule in a sentence.
    pub rule: String,
}
