//! What stands between and behind the towers: attention, and the dense block.

use super::{Writer, batch_norm, dropout};
use crate::drg::options::value::OptionValue;
use crate::drg::options::words::{activation, decimal};

impl Writer<'_> {
    pub(super) fn attention(&mut self) {
        let layers = self.given.whole("n_attention");
        if layers == 0 {
            return;
        }
        let heads = self.given.whole("n_distattention").max(1);
        let factor = self.given.number("dim_distattention");
        let dropout = dropout(self.given, "attention_dropout");
        if batch_norm(self.given, "attention_batch_norm") {
            self.given
                .impossible
                .push("`attention_batch_norm=True` has no word here: its norm stands before the positions".into());
        }
        if dropout > 0.0 {
            self.given
                .impossible
                .push("a dropout in the attention has no word here: the original drops before the maps that follow it".into());
        }
        for layer in 0..layers {
            let each = (factor * self.channels as f64) as usize;
            let values = self.given.some_whole("dim_embattention").unwrap_or(each);
            self.lines.push("let p = concat([h, h.wavelengths()]);".into());
            self.lines.push(format!(
                "let a = p.attention({heads}, key = {each}, value = {values}, output = {values}, output_bias = false);"
            ));
            let same = values == self.channels;
            let residual = if same {
                "h".to_string()
            } else {
                format!("h.linear({values}, bias = false)")
            };
            self.lines.push(format!("let s = (a + {residual}).norm(Layer);"));
            self.lines.push(format!(
                "h = (s.linear({}, bias = false).gelu().linear({values}, bias = false) + s).norm(Layer);",
                4 * values
            ));
            let at = format!("distattention.Mheadattention{layer}");
            self.name(
                &[
                    ".pos_queries",
                    ".embed_queries.weight",
                    ".embed_keys.weight",
                    ".embed_values.weight",
                ],
                &at,
            );
            self.name(&[".combine_layer.weight"], &at);
            if !same {
                self.name(&[".reslayer.weight"], &at);
            }
            self.name(&[".layer_norm.weight", ".layer_norm.bias"], &at);
            self.name(&[".feedforward.0.weight", ".feedforward.2.weight"], &at);
            self.name(&[".feedforward_layer_norm.weight", ".feedforward_layer_norm.bias"], &at);
            self.channels = values;
        }
    }

    pub(super) fn dense(&mut self) {
        let layers = self.given.whole("nfc_layers");
        if layers == 0 {
            if self.given.some_whole("fclayer_size").is_some() {
                self.given
                    .notes
                    .push("`fclayer_size` has no effect without `nfc_layers`".into());
            }
            self.lines.push("h.flatten()".into());
            return;
        }
        if self.given.truth("batch_norm") {
            self.given
                .impossible
                .push("`batch_norm=True` puts norms in the dense block, for which no name of the state dict is known; `conv_batch_norm=True` has none there".into());
        }
        match self.given.some_whole("fclayer_size") {
            Some(size) => {
                self.lines.push(format!("let mut f = h.dense({size});"));
                self.name(&[".weight", ".bias"], "nfcs.nfcs.EmbeddtoFully");
            }
            None => self.lines.push("let mut f = h.flatten();".into()),
        }
        if layers == 1 {
            self.given
                .notes
                .push("`nfc_layers=1` crashes in the original and works here".into());
        }
        let function = match self.given.value("fc_function") {
            OptionValue::Nothing => self.given.text("net_function"),
            other => other.to_string(),
        };
        let function = activation(self.given, "fc_function", &function);
        let widening = self.given.number("layer_widening");
        let rate = dropout(self.given, "fc_dropout");
        let drop = if rate > 0.0 {
            format!(".dropout({})", decimal(rate))
        } else {
            String::new()
        };
        let every = self.given.whole("nfc_residuals");
        let list = format!("widening(f.features, {layers}, {})", decimal(widening));
        if every == 0 {
            self.lines
                .push(format!("for w in {list} {{ f = f.linear(w){drop}{function}; }}"));
        } else {
            self.lines.push("let mut skip = f;".into());
            self.lines.push(format!("for (i, w) in {list}.enumerate() {{"));
            self.lines.push(format!("    f = f.linear(w){drop}{function};"));
            self.lines.push(format!(
                "    if i % {every} == {} {{ f = f + skip.linear(w, bias = false); skip = f; }}",
                every - 1
            ));
            self.lines.push("}".into());
        }
        for layer in 0..layers {
            self.name(&[".weight", ".bias"], &format!("nfcs.nfcs.Fullyconnected{layer}"));
            if every > 0 && (layer + 1) % every == 0 {
                self.name(&[".weight"], &format!("nfcs.nfcs.Residuallayer{layer}"));
            }
        }
        self.lines.push("f".into());
    }
}
