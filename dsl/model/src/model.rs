//! The declared network as a value.

use crate::blocks::with_blocks;
use crate::elaborate::elaborate;
use crate::{Blocks, Compat, Graph};
use cistron_declaration::{Diagnostic, Diagnostics, ModelDeclaration, Signature, Span, Value};
use serde::{Deserialize, Serialize};

/// A declared network: what was written, for which data and parameter values, and the graph that this means.
///
/// It is a plain value: it can be printed, drawn, counted, hashed, written to JSON and read back, compared, and
/// changed by [`Model::with`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    declaration: ModelDeclaration,
    captures: Vec<Value>,
    signatures: Vec<Signature>,
    changed: Vec<(String, Value)>,
    parameters: Vec<(String, Value)>,
    graph: Graph,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compat: Option<Compat>,
    #[serde(with = "stored_warnings")]
    warnings: Vec<Diagnostic>,
}

impl Model {
    /// Elaborates a declaration for the data sets after `on`, in their order. `captures` are the Rust values of the
    /// header, in the order in which they stand there.
    ///
    /// # Errors
    /// All mistakes that were found, located in the declaration's text.
    pub fn declare(declaration: ModelDeclaration, captures: Vec<Value>, signatures: Vec<Signature>) -> Result<Self, Diagnostics> {
        Self::declare_using(declaration, captures, signatures, &[])
    }

    /// The same with the blocks that its `use` names, in the order in which it names them first.
    ///
    /// # Errors
    /// As [`Model::declare`]; a block that is not there.
    pub fn declare_using(
        declaration: ModelDeclaration,
        captures: Vec<Value>,
        signatures: Vec<Signature>,
        blocks: &[&Blocks],
    ) -> Result<Self, Diagnostics> {
        let (declaration, captures) = with_blocks(declaration, captures, blocks)?;
        Self::elaborate(declaration, captures, signatures, Vec::new())
    }

    fn elaborate(
        declaration: ModelDeclaration,
        captures: Vec<Value>,
        signatures: Vec<Signature>,
        changed: Vec<(String, Value)>,
    ) -> Result<Self, Diagnostics> {
        let none = Signature::default();
        let signature = signatures.first().unwrap_or(&none);
        let elaborated = elaborate(&declaration, Some(&captures), Some(signature), &changed);
        match elaborated.graph {
            Some(graph) => Ok(Self {
                declaration,
                captures,
                signatures,
                changed,
                parameters: elaborated.parameters,
                graph,
                compat: None,
                warnings: elaborated.diagnostics,
            }),
            None => Err(Diagnostics {
                source: declaration.source,
                list: elaborated.diagnostics,
            }),
        }
    }

    /// The same declaration with another value of one parameter of its header.
    ///
    /// # Errors
    /// A parameter that the header does not have, a value of another kind, or what the checks find with it.
    pub fn with(&self, name: &str, value: impl Into<Value>) -> Result<Self, Diagnostics> {
        let mut changed: Vec<(String, Value)> = self.changed.iter().filter(|(n, _)| n != name).cloned().collect();
        changed.push((name.to_string(), value.into()));
        changed.sort_by(|a, b| a.0.cmp(&b.0));
        let model = Self::elaborate(
            self.declaration.clone(),
            self.captures.clone(),
            self.signatures.clone(),
            changed,
        )?;
        Ok(match self.compat {
            Some(compat) => model.compat(compat),
            None => model,
        })
    }

    /// The same network computing what another program computes, where that differs from what is right: see [`Compat`].
    #[must_use]
    pub fn compat(mut self, compat: Compat) -> Self {
        compat.change(&mut self.graph);
        self.compat = Some(compat);
        self
    }

    /// Whose numbers it gives, where they are not its own.
    pub fn compatible_with(&self) -> Option<Compat> {
        self.compat
    }

    /// The name before the parameters.
    pub fn name(&self) -> &str {
        &self.declaration.name
    }

    /// The unrolled network.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What was written.
    pub fn declaration(&self) -> &ModelDeclaration {
        &self.declaration
    }

    /// Inputs and outputs of the (first) data set.
    pub fn signature(&self) -> &Signature {
        static NONE: Signature = Signature {
            name: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        self.signatures.first().unwrap_or(&NONE)
    }

    /// The header's parameters with their current values.
    pub fn parameters(&self) -> &[(String, Value)] {
        &self.parameters
    }

    /// What deserves a look though the network can be used.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// A stable fingerprint of the graph, 64 hexadecimal digits: SHA-256 over operations, wiring, sizes, names and
    /// starts of parameters, and outputs; not over spans, text or comments.
    pub fn hash(&self) -> String {
        crate::hash::hash(&self.graph)
    }

    /// The first eight digits of [`Model::hash`].
    pub fn short_hash(&self) -> String {
        self.hash().chars().take(8).collect()
    }

    /// How many numbers training changes.
    pub fn parameter_count(&self) -> usize {
        crate::count::parameters(&self.graph)
    }

    /// Multiply-adds of one example's forward pass: of convolutions, linear layers, norms and scalings.
    pub fn multiply_adds(&self) -> u64 {
        (0..self.graph.nodes.len())
            .map(|i| crate::count::multiply_adds(&self.graph, i))
            .fold(0, u64::saturating_add)
    }

    /// The layers as a table.
    pub fn table(&self) -> cistron_display::Table {
        crate::table::table(self)
    }

    /// The dataflow as SVG.
    pub fn diagram(&self) -> String {
        crate::diagram::draw(self)
    }

    /// Shows itself at the end of a notebook cell.
    pub fn evcxr_display(&self) {
        cistron_display::show_result(&cistron_display::Show::bundle(self));
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.table().text())
    }
}

impl cistron_display::Show for Model {
    fn bundle(&self) -> cistron_display::Bundle {
        let table = self.table();
        cistron_display::Bundle::plain(table.text()).html(format!(
            "<div style=\"overflow-x:auto\">{}</div>{}",
            self.diagram(),
            table.html()
        ))
    }
}

/// Warnings in JSON.
mod stored_warnings {
    use super::{Diagnostic, Span};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        span: Span,
        message: String,
        label: String,
        help: Option<String>,
    }

    pub(super) fn serialize<S: Serializer>(warnings: &[Diagnostic], serializer: S) -> Result<S::Ok, S::Error> {
        let stored = |d: &Diagnostic| Stored {
            span: d.span,
            message: d.message.clone(),
            label: d.label.clone(),
            help: d.help.clone(),
        };
        warnings.iter().map(stored).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Diagnostic>, D::Error> {
        let stored = Vec::<Stored>::deserialize(deserializer)?;
        let warning = |s: Stored| Diagnostic {
            label: s.label,
            help: s.help,
            ..Diagnostic::warning(s.span, s.message)
        };
        Ok(stored.into_iter().map(warning).collect())
    }
}
