//! Both strands of DNA through one convolution.

use crate::Operation;
use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use crate::shape::Shape;
use cistron_declaration::{Diagnostic, PortKind, Span};

impl Elaborator<'_> {
    /// `dna.both_strands()`: the next convolution reads the sequence and its reverse complement with the same
    /// weights; the result of the reverse is flipped back, and the larger of both is kept at each position (DRG),
    /// or their mean: `both_strands(Mean)`.
    pub(crate) fn both_strands(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let mean = self.word(arguments, "combine", &["Max", "Mean"], &[]).or("Max") == Some("Mean");
        let Item::Node(node) = item else { return Item::Unknown };
        let draft = &self.drafts.list[*node];
        let Operation::Input { port } = &draft.operation else {
            let message = format!("`both_strands` belongs to a DNA input, found the output of `{}`", draft.name);
            return self.fail(Diagnostic::error(span, message).help("such as `dna.both_strands().conv(..)`"));
        };
        let port = port.clone();
        let kind = self
            .signature
            .and_then(|s| s.inputs.iter().find(|p| p.name == port))
            .map(|p| p.kind);
        match kind {
            Some(PortKind::Dna) | None => {}
            Some(PortKind::Rna) => {
                let message = format!("no strand to complement: `{port}` is single stranded");
                let label = format!("declared `Rna` in data! `{}`", self.data_name());
                let help = "leave `.both_strands()` out";
                return self.fail(Diagnostic::error(span, message).label(label).help(help));
            }
            Some(_) => {
                let message = format!("no strand to complement: `{port}` is no DNA");
                return self.fail(Diagnostic::error(span, message).help("leave `.both_strands()` out"));
            }
        }
        let shape = self.shape(*node);
        let reverse = self.push("reverse_complement", Operation::ReverseComplement, &[*node], shape, span);
        Item::Strands {
            forward: *node,
            reverse,
            mean,
        }
    }

    /// The same convolution of the other strand, flipped back, and the larger or the mean of both.
    pub(crate) fn join_strands(&mut self, forward: usize, reverse: usize, shape: Shape, mean: bool, span: Span) -> Item {
        if self.halted {
            return Item::Unknown;
        }
        let twin = self.push_twin(forward, reverse, shape.clone());
        let flipped = self.push("flip", Operation::Flip, &[twin], shape.clone(), span);
        if mean {
            let sum = self.push("add", Operation::Add, &[forward, flipped], shape.clone(), span);
            let half = Operation::Affine { scale: 0.5, offset: 0.0 };
            return Item::Node(self.push("mean", half, &[sum], shape, span));
        }
        Item::Node(self.push("maximum", Operation::Maximum, &[forward, flipped], shape, span))
    }
}
