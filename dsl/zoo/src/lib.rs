//! Published systems, each declared in the language itself.
//!
//! | module | system |
//! |---|---|
//! | [`drg`] | expression, transcription and degradation from DNA and RNA: eight wirings of one trunk |

// What the macros expand to is found in this crate, which stands below `cistron`.
extern crate self as cistron;

#[doc(hidden)]
pub mod __macro;
pub mod drg;
mod error;

pub use error::{Result, ZooError};

use cistron_data::Dataset;
