//! Attention: of a sequence to itself or to another, and whole layers of it.

use super::places::channels;
use crate::elaborate::arguments::{Arguments, Given};
use crate::elaborate::item::Basis as Declared;
use crate::elaborate::start::Rule;
use crate::elaborate::{Elaborator, Item};
use crate::shape::Size;
use crate::{Basis, Gamma, Gelu, Operation};
use cistron_declaration::{Argument, Diagnostic, Span, did_you_mean};

/// What queries, keys and values are made with.
#[derive(Clone, Copy)]
struct Projections {
    heads: usize,
    /// Channels of all heads together: of queries and keys, of values.
    inner: (Size, Size),
    bias: bool,
    dropout: f64,
    rule: Rule,
    span: Span,
}

/// A layer of attention with its own norms and its small network.
#[derive(Clone, Copy)]
struct Layer {
    heads: usize,
    inner: Option<usize>,
    widening: usize,
    dropout: f64,
    epsilon: f64,
    rule: Rule,
    span: Span,
}

impl Elaborator<'_> {
    /// `attention(heads, key = per head, value = per head, ..)`: bare attention with its maps to queries, keys and values
    /// (without bias unless `bias = true`) and back to the channels of x (with a bias unless `output_bias = false`).
    /// `over = tokens` attends to another sequence; `relative = basis(..)` adds Enformer's relative positions.
    pub(crate) fn attention(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let span = arguments.span;
        let (inputs, shape) = self.source(item);
        if self.sequence(&shape, "attention", &inputs, span).is_none() {
            return Item::Unknown;
        }
        let width = self.decided(shape.first(), span);
        let heads = self.whole(arguments, "heads", 1).or(1);
        let mut widths = [Size::Unknown; 2];
        for (size, name) in widths.iter_mut().zip(["key", "value"]) {
            let each = match self.whole(arguments, name, 1) {
                Given::Absent => self.per_head(width, heads, arguments),
                given => given.or(1),
            };
            *size = each.zip(heads).and_then(|(n, heads)| n.checked_mul(heads)).into();
        }
        let rule = self.rule(arguments, "start");
        let projections = Projections {
            heads: heads.unwrap_or(1),
            inner: (widths[0], widths[1]),
            bias: self.truth(arguments, "bias").or(false).unwrap_or(false),
            dropout: self.share(arguments, "dropout"),
            rule,
            span,
        };
        let output: Size = match self.whole(arguments, "output", 1) {
            Given::Absent => width.into(),
            given => given.or(1).into(),
        };
        let output_bias = self.truth(arguments, "output_bias").or(true).unwrap_or(true);
        let output_rule = self.rule_or(arguments, "output_start", rule);
        let over = match arguments.get("over").map(|(over, at)| (over.clone(), at)) {
            None => item.clone(),
            Some((over, at)) => match self.attended(&over, "attention", at) {
                Some(over) => over,
                None => return Item::Unknown,
            },
        };
        let Ok(relative) = self.relative(arguments, widths[1], projections.heads) else {
            return Item::Unknown;
        };
        self.drafts.enter("attention", false);
        let attended = self.attend(item, &over, &projections, relative);
        let given = self.pointwise(&attended, "output", output, output_bias, (output_rule, span));
        self.drafts.leave();
        given
    }

    /// A share of values that training zeroes.
    fn share(&mut self, arguments: &Arguments, name: &str) -> f64 {
        let given = self.number(arguments, name, "at least 0 and below 1", |x| (0.0..1.0).contains(&x));
        given.or(0.0).unwrap_or(0.0)
    }

    fn per_head(&mut self, width: Option<usize>, heads: Option<usize>, arguments: &Arguments) -> Option<usize> {
        let (width, heads) = width.zip(heads)?;
        if width % heads != 0 {
            let message = format!("{heads} heads do not divide {width} channels");
            let help = "say the width of each head: `attention(8, key = 64, value = 32)`";
            self.report(Diagnostic::error(arguments.span_of("heads"), message).help(help));
            return None;
        }
        Some(width / heads)
    }

    /// A sequence, tokens or latents that can be attended to.
    fn attended(&mut self, item: &Item, word: &str, span: Span) -> Option<Item> {
        if !matches!(item, Item::Node(_) | Item::Unknown) {
            let message = format!("`{word}` reads tokens, found {}", item.describe());
            self.report(
                Diagnostic::error(span, message).help("such as `latents(16, 96).cross_attention(x.tokens(), heads = 4)`"),
            );
            return None;
        }
        let (inputs, shape) = self.source(item);
        self.sequence(&shape, word, &inputs, span)?;
        Some(item.clone())
    }

    /// `relative = basis(..)`; an error has been reported.
    fn relative(&mut self, arguments: &Arguments, values: Size, heads: usize) -> Result<Option<Basis>, ()> {
        let Some((item, at)) = arguments.get("relative") else {
            return Ok(None);
        };
        let declared = match item {
            Item::Basis(basis) => *basis,
            Item::Unknown => return Err(()),
            other => {
                let message = format!("`relative` takes the features of distances, found {}", other.describe());
                self.report(Diagnostic::error(at, message).help("such as `relative = basis()`"));
                return Err(());
            }
        };
        if let Some((_, over)) = arguments.get("over") {
            let message = "relative positions need queries and keys over the same positions";
            self.report(Diagnostic::error(over, message).help("leave `over` or `relative` out"));
            return Err(());
        }
        let features = declared.features.or_else(|| values.known().map(|n| n / heads.max(1)));
        if let Some(features) = features.filter(|n| n % 6 != 0 || *n == 0) {
            let message = format!("the basis has 6 kinds of features, and 6 does not divide {features}");
            let help = "without a number there are as many as a head has values: `relative = basis(features = 192)`";
            self.report(Diagnostic::error(at, message).help(help));
            return Err(());
        }
        let Declared { gamma, dropout, .. } = declared;
        Ok(Some(Basis {
            features: features.unwrap_or(6),
            gamma,
            dropout,
        }))
    }

    /// Queries of one, keys and values of the other, and the attention between them.
    fn attend(&mut self, queries: &Item, keys: &Item, p: &Projections, relative: Option<Basis>) -> Item {
        let (query, key, value) = (
            self.pointwise(queries, "query", p.inner.0, p.bias, (p.rule, p.span)),
            self.pointwise(keys, "key", p.inner.0, p.bias, (p.rule, p.span)),
            self.pointwise(keys, "value", p.inner.1, p.bias, (p.rule, p.span)),
        );
        let (shape, mut read) = (self.source(&query).1, Vec::new());
        for item in [&query, &key, &value] {
            read.extend(self.source(item).0);
        }
        let (heads, dropout) = (p.heads, p.dropout);
        let operation = match relative {
            Some(basis) => Operation::RelativeAttention { heads, dropout, basis },
            None => Operation::Attention { heads, dropout },
        };
        let out = channels(p.inner.1, shape.positions());
        Item::Node(self.push_with("heads", operation, &read, out, (p.rule, p.span)))
    }

    /// `cross_attention(tokens, heads = n)`: a whole layer in which x (latents) reads tokens, as in Perceiver (Jaegle et
    /// al. 2021): norms before, maps with biases over as many channels as the tokens have (`inner`), x added again, then a
    /// small network of GELU (`widening` times as wide) added to that.
    pub(crate) fn cross_attention(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let layer = self.attention_layer(arguments);
        let Some((tokens, at)) = arguments.get("tokens").map(|(t, at)| (t.clone(), at)) else {
            return Item::Unknown;
        };
        let Some(tokens) = self.attended(&tokens, "cross_attention", at) else {
            return Item::Unknown;
        };
        self.drafts.enter("cross_attention", false);
        let given = self.whole_layer(item, Some(&tokens), &layer, arguments);
        self.drafts.leave();
        given
    }

    /// `self_attention(depth, heads = n)`: so many whole layers in which x reads itself.
    pub(crate) fn self_attention(&mut self, item: &Item, arguments: &Arguments) -> Item {
        let depth = self.whole(arguments, "depth", 0).or(0);
        let layer = self.attention_layer(arguments);
        let mut now = item.clone();
        self.drafts.enter("self_attention", false);
        for i in 0..depth.unwrap_or(1) {
            if !self.step(arguments.span) {
                break;
            }
            self.drafts.enter(&(i + 1).to_string(), false);
            now = self.whole_layer(&now, None, &layer, arguments);
            self.drafts.leave();
        }
        self.drafts.leave();
        if depth.is_none() { Item::Unknown } else { now }
    }

    fn attention_layer(&mut self, arguments: &Arguments) -> Layer {
        Layer {
            heads: self.whole(arguments, "heads", 1).or(1).unwrap_or(1),
            inner: match self.whole(arguments, "inner", 1) {
                Given::Value(n) => Some(n),
                _ => None,
            },
            widening: self.whole(arguments, "widening", 1).or(1).unwrap_or(1),
            dropout: self.share(arguments, "dropout"),
            epsilon: self
                .number(arguments, "epsilon", "above 0", |x| x > 0.0 && x.is_finite())
                .or(1e-5)
                .unwrap_or(1e-5),
            rule: self.rule(arguments, "start"),
            span: arguments.span,
        }
    }

    fn whole_layer(&mut self, x: &Item, tokens: Option<&Item>, layer: &Layer, arguments: &Arguments) -> Item {
        let span = layer.span;
        let (inputs, shape) = self.source(x);
        let word = arguments.layer;
        if self.sequence(&shape, word, &inputs, span).is_none() {
            return Item::Unknown;
        }
        let width = self.decided(shape.first(), span);
        let read = tokens.unwrap_or(x);
        let (_, read_shape) = self.source(read);
        let inner = match layer.inner {
            Some(n) => Some(n),
            None => self.decided(read_shape.first(), span),
        };
        if let Some(inner) = inner.filter(|n| n % layer.heads != 0) {
            let message = format!("{} heads do not divide {inner} channels", layer.heads);
            let help = format!(
                "`{word}(.., inner = {})` makes them so many",
                inner.next_multiple_of(layer.heads)
            );
            return self.fail(Diagnostic::error(arguments.span_of("heads"), message).help(help));
        }
        let epsilon = layer.epsilon;
        let norm = || Operation::LayerNorm { epsilon };
        let queries = self.same(x, "norm", norm(), span);
        let keys = match tokens {
            Some(tokens) => self.same(tokens, "norm_tokens", norm(), span),
            None => queries.clone(),
        };
        let projections = Projections {
            heads: layer.heads,
            inner: (inner.into(), inner.into()),
            bias: true,
            dropout: layer.dropout,
            rule: layer.rule,
            span,
        };
        let start = (layer.rule, span);
        let attended = self.attend(&queries, &keys, &projections, None);
        let attended = self.pointwise(&attended, "output", width.into(), true, start);
        let sum = self.added(x, &attended, span);
        let mut h = self.same(&sum, "norm_mlp", norm(), span);
        let wide = width.and_then(|n| n.checked_mul(layer.widening));
        h = self.pointwise(&h, "widen", wide.into(), true, start);
        h = self.same(&h, "gelu", Operation::Gelu(Gelu::Erf), span);
        h = self.pointwise(&h, "narrow", width.into(), true, start);
        self.added(&sum, &h, span)
    }

    fn added(&mut self, a: &Item, b: &Item, span: Span) -> Item {
        match (a, b) {
            (Item::Node(a), Item::Node(b)) => self.join(Operation::Add, "+", *a, *b, span),
            _ => Item::Unknown,
        }
    }

    /// `basis(gamma = PerFeature, features = n, dropout = p)`: Enformer's features of distances.
    pub(crate) fn basis(&mut self, arguments: &[Argument]) -> Item {
        let mut basis = Declared {
            features: None,
            gamma: Gamma::PerFeature,
            dropout: 0.0,
        };
        for argument in arguments {
            let item = self.evaluate(&argument.value);
            match (argument.name.as_deref(), &item) {
                (_, Item::Unknown) => {}
                (Some("gamma"), Item::Word(word) | Item::Text(word)) => match word.as_str() {
                    "PerFeature" => basis.gamma = Gamma::PerFeature,
                    "Global" => basis.gamma = Gamma::Global,
                    "PerPosition" => basis.gamma = Gamma::PerPosition,
                    other => {
                        let help = did_you_mean(other, ["PerFeature", "Global", "PerPosition"]);
                        let message = format!("`basis` does not know `{other}`");
                        return self.fail(Diagnostic::error(argument.value.span, message).help(help));
                    }
                },
                (Some("features"), item) => {
                    if let Given::Value(n) = self.whole_item("basis", "features", item, argument.value.span, 6) {
                        basis.features = Some(n);
                    }
                }
                (Some("dropout"), item) => match item.number().filter(|x| (0.0..1.0).contains(x)) {
                    Some(x) => basis.dropout = x,
                    None => {
                        let message = "`dropout` of `basis` must be at least 0 and below 1";
                        return self.fail(Diagnostic::error(argument.value.span, message));
                    }
                },
                (name, _) => {
                    let name = name.unwrap_or("a value without a name");
                    let message = format!("`basis` has no argument `{name}`");
                    let help = "`basis(gamma = PerFeature, features = 192, dropout = 0.01)`";
                    return self.fail(Diagnostic::error(argument.span, message).help(help));
                }
            }
        }
        Item::Basis(basis)
    }
}
