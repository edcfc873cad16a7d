//! maxATAC's DCNN_V2 (specs/maxatac.md 6).

use crate::declared::{bins, declare, dna};
use cistron_model::Model;

/// The network of the language's page, by Keras' conventions.
pub(crate) fn dcnn_v2() -> Model {
    declare(
        "Dilated(convention = Keras) on ctcf {
            let mut x = concat([dna, atac]);
            for (filters, d) in [(15, 1), (22, 1), (33, 2), (50, 4), (75, 8)] {
                for _ in 0..2 { x = x.conv(filters, width = 7, dilation = d).relu().norm(Batch, momentum = 0.99, eps = 1e-3); }
                x = x.pool(Max, 2);
            }
            bound = x.conv(1, width = 1).sigmoid();
        }",
        vec![dna("dna", 1024), bins("atac", 1, 1024, 1.0)],
        vec![bins("bound", 1, 32, 32.0)],
    )
}
