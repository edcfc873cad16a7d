//! What `model!` and `blocks!` expand to in this crate.

use crate::Result;
use cistron_declaration::{Signature, Value};
use cistron_model::{Blocks, Model};

/// `model!` with blocks of elsewhere.
pub(crate) fn model_using(
    declaration: &str,
    captures: Vec<Value>,
    signatures: &[Signature],
    blocks: &[&Blocks],
) -> Result<Model> {
    let declaration = serde_json::from_str(declaration)?;
    Ok(Model::declare_using(declaration, captures, signatures.to_vec(), blocks)?)
}

/// `blocks!`
pub(crate) fn blocks(declaration: &str, captures: Vec<Value>) -> Result<Blocks> {
    Ok(Blocks::declare(serde_json::from_str(declaration)?, captures))
}
