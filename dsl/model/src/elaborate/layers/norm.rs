//! Norms and their conventions.

use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::{Elaborator, Item};
use crate::{Convention, Operation};
use cistron_declaration::Diagnostic;

impl Convention {
    /// The convention of a word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "PyTorch" => Self::PyTorch,
            "Keras" => Self::Keras,
            "Sonnet" => Self::Sonnet,
            _ => return None,
        })
    }

    /// The words for them.
    pub(crate) const WORDS: [&str; 3] = ["PyTorch", "Keras", "Sonnet"];

    /// What is added to variances unless a layer says otherwise.
    fn epsilon(self) -> f64 {
        match self {
            Self::Keras => 1e-3,
            Self::PyTorch | Self::Sonnet => 1e-5,
        }
    }

    /// The share of a new batch: PyTorch's momentum says it, those of Keras and Sonnet say what is kept.
    fn share(self, momentum: Option<f64>) -> f64 {
        match (self, momentum) {
            (Self::PyTorch, given) => given.unwrap_or(0.1),
            (Self::Keras, None) => 0.01,
            (Self::Sonnet, None) => 0.1,
            (_, Some(kept)) => share_of(kept),
        }
    }
}

/// What is left of one when so much is kept, to the digits that were written: of 0.99 it is 0.01.
fn share_of(kept: f64) -> f64 {
    let exact = 1.0 - kept;
    let short = (exact * 1e12).round() / 1e12;
    if (1.0 - short) == kept { short } else { exact }
}

impl Elaborator<'_> {
    /// `norm(Batch)`, `norm(Layer)`, `norm(Group, groups = 8)`, `norm(Rms)`.
    ///
    /// `convention = Keras` (on the layer, or in the header for all) means its momentum (the share that is kept, 0.99), its
    /// epsilon (1e-3) and its biased running variance; `Sonnet` means debiased averages with a momentum of 0.9.
    pub(crate) fn norm(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let kind = self
            .word(arguments, "kind", &["Batch", "Layer", "Group", "Rms"], &[])
            .or("Batch");
        let convention = match self.word(arguments, "convention", &Convention::WORDS, &[]) {
            Given::Value(word) => Convention::of(word).unwrap_or(self.convention),
            _ => self.convention,
        };
        let epsilon = self
            .number(arguments, "epsilon", "above 0", |x| x > 0.0 && x.is_finite())
            .or(convention.epsilon())
            .unwrap_or(1e-5);
        let kept = convention != Convention::PyTorch;
        let range = if kept {
            "at least 0 and below 1"
        } else {
            "above 0 and at most 1"
        };
        let holds = |x: f64| if kept { (0.0..1.0).contains(&x) } else { x > 0.0 && x <= 1.0 };
        let momentum = match self.number(arguments, "momentum", range, holds) {
            Given::Value(x) => Some(x),
            _ => None,
        };
        let virtual_batch = match self.whole(arguments, "virtual_batch", 1) {
            Given::Value(n) => Some(n),
            _ => None,
        };
        if let Some(kind) = kind {
            self.foreign_to_norm(kind, arguments);
        }
        if let (false, Some("Batch"), Some(x)) = (kept, kind, momentum)
            && x > 0.5
        {
            let message = format!("`momentum = {x}` is the share of the new batch, as in PyTorch");
            let help = "`convention = Keras` means the share that is kept";
            self.report(Diagnostic::warning(arguments.span_of("momentum"), message).help(help));
        }
        let (_, shape) = self.source(item);
        let channels = shape.0.as_ref().and_then(|d| d.first()).map(|d| d.size);
        let channels = channels.and_then(|size| self.decided(size, arguments.span));
        let operation = match kind {
            Some("Layer") => Operation::LayerNorm { epsilon },
            Some("Rms") => Operation::RmsNorm { epsilon },
            Some("Group") => {
                let groups = self.whole(arguments, "groups", 1);
                if let Given::Absent = groups {
                    let message = "`norm(Group)` needs `groups`";
                    return self.fail(Diagnostic::error(arguments.span, message).help("such as `norm(Group, groups = 8)`"));
                }
                if let (Given::Value(groups), Some(channels)) = (groups, channels)
                    && channels % groups != 0
                {
                    let message = format!("{groups} groups do not divide {channels} channels");
                    return self.fail(Diagnostic::error(arguments.span_of("groups"), message));
                }
                Operation::GroupNorm {
                    groups: groups.or(1).unwrap_or(1),
                    epsilon,
                }
            }
            _ => Operation::BatchNorm {
                epsilon,
                momentum: convention.share(momentum),
                convention,
                virtual_batch,
            },
        };
        self.same(item, "norm", operation, arguments.span)
    }

    /// Reports arguments of another kind of norm.
    fn foreign_to_norm(&mut self, kind: &str, arguments: &Arguments) {
        for (argument, owner, reason) in [
            ("momentum", "Batch", "keeps no running statistics"),
            ("virtual_batch", "Batch", "looks at each example alone"),
            ("groups", "Group", "has no groups"),
        ] {
            if kind != owner && arguments.get(argument).is_some() {
                let message = format!("`{argument}` belongs to `norm({owner})`: `norm({kind})` {reason}");
                self.report(Diagnostic::error(arguments.span_of(argument), message));
            }
        }
    }
}
