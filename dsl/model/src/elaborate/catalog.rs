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

/// `epsilon`, or `eps`.
const EPSILON: Parameter = Parameter {
    name: "epsilon",
    alias: "eps",
    positional: false,
    required: false,
};

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
            named("start"),
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
            named("start"),
        ],
        "depthwise_conv(width = 15)",
    ),
    layer(
        "transposed_conv",
        &[
            maybe_first("filters"),
            needed("width"),
            named("stride"),
            named("dilation"),
            named("groups"),
            named("padding"),
            named("extra"),
            named("bias"),
            named("start"),
        ],
        "transposed_conv(64, width = 4, stride = 2)",
    ),
    layer(
        "linear",
        &[maybe_first("features"), named("bias"), named("start")],
        "linear(64)",
    ),
    layer(
        "dense",
        &[
            first("features"),
            named("layers"),
            named("between"),
            named("bias"),
            named("start"),
        ],
        "dense(64, layers = 2)",
    ),
    layer("embed", &[first("features"), named("bias"), named("start")], "embed(64)"),
    layer(
        "bins",
        &[first("count"), first("minimum"), first("maximum")],
        "bins(256, 0.0, 10.0)",
    ),
    layer(
        "norm",
        &[
            first("kind"),
            named("momentum"),
            EPSILON,
            named("groups"),
            named("convention"),
            named("virtual_batch"),
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
    layer("log", &[], "log()"),
    layer("log1p", &[], "log1p()"),
    layer("sqrt", &[], "sqrt()"),
    layer("abs", &[], "abs()"),
    layer("pow", &[first("exponent")], "pow(2)"),
    layer("softmax", &[first("axis")], "softmax(Channels)"),
    layer("log_softmax", &[first("axis")], "log_softmax(Channels)"),
    layer("dropout", &[first("rate")], "dropout(0.1)"),
    layer(
        "pool",
        &[first("kind"), first("window"), named("step"), named("rest")],
        "pool(Max, 4)",
    ),
    layer("upsample", &[first("kind"), first("factor")], "upsample(Nearest, 2)"),
    layer(
        "residual",
        &[
            first("layers"),
            needed("width"),
            named("filters"),
            named("dilation"),
            named("before"),
            named("after"),
            named("every"),
            named("skip"),
            named("bias"),
            named("start"),
        ],
        "residual(3, width = 11, before = |h| h.norm(Batch).gelu())",
    ),
    layer(
        "attention",
        &[
            first("heads"),
            named("key"),
            named("value"),
            named("relative"),
            named("over"),
            named("dropout"),
            named("output"),
            named("bias"),
            named("output_bias"),
            named("start"),
            named("output_start"),
        ],
        "attention(8, key = 64)",
    ),
    layer(
        "cross_attention",
        &[
            first("tokens"),
            needed("heads"),
            named("inner"),
            named("widening"),
            named("dropout"),
            EPSILON,
            named("start"),
        ],
        "cross_attention(tokens, heads = 4)",
    ),
    layer(
        "self_attention",
        &[
            first("depth"),
            needed("heads"),
            named("inner"),
            named("widening"),
            named("dropout"),
            EPSILON,
            named("start"),
        ],
        "self_attention(4, heads = 8)",
    ),
    layer(
        "strand_conv",
        &[
            maybe_first("filters"),
            needed("width"),
            named("combine"),
            named("padding"),
            named("bias"),
            named("start"),
        ],
        "strand_conv(300, width = 15)",
    ),
    layer("both_strands", &[maybe_first("combine")], "both_strands()"),
    layer("crop", &[first("length")], "crop(896)"),
    layer("flip", &[], "flip()"),
    layer("flatten", &[], "flatten()"),
    layer("mean", &[first("axis")], "mean(Positions)"),
    layer("max", &[first("axis")], "max(Positions)"),
    layer("sum", &[first("axis")], "sum(Positions)"),
    layer("outer_sum", &[maybe_first("with")], "outer_sum()"),
    layer("symmetric", &[], "symmetric()"),
    layer("distance_encoding", &[], "distance_encoding()"),
    layer("wavelengths", &[], "wavelengths()"),
    layer("token", &[named("mask")], "token()"),
    layer("tokens", &[], "tokens()"),
    layer("film", &[first("by")], "film(cell)"),
    layer(
        "custom",
        &[
            first("name"),
            named("channels"),
            named("positions"),
            named("features"),
            named("with"),
        ],
        "custom(\"spectrum\", channels = 16)",
    ),
];

/// Methods of the grammar that cannot run yet.
pub(crate) const LATER_METHODS: &[&str] = &["start", "merge"];

/// Functions of the grammar that cannot run yet.
pub(crate) const LATER_FUNCTIONS: &[&str] = &["autoregressive", "unet", "tower", "decoder"];

/// Functions that can.
pub(crate) const FUNCTIONS: &[&str] = &[
    "concat",
    "mean",
    "sum",
    "maximum",
    "geometric",
    "widening",
    "dilations",
    "without",
    "latents",
    "positions",
    "basis",
];

/// Ways in which weights begin that take a number: `start = Normal(0.02)`.
pub(crate) const STARTS: &[&str] = &["Normal", "TruncatedNormal", "Uniform", "Constant", "Scaled"];

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
