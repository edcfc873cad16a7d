//! The trunk, and what is said with it.

use crate::{Dataset, Result};
use cistron_macros::{blocks, model};
use cistron_model::{Blocks, Model};

/// The trunk of every model.
///
/// | block | what it is |
/// |---|---|
/// | `trunk(x)` | convolution, weighted pooling, dilated tower, pooled tower, dense block: `features` numbers |
/// | `trunk_with_attention(x)` | the same with attention over pooled positions between the towers ("transmodel") |
/// | `mix(x, layers)` | dense layers with GELU that widen by a tenth and come back |
/// | `first`, `attend`, `second` | the parts of the trunks |
///
/// # Shapes
/// `x` is a sequence `[4, position]`; 40 kb of it go 40,000 -> 10,000 -> 1,667 -> 278 -> 47 -> 8 positions.
///
/// # Errors
/// None in practice: the declaration is part of this crate.
pub fn blocks() -> Result<Blocks> {
    Ok(blocks! { Drg(
        kernels = 300, width = 15, pool = 4, dilations = [1, 2, 4], dilated_width = 11,
        tower = 4, tower_width = 11, tower_pool = 6, features = 1024, layers = 3, drop = 0.1,
        attention_pool = 10, heads = 4, attention_tower_pool = 4, embedding = 512) {
        block first(x) {
            x.conv(kernels, width = width).gelu().pool(Weighted, pool, rest = Pad)
             .residual(dilations.len(), width = dilated_width, dilation = dilations, bias = false, skip = Conv,
                       before = |h| h.norm(Batch).gelu())
        }
        block attend(x, dim) {
            let p = concat([x, x.wavelengths()]);
            let a = p.attention(heads, key = dim, value = dim, output = dim, output_bias = false);
            let h = (a + x.linear(dim, bias = false)).norm(Layer);
            (h.linear(4 * dim, bias = false).gelu().linear(dim, bias = false) + h).norm(Layer)
        }
        block second(x, window) {
            let mut h = x.residual(tower, width = tower_width, skip = Conv, before = |h| h.norm(Batch).gelu(),
                                   after = |h| h.pool(Weighted, window, rest = Pad)).dense(features);
            for w in widening(features, layers, 1.1) { h = h.linear(w).dropout(drop).gelu(); }
            h
        }
        block trunk(x) { second(first(x), tower_pool) }
        block trunk_with_attention(x) {
            second(attend(first(x).pool(Weighted, attention_pool, rest = Pad), kernels * 9 / 5), attention_tower_pool)
        }
        block mix(x, layers) {
            let mut h = x;
            for w in widening(x.features, layers, 1.1) { h = h.linear(w).gelu(); }
            h
        }
    }})
}

/// A: expression from DNA.
///
/// # Errors
/// Data without `dna` or `ex`; a length that the towers use up.
pub fn a(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { A on data {
        use drg.trunk;
        ex = trunk(dna.both_strands()).linear();
        without(..);
    }})
}

/// A with an attention layer between the towers ("transmodel").
///
/// # Errors
/// As [`a`].
pub fn a_attention(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { AAttention on data {
        use drg.trunk_with_attention;
        ex = trunk_with_attention(dna.both_strands()).linear();
        without(..);
    }})
}

/// B: expression, degradation and transcription from DNA, three linear heads on one trunk.
///
/// # Errors
/// As [`a`].
pub fn b(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { B on data {
        use drg.trunk;
        let t = trunk(dna.both_strands());
        [ex, kd, kt] = t.linear();
    }})
}

/// C: expression from DNA and RNA through dense layers.
///
/// # Errors
/// As [`a`]; data without `rna`.
pub fn c(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { C on data {
        use drg.trunk, drg.mix;
        let t = trunk(dna.both_strands()).linear(embedding).gelu();
        let r = trunk(rna).linear(embedding).gelu();
        ex = mix(concat([t, r]), 3).linear();
        without(..);
    }})
}

/// D, separate: expression is a difference of two heads of its own; transcription and degradation have others.
///
/// # Errors
/// As [`c`].
pub fn d_separate(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { DSeparate on data {
        use drg.trunk;
        let (t, r) = (trunk(dna.both_strands()), trunk(rna));
        ex = t.linear() - r.linear();
        kd = r.linear();
        kt = t.linear();
    }})
}

/// D, shared: what is predicted for transcription and degradation is what expression is made of.
///
/// # Errors
/// As [`c`]; outputs without a common track. Unequal tracks meet by name.
pub fn d_shared(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { DShared on data {
        use drg.trunk;
        let (t, r) = (trunk(dna.both_strands()), trunk(rna));
        kt = t.linear();
        kd = r.linear();
        ex = kt - kd;
    }})
}

/// F, all: every output from both sequences through dense layers of its own.
///
/// # Errors
/// As [`c`].
pub fn f_all(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { FAll on data {
        use drg.trunk, drg.mix;
        let t = trunk(dna.both_strands()).linear(embedding).gelu();
        let r = trunk(rna).linear(embedding).gelu();
        [ex, kd, kt] = mix(concat([t, r]), 2).linear();
    }})
}

/// F, routed: expression from both sequences, degradation from RNA alone, transcription from DNA alone.
///
/// # Errors
/// As [`c`].
pub fn f_routed(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { FRouted on data {
        use drg.trunk, drg.mix;
        let t = trunk(dna.both_strands()).linear(embedding).gelu();
        let r = trunk(rna).linear(embedding).gelu();
        ex = mix(concat([t, r]), 2).linear();
        kd = mix(r, 2).linear();
        kt = mix(t, 2).linear();
    }})
}

/// G: the shared difference over 100 kb of each sequence, with attention between the towers.
///
/// # Errors
/// As [`d_shared`].
pub fn g(data: &Dataset, drg: &Blocks) -> Result<Model> {
    Ok(model! { G on data {
        use drg.trunk_with_attention;
        let (t, r) = (trunk_with_attention(dna.both_strands()), trunk_with_attention(rna));
        kt = t.linear();
        kd = r.linear();
        ex = kt - kd;
    }})
}
