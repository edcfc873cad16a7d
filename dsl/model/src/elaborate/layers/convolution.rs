//! Convolutions over positions.

use crate::Operation;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{AxisKind, Diagnostic, Span};

/// The settings of one convolution; unknown ones are 1, with `exact` false.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) filters: Size,
    pub(crate) width: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) groups: usize,
    pub(crate) valid: bool,
    pub(crate) bias: bool,
    /// Whether width, stride, dilation and padding are known.
    pub(crate) exact: bool,
}

impl Settings {
    /// Positions that one output sees.
    pub(crate) fn reach(&self) -> usize {
        self.dilation.saturating_mul(self.width - 1).saturating_add(1)
    }

    /// Zeros before and after.
    pub(crate) fn padding(&self) -> (usize, usize) {
        if self.valid {
            (0, 0)
        } else {
            ((self.reach() - 1) / 2, self.reach() / 2)
        }
    }
}

impl Elaborator<'_> {
    /// `conv(filters, width = ..)`.
    pub(crate) fn convolution(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let mut settings = self.settings(arguments);
        settings.filters = match self.whole(arguments, "filters", 1) {
            Given::Value(n) => Size::Known(n),
            Given::Unknown => Size::Unknown,
            Given::Absent => self.open(arguments.span),
        };
        let groups = self.whole(arguments, "groups", 1);
        settings.groups = groups.or(1).unwrap_or(1);
        let (_, shape) = self.source(item);
        let channels = self.drafts.widths.resolve(shape.first()).known();
        for (what, n) in [("channels", channels), ("filters", settings.filters.known())] {
            if let (Given::Value(g), Some(n)) = (groups, n)
                && n % g != 0
            {
                let message = format!("{g} groups do not divide {n} {what}");
                self.report(
                    Diagnostic::error(arguments.span_of("groups"), message).help("channels and filters are split evenly"),
                );
                settings.groups = 1;
            }
        }
        self.convolve(item, "conv", settings, arguments.span)
    }

    /// `depthwise_conv(width = ..)`: one filter per channel.
    pub(crate) fn depthwise(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let mut settings = self.settings(arguments);
        let (_, shape) = self.source(item);
        let channels = self.decided(shape.first(), arguments.span);
        settings.filters = channels.into();
        settings.groups = channels.unwrap_or(1);
        self.convolve(item, "depthwise_conv", settings, arguments.span)
    }

    fn settings(&mut self, arguments: &Arguments) -> Settings {
        let width = self.whole(arguments, "width", 1).or(1);
        let stride = self.whole(arguments, "stride", 1).or(1);
        let dilation = self.whole(arguments, "dilation", 1).or(1);
        let padding = self.word(arguments, "padding", &["Same", "Valid"], &[]).or("Same");
        let bias = self.truth(arguments, "bias").or(true).unwrap_or(true);
        Settings {
            filters: Size::Unknown,
            width: width.unwrap_or(1),
            stride: stride.unwrap_or(1),
            dilation: dilation.unwrap_or(1),
            groups: 1,
            valid: padding == Some("Valid"),
            bias,
            exact: width.is_some() && stride.is_some() && dilation.is_some() && padding.is_some(),
        }
    }

    /// A width that an output decides later.
    pub(crate) fn open(&mut self, span: Span) -> Size {
        self.open_widths.push(span);
        self.drafts.widths.open()
    }

    /// One convolution of a sequence, or of both strands with the same weights.
    pub(crate) fn convolve(&mut self, item: &Item, word: &str, settings: Settings, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        let Some(positions) = self.sequence(&shape, word, &inputs, span) else {
            return Item::Unknown;
        };
        let Some(length) = self.convolved_length(&positions, &settings, word, &inputs, span) else {
            return Item::Unknown;
        };
        let bp = positions.bp.map(|bp| bp * settings.stride as f64).filter(|_| settings.exact);
        let out = Shape(Some(vec![
            Dimension::new(AxisKind::Channel, settings.filters),
            Dimension {
                kind: AxisKind::Position,
                size: length,
                bp,
            },
        ]));
        if inputs.is_empty() || !matches!(self.drafts.widths.resolve(shape.first()), Size::Unknown) {
            self.decided(shape.first(), span);
        }
        let operation = Operation::Convolution {
            filters: settings.filters.known().unwrap_or(0),
            width: settings.width,
            stride: settings.stride,
            dilation: settings.dilation,
            groups: settings.groups,
            padding: settings.padding(),
            bias: settings.bias,
        };
        let node = self.push(word, operation, &inputs, out.clone(), span);
        match item {
            Item::Strands { reverse, .. } => self.join_strands(node, *reverse, out, span),
            _ => Item::Node(node),
        }
    }

    /// The positions of a sequence; reports what is none.
    pub(crate) fn sequence(&mut self, shape: &Shape, word: &str, inputs: &[usize], span: Span) -> Option<Dimension> {
        let unknown = Dimension::new(AxisKind::Position, Size::Unknown);
        match (&shape.0, shape.positions()) {
            (None, _) => Some(unknown),
            (Some(d), Some(positions)) if d.len() == 2 => Some(positions),
            _ => {
                let found = inputs.first().map_or_else(|| "something else".into(), |n| self.show(*n));
                let message = format!("`{word}` needs a sequence [channel, position], found {found}");
                self.report(Diagnostic::error(span, message));
                None
            }
        }
    }

    fn convolved_length(
        &mut self,
        positions: &Dimension,
        settings: &Settings,
        word: &str,
        inputs: &[usize],
        span: Span,
    ) -> Option<Size> {
        let (Size::Known(length), true) = (positions.size, settings.exact) else {
            return Some(Size::Unknown);
        };
        let reach = settings.reach();
        let (before, after) = settings.padding();
        let padded = length.saturating_add(before).saturating_add(after);
        if padded < reach || length == 0 {
            let chain = inputs.first().map_or_else(String::new, |n| self.lengths(*n));
            let message = format!("`{word}` needs length >= {reach} but gets {length}: {chain}");
            let help = "pool less before it, narrow it, or pad with `padding = Same`";
            self.report(Diagnostic::error(span, message).help(help));
            return None;
        }
        if reach > length && !settings.valid {
            let chain = inputs.first().map_or_else(String::new, |n| self.lengths(*n));
            let message = format!("`{word}` reaches over {reach} positions but gets {length}, the rest is padding: {chain}");
            self.report(Diagnostic::warning(span, message));
        }
        Some(Size::Known((padded - reach) / settings.stride + 1))
    }
}
