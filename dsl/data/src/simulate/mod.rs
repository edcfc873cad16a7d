//! Simulated data with a known truth: a motif grammar.
//!
//! Every sequence is random background into which sites of two motifs are planted. What is measured follows from the
//! planted sites by a rule that is written out, plus noise; so it is known what a model should find. The generator
//! depends on nothing but its settings: the same settings give the same table on every machine.

mod grammar;
mod shown;

pub use grammar::{MotifGrammar, PlantedSite, Simulation, motif_grammar};
