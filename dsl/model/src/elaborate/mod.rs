//! From syntax to graph: loops, blocks, closures and choices are unrolled, names are given, everything is checked.
//!
//! A mistake is reported once and gives [`Item::Unknown`], about which nothing more is said, so that the mistakes
//! after it are found as well. Inside the macro the data set and captured Rust values are unknown in the same way.

mod arguments;
mod arithmetic;
mod build;
mod call;
mod catalog;
mod expression;
mod finish;
mod functions;
mod item;
mod layers;
mod outputs;
mod parameters;
mod scope;
mod start;
mod statement;
mod tracks;
mod unread;
mod wanted;

pub(crate) use build::{Draft, Drafts};
pub(crate) use item::Item;

use crate::{Convention, Graph};
use cistron_declaration::{Diagnostic, ModelDeclaration, Severity, Signature, Span, Value};
use outputs::Slot;
use scope::Scope;
use start::Rule;
use std::collections::HashMap;
use std::rc::Rc;

/// The most expressions that one elaboration evaluates.
const MOST_STEPS: usize = 5_000_000;

/// What an elaboration gives.
pub(crate) struct Elaborated {
    /// The graph; nothing if there are errors or the data set is unknown.
    pub(crate) graph: Option<Graph>,
    /// The parameters with their values.
    pub(crate) parameters: Vec<(String, Value)>,
    /// Errors, or warnings if there are none, in the order of their places.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What the elaboration knows so far.
pub(crate) struct Elaborator<'a> {
    declaration: &'a ModelDeclaration,
    /// Rust values of the header; nothing inside the macro.
    captures: Option<&'a [Value]>,
    /// The data set; nothing inside the macro.
    signature: Option<&'a Signature>,
    diagnostics: Vec<Diagnostic>,
    scope: Scope,
    drafts: Drafts,
    /// Node of each input that was read.
    inputs: HashMap<String, usize>,
    outputs: Vec<Slot>,
    /// Names of the tracks of nodes that an output has been given.
    tracks: HashMap<usize, Rc<Vec<String>>>,
    /// Operators that met values whose tracks were not known yet.
    unnamed: Vec<tracks::Unnamed>,
    /// Outputs that the model says it leaves out.
    without: Vec<String>,
    /// Whether it leaves out all that it does not assign.
    without_rest: bool,
    /// How often each block was called, by the place of its name.
    called: HashMap<Span, (String, usize)>,
    /// Weights of shared blocks, by the place of their names.
    shared: HashMap<Span, String>,
    /// The blocks being run.
    calls: Vec<Span>,
    /// The width asked for by `.linear()` without a number: where each stands.
    open_widths: Vec<Span>,
    /// Whether `use` brings names that are not known here.
    borrows: bool,
    /// How weights begin unless a layer says otherwise.
    start: Rule,
    /// Whose norms they are unless a layer says otherwise.
    convention: Convention,
    /// Whether the output that is being assigned has positions; nothing where that is not known.
    places_wanted: Option<bool>,
    /// The call of a `recompute block` that runs, and how many there were.
    recompute: Option<usize>,
    recomputed: usize,
    steps: usize,
    halted: bool,
}

/// Elaborates a declaration. Without a signature: what can be told inside the macro.
pub(crate) fn elaborate(
    declaration: &ModelDeclaration,
    captures: Option<&[Value]>,
    signature: Option<&Signature>,
    changed: &[(String, Value)],
) -> Elaborated {
    let mut elaborator = Elaborator::new(declaration, captures, signature);
    let parameters = elaborator.header(changed);
    let last = elaborator.body(&declaration.body);
    if let (Item::Node(_), Some(value)) = (last, &declaration.body.value) {
        let help = "assign it to an output: `y = ..;`";
        elaborator.report(Diagnostic::error(value.span, "the value at the end of the body is not used").help(help));
    }
    elaborator.check_outputs();
    let graph = elaborator.finish();
    let failed = elaborator.has_errors();
    let mut diagnostics = elaborator.diagnostics;
    // A misspelt call leaves its block uncalled: warnings wait until the errors are mended.
    diagnostics.retain(|d| !failed || d.severity == Severity::Error);
    diagnostics.sort_by_key(|d| (d.span.line, d.span.column));
    Elaborated {
        graph,
        parameters,
        diagnostics,
    }
}

/// What can be told of blocks alone.
pub(crate) fn elaborate_blocks(declaration: &ModelDeclaration) -> Vec<Diagnostic> {
    let mut elaborator = Elaborator::new(declaration, None, None);
    elaborator.header(&[]);
    elaborator.body(&declaration.body);
    elaborator.try_blocks();
    let mut found = elaborator.diagnostics;
    found.sort_by_key(|d| (d.span.line, d.span.column));
    found
}

impl<'a> Elaborator<'a> {
    fn new(declaration: &'a ModelDeclaration, captures: Option<&'a [Value]>, signature: Option<&'a Signature>) -> Self {
        let mut elaborator = Self {
            declaration,
            captures,
            signature,
            diagnostics: Vec::new(),
            scope: Scope::default(),
            drafts: Drafts::default(),
            inputs: HashMap::new(),
            outputs: Vec::new(),
            tracks: HashMap::new(),
            unnamed: Vec::new(),
            without: Vec::new(),
            without_rest: false,
            called: HashMap::new(),
            shared: HashMap::new(),
            calls: Vec::new(),
            open_widths: Vec::new(),
            borrows: false,
            start: Rule::PyTorch,
            convention: Convention::PyTorch,
            places_wanted: None,
            recompute: None,
            recomputed: 0,
            steps: 0,
            halted: false,
        };
        elaborator.drafts.paths.push(build::Path::default());
        elaborator.scope.frames.push(scope::Frame::default());
        elaborator
    }
}

impl Elaborator<'_> {
    /// Whether the data set is unknown.
    pub(crate) fn inside_macro(&self) -> bool {
        self.signature.is_none()
    }

    /// The data set's name, for messages.
    pub(crate) fn data_name(&self) -> &str {
        match (self.declaration.on.first(), self.signature) {
            (Some(name), _) => name,
            (None, Some(signature)) => &signature.name,
            (None, None) => "the data",
        }
    }

    /// Where the model's name stands.
    pub(crate) fn header_span(&self) -> Span {
        let line = self.declaration.source.line(1).unwrap_or_default();
        let before = line.find(&self.declaration.name).map_or(0, |at| line[..at].chars().count());
        Span {
            line: 1,
            column: before as u32,
            length: self.declaration.name.chars().count().max(1) as u32,
        }
    }

    /// Keeps a diagnostic, once: a loop or a second call of a block does not repeat it with other numbers.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        let words = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).take(40).collect::<String>();
        let known = |d: &Diagnostic| d.span == diagnostic.span && words(&d.message) == words(&diagnostic.message);
        if !self.diagnostics.iter().any(known) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports an error and gives what stands for its result.
    pub(crate) fn fail(&mut self, diagnostic: Diagnostic) -> Item {
        self.report(diagnostic);
        Item::Unknown
    }

    /// Whether an error has been reported.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// Counts an evaluation; false when there have been too many.
    pub(crate) fn step(&mut self, span: Span) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS && !self.halted {
            self.halted = true;
            self.report(
                Diagnostic::error(span, "the declaration takes more than 5,000,000 steps to unroll")
                    .help("a loop or a tower repeats more often than was meant"),
            );
        }
        !self.halted
    }
}
