//! Simulated data with a known truth: a motif grammar, and genes whose expression is transcription minus degradation.
//!
//! Every sequence is random background into which sites of two motifs are planted. What is measured follows from the
//! planted sites by a rule that is written out, plus noise; so it is known what a model should find. The generator
//! depends on nothing but its settings: the same settings give the same table on every machine.

mod grammar;
mod regulation;
mod shown;

pub use grammar::{MotifGrammar, PlantedSite, Simulation, motif_grammar};
pub use regulation::{Regulation, RegulationLogic, regulation};
