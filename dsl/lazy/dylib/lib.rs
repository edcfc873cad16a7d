//! Lazy frames for cells: everything of `cistron-lazy` in one shared library that stands on the facade, with the code in it
//! that queries need. `cistron install` compiles it; cells name it `cistron_lazy`.

pub use cistron_lazy::*;

mod instances;
