//! DRG (specs/drg.md): the seven wirings on the sizes of golden/drg.

use crate::declared::{declare, dna, rna, scalar};
use cistron_declaration::Port;
use cistron_model::{Compat, Model};

/// The trunk of specs/drg.md 5, with `between` for what stands between its two towers.
fn trunk(channels: usize, between: &str) -> String {
    format!(
        "block trunk(x) {{
            let mut x = x.conv(8, width = 7).gelu().pool(Weighted, 4, rest = Pad);
            let mut skip = x;                                  // each skip is the previous layer's bare convolution
            for d in [1, 2, 4] {{
                let c = x.norm(Batch).gelu().conv(8, width = 5, dilation = d, bias = false);
                x = c + skip;
                skip = c;
            }}
            {between}
            skip = x;
            for _ in 0..2 {{
                let c = x.norm(Batch).gelu().conv({channels}, width = 5);
                x = (c + skip).pool(Weighted, 3, rest = Pad);
                skip = c.pool(Weighted, 3, rest = Pad);
            }}
            let mut h = x.dense(12);
            for w in [13, 13, 12] {{ h = h.linear(w).gelu(); }}
            h
        }}"
    )
}

/// The attention of specs/drg.md 6.
const ATTENTION: &str = "
            x = x.pool(Weighted, 2, rest = Pad);
            let p = concat([x, x.wavelengths()]);
            let a = p.attention(4, key = 14, value = 14, output = 14, output_bias = false);
            let h = (a + x.linear(14, bias = false)).norm(Layer);
            x = (h.linear(56, bias = false).gelu().linear(14, bias = false) + h).norm(Layer);";

/// A chain of linear layers with GELU after each.
const MIX: &str = "block mix(x, widths) { let mut h = x; for w in widths { h = h.linear(w).gelu(); } h }";

/// All wirings by the names of their golden files.
pub(crate) const NAMES: [&str; 8] = ["A_base", "A_trans", "B", "C", "D_sharedF", "D_sharedT", "F_all", "F_routed"];

/// One of [`NAMES`].
pub(crate) fn drg(name: &str) -> Model {
    let two = "let f = trunk(dna.both_strands()); let g = trunk(rna);";
    let embedded = "let a = f.linear(10).gelu(); let b = g.linear(10).gelu();";
    let base = trunk(8, "");
    let (text, outputs): (String, &[&str]) = match name {
        "A_base" => (format!("{base} ex = trunk(dna.both_strands()).linear();"), &["ex"]),
        "A_trans" => (
            format!("{} ex = trunk(dna.both_strands()).linear();", trunk(14, ATTENTION)),
            &["ex"],
        ),
        "B" => (
            format!("{base} let t = trunk(dna.both_strands()); [ex, kd, kt] = t.linear();"),
            &["ex", "kd", "kt"],
        ),
        "C" => (
            format!("{MIX} {base} {two} {embedded} ex = mix(concat([a, b]), [22, 22, 20]).linear();"),
            &["ex"],
        ),
        "D_sharedF" => (
            format!("{base} {two} ex = f.linear() - g.linear(); kd = g.linear(); kt = f.linear();"),
            &["ex", "kd", "kt"],
        ),
        "D_sharedT" => (
            format!("{base} {two} kt = f.linear(); kd = g.linear(); ex = kt - kd;"),
            &["ex", "kd", "kt"],
        ),
        "F_all" => (
            format!("{MIX} {base} {two} {embedded} [ex, kd, kt] = mix(concat([a, b]), [22, 20]).linear();"),
            &["ex", "kd", "kt"],
        ),
        _ => (
            format!(
                "{MIX} {base} {two} {embedded}
                ex = mix(concat([a, b]), [22, 20]).linear(); kd = mix(b, [11, 10]).linear(); kt = mix(a, [11, 10]).linear();"
            ),
            &["ex", "kd", "kt"],
        ),
    };
    let inputs: Vec<Port> = if matches!(name, "A_base" | "A_trans" | "B") {
        vec![dna("dna", 101)]
    } else {
        vec![dna("dna", 101), rna("rna", 90)]
    };
    let outputs = outputs.iter().map(|name| scalar(name, 6)).collect();
    declare(&format!("Drg on toy {{ {text} }}"), inputs, outputs).compat(Compat::Drg)
}
