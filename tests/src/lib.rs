//! What the tests that cross crates share: the built command, notebooks made of cells, the Python client.

mod command;
pub mod golden;
mod mutate;
mod notebook;
mod python;

pub use command::{cistron, cistron_command};
pub use mutate::Mutator;
pub use notebook::{Notebook, Ran};
pub use python::python_with_jupyter;
