//! Statements and whole declarations, as data.

use crate::{Argument, Block, Expression, Pattern, Source, Span};
use serde::{Deserialize, Serialize};

/// One statement of a `model!` body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Statement {
    /// `let pattern = value;`
    Let {
        /// What is bound.
        pattern: Pattern,
        /// To what.
        value: Expression,
    },
    /// `x = value;` (a mutable binding or an output), `[a, b] = value;` (several outputs), `x += value;`
    Assign {
        /// What is assigned.
        targets: Vec<Target>,
        /// To what. `x += v` arrives as `x + v`.
        value: Expression,
    },
    /// `block name(parameters) { .. }`, `shared block ..`, `part ..`
    Define(BlockDefinition),
    /// `for pattern in values { .. }`
    For {
        /// What is bound.
        pattern: Pattern,
        /// Over what.
        values: Expression,
        /// The body.
        body: Block,
        /// The `for` word.
        span: Span,
    },
    /// An expression for its assignments: `if c { x = .. }`.
    Expression(Expression),
    /// `use drg.trunk, drg.mix;` or `use drg;`: blocks that are declared elsewhere (`blocks!`).
    Use(Vec<Borrowed>),
    /// A statement of the language that parses but has no meaning yet (`use .. as frozen`, `zoom`).
    Later {
        /// The word that begins it.
        word: String,
        /// Where it stands.
        span: Span,
    },
}

/// What a `use` takes: one block of a declaration, or all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Borrowed {
    /// The place of the `blocks!` value in the list of those that the model uses.
    pub from: usize,
    /// The name of that value in the cell.
    pub source: String,
    /// The block's name; all blocks without one.
    pub block: Option<String>,
    /// Where the name of the block (or of the value) stands.
    pub span: Span,
}

/// What an assignment assigns: a name, `tracks.value`, `map[level]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The data set before the dot, when several are declared together.
    pub of: Option<String>,
    /// The name.
    pub name: String,
    /// The index in brackets.
    pub index: Option<Box<Expression>>,
    /// Where it stands.
    pub span: Span,
}

/// What a call of a block means for its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockRole {
    /// `block`: every call has its own weights.
    Block,
    /// `shared block`: all calls use one set of weights.
    Shared,
    /// `part`: called once, by its own parameter names; a later model can use it.
    Part,
}

/// `block trunk(x, pool) { .. }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockDefinition {
    /// Block, shared block or part.
    pub role: BlockRole,
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Parameter names and where they stand.
    pub parameters: Vec<(String, Span)>,
    /// The body.
    pub body: Block,
    /// Whether backward computes it again instead of keeping its values: `recompute block ..`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recompute: bool,
    /// Whether a `use` brought it from elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub borrowed: bool,
}

/// `kernels = 300` of a header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its default: a literal, or a value captured from the cell.
    pub default: Expression,
}

/// A whole `model!`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelDeclaration {
    /// The text it was written as.
    pub source: Source,
    /// The name before the parameters.
    pub name: String,
    /// The parameters, which sweeps may change.
    pub parameters: Vec<Parameter>,
    /// The data sets after `on`, by the names they have in the cell.
    pub on: Vec<String>,
    /// The body.
    pub body: Block,
}

/// A whole `data!`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataDeclaration {
    /// The text it was written as.
    pub source: Source,
    /// `input ..;`, `output ..;`, `split ..;` and so on, in order.
    pub statements: Vec<DataStatement>,
}

/// `output ex = table("a.tsv"), kt = table("b.tsv");`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataStatement {
    /// `input`, `output`, `records`, `classes`, `folds`, `split`, `sample`, `genome`, `cells`, `windows`.
    pub word: String,
    /// Where the word stands.
    pub span: Span,
    /// What it declares, in order.
    pub entries: Vec<Entry>,
}

/// `dna: Dna = npz("TSS40k.npz")`; without a name: `sets("folds.txt")`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The declared name.
    pub name: Option<String>,
    /// Where the name (or the value) stands.
    pub span: Span,
    /// The kind after the colon: `Dna`, `Rna`, `Map(250)`.
    pub kind: Option<Expression>,
    /// Where it comes from.
    pub value: Expression,
}

/// A whole `objective!`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveDeclaration {
    /// The text it was written as.
    pub source: Source,
    /// The data set after `on`.
    pub on: Vec<String>,
    /// `loss(..) = ..;`, `watch(..) = ..;`, `report(..) = ..;` in order.
    pub rules: Vec<ObjectiveRule>,
}

/// `loss(ex, kd) = 0.95 * correlation(Tracks) + 0.05 * mse();`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRule {
    /// `loss`, `watch` or `report`.
    pub word: String,
    /// Where the word stands.
    pub span: Span,
    /// The outputs it is about, with an optional argument list kept for later words.
    pub outputs: Vec<Argument>,
    /// The right-hand side.
    pub value: Expression,
}
