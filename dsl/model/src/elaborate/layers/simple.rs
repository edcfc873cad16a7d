//! Layers that keep the shape: activations, powers, dropout.

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
            "log" => Operation::Log,
            "log1p" => Operation::Log1p,
            "sqrt" => Operation::SquareRoot,
            "abs" => Operation::Abs,
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

    /// `pow(x)`: each value to this power.
    pub(crate) fn power(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let exponent = self
            .number(arguments, "exponent", "finite", f64::is_finite)
            .or(1.0)
            .unwrap_or(1.0);
        self.same(item, "pow", Operation::Power { exponent }, arguments.span)
    }
}
