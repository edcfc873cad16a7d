//! What the macros expand to. Not for use by hand.

use crate::{Blocks, Compare, Dataset, Error, Fit, Model, Objective};
pub use cistron_data::Captured;
use cistron_declaration::{Signature, Source, Span, Value};

/// `data!`
pub fn data(declaration: &str, captures: Vec<Captured>) -> Result<Dataset, Error> {
    Ok(Dataset::declare(serde_json::from_str(declaration)?, captures)?)
}

/// `model!`
pub fn model(declaration: &str, captures: Vec<Value>, signatures: &[Signature]) -> Result<Model, Error> {
    Ok(Model::declare(
        serde_json::from_str(declaration)?,
        captures,
        signatures.to_vec(),
    )?)
}

/// `model!` with blocks of elsewhere.
pub fn model_using(
    declaration: &str,
    captures: Vec<Value>,
    signatures: &[Signature],
    blocks: &[&Blocks],
) -> Result<Model, Error> {
    let declaration = serde_json::from_str(declaration)?;
    Ok(Model::declare_using(declaration, captures, signatures.to_vec(), blocks)?)
}

/// `blocks!`
pub fn blocks(declaration: &str, captures: Vec<Value>) -> Result<Blocks, Error> {
    Ok(Blocks::declare(serde_json::from_str(declaration)?, captures))
}

/// `objective!`
pub fn objective(declaration: &str, signatures: &[Signature]) -> Result<Objective, Error> {
    Ok(Objective::declare(serde_json::from_str(declaration)?, signatures)?)
}

/// `compare!`
pub fn compare(declaration: &str, fit: Fit, models: Vec<(Option<&str>, Model)>) -> Result<Compare, Error> {
    let (source, spans, options): (Source, Vec<Span>, Vec<(String, Span)>) = serde_json::from_str(declaration)?;
    let add = |compare: Compare, (label, model): (Option<&str>, Model)| match label {
        Some(label) => compare.labelled(label, &model),
        None => compare.model(&model),
    };
    Ok(models
        .into_iter()
        .fold(Compare::new(fit).declared(source, spans, options), add))
}

/// A value of the right type behind a mistake that the compiler already reports, so that no second one follows.
pub fn stub<T>() -> T {
    unreachable!("a declaration with mistakes does not compile")
}
