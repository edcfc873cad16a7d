//! What every Cistron declaration is made of: source text with spans, expressions, ports (names and
//! shapes) and located diagnostics.
//!
//! The macros parse `data!`, `model!`, `objective!` and `fit!` into the types of this crate; the
//! crates `cistron-model`, `cistron-data` and `cistron-train` give them meaning, once inside the
//! macro (over all that is literal) and again when the cell runs (when the files are known).

mod diagnostic;
mod expression;
mod losses;
mod nearest;
mod port;
mod source;
mod statement;
mod value;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use expression::{Argument, Arm, BinaryOperator, Block, Closure, Expression, Kind, Pattern};
pub use losses::DRG_LOSSES;
pub use nearest::{did_you_mean, nearest};
pub use port::{Axis, AxisKind, Port, PortKind, Signature};
pub use source::{Source, Span};
pub use statement::{
    BlockDefinition, BlockRole, Borrowed, DataDeclaration, DataStatement, Entry, ModelDeclaration, ObjectiveDeclaration,
    ObjectiveRule, Parameter, Statement, Target,
};
pub use value::Value;
