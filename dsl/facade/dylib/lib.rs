//! What cells link against: everything of `cistron-facade` in one shared library that is built once and loaded once, with the
//! code in it that most cells need. `cistron install` compiles it; cells name it `cistron`.

pub use cistron_facade::*;

mod instances;
