//! The words of the language: layers with their arguments, and the words that parse but cannot run yet.

/// One argument of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// Another spelling.
    pub(crate) alias: &'static str,
    /// Whether it may stand without its name.
    pub(crate) positional: bool,
    /// Whether it must be given.
    pub(crate) required: bool,
}

/// A layer: a method of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its arguments; those without a name come first.
    pub(crate) parameters: &'static [Parameter],
    /// How it is written.
    pub(crate) example: &'static str,
}

impl Layer {
    /// The parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .find(|p| p.name == name || (!p.alias.is_empty() && p.alias == name))
    }
}

const fn first(name: &'static str) -> Parameter {
    Parameter {
        name,
        alias: "",
        positional: true,
        required: true,
    }
}
const fn maybe_first(name: &'static str) -> Parameter {
    Parameter {
        name,
        alias: "",
        positional: true,
        required: false,
    }
}
const fn needed(name: &'static str) -> Parameter {
    Parameter {
        name,
        alias: "",
        positional: false,
        required: true,
    }
}
const fn named(name: &'static str) -> Parameter {
    Parameter {
        name,
        alias: "",
        positional: false,
        required: false,
    }
}
const fn layer(name: &'static str, parameters: &'static [Parameter], example: &'static str) -> Layer {
    Layer {
        name,
        parameters,
        example,
    }
}

/// All layers.
pub(crate) const LAYERS: &[Layer] = &[
    layer(
        "conv",
        &[
            maybe_first("filters"),
            needed("width"),
            named("stride"),
            named("dilation"),
            named("groups"),
            named("padding"),
            named("bias"),
        ],
        "conv(64, width = 15)",
    ),
    layer(
        "depthwise_conv",
        &[
            needed("width"),
            named("stride"),
            named("dilation"),
            named("padding"),
            named("bias"),
        ],
        "depthwise_conv(width = 15)",
    ),
    layer("linear", &[maybe_first("features"), named("bias")], "linear(64)"),
    layer(
        "dense",
        &[first("features"), named("layers"), named("between"), named("bias")],
        "dense(64, layers = 2)",
    ),
    layer("embed", &[first("features"), named("bias")], "embed(64)"),
    layer(
        "norm",
        &[
            first("kind"),
            named("momentum"),
            Parameter {
                name: "epsilon",
                alias: "eps",
                positional: false,
                required: false,
            },
        ],
        "norm(Batch)",
    ),
    layer("relu", &[], "relu()"),
    layer("gelu", &[maybe_first("form")], "gelu()"),
    layer("silu", &[], "silu()"),
    layer("softplus", &[], "softplus()"),
    layer("sigmoid", &[], "sigmoid()"),
    layer("tanh", &[], "tanh()"),
    layer("exp", &[], "exp()"),
    layer("dropout", &[first("rate")], "dropout(0.1)"),
    layer("pool", &[first("kind"), first("window")], "pool(Max, 4)"),
    layer(
        "residual",
        &[
            first("layers"),
            needed("width"),
            named("filters"),
            named("dilation"),
            named("before"),
            named("after"),
            named("bias"),
        ],
        "residual(3, width = 11, before = |h| h.norm(Batch).gelu())",
    ),
    layer("both_strands", &[], "both_strands()"),
    layer("crop", &[first("length")], "crop(896)"),
    layer("flip", &[], "flip()"),
    layer("flatten", &[], "flatten()"),
    layer("mean", &[first("axis")], "mean(Positions)"),
    layer("max", &[first("axis")], "max(Positions)"),
];

/// Methods of the grammar that cannot run yet.
pub(crate) const LATER_METHODS: &[&str] = &[
    "transposed_conv",
    "bins",
    "upsample",
    "attention",
    "cross_attention",
    "self_attention",
    "outer_sum",
    "symmetric",
    "film",
    "token",
    "tokens",
    "start",
    "merge",
    "log1p",
    "sum",
];

/// Functions of the grammar that cannot run yet.
pub(crate) const LATER_FUNCTIONS: &[&str] = &[
    "positions",
    "latents",
    "distance_encoding",
    "autoregressive",
    "unet",
    "dilations",
    "tower",
    "decoder",
    "mix",
    "basis",
];

/// Functions that can.
pub(crate) const FUNCTIONS: &[&str] = &["concat", "mean", "sum", "maximum", "geometric", "without"];

/// Methods of numbers and lists.
pub(crate) const VALUE_METHODS: &[&str] = &["pow", "min", "max", "rev", "len", "enumerate", "zip"];

/// The layer of this name.
pub(crate) fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|l| l.name == name)
}

/// Every layer's name.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|l| l.name)
}

/// A layer other than `not` that has this argument.
pub(crate) fn owner(argument: &str, not: &str) -> Option<&'static str> {
    LAYERS
        .iter()
        .find(|l| l.name != not && l.parameter(argument).is_some())
        .map(|l| l.name)
}
