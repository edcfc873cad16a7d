//! DRG against the recorded numbers of the original: every case under `golden/drg`, the toy set, options and quirks.

mod golden;
mod mistakes;
mod models;
mod options;
mod planted;
mod quirks;
mod toy;
