//! LSFG's joint perceiver (specs/lsfg.md A2) as its settings say, on the sizes of golden/lsfg/as_named.

use crate::declared::{bins, declare, letters, scalar};
use cistron_model::Model;

/// Both kinds of examples at once: outputs `track`, `mpra` and the decoder's `letters`.
pub(crate) fn joint() -> Model {
    declare(
        "Joint(width = 16, inner = 24, count = 5, depth = 2) on both {
            shared block perceiver(tokens) {
                latents(count, inner).cross_attention(tokens, heads = 2, dropout = 0.1, start = Normal(0.02))
                    .self_attention(depth, heads = 4, dropout = 0.1, start = Normal(0.02)).mean(Latents)
            }
            let t = track_nt.embed(width) + logcov.bins(8, 0.0, 10.0).embed(width) + positions(start = Normal(1.0));
            track = perceiver(t.tokens()).linear();
            let m = concat([activity.linear(width).token(), mpra_nt.embed(width).tokens()]) + positions(start = Normal(1.0));
            let p = perceiver(m);
            mpra = p.linear();
            letters = p.linear(2 * inner).gelu().linear(4 * inner).gelu().linear();
        }",
        vec![
            letters("track_nt", 5, 24),
            bins("logcov", 1, 24, 1.0),
            letters("mpra_nt", 5, 12),
            scalar("activity", 1),
        ],
        vec![scalar("track", 1), scalar("mpra", 1), scalar("letters", 60)],
    )
}
