//! Declarations as they are written, elaborated for a data set: graphs, counts, drawings and every message.

mod drawing;
mod inside_macro;
mod language;
mod language_page;
mod mangled;
mod mistakes;
mod operations;
mod shapes;
mod support;
mod values;
