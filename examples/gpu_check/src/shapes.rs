//! The single operations that are timed: those of the benchmark networks, in their shapes.

use cistron_ops::{
    Activation, Attention, BatchNorm, Convolution, Convolution2d, Dropout, LayerNorm, Linear, Operation, PoolKind, Pooling,
    Reverse,
};
use serde_json::{Value, json};

/// An operation with the shapes of its inputs, and what PyTorch calls it.
pub(crate) struct Timed {
    pub(crate) name: String,
    pub(crate) operation: Box<dyn Operation>,
    pub(crate) shapes: Vec<Vec<usize>>,
    /// How many of the inputs are activations.
    pub(crate) activations: usize,
    /// Whether the last two inputs are buffers.
    pub(crate) buffers: bool,
    /// Floating-point operations of a forward pass, where they say something.
    pub(crate) operations: Option<f64>,
    /// What `gpu_check_torch.py` needs.
    pub(crate) torch: Value,
}

/// A convolution along positions: name, batch, channels, filters, width, dilation, positions.
fn line(name: &str, [batch, channels, filters, width, dilation, length]: [usize; 6]) -> Timed {
    let reach = dilation * (width - 1);
    let operation = Convolution {
        dilation,
        padding: (reach / 2, reach - reach / 2),
        ..Convolution::default()
    };
    Timed {
        name: format!("convolution {name}"),
        operation: Box::new(operation),
        shapes: vec![vec![batch, channels, length], vec![filters, channels, width], vec![filters]],
        activations: 1,
        buffers: false,
        operations: Some(2.0 * (batch * filters * channels * width * length) as f64),
        torch: json!({ "kind": "conv1d", "dilation": dilation, "padding": [reach / 2, reach - reach / 2] }),
    }
}

/// A convolution of maps with three taps each way: name, batch, channels, filters, dilation, size of the map.
fn map(name: &str, [batch, channels, filters, dilation, size]: [usize; 5]) -> Timed {
    let operation = Convolution2d {
        dilation: [dilation; 2],
        padding: [(dilation, dilation); 2],
        ..Convolution2d::default()
    };
    Timed {
        name: format!("convolution2d {name}"),
        operation: Box::new(operation),
        shapes: vec![
            vec![batch, channels, size, size],
            vec![filters, channels, 3, 3],
            vec![filters],
        ],
        activations: 1,
        buffers: false,
        operations: Some(2.0 * (batch * filters * channels * 9 * size * size) as f64),
        torch: json!({ "kind": "conv2d", "dilation": dilation, "padding": dilation }),
    }
}

/// Self-attention: batch, heads, channels of a head, tokens.
fn attention([batch, heads, width, tokens]: [usize; 4]) -> Timed {
    let operation = Attention {
        heads,
        dropout: 0.0,
        scale: None,
    };
    Timed {
        name: format!("attention {batch} x {heads} heads of {width}, {tokens} tokens"),
        operation: Box::new(operation),
        shapes: vec![vec![batch, heads * width, tokens]; 3],
        activations: 3,
        buffers: false,
        operations: Some(4.0 * (batch * heads * tokens * tokens * width) as f64),
        torch: json!({ "kind": "attention", "heads": heads }),
    }
}

fn dense(name: &str, [rows, inputs, features]: [usize; 3]) -> Timed {
    Timed {
        name: format!("linear {name}"),
        operation: Box::new(Linear),
        shapes: vec![vec![rows, inputs], vec![features, inputs], vec![features]],
        activations: 1,
        buffers: false,
        operations: Some(2.0 * (rows * inputs * features) as f64),
        torch: json!({ "kind": "linear" }),
    }
}

/// An operation that moves memory rather than computes.
fn light(name: &str, operation: impl Operation + 'static, shapes: &[&[usize]], torch: Value) -> Timed {
    Timed {
        name: name.to_string(),
        operation: Box::new(operation),
        shapes: shapes.iter().map(|s| s.to_vec()).collect(),
        activations: 1,
        buffers: torch["kind"] == "batch_norm",
        operations: None,
        torch,
    }
}

/// All of them.
pub(crate) fn timed() -> Vec<Timed> {
    let norm = BatchNorm::default();
    let weighted = Pooling {
        kind: PoolKind::Weighted,
        window: 4,
    };
    let long: &[usize] = &[8, 300, 10_000];
    vec![
        line("DRG first 4->300 k15 L40000", [8, 4, 300, 15, 1, 40_000]),
        line("DRG 300 k11 d1 L10000", [8, 300, 300, 11, 1, 10_000]),
        line("DRG 300 k11 d4 L10000", [8, 300, 300, 11, 4, 10_000]),
        line("DRG 300 k11 L1666", [8, 300, 300, 11, 1, 1_666]),
        line("DRG 300 k11 L46", [8, 300, 300, 11, 1, 46]),
        line("maxATAC 6->15 k7 L1024", [1_000, 6, 15, 7, 1, 1_024]),
        line("maxATAC 15->15 k7 L1024", [1_000, 15, 15, 7, 1, 1_024]),
        line("maxATAC 33->33 k7 L256 d2", [1_000, 33, 33, 7, 2, 256]),
        line("maxATAC 75->75 k7 L64 d8", [1_000, 75, 75, 7, 8, 64]),
        line("transformer 384->1536 k1 L1536", [8, 384, 1_536, 1, 1, 1_536]),
        map("Orca 64->32 250x250 d1", [4, 64, 32, 1, 250]),
        map("Orca 32->64 250x250 d4", [4, 32, 64, 4, 250]),
        map("Orca 64->32 250x250 d32", [4, 64, 32, 32, 250]),
        attention([8, 8, 48, 1_536]),
        attention([32, 8, 32, 1_000]),
        dense("2400->1024, batch 64", [64, 2_400, 1_024]),
        dense("4096->4096, 4096 rows", [4_096, 4_096, 4_096]),
        light(
            "batch_norm 8 x 300 x 10000",
            norm,
            &[long, &[300], &[300], &[300], &[300]],
            json!({ "kind": "batch_norm" }),
        ),
        light(
            "layer_norm 8 x 384 x 1536",
            LayerNorm { epsilon: 1e-5 },
            &[&[8, 384, 1_536], &[384], &[384]],
            json!({ "kind": "layer_norm" }),
        ),
        light(
            "gelu(erf) 8 x 300 x 10000",
            Activation::GeluErf,
            &[long],
            json!({ "kind": "gelu" }),
        ),
        light("relu 8 x 300 x 10000", Activation::Relu, &[long], json!({ "kind": "relu" })),
        light(
            "pool(weighted, 4) 8 x 300 x 10000",
            weighted,
            &[long],
            json!({ "kind": "weighted", "window": 4 }),
        ),
        light(
            "dropout 8 x 300 x 10000",
            Dropout { rate: 0.1 },
            &[long],
            json!({ "kind": "dropout", "rate": 0.1 }),
        ),
        light("flip 8 x 300 x 10000", Reverse::Flip, &[long], json!({ "kind": "flip" })),
    ]
}
