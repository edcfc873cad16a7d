//! The checker inside the macro.

use crate::elaborate::{elaborate, elaborate_blocks};
use cistron_declaration::{Diagnostic, ModelDeclaration, Severity};

/// Every error that can be told from the text alone: inside the macro the inputs, outputs and lengths of the data set
/// and the Rust values of the header are unknown, so free names count as inputs, and nothing is said about what hangs
/// on them. Warnings wait for [`crate::Model::declare`], which knows the data.
pub fn check_declaration(declaration: &ModelDeclaration) -> Vec<Diagnostic> {
    errors(elaborate(declaration, None, None, &[]).diagnostics)
}

/// The same of blocks that stand alone: each is run once with arguments that are not known.
pub fn check_blocks(declaration: &ModelDeclaration) -> Vec<Diagnostic> {
    errors(elaborate_blocks(declaration))
}

fn errors(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.retain(|d| d.severity == Severity::Error);
    found
}
