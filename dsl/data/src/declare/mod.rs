//! A `data!` declaration becomes a data set.

use crate::captured::Captured;
use crate::dataset::Contents;
use crate::{DataError, Result};
use cistron_declaration::DataDeclaration;

/// Reads, joins and checks everything that a declaration names.
pub(crate) fn declare(_declaration: DataDeclaration, _captures: Vec<Captured>) -> Result<Contents> {
    Err(DataError::Malformed("not yet".into()))
}
