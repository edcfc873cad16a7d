//! Both strands of DNA through one convolution.

use super::convolution::Settings;
use crate::Operation;
use crate::elaborate::arguments::Arguments;
use crate::elaborate::{Elaborator, Item};
use cistron_declaration::{Diagnostic, PortKind, Span};

impl Elaborator<'_> {
    /// `dna.both_strands()`: the next convolution reads the sequence and its reverse complement with the same
    /// weights; the result of the reverse is flipped back, and the larger of both is kept at each position (DRG),
    /// or their mean: `both_strands(Mean)`. Where the convolution allows it, all of that is one node.
    pub(crate) fn both_strands(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let mean = self.word(arguments, "combine", &["Max", "Mean"], &[]).or("Max") == Some("Mean");
        let Some(node) = self.dna(item, "both_strands", span) else {
            return Item::Unknown;
        };
        Item::Strands { forward: node, mean }
    }

    /// The node of a DNA input; reports what has no strands.
    fn dna(&mut self, item: &Item, word: &str, span: Span) -> Option<usize> {
        let Item::Node(node) = item else { return None };
        let draft = &self.drafts.list[*node];
        let Operation::Input { port } = &draft.operation else {
            let message = format!("`{word}` belongs to a DNA input, found the output of `{}`", draft.name);
            let help = match word {
                "both_strands" => "such as `dna.both_strands().conv(..)`",
                _ => "such as `dna.strand_conv(64, width = 15)`",
            };
            self.report(Diagnostic::error(span, message).help(help));
            return None;
        };
        let port = port.clone();
        let kind = self
            .signature
            .and_then(|s| s.inputs.iter().find(|p| p.name == port))
            .map(|p| p.kind);
        let leave = match word {
            "both_strands" => "leave `.both_strands()` out",
            _ => "`.conv(..)` reads one strand",
        };
        match kind {
            Some(PortKind::Dna) | None => return Some(*node),
            Some(PortKind::Rna) => {
                let message = format!("no strand to complement: `{port}` is single stranded");
                let label = format!("declared `Rna` in data! `{}`", self.data_name());
                self.report(Diagnostic::error(span, message).label(label).help(leave));
            }
            Some(_) => {
                let message = format!("no strand to complement: `{port}` is no DNA");
                self.report(Diagnostic::error(span, message).help(leave));
            }
        }
        None
    }

    /// `strand_conv(filters, width = ..)`: `both_strands().conv(..)` in one word.
    pub(crate) fn strand_convolution(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let mean = self.word(arguments, "combine", &["Max", "Mean"], &[]).or("Max") == Some("Mean");
        let width = self.whole(arguments, "width", 1).or(1);
        let valid = self.word(arguments, "padding", &["Same", "Valid"], &[]).or("Same") == Some("Valid");
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
        let filters = self.filters(arguments);
        let rule = self.rule(arguments, "start");
        let settings = Settings {
            width: width.unwrap_or(1),
            valid,
            exact: width.is_some(),
            ..Settings::pointwise(filters, bias, rule)
        };
        if matches!(item, Item::Unknown) && self.inside_macro() {
            return self.convolve(item, "strand_conv", settings, span);
        }
        let Some(node) = self.dna(item, "strand_conv", span) else {
            return Item::Unknown;
        };
        self.convolve(&Item::Strands { forward: node, mean }, "strand_conv", settings, span)
    }

    /// The same convolution of the other strand, flipped back, and the larger or the mean of both, node by node: for
    /// what [`Settings::of_strands`] does not give.
    pub(crate) fn join_strands(&mut self, forward: usize, mean: bool, span: Span) -> Item {
        if self.halted {
            return Item::Unknown;
        }
        let Some(sequence) = self.drafts.list[forward].inputs.first().copied() else {
            return Item::Unknown;
        };
        let (read, shape) = (self.shape(sequence), self.shape(forward));
        let reverse = self.push("reverse_complement", Operation::ReverseComplement, &[sequence], read, span);
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
