//! The networks, each with its batch, its loss and its optimizer. `networks.py` holds the PyTorch twins.

use crate::facade::Dataset;
use cistron_declaration::PortKind::{Category, Dna, Rna, Track};
use cistron_macros::model;
use cistron_model::{Compat, Model};
use cistron_nn::Named;
use cistron_ops::{Adam, AdamW, Along, Loss, Optimizer, Sgd};
use cistron_zoo::drg;
use std::error::Error;

use crate::data::{Values, tensor};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// All names, in the order of the table.
pub(crate) const NAMES: &[&str] = &[
    "drg_a_4kb",
    "drg_d_4kb",
    "drg_a_40kb",
    "drg_d_40kb",
    "maxatac_100",
    "maxatac_1000",
    "transformer",
    "orca_decoder",
    "lsfg_perceiver",
    "mpsa",
];

/// What one process measures.
pub(crate) struct Workload {
    /// The network.
    pub(crate) model: Model,
    /// Examples in the batch.
    pub(crate) batch: usize,
    /// A batch.
    pub(crate) inputs: Named,
    /// What it should give, by output.
    pub(crate) targets: Named,
    /// The loss of every output: a sum of these with these weights.
    pub(crate) loss: Vec<(f64, Loss)>,
    /// The optimizer.
    pub(crate) optimizer: Optimizer,
}

/// The workload of this name; `drop` is the rate of every dropout in it.
pub(crate) fn workload(name: &str, drop: f64) -> Result<Workload> {
    match name {
        "drg_a_4kb" => drg_a(4_000, 3, drop),
        "drg_d_4kb" => drg_d(4_000, 3, drop),
        "drg_a_40kb" => drg_a(40_000, 4, drop),
        "drg_d_40kb" => drg_d(40_000, 4, drop),
        "maxatac_100" => maxatac(100),
        "maxatac_1000" => maxatac(1_000),
        "transformer" => transformer(),
        "orca_decoder" => orca_decoder(drop),
        "lsfg_perceiver" => lsfg_perceiver(drop),
        "mpsa" => mpsa(drop),
        other => Err(format!("no network `{other}`; there are {}", NAMES.join(", ")).into()),
    }
}

/// DRG's A: expression from DNA, on the trunk of the zoo with the original's padding. At 4 kb the original leaves the fourth unit
/// of the second tower out, because it would be shorter than its width.
fn drg_a(length: usize, units: usize, drop: f64) -> Result<Workload> {
    let immune = Dataset::new(&[("dna", Dna, &[4, length])], &[("ex", &[88])]);
    let basemodel = drg::blocks()?.with("tower", units)?.with("drop", drop)?;
    let model = model! { A on immune {
        use basemodel.trunk;
        ex = trunk(dna.both_strands()).linear();
    }};
    drg_workload(model, &[("dna", length)], &["ex"])
}

/// DRG's D with separate heads: a trunk for DNA and one for RNA, which is single-stranded; expression is a difference of two
/// heads of its own. The original has two heads more, which nothing uses; neither ours nor the twin has them.
fn drg_d(length: usize, units: usize, drop: f64) -> Result<Workload> {
    let immune = Dataset::new(
        &[("dna", Dna, &[4, length]), ("rna", Rna, &[4, length])],
        &[("ex", &[88]), ("kd", &[88]), ("kt", &[88])],
    );
    let basemodel = drg::blocks()?.with("tower", units)?.with("drop", drop)?;
    let model = model! { DSeparate on immune {
        use basemodel.trunk;
        let (t, r) = (trunk(dna.both_strands()), trunk(rna));
        ex = t.linear() - r.linear();
        kd = r.linear();
        kt = t.linear();
    }};
    drg_workload(model, &[("dna", length), ("rna", length)], &["ex", "kd", "kt"])
}

/// Batches of 8, and DRG's loss as a mean over genes and tracks, which differs from the original's sum by a factor.
fn drg_workload(model: Model, sequences: &[(&str, usize)], outputs: &[&str]) -> Result<Workload> {
    let batch = 8;
    let (mut inputs, mut targets) = (Named::new(), Named::new());
    for (number, (name, length)) in sequences.iter().enumerate() {
        let letters = tensor(Values::Letters, &[batch, 4, *length], number as u64)?;
        inputs.insert((*name).into(), letters);
    }
    for (number, name) in outputs.iter().enumerate() {
        let values = tensor(Values::Normal, &[batch, 88], (sequences.len() + number) as u64)?;
        targets.insert((*name).into(), values);
    }
    Ok(Workload {
        model: model.compat(Compat::Drg),
        batch,
        inputs,
        targets,
        loss: vec![(0.95, Loss::Correlation { along: Along::Tracks }), (0.05, Loss::Mse)],
        optimizer: Optimizer::Sgd(Sgd {
            lr: 1e-3,
            momentum: 0.9,
            ..Sgd::default()
        }),
    })
}

/// maxATAC's DCNN_V2. Keras' momentum of 0.99 is 0.01 here.
fn maxatac(batch: usize) -> Result<Workload> {
    let ctcf = Dataset::new(
        &[("dna", Dna, &[4, 1024]), ("atac", Track, &[1, 1024])],
        &[("bound", &[1, 32])],
    );
    let model = model! { MaxAtac on ctcf {
        let mut x = concat([dna, atac]);
        for (filters, d) in [(15, 1), (22, 1), (33, 2), (50, 4), (75, 8)] {
            for _ in 0..2 { x = x.conv(filters, width = 7, dilation = d).relu().norm(Batch, momentum = 0.01, eps = 1e-3); }
            x = x.pool(Max, 2);
        }
        bound = x.conv(1, width = 1).sigmoid();
    }};
    Ok(Workload {
        model,
        batch,
        inputs: Named::from([
            ("dna".into(), tensor(Values::Letters, &[batch, 4, 1024], 0)?),
            ("atac".into(), tensor(Values::Uniform(1.0), &[batch, 1, 1024], 1)?),
        ]),
        targets: Named::from([("bound".into(), tensor(Values::Chance(0.2), &[batch, 1, 32], 2)?)]),
        loss: vec![(1.0, Loss::Bce)],
        optimizer: Optimizer::Adam(Adam {
            lr: 1e-3,
            eps: 1e-7,
            ..Adam::default()
        }),
    })
}

/// A stand-in for Enformer's transformer: norms first, GELU, no positions.
fn transformer() -> Result<Workload> {
    let tokens = Dataset::new(&[("x", Track, &[384, 1536])], &[("y", &[64, 1536])]);
    let model = model! { Transformer on tokens {
        let mut h = x;
        for _ in 0..4 {
            h = h + h.norm(Layer).attention(8);
            h = h + h.norm(Layer).linear(1536).gelu().linear(384);
        }
        y = h.linear();
    }};
    Ok(Workload {
        model,
        batch: 1,
        inputs: Named::from([("x".into(), tensor(Values::Normal, &[1, 384, 1536], 0)?)]),
        targets: Named::from([("y".into(), tensor(Values::Normal, &[1, 64, 1536], 1)?)]),
        loss: vec![(1.0, Loss::Mse)],
        optimizer: Optimizer::AdamW(AdamW {
            lr: 1e-4,
            ..AdamW::default()
        }),
    })
}

/// Orca's 1 Mb decoder on an encoding of 250 bins: 19 pairs of blocks with dilations up to 64.
fn orca_decoder(drop: f64) -> Result<Workload> {
    let one_mb = Dataset::new(&[("encoding", Track, &[128, 250])], &[("map", &[1, 250, 250])]);
    let model = model! { OrcaDecoder(drop = drop) on one_mb {
        block linear_pair(x, d) {
            x.conv(32, width = 3, dilation = d).norm(Batch).conv(64, width = 3, dilation = d).norm(Batch)
        }
        block pair(x, d) {
            x.conv(32, width = 3, dilation = d).norm(Batch).relu().conv(64, width = 3, dilation = d).norm(Batch).relu()
        }
        let mut m = linear_pair(encoding.outer_sum().dropout(drop), 1);
        m = pair(m, 1) + m;
        for d in [2, 4, 8, 16, 32, 64, 2, 4, 8, 16, 32, 64, 2, 4, 8, 16, 32, 64] {
            m = linear_pair(m, d) + m;
            m = pair(m, d) + m;
        }
        map = m.conv(5, width = 1).norm(Batch).relu().conv(1, width = 1).symmetric();
    }};
    Ok(Workload {
        model,
        batch: 1,
        inputs: Named::from([("encoding".into(), tensor(Values::Normal, &[1, 128, 250], 0)?)]),
        targets: Named::from([("map".into(), tensor(Values::Normal, &[1, 1, 250, 250], 1)?)]),
        loss: vec![(1.0, Loss::Mse)],
        optimizer: Optimizer::Sgd(Sgd {
            lr: 2e-3,
            momentum: 0.98,
            ..Sgd::default()
        }),
    })
}

/// LSFG's perceiver on tracks, with the layers and heads that its configuration names.
fn lsfg_perceiver(drop: f64) -> Result<Workload> {
    let windows = Dataset::new(
        &[("tokens", Category, &[1000]), ("coverage", Track, &[1, 1000])],
        &[("value", &[1])],
    )
    .categories("tokens", &["A", "C", "G", "T", "N"]);
    let model = model! { Perceiver(drop = drop) on windows {
        let x = tokens.embed(256) + coverage.bins(256, 0.0, 10.0).embed(256) + positions();
        let h = latents(128, 512).cross_attention(x.tokens(), heads = 4, dropout = drop);
        value = h.self_attention(4, heads = 8, dropout = drop).mean(Latents).linear();
    }};
    Ok(Workload {
        model,
        batch: 32,
        inputs: Named::from([
            ("tokens".into(), tensor(Values::Whole(5), &[32, 1000], 0)?),
            ("coverage".into(), tensor(Values::Uniform(10.0), &[32, 1, 1000], 1)?),
        ]),
        targets: Named::from([("value".into(), tensor(Values::Uniform(10.0), &[32, 1], 2)?)]),
        loss: vec![(1.0, Loss::Mse)],
        optimizer: Optimizer::Adam(Adam {
            lr: 1e-4,
            ..Adam::default()
        }),
    })
}

/// The network of `notebooks/splice_sites.ipynb`: three dense layers on nine letters.
fn mpsa(drop: f64) -> Result<Workload> {
    let splice = Dataset::new(&[("rna", Rna, &[4, 9])], &[("psi", &[1])]);
    let model = model! { AllPositions(width = 128, drop = drop) on splice {
        let mut h = rna.flatten();
        for _ in 0..3 { h = h.dense(width).relu().dropout(drop); }
        psi = h.linear();
    }};
    Ok(Workload {
        model,
        batch: 256,
        inputs: Named::from([("rna".into(), tensor(Values::Letters, &[256, 4, 9], 0)?)]),
        targets: Named::from([("psi".into(), tensor(Values::Normal, &[256, 1], 1)?)]),
        loss: vec![(1.0, Loss::Mse)],
        optimizer: Optimizer::Adam(Adam::default()),
    })
}
