//! What a user asks a finished run next: new sequences, what each base does, what the filters look for.

mod filters;
mod first_layer;
mod given;
mod gradients;
mod matches;
mod mutagenesis;
mod predict;
mod question;
mod search;
mod stretch;

pub use gradients::{Attribution, Gradients};
pub use mutagenesis::{Mutagenesis, Substitutions};
