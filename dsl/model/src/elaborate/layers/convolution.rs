//! Convolutions over positions, of sequences and of maps.

use super::places::channels;
use crate::Operation;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::start::Rule;
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Shape, Size};
use cistron_declaration::{Diagnostic, Span};

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
    /// How its weights begin.
    pub(crate) rule: Rule,
}

impl Settings {
    /// A linear map of the channels at each position.
    pub(crate) fn pointwise(filters: Size, bias: bool, rule: Rule) -> Self {
        Self {
            filters,
            width: 1,
            stride: 1,
            dilation: 1,
            groups: 1,
            valid: false,
            bias,
            exact: true,
            rule,
        }
    }

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

    /// Both strands of a sequence as one operation, which is faster and stores the values of neither; nothing for a
    /// convolution with steps, gaps or groups.
    fn of_strands(&self, mean: bool) -> Option<Operation> {
        let plain = (self.stride, self.dilation, self.groups) == (1, 1, 1);
        (self.exact && plain).then(|| Operation::StrandConvolution {
            filters: self.filters.known().unwrap_or(0),
            width: self.width,
            padding: self.padding(),
            mean,
            bias: self.bias,
        })
    }

    fn operation(&self, dimensions: usize) -> Operation {
        let (filters, width, stride, dilation) = (self.filters.known().unwrap_or(0), self.width, self.stride, self.dilation);
        let (groups, padding, bias) = (self.groups, self.padding(), self.bias);
        if dimensions == 2 {
            return Operation::Convolution2d {
                filters,
                width,
                stride,
                dilation,
                groups,
                padding,
                bias,
            };
        }
        Operation::Convolution {
            filters,
            width,
            stride,
            dilation,
            groups,
            padding,
            bias,
        }
    }
}

impl Elaborator<'_> {
    /// `conv(filters, width = ..)`; on a map the width counts along both axes.
    pub(crate) fn convolution(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let mut settings = self.settings(arguments);
        settings.filters = self.filters(arguments);
        settings.groups = self.groups(item, arguments, settings.filters);
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

    /// The filters that are asked for, or those that an output decides later.
    pub(crate) fn filters(&mut self, arguments: &Arguments) -> Size {
        match self.whole(arguments, "filters", 1) {
            Given::Value(n) => Size::Known(n),
            Given::Unknown => Size::Unknown,
            Given::Absent => self.open(arguments.span),
        }
    }

    /// Groups that divide channels and filters; 1 if they do not.
    pub(crate) fn groups(&mut self, item: &Item, arguments: &Arguments, filters: Size) -> usize {
        let groups = self.whole(arguments, "groups", 1);
        let (_, shape) = self.source(item);
        let channels = self.drafts.widths.resolve(shape.first()).known();
        for (what, n) in [("channels", channels), ("filters", filters.known())] {
            if let (Given::Value(g), Some(n)) = (groups, n)
                && n % g != 0
            {
                let message = format!("{g} groups do not divide {n} {what}");
                self.report(
                    Diagnostic::error(arguments.span_of("groups"), message).help("channels and filters are split evenly"),
                );
                return 1;
            }
        }
        groups.or(1).unwrap_or(1)
    }

    /// Width, stride, dilation, padding and bias.
    pub(crate) fn settings(&mut self, arguments: &Arguments) -> Settings {
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
            rule: self.rule(arguments, "start"),
        }
    }

    /// A width that an output decides later.
    pub(crate) fn open(&mut self, span: Span) -> Size {
        self.open_widths.push(span);
        self.drafts.widths.open()
    }

    /// One convolution of a sequence or a map, or of both strands with the same weights.
    pub(crate) fn convolve(&mut self, item: &Item, word: &str, settings: Settings, span: Span) -> Item {
        let (inputs, shape) = self.source(item);
        let Some(mut places) = self.places(&shape, word, &inputs, span) else {
            return Item::Unknown;
        };
        for place in &mut places {
            let Some(size) = self.convolved_length(place, &settings, word, &inputs, span) else {
                return Item::Unknown;
            };
            let bp = place.bp.map(|bp| bp * settings.stride as f64).filter(|_| settings.exact);
            *place = Dimension { size, bp, ..*place };
        }
        if inputs.is_empty() || !matches!(self.drafts.widths.resolve(shape.first()), Size::Unknown) {
            self.decided(shape.first(), span);
        }
        let together = match item {
            Item::Strands { mean, .. } => settings.of_strands(*mean),
            _ => None,
        };
        let apart = together.is_none();
        let operation = together.unwrap_or_else(|| settings.operation(places.len()));
        let out = channels(settings.filters, places);
        let node = self.push_with(word, operation, &inputs, out, (settings.rule, span));
        match item {
            Item::Strands { mean, .. } if apart => self.join_strands(node, *mean, span),
            _ => Item::Node(node),
        }
    }

    /// A linear map of the channels at each position.
    pub(crate) fn pointwise(&mut self, item: &Item, word: &str, filters: Size, bias: bool, (rule, span): (Rule, Span)) -> Item {
        self.convolve(item, word, Settings::pointwise(filters, bias, rule), span)
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
            let message = format!("`{word}` needs length >= {reach} but gets {length}: {}", self.chain(inputs));
            let help = "pool less before it, narrow it, or pad with `padding = Same`";
            self.report(Diagnostic::error(span, message).help(help));
            return None;
        }
        if reach > length && !settings.valid {
            let chain = self.chain(inputs);
            let message = format!("`{word}` reaches over {reach} positions but gets {length}, the rest is padding: {chain}");
            self.report(Diagnostic::warning(span, message));
        }
        Some(Size::Known((padded - reach) / settings.stride + 1))
    }

    /// `transposed_conv(filters, width = .., stride = ..)`. With `padding = Same` (unless said otherwise) there are `stride`
    /// outputs for each position, as in Keras; `Valid` cuts nothing off, as PyTorch's `padding=0`, and `extra` adds to the end.
    pub(crate) fn transposed(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let mut settings = self.settings(arguments);
        settings.filters = self.filters(arguments);
        settings.groups = self.groups(item, arguments, settings.filters);
        let (reach, stride) = (settings.reach(), settings.stride);
        let cut = if settings.valid { 0 } else { reach.saturating_sub(stride) };
        let same = if settings.valid { 0 } else { stride.saturating_sub(reach) };
        let extra = self.whole(arguments, "extra", 0);
        if let Given::Value(n) = extra
            && settings.exact
            && n >= stride.max(settings.dilation)
        {
            let message = format!("`extra` of `transposed_conv` must be below its stride or dilation, found {n}");
            return self.fail(Diagnostic::error(arguments.span_of("extra"), message));
        }
        let extra = extra.or(same).unwrap_or(0);
        let (inputs, shape) = self.source(item);
        let Some(mut places) = self.places(&shape, "transposed_conv", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        for place in &mut places {
            let known = place.size.known().filter(|n| settings.exact && *n > 0);
            let long = known.and_then(|n| (n - 1).checked_mul(stride)?.checked_add(reach)?.checked_add(extra));
            *place = Dimension {
                size: long.and_then(|n| n.checked_sub(cut)).into(),
                bp: place.bp.map(|bp| bp / stride as f64).filter(|_| settings.exact),
                ..*place
            };
        }
        self.decided(shape.first(), arguments.span);
        let padding = (cut / 2, cut - cut / 2);
        let (filters, width) = (settings.filters.known().unwrap_or(0), settings.width);
        let (dilation, groups, bias) = (settings.dilation, settings.groups, settings.bias);
        let operation = if places.len() == 2 {
            Operation::TransposedConvolution2d {
                filters,
                width,
                stride,
                dilation,
                groups,
                padding,
                extra,
                bias,
            }
        } else {
            Operation::TransposedConvolution {
                filters,
                width,
                stride,
                dilation,
                groups,
                padding,
                extra,
                bias,
            }
        };
        let out: Shape = channels(settings.filters, places);
        let span = arguments.span;
        Item::Node(self.push_with("transposed_conv", operation, &inputs, out, (settings.rule, span)))
    }
}
