//! Files and data frames as columns, arrays and sequences.

pub(crate) mod columns;
pub(crate) mod delimited;
pub(crate) mod fasta;
pub(crate) mod files;
pub(crate) mod npz;
pub(crate) mod tar;
