//! The macros of Cistron: `data!`, `model!`, `blocks!`, `objective!`, `fit!` and `compare!`.
//!
//! Each is an expression. It reads a declaration (Rust's own expressions, statements that may begin with a
//! closed list of words), checks everything that can be checked without the files, and expands to one
//! call that hands the declaration over as data, with its text and the place of every token. So a cell
//! compiles quickly, and what only the files can tell (lengths, track names) is reported at run time at
//! the same tokens. All mistakes of a declaration are reported at once.
//!
//! The macros expand to `::cistron::..` and end in `?`: a cell may use them anywhere, a program in
//! functions that return a `Result` whose error takes any error.

use proc_macro::TokenStream;

/// Declares where inputs and outputs come from; gives a `Dataset`.
///
/// # Grammar
/// ```text
/// data! {
///     records   NAME = SOURCE, ..;             // tables whose columns are used below
///     input     NAME: KIND = SOURCE, ..;       // at least one
///     output    NAME: KIND = SOURCE, ..;       // at least one; without `: KIND` numbers per example
///     classes   SOURCE;
///     folds     sets("file") | column("name") | hash(sets = 10);
///     split     hash(valid = 0.1, test = 0.1, seed = 0)
///             | column("name", train = "..", valid = "..", test = "..")
///             | chromosomes(valid = [".."], test = [".."], column = "..");
/// }
/// KIND   = Dna | Rna | Category | Scalar       // outputs: Scalar
/// SOURCE = npz("file", key = "..") | fasta("file") | table("file") | dataset("registered name")
///        | frame(data_frame) | column("name") | RECORDS.COLUMN
/// ```
/// Sequences (`Dna`, `Rna`) come from `npz`, `fasta` and columns, categories from columns, numbers (`Scalar`) from
/// `table`, `frame`, `npz` and columns. `column(..)`, `table(..)`, `frame(..)` and `npz(..)` take `missing = masked` in
/// outputs; `hash(..)` takes `by = name`, `sets(..)` takes `unassigned = train`. Statements `genome`, `cells`, `windows`
/// and `sample`, kinds `Track`, `Bins` and `Map(bins)` and further sources parse and are said not to run yet.
/// Arguments that are no literals, declared names or words are Rust expressions of the cell:
/// `table(path)`, `frame(simulation.table)`, `column(name)`. Variables are not moved.
///
/// # Errors
/// A statement with an unknown word, an unknown source, kind or argument (each with the nearest name), a name
/// declared twice, no input, no output, shares of a split that leave nothing, and words that cannot run yet.
///
/// # Example
/// ```text
/// let toy = data! {
///     records assay = table("assay.tsv.gz");
///     input   dna: Dna = column("sequence");
///     output  activity: Scalar = column("activity");
///     split   hash(valid = 0.1, test = 0.1);
/// };
/// ```
#[proc_macro]
pub fn data(input: TokenStream) -> TokenStream {
    cistron_syntax::data(input.into()).into()
}

/// Declares a network; gives a `Model`.
///
/// # Grammar
/// ```text
/// model! { NAME(PARAMETER = DEFAULT, ..) on DATA, .. {
///     block NAME(ARGUMENTS) { .. }             // every call has its own weights
///     shared block NAME(ARGUMENTS) { .. }      // all calls share one set of weights
///     part NAME(ARGUMENTS) { .. }              // a later model can use it
///     recompute block NAME(ARGUMENTS) { .. }   // backward computes it again and keeps none of its values
///     use BLOCKS;   use BLOCKS.NAME, ..;       // blocks of a `blocks!`
///     let NAME = EXPRESSION;                   // also `let mut`, `let (a, b)`
///     for PATTERN in VALUES { .. }             // a list, a range, a parameter
///     if CONDITION { .. } else { .. }
///     OUTPUT = EXPRESSION;                     // also `[a, b] = ..`, `x += ..`, `data.output = ..`
/// }}
/// ```
/// Expressions are Rust's: layers are methods (`x.conv(64, width = 15)`), arguments may have names, closures say
/// what happens around a layer (`before = |h| h.norm(Batch).gelu()`), `+ - * /` work on values and numbers.
/// A default that is no literal is a Rust expression of the cell (`kernels = n`); names in the body are inputs,
/// parameters and bound values only. Two parameters of the header are for all layers: `start = Glorot` says how weights
/// begin, `convention = Keras` (or `Sonnet`, `PyTorch`) how norms keep their statistics and how weights begin there.
///
/// # Layers
/// A value is features, a sequence `channel x position`, tokens or latents `channel x token`, or a map `channel x position
/// x position`; layers do the 1-D or the 2-D thing by the axes that they meet.
/// ```text
/// conv(64, width = 15, stride = , dilation = , groups = , padding = Same | Valid, bias = , start = )
/// depthwise_conv(width = 7)    transposed_conv(64, width = 4, stride = 2, extra = )
/// both_strands().conv(..)      strand_conv(64, width = 15, combine = Max | Mean)
/// linear(64)                   // the channels at each position; without a number the head: as wide as its output
/// dense(64, layers = 2)        // flattens first
/// embed(64)                    // of a category, of whole numbers, of a track or a sequence
/// bins(256, 0.0, 10.0)         // the number of each value's bin
/// norm(Batch, momentum = , eps = , convention = , virtual_batch = )    norm(Layer)    norm(Group, groups = 8)    norm(Rms)
/// pool(Max | Mean | Weighted, 4, step = , rest = Drop | Pad | Minimum | Zero)    pool(Attention, 2)    upsample(Nearest | Linear, 2)
/// attention(8, key = 64, value = , relative = basis(..), over = , dropout = , output = , bias = , output_bias = )
/// latents(128, 512).cross_attention(tokens, heads = 4).self_attention(4, heads = 8).mean(Latents)
/// residual(3, width = 11, before = |h| .., after = |h| .., every = , skip = Input | Conv)
/// tokens()  token()  x + positions()  film(cell)  wavelengths()
/// outer_sum()  symmetric()  distance_encoding()  crop(250)  flip()  flatten()
/// mean(Positions)  max(Positions)  sum(Channels)  softmax(Channels)  log_softmax(Channels)
/// relu()  gelu(Tanh)  silu()  softplus()  sigmoid()  tanh()  exp()  log()  log1p()  sqrt()  abs()  pow(2)  dropout(0.1)
/// custom("name", channels = 16)    // a Candle function of your own, offered by `custom_layer("name", |x| ..)`
/// ```
/// Functions: `concat([a, b])`, `mean([a, b])`, `sum([a, b])`, `maximum([a, b])`, `geometric(64, 512, 4, multiple = 8)`,
/// `dilations(2.pow(0..=6))`, `widening(1024, 3, 1.1)`, `basis(gamma = PerFeature)`. Weights begin as `PyTorch` does, or by `start = Glorot`, `He`,
/// `Lecun`, `Zeros`, `Normal(0.02)`, `TruncatedNormal(0.02)`, `Uniform(0.1)`, `Scaled(2.0)`, `Constant(0.0)`.
///
/// # Errors
/// Everything that the checker of `cistron-model` can tell without the data: unknown layers, arguments and words
/// (with the nearest name), numbers out of range, unread and unassigned names.
///
/// # Example
/// ```text
/// let net = model! { Toy(kernels = 64) on toy {
///     let x = dna.conv(kernels, width = 15).relu().pool(Max, 4);
///     activity = x.dense(128).relu().linear();
/// }};
/// ```
#[proc_macro]
pub fn model(input: TokenStream) -> TokenStream {
    cistron_syntax::model(input.into()).into()
}

/// Declares blocks that several models share; gives `Blocks`.
///
/// # Grammar
/// ```text
/// blocks! { NAME(PARAMETER = DEFAULT, ..) {
///     block NAME(ARGUMENTS) { .. }             // also `shared block`, `recompute block`
/// }}
/// ```
/// A model takes them with `use`: `use drg;` all of them, `use drg.trunk, drg.mix;` some. The parameters come along, so that
/// `net(kernels = 64)` and sweeps reach them; a model whose own header has a parameter of the same name gives it another default.
///
/// # Errors
/// As [`model!`].
///
/// # Example
/// ```text
/// let shared = blocks! { Shared(kernels = 64) {
///     block trunk(x) { x.conv(kernels, width = 15).relu().pool(Max, 4).dense(128).relu() }
/// }};
/// let net = model! { Toy on toy { use shared.trunk; activity = trunk(dna).linear(); }};
/// ```
#[proc_macro]
pub fn blocks(input: TokenStream) -> TokenStream {
    cistron_syntax::blocks(input.into()).into()
}

/// Declares what a network is trained for; gives an `Objective`.
///
/// # Grammar
/// ```text
/// objective! { on DATA, .. {
///     loss(OUTPUT, ..)   = TERMS;              // what is made small
///     watch(OUTPUT, ..)  = TERMS;              // what early stopping looks at
///     report(OUTPUT, ..) = TERMS;              // what is shown besides
/// }}
/// TERMS = NUMBER * LOSS + ..
/// LOSS  = mse() | poisson() | poisson(log = true) | bce() | bce(logits = true)
///       | correlation(Tracks) | correlation(Points)
///       | drg(NAME)                            // a loss of DRG by its name there: drg(Cosinedata), drg(SCElossclass), ..
/// ```
///
/// # Errors
/// Unknown words, losses and arguments (with the nearest name), an output given twice, no loss, and losses that
/// cannot run yet.
///
/// # Example
/// ```text
/// let loss = objective! { on toy {
///     loss(activity)  = 0.95 * mse() + 0.05 * correlation(Points);
///     watch(activity) = correlation(Points);
/// }};
/// ```
#[proc_macro]
pub fn objective(input: TokenStream) -> TokenStream {
    cistron_syntax::objective(input.into()).into()
}

/// Trains a model; gives a `Run`.
///
/// # Grammar
/// ```text
/// fit! { MODEL, OBJECTIVE, DATA; OPTION = VALUE, .. }
/// MODEL  = a Rust expression, or NAME(PARAMETER = VALUE, ..) for other parameters
/// OPTION = epochs | batch | seed | patience | fold | optimizer | precision | name | resume | quiet
///        | warmup | schedule | clip | groups | no_decay | average
///        | finetune | halve | restart | init_adjust | valtrain_ratio | compat
/// ```
/// Values are Rust expressions. `optimizer` takes `Sgd { lr, momentum, dampening, weight_decay,
/// nesterov }`, `Adam { lr, beta1, beta2, eps, weight_decay, amsgrad }`, `AdamW { .. }` with the same fields, `NAdam { lr, beta1,
/// beta2, eps, weight_decay, momentum_decay }`, `KerasAdam { lr, beta1, beta2, eps }`, `Adagrad { lr, lr_decay, eps, weight_decay }`
/// or `Adadelta { lr, rho, eps, weight_decay }` with those fields that differ
/// from the defaults; `precision` takes `F32` or `F64`; `quiet = true` shows lines instead of curves, for many fits
/// in one cell (`name` takes any text, such as `format!("seed {seed}")`).
///
/// `P` below is `Steps(n)` or `Epochs(n)`. `warmup` takes a number of epochs, `Linear { over: P }`, `FromZero { over: P }`
/// or `Exponential { over: P, factor }`; `schedule` takes `Constant`, `Cosine { over: P, floor }`, `Step { every: P,
/// factor }`, `Inverse { decay }` or `Plateau { factor, patience, threshold, floor }`, whose time begins after the warm-up;
/// `clip` takes `GlobalNorm(x)`, `TensorNorm(x)` or `Value(x)`; `groups` takes a list of `Group { names, rate,
/// weight_decay, frozen }` with names of layers or parameters or patterns such as `"trunk.*"`; `no_decay` takes a list of
/// `Biases`, `Norms`, `Embeddings`; `average` takes `Ema(decay)` or `Swa { after: P, every: P }`, and evaluates and keeps
/// the average instead of the last weights.
///
/// `finetune` takes `Rounds { rounds, rate, patience }`: when patience is used up, back to the best weights and on with a lower
/// rate; `halve` takes `OnRise { share, epochs }` (the rate, when the training loss rises) or `Never`; `restart = true` draws
/// all layers but the first convolution anew, once, where the fit would end; `init_adjust = true` begins again at a quarter of
/// the rate when the training loss rises above that of the untrained network. `compat = drg` gives the numbers of another
/// program where they are not what is right (`cistron::Fit::compat`); `valtrain_ratio`, the ratio of training to validation at
/// which a fit ends, needs it.
///
/// # Errors
/// Unknown options, optimizers and fields (with the nearest name), numbers out of range, options given twice,
/// a missing model, objective or data set, and options that cannot run yet.
///
/// # Example
/// ```text
/// let run = fit! { net(kernels = 32), loss, toy; epochs = 20, optimizer = Adam { lr: 1e-3 }, seed = 1 };
/// ```
#[proc_macro]
pub fn fit(input: TokenStream) -> TokenStream {
    cistron_syntax::fit(input.into()).into()
}

/// Fits several models for every fold and seed and compares them; gives a `Comparison`.
///
/// # Grammar
/// ```text
/// compare! { MODEL, ..; with = OBJECTIVE, data = DATA, OPTION = VALUE, .. }
/// MODEL  = as in `fit!`, or "label" = MODEL
/// OPTION = folds   all, a number, or a list of numbers; without it the declared split
///        | seeds   how many (0, 1, ..), or a list of numbers; without it seed 0
///        | resume  true: finished runs of the same model, data and options are not done again
///        | any option of `fit!` but fold, seed, name, resume and quiet
/// ```
/// One model with `folds = all` is cross-validation. Models are called by their declarations' names; two variants of one declaration
/// need a label. An objective over more outputs than a model gives is cut down to those it has. One progress line stands for
/// all fits, each fit leaves a run folder, and an interrupt ends the comparison with what is done.
///
/// # Errors
/// As `fit!`; a missing objective or data set; two equal labels (of variants at the latest when the cell runs, at the same token).
///
/// # Example
/// ```text
/// let report = compare! { net, "large" = net(kernels = 64); with = loss, data = toy, folds = all, seeds = 3, epochs = 20 };
/// ```
#[proc_macro]
pub fn compare(input: TokenStream) -> TokenStream {
    cistron_syntax::compare(input.into()).into()
}
