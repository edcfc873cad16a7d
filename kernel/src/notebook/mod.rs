//! Notebooks on disk: nbformat 4.5.

mod error;
mod file;
mod outputs;
mod parameters;
mod time;

pub use error::NotebookError;
pub use file::{Notebook, cell_source, has_tag};
pub use outputs::Outputs;
pub use parameters::{Parameter, inject};
pub use time::{now, rounded};
