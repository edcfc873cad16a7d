//! Layers that keep the shape: activations, norms, dropout.

use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use crate::{Gelu, Operation};
use cistron_declaration::{Diagnostic, Span};

impl Elaborator<'_> {
    /// `relu()` and its kin, which take nothing.
    pub(crate) fn activation(&mut self, item: &Item, name: &str, span: Span) -> Item {
        let operation = match name {
            "relu" => Operation::Relu,
            "silu" => Operation::Silu,
            "softplus" => Operation::Softplus,
            "sigmoid" => Operation::Sigmoid,
            "tanh" => Operation::Tanh,
            "exp" => Operation::Exp,
            other => return self.fail(Diagnostic::error(span, format!("`{other}` parses but cannot run yet"))),
        };
        self.same(item, name, operation, span)
    }

    /// `gelu()`, `gelu(Tanh)`, `gelu(Sigmoid)`.
    pub(crate) fn gelu(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let form = match self.word(arguments, "form", &["Erf", "Tanh", "Sigmoid"], &[]).or("Erf") {
            Some("Tanh") => Gelu::Tanh,
            Some("Sigmoid") => Gelu::Sigmoid,
            _ => Gelu::Erf,
        };
        self.same(item, "gelu", Operation::Gelu(form), arguments.span)
    }

    /// `dropout(rate)`, rate in [0, 1).
    pub(crate) fn dropout(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let given = self.number(arguments, "rate", "at least 0 and below 1", |x| (0.0..1.0).contains(&x));
        let rate = given.or(0.0).unwrap_or(0.0);
        self.same(item, "dropout", Operation::Dropout { rate }, arguments.span)
    }

    /// `norm(Batch)`, `norm(Layer)`.
    pub(crate) fn norm(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let kind = self
            .word(arguments, "kind", &["Batch", "Layer"], &["Group", "Rms"])
            .or("Batch");
        let epsilon = self
            .number(arguments, "epsilon", "above 0", |x| x > 0.0 && x.is_finite())
            .or(1e-5)
            .unwrap_or(1e-5);
        let range = "above 0 and at most 1";
        let momentum = self
            .number(arguments, "momentum", range, |x| x > 0.0 && x <= 1.0)
            .or(0.1)
            .unwrap_or(0.1);
        if kind == Some("Layer") && arguments.get("momentum").is_some() {
            let span = arguments.span_of("momentum");
            let message = "`momentum` belongs to `norm(Batch)`: `norm(Layer)` keeps no running statistics";
            self.report(Diagnostic::error(span, message));
        }
        if let (_, shape) = self.source(item)
            && let Some(size) = shape.0.as_ref().and_then(|d| d.first()).map(|d| d.size)
        {
            self.decided(size, arguments.span);
        }
        let operation = match kind {
            Some("Layer") => Operation::LayerNorm { epsilon },
            _ => Operation::BatchNorm { epsilon, momentum },
        };
        self.same(item, "norm", operation, arguments.span)
    }
}
