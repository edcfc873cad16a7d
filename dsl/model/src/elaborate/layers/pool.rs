//! Pooling over windows, and its opposite.

use super::places::channels;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::{Elaborator, Item};
use crate::shape::{Dimension, Size};
use crate::{Interpolation, Operation, Pool, Rest};
use cistron_declaration::Diagnostic;

impl Elaborator<'_> {
    /// `pool(Max, window)`: windows next to each other unless there is a `step`; what is left over at the end is dropped
    /// and noted, or padded with `rest = Pad` as DRG does.
    pub(crate) fn pool(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let kind = self
            .word(arguments, "kind", &["Max", "Mean", "Weighted", "Attention"], &[])
            .or("Max");
        let rest = match self
            .word(arguments, "rest", &["Drop", "Pad", "Minimum", "Zero"], &[])
            .or("Drop")
        {
            Some("Pad") => Rest::Pad,
            Some("Minimum") => Rest::Minimum,
            Some("Zero") => Rest::Zero,
            _ => Rest::Drop,
        };
        let window = self.whole(arguments, "window", 1).or(1);
        let step = self.whole(arguments, "step", 1);
        let (inputs, shape) = self.source(item);
        let Some(mut places) = self.places(&shape, "pool", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        let attention = kind == Some("Attention");
        if attention {
            for other in ["step", "rest"].into_iter().filter(|a| arguments.get(a).is_some()) {
                let message = format!(
                    "`{other}` belongs to the other pools: windows of `pool(Attention, n)` are side by side, the last may be shorter"
                );
                self.report(Diagnostic::error(arguments.span_of(other), message));
            }
            if places.len() == 2 {
                let message = "`pool(Attention)` of a map parses but cannot run yet";
                return self.fail(Diagnostic::error(arguments.span, message));
            }
            self.decided(shape.first(), arguments.span);
        }
        let padded = arguments.get("rest").is_some() && rest != Rest::Drop;
        if padded && (places.len() == 2 || arguments.get("step").is_some()) {
            let of = if places.len() == 2 { "of a map" } else { "with a `step`" };
            let message = format!("`rest = {rest:?}` {of} parses but cannot run yet");
            return self.fail(Diagnostic::error(arguments.span_of("rest"), message));
        }
        let each = match step {
            Given::Absent => window,
            given => given.or(1),
        };
        for place in &mut places {
            let rest = if attention { Rest::Pad } else { rest };
            let size = match (place.size, window.zip(each)) {
                (Size::Known(length), Some((window, each))) => match pooled(length, window, each, rest) {
                    Some(size) => Size::Known(size),
                    None => {
                        let chain = self.chain(&inputs);
                        let message =
                            format!("`pool` window {window} is longer than the length {length} that reaches it: {chain}");
                        let span = arguments.span_of("window");
                        return self.fail(Diagnostic::error(span, message).help("pool less before it, or by a smaller window"));
                    }
                },
                _ => Size::Unknown,
            };
            let bp = place.bp.zip(each).map(|(bp, each)| bp * each as f64);
            *place = Dimension { size, bp, ..*place };
        }
        let window = window.unwrap_or(1);
        let kind = match kind {
            Some("Mean") => Pool::Mean,
            Some("Weighted") => Pool::Weighted,
            _ => Pool::Max,
        };
        let operation = match (attention, places.len()) {
            (true, _) => Operation::AttentionPool { window },
            (_, 2) => Operation::Pool2d {
                kind,
                window,
                step: each.unwrap_or(1),
                rest,
            },
            _ => Operation::Pool {
                kind,
                window,
                step: each.filter(|each| *each != window),
                rest,
            },
        };
        let out = channels(shape.first(), places);
        Item::Node(self.push("pool", operation, &inputs, out, arguments.span))
    }

    /// `upsample(Nearest, factor)`, `upsample(Linear, factor)`.
    pub(crate) fn upsample(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let kind = match self.word(arguments, "kind", &["Nearest", "Linear"], &[]).or("Nearest") {
            Some("Linear") => Interpolation::Linear,
            _ => Interpolation::Nearest,
        };
        let factor = self.whole(arguments, "factor", 1).or(1);
        let (inputs, shape) = self.source(item);
        let Some(mut places) = self.places(&shape, "upsample", &inputs, arguments.span) else {
            return Item::Unknown;
        };
        for place in &mut places {
            let known = place.size.known().zip(factor);
            *place = Dimension {
                size: known.and_then(|(n, factor)| n.checked_mul(factor)).into(),
                bp: place.bp.zip(factor).map(|(bp, factor)| bp / factor as f64),
                ..*place
            };
        }
        let factor = factor.unwrap_or(1);
        let operation = match places.len() {
            2 => Operation::Upsample2d { kind, factor },
            _ => Operation::Upsample { kind, factor },
        };
        let out = channels(shape.first(), places);
        Item::Node(self.push("upsample", operation, &inputs, out, arguments.span))
    }
}

/// Windows over a length; nothing where not even one fits.
fn pooled(length: usize, window: usize, step: usize, rest: Rest) -> Option<usize> {
    match rest {
        Rest::Drop => length.checked_sub(window).map(|more| more / step + 1),
        _ if length == 0 => None,
        _ => Some(length.saturating_sub(window).div_ceil(step) + 1),
    }
}
