//! How weights begin, as a declaration says it: `start = Glorot`, `start = Normal(0.02)`.

use super::arguments::Arguments;
use super::{Elaborator, Item};
use crate::Start;
use crate::start::TRUNCATED;
use cistron_declaration::{Argument, Diagnostic, Span, did_you_mean};

/// A rule for weights; biases begin at 0 except by PyTorch's and `Constant`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// Uniform in ±1/sqrt(fan_in), biases too.
    PyTorch,
    /// Uniform in ±sqrt(6 / (fan_in + fan_out)): Keras' default.
    Glorot,
    /// Normal with variance 2 / fan_in (He et al. 2015).
    He,
    /// Normal cut at two deviations of 1 / sqrt(fan_in) each: Sonnet's default.
    Lecun,
    /// Normal cut at two deviations, so wide that its variance is this over fan_in (`VarianceScaling` of Keras and of Enformer).
    Scaled(f64),
    /// Normal with this deviation.
    Normal(f64),
    /// Normal with this deviation, cut at two of them.
    TruncatedNormal(f64),
    /// Uniform in ± this.
    Uniform(f64),
    /// All the same, biases too.
    Constant(f64),
    /// Weights 0 and biases this: a linear map that begins as a constant.
    Offset(f64),
}

/// Words that are rules by themselves.
const WORDS: [&str; 5] = ["PyTorch", "Glorot", "He", "Lecun", "Zeros"];

impl Rule {
    /// The rule of a word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "PyTorch" => Self::PyTorch,
            "Glorot" => Self::Glorot,
            "He" => Self::He,
            "Lecun" => Self::Lecun,
            "Zeros" => Self::Constant(0.0),
            _ => return None,
        })
    }

    /// How a weight begins whose outputs read `fan_in` numbers each and whose inputs reach `fan_out`.
    pub(crate) fn weight(self, fan_in: usize, fan_out: usize) -> Start {
        let inputs = fan_in.max(1) as f64;
        match self {
            Self::PyTorch => Start::FanIn(fan_in),
            Self::Glorot => Start::Uniform((6.0 / (inputs + fan_out as f64)).sqrt()),
            Self::He => Start::Normal((2.0 / inputs).sqrt()),
            Self::Lecun => Start::TruncatedNormal(1.0 / inputs.sqrt()),
            Self::Scaled(scale) => Start::TruncatedNormal((scale / inputs).sqrt() / TRUNCATED),
            Self::Normal(deviation) => Start::Normal(deviation),
            Self::TruncatedNormal(deviation) => Start::TruncatedNormal(deviation),
            Self::Uniform(bound) => Start::Uniform(bound),
            Self::Constant(value) => Start::Constant(value),
            Self::Offset(_) => Start::Constant(0.0),
        }
    }

    /// How the bias beside it begins.
    pub(crate) fn bias(self, fan_in: usize) -> Start {
        match self {
            Self::PyTorch => Start::FanIn(fan_in),
            Self::Constant(value) | Self::Offset(value) => Start::Constant(value),
            _ => Start::Constant(0.0),
        }
    }

    /// How a table of embeddings begins: PyTorch draws those from a standard normal.
    pub(crate) fn table(self, width: usize) -> Start {
        match self {
            Self::PyTorch => Start::Normal(1.0),
            other => other.weight(width, width),
        }
    }
}

impl Elaborator<'_> {
    /// The rule of an argument, or that of the whole model.
    pub(crate) fn rule(&mut self, arguments: &Arguments, name: &str) -> Rule {
        self.rule_or(arguments, name, self.start)
    }

    /// The rule of an argument, or another.
    pub(crate) fn rule_or(&mut self, arguments: &Arguments, name: &str, otherwise: Rule) -> Rule {
        match arguments.get(name) {
            None => otherwise,
            Some((item, span)) => {
                let item = item.clone();
                self.rule_of(&item, span).unwrap_or(otherwise)
            }
        }
    }

    /// The rule that an item says; nothing where it is unknown or wrong, which is reported.
    pub(crate) fn rule_of(&mut self, item: &Item, span: Span) -> Option<Rule> {
        let diagnostic = match item {
            Item::Unknown => return None,
            Item::Start(rule) => return Some(*rule),
            Item::Word(word) | Item::Text(word) => match Rule::of(word) {
                Some(rule) => return Some(rule),
                None if super::catalog::STARTS.contains(&word.as_str()) => {
                    Diagnostic::error(span, format!("`{word}` needs its number")).help(format!("such as `start = {word}(0.02)`"))
                }
                None => {
                    let known = WORDS.iter().chain(super::catalog::STARTS).copied();
                    Diagnostic::error(span, format!("`start` does not know `{word}`")).help(did_you_mean(word, known))
                }
            },
            other => Diagnostic::error(span, format!("`start` says how weights begin, found {}", other.describe()))
                .help("such as `start = Glorot` or `start = Normal(0.02)`"),
        };
        self.report(diagnostic);
        None
    }

    /// `Normal(0.02)` and its kin.
    pub(crate) fn start_function(&mut self, word: &str, arguments: &[Argument], span: Span) -> Item {
        let items: Vec<Item> = arguments.iter().map(|a| self.evaluate(&a.value)).collect();
        let number = match items.as_slice() {
            [Item::Unknown] => return Item::Unknown,
            [item] => item.number().filter(|x| x.is_finite()),
            _ => None,
        };
        let signed = word == "Constant";
        let Some(number) = number.filter(|x| signed || *x > 0.0) else {
            let bound = if signed { "one number" } else { "one number above 0" };
            let message = format!("`{word}` takes {bound}");
            return self.fail(Diagnostic::error(span, message).help(format!("such as `start = {word}(0.02)`")));
        };
        Item::Start(match word {
            "Normal" => Rule::Normal(number),
            "TruncatedNormal" => Rule::TruncatedNormal(number),
            "Uniform" => Rule::Uniform(number),
            "Scaled" => Rule::Scaled(number),
            _ => Rule::Constant(number),
        })
    }
}
