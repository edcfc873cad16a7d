//! Enformer (specs/enformer.md A1) on the sizes of golden/enformer/tiny.

use crate::declared::{bins, declare, dna};
use cistron_model::Model;

/// The network of the language's page, with gamma features by this rule and without dropout.
pub(crate) fn tiny(gamma: &str) -> Model {
    let text = format!(
        "Enformer(channels = 96, depth = 2, heads = 4, convention = Sonnet) on basenji {{
            block pointwise(x) {{ x + x.norm(Batch).gelu(Sigmoid).conv(x.channels, width = 1) }}
            let mut x = pointwise(dna.conv(channels / 2, width = 15)).pool(Attention, 2);
            for c in geometric(channels / 2, channels, 6, multiple = 16) {{
                x = pointwise(x.norm(Batch).gelu(Sigmoid).conv(c, width = 5)).pool(Attention, 2);
            }}
            for _ in 0..depth {{
                x = x + x.norm(Layer).attention(heads, key = 8, relative = basis(gamma = {gamma}), start = Scaled(2.0), output_start = Zeros);
                x = x + x.norm(Layer).linear(2 * channels).relu().linear(channels);
            }}
            let t = x.crop(10).norm(Batch).gelu(Sigmoid).conv(2 * channels, width = 1).gelu(Sigmoid);
            human = t.linear().softplus();
            mouse = t.linear().softplus();
        }}"
    );
    declare(
        &text,
        vec![dna("dna", 2048)],
        vec![bins("human", 7, 10, 128.0), bins("mouse", 5, 10, 128.0)],
    )
}
