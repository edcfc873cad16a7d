//! Notebooks on disk: nbformat 4.5.

mod error;
mod file;
mod outputs;
mod parameters;
mod time;

pub use error::NotebookError;
pub(crate) use file::joined;
pub use file::{Notebook, cell_source, has_tag};
pub use outputs::Outputs;
pub use parameters::{Parameter, inject};
pub(crate) use parameters::{defaults, values};
pub use time::{now, rounded};
