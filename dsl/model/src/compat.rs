//! What other programs compute differently.

use crate::{Graph, Operation, Pool, Rest, Start};
use serde::{Deserialize, Serialize};

/// A program whose numbers are wanted to the last digit, with what is questionable in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compat {
    /// DRG: weighted pooling pads with the smallest value of the whole batch, and the table of positions is the one in single
    /// precision that its files store. In training also its summed loss, its loaders and its controller (`fit!`).
    Drg,
}

impl Compat {
    /// Puts that program's operations into a graph.
    pub(crate) fn change(self, graph: &mut Graph) {
        let Self::Drg = self;
        for node in &mut graph.nodes {
            if let Operation::Pool {
                kind: Pool::Weighted,
                rest: rest @ Rest::Pad,
                ..
            } = &mut node.operation
            {
                *rest = Rest::Minimum;
            }
        }
        for parameter in &mut graph.parameters {
            if parameter.start == Start::Wavelengths {
                parameter.start = Start::StoredWavelengths;
            }
        }
    }
}
