//! The checker inside the macro.

use cistron_declaration::{Diagnostic, ModelDeclaration};

/// Everything that can be told to be wrong from the text alone.
pub fn check_declaration(_declaration: &ModelDeclaration) -> Vec<Diagnostic> {
    Vec::new()
}
