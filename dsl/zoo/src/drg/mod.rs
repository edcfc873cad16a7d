//! DRG: CNNs with several sequence inputs (specification of the system: a trunk per sequence, and seven hypotheses about how
//! transcription, degradation and expression hang together).
//!
//! [`blocks`] holds what all models share; each model is a few lines, and two hypotheses differ in one visible expression. The
//! data have the inputs `dna` and `rna` and the outputs `ex` (exonic counts: expression), `kt` (intronic counts:
//! transcription) and `kd` (degradation), in log2, with ex = kt - kd. Padding of pooling counts for nothing, so predictions do
//! not depend on the batch; `compat = drg` in `fit!` (or [`cistron_model::Model::compat`]) gives the original's numbers.
//!
//! Networks of the original are read with [`load`] from its `model_params.dat` and `parameter.pth`, and written for it with
//! [`Translation::state`] and [`write_pth`].
//!
//! Sizes are parameters of the blocks: `drg::d_shared(&data, &drg::blocks()?.with("kernels", 24)?)?`.

mod models;
mod options;
mod pth;
mod saved;

pub use models::{a, a_attention, b, blocks, c, d_separate, d_shared, f_all, f_routed, g};
pub use options::{OptionValue, Ports, SequencePort, Translation, merged_names, translate, translate_pairs};
pub use pth::write_pth;
pub use saved::{load, read_state};
