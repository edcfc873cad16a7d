//! The network of one sequence, from its first convolution to the numbers before the head.

mod tail;

use super::given::Given;
use super::words::{activation, decimal, pool};

/// A trunk as text, with the original's names of its parameters in the order of ours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trunk {
    pub(super) lines: Vec<String>,
    pub(super) names: Vec<String>,
}

/// Where the writing of a trunk stands.
struct Writer<'a> {
    given: &'a mut Given,
    input: &'a str,
    prefix: &'a str,
    lines: Vec<String>,
    names: Vec<String>,
    channels: usize,
    length: usize,
}

/// What distinguishes the two towers.
struct Tower {
    /// Where its parameters stand in the state dict.
    place: &'static str,
    layers: usize,
    width: usize,
    dilations: Vec<usize>,
    bias: bool,
    /// Channels of each layer.
    channels: Vec<usize>,
    pool: Option<(&'static str, usize)>,
    pool_every: usize,
    residual_every: usize,
    entire: bool,
}

/// Writes the trunk of one input. `lengths` are the positions of its sequence.
pub(super) fn trunk(given: &mut Given, input: &str, prefix: &str, length: usize) -> Trunk {
    let mut writer = Writer {
        given,
        input,
        prefix,
        lines: Vec::new(),
        names: Vec::new(),
        channels: 0,
        length,
    };
    writer.first();
    writer.dilated();
    writer.attention();
    writer.pooled();
    writer.dense();
    Trunk {
        lines: writer.lines,
        names: writer.names,
    }
}

/// The rates of dropout in convolutions, attention and dense layers: `dropout` goes before the others.
fn dropout(given: &mut Given, name: &str) -> f64 {
    match given.number("dropout") {
        x if x > 0.0 => x,
        _ => given.number(name),
    }
}

/// Whether a part has batch norms: `batch_norm` goes before the others.
fn batch_norm(given: &mut Given, name: &str) -> bool {
    given.truth("batch_norm") || given.truth(name)
}

impl Writer<'_> {
    fn name(&mut self, parts: &[&str], of: &str) {
        for part in parts {
            self.names.push(format!("{}{of}{part}", self.prefix));
        }
    }

    fn first(&mut self) {
        self.channels = self.given.whole("num_kernels");
        if self.channels == 0 {
            self.given
                .impossible
                .push("`num_kernels` is 0 or missing: there is no first convolution".into());
        }
        let width = self.given.whole("l_kernels");
        let bias = self.given.truth("kernel_bias");
        let function = self.given.text("kernel_function");
        let function = activation(self.given, "kernel_function", &function);
        let no_bias = if bias { "" } else { ", bias = false" };
        self.lines.push(format!(
            "let mut h = x.conv({}, width = {width}{no_bias}){function};",
            self.channels
        ));
        self.name(&[".weight"], "convolutions.conv1d");
        if bias {
            self.name(&[".bias"], "convolutions.conv1d");
        }
        let kinds = [
            ("mean_pooling", "Mean"),
            ("max_pooling", "Max"),
            ("weighted_pooling", "Weighted"),
        ];
        let mut wanted: Vec<&str> = Vec::new();
        for (option, kind) in kinds {
            if self.given.truth(option) && (kind != "Weighted" || wanted.is_empty()) {
                wanted.push(kind);
            }
        }
        if wanted.is_empty() {
            return;
        }
        if self.given.some_whole("pooling_size").is_none() && self.given.some_whole("pooling_steps").is_some() {
            self.given
                .impossible
                .push("`pooling_steps` without `pooling_size`: say the window, `pooling_size=..`".into());
        }
        if wanted != ["Weighted"] && self.given.truth("weighted_pooling") {
            self.given.notes.push(format!(
                "`weighted_pooling=True` has no effect beside {} pooling, which is on unless `max_pooling=False` is given",
                wanted.join(" and ").to_lowercase()
            ));
        }
        let window = self.given.some_whole("pooling_size").unwrap_or(self.length);
        let step = self.given.some_whole("pooling_steps").unwrap_or(window);
        if step != window {
            if wanted == ["Weighted"] {
                self.given.notes.push(format!(
                    "`pooling_steps={step}` has no effect: weighted pooling goes on by its window"
                ));
            } else {
                self.given.impossible.push(format!(
                    "`pooling_steps={step}` with windows of {window}: padded windows stand side by side here"
                ));
            }
        }
        match wanted.as_slice() {
            [kind] => self.lines.push(format!("h = h{};", pool(kind, window, "Pad"))),
            _ => self.lines.push(format!(
                "h = concat([h{}, h{}]);",
                pool("Mean", window, "Pad"),
                pool("Max", window, "Pad")
            )),
        }
        self.channels *= wanted.len();
        self.length = self.length.div_ceil(window);
    }

    fn pool_of(&mut self, prefix: &str) -> Option<(&'static str, usize)> {
        let kinds = [("max", "Max"), ("mean", "Mean"), ("weighted", "Weighted")];
        if self.given.whole(&format!("{prefix}max_pooling")) > 0 && self.given.whole(&format!("{prefix}mean_pooling")) > 0 {
            self.given.impossible.push(format!(
                "`{prefix}max_pooling` and `{prefix}mean_pooling` together have no word here"
            ));
        }
        kinds
            .into_iter()
            .find_map(|(word, kind)| Some((kind, self.given.some_whole(&format!("{prefix}{word}_pooling"))?)))
            .filter(|(_, window)| *window > 1)
    }

    fn dilated(&mut self) {
        let layers = self.given.whole("dilated_convolutions");
        if layers == 0 {
            return;
        }
        let increase = self.given.number("conv_increase");
        if increase != 1.0 && self.given.whole("transformer_convolutions") > 0 {
            self.given
                .impossible
                .push("`conv_increase` with `transformer_convolutions`: the original widens the second tower too, in a way that is not known here".into());
        }
        let mut channels = Vec::new();
        let mut now = self.channels;
        for _ in 0..layers {
            now = (now as f64 * increase) as usize;
            channels.push(now);
        }
        let width = match self.given.some_whole("l_dilkernels") {
            Some(width) => width,
            None => self.given.whole("l_kernels"),
        };
        let tower = Tower {
            place: "convolution_layers",
            layers,
            width,
            dilations: self.given.wholes("dilations", layers),
            bias: false,
            channels,
            pool: self.pool_of("dil"),
            pool_every: self.given.whole("dilpooling_steps").max(1),
            residual_every: self.given.whole("dilpooling_residual"),
            entire: self.given.truth("dilresidual_entire"),
        };
        self.tower(tower);
    }

    fn pooled(&mut self) {
        let layers = self.given.whole("transformer_convolutions");
        if layers == 0 {
            return;
        }
        let width = match self.given.some_whole("l_trkernels") {
            Some(width) => width,
            None => self.given.whole("l_kernels"),
        };
        let channels = self.given.some_whole("trconv_dim").unwrap_or(self.channels);
        let tower = Tower {
            place: "trconvolution_layers",
            layers,
            width,
            dilations: self.given.wholes("trdilations", layers),
            bias: true,
            channels: vec![channels; layers],
            pool: self.pool_of("tr"),
            pool_every: self.given.whole("trpooling_steps").max(1),
            residual_every: self.given.whole("trpooling_residual"),
            entire: self.given.truth("trresidual_entire"),
        };
        self.tower(tower);
    }

    /// How many of a tower's layers the length allows, with the lengths after each: the original leaves out the rest
    /// without a word.
    fn lengths(&mut self, tower: &Tower) -> Vec<(usize, bool)> {
        let mut found = Vec::new();
        let mut now = self.length;
        for layer in 0..tower.layers {
            if now < tower.width {
                let message = format!(
                    "input `{}`: layer {} of `{}` and those behind it are left out, because {now} positions are below the width {}; \
                     the original says nothing",
                    self.input,
                    layer + 1,
                    tower.place,
                    tower.width
                );
                self.given.notes.push(message);
                break;
            }
            let window = tower.pool.map_or(usize::MAX, |(_, window)| window);
            let pools = (layer + 1) % tower.pool_every == 0 && window <= now;
            if !pools && (layer + 1) % tower.pool_every == 0 && tower.pool.is_some() {
                self.given.notes.push(format!(
                    "input `{}`: after layer {} of `{}` no pooling, because {now} positions are fewer than its window",
                    self.input,
                    layer + 1,
                    tower.place
                ));
            }
            if pools {
                now = now.div_ceil(window);
            }
            found.push((now, pools));
        }
        found
    }

    fn tower(&mut self, mut tower: Tower) {
        let lengths = self.lengths(&tower);
        tower.layers = lengths.len();
        tower.dilations.truncate(lengths.len());
        tower.channels.truncate(lengths.len());
        if lengths.is_empty() {
            return;
        }
        let dropout = dropout(self.given, "conv_dropout");
        let norm = batch_norm(self.given, "conv_batch_norm");
        let function = self.given.text("net_function");
        let function = activation(self.given, "net_function", &function);
        let before = format!("|h| h{}{function}", if norm { ".norm(Batch)" } else { "" });
        let each_pools = (0..tower.layers).all(|i| lengths[i].1 == (tower.pool.is_some() && (i + 1) % tower.pool_every == 0));
        let one_width = tower.channels.iter().all(|c| *c == tower.channels[0]);
        let whole = |kind: &str| kind == "Weighted" || self.divides(&tower, &lengths);
        let plain_pool = tower.pool.is_none_or(|(kind, _)| whole(kind));
        if let Some(("Mean", _)) = tower.pool.filter(|_| !plain_pool) {
            let message = format!(
                "mean pooling in `{}` with a remainder: its second path is padded in another way",
                tower.place
            );
            self.given.impossible.push(message);
        }
        if tower.residual_every == 1 && !tower.entire && dropout == 0.0 && each_pools && one_width && plain_pool {
            self.short_tower(&tower, &before);
        } else {
            self.long_tower(&tower, &lengths, before.trim_start_matches("|h| h"), dropout);
        }
        self.tower_names(&tower, norm);
        self.channels = tower.channels[tower.layers - 1];
        self.length = lengths[tower.layers - 1].0;
    }

    fn divides(&self, tower: &Tower, lengths: &[(usize, bool)]) -> bool {
        let window = tower.pool.map_or(1, |(_, window)| window);
        let mut now = self.length;
        lengths.iter().all(|(after, pools)| {
            let whole = !pools || now.is_multiple_of(window);
            now = *after;
            whole
        })
    }

    /// The tower as one layer of the language.
    fn short_tower(&mut self, tower: &Tower, before: &str) {
        let mut arguments = vec![tower.layers.to_string(), format!("width = {}", tower.width)];
        if tower.channels[0] != self.channels {
            arguments.push(format!("filters = {}", tower.channels[0]));
        }
        if tower.dilations.iter().any(|d| *d != 1) {
            arguments.push(format!("dilation = {:?}", tower.dilations));
        }
        if !tower.bias {
            arguments.push("bias = false".into());
        }
        arguments.extend(["skip = Conv".to_string(), format!("before = {before}")]);
        if let Some((kind, window)) = tower.pool.filter(|_| tower.layers >= tower.pool_every) {
            arguments.push(format!("after = |h| h{}", pool(kind, window, "Pad")));
            if tower.pool_every > 1 {
                arguments.push(format!("every = {}", tower.pool_every));
            }
        }
        self.lines.push(format!("h = h.residual({});", arguments.join(", ")));
    }

    /// The tower layer by layer.
    fn long_tower(&mut self, tower: &Tower, lengths: &[(usize, bool)], before: &str, dropout: f64) {
        let entry = format!("{}_in", if tower.bias { "second" } else { "first" });
        self.lines.push(format!("let {entry} = h;"));
        self.lines.push("let mut skip = h;".into());
        let bias = if tower.bias { "" } else { ", bias = false" };
        let mut skip_channels = self.channels;
        let mut pending: Vec<String> = Vec::new();
        let mut all = String::new();
        for (layer, (_, pools)) in lengths.iter().enumerate() {
            let (channels, dilation) = (tower.channels[layer], tower.dilations[layer]);
            let dilated = if dilation == 1 {
                String::new()
            } else {
                format!(", dilation = {dilation}")
            };
            self.lines.push(format!(
                "let c = h{before}.conv({channels}, width = {}{dilated}{bias});",
                tower.width
            ));
            let dropped = if dropout > 0.0 {
                format!(".dropout({})", decimal(dropout))
            } else {
                String::new()
            };
            if tower.residual_every > 0 && (layer + 1) % tower.residual_every == 0 {
                let narrow = if skip_channels == channels {
                    String::new()
                } else {
                    format!(".conv({channels}, width = 1, bias = false)")
                };
                let skip = format!("skip{narrow}{}", pending.concat());
                self.lines.push(match dropped.as_str() {
                    "" => format!("h = c + {skip};"),
                    dropped => format!("h = (c + {skip}){dropped};"),
                });
                self.lines.push("skip = c;".into());
                skip_channels = channels;
                pending.clear();
            } else {
                self.lines.push(format!("h = c{dropped};"));
            }
            if let (true, Some((kind, window))) = (*pools, tower.pool) {
                self.lines.push(format!("h = h{};", pool(kind, window, "Pad")));
                pending.push(pool(kind, window, if kind == "Max" { "Zero" } else { "Pad" }));
                all.push_str(&pool(kind, window, if kind == "Max" { "Zero" } else { "Pad" }));
            }
        }
        if tower.entire {
            if self.channels != tower.channels[tower.layers - 1] {
                self.given.impossible.push(format!(
                    "the entire residual of `{}` with another number of channels",
                    tower.place
                ));
            }
            self.lines.push(format!("h = h + {entry}{all};"));
        }
    }

    fn tower_names(&mut self, tower: &Tower, norm: bool) {
        let mut skip_channels = self.channels;
        for layer in 0..tower.layers {
            let at = |part: &str| format!("{}.convlayers.{part}{layer}", tower.place);
            if norm {
                self.name(&[".weight", ".bias", ".running_mean", ".running_var"], &at("Bnorm"));
            }
            self.name(&[".conv1d.weight"], &at("Conv"));
            if tower.bias {
                self.name(&[".conv1d.bias"], &at("Conv"));
            }
            if tower.residual_every > 0 && (layer + 1) % tower.residual_every == 0 {
                if skip_channels != tower.channels[layer] {
                    self.name(&[".rconv.conv.weight"], &at("ResiduallayerConv"));
                }
                skip_channels = tower.channels[layer];
            }
        }
    }
}
