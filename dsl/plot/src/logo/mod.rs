//! Sequence logos and attributions as letters.

mod draw;
mod heat;
mod letters;
mod rows;
mod single;
mod track;

pub use rows::{LogoRow, Logos, logos};
pub use single::{Logo, LogoScale, logo};
pub use track::{Highlight, Letters, letters};
