//! What the macros read and what they say, without a compiler around them.

mod declarations;
mod expansion;
mod mistakes;
mod tree;
