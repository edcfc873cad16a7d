//! What the commands `:vars`, `:runs`, `:device` and `:help` show, as text and as HTML.

mod help;
mod machine;
mod runs;
mod table;
mod variables;

pub(crate) use help::{COMMANDS, help};
pub use machine::machine;
pub use runs::runs;
pub use variables::variables;
