//! Where the time of a step goes.

use std::time::Instant;

/// How long a node took in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeTime {
    /// The node.
    pub name: String,
    /// Forward, the second time too where its block is recomputed.
    pub forward_s: f64,
    /// Backward.
    pub backward_s: f64,
}

/// Measures nodes, or doesn't.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    times: Option<Vec<(f64, f64)>>,
}

impl Clock {
    /// A clock for this many nodes.
    pub(crate) fn of(nodes: usize) -> Self {
        Self {
            times: Some(vec![(0.0, 0.0); nodes]),
        }
    }

    pub(crate) fn forward<R>(&mut self, node: usize, work: impl FnOnce() -> R) -> R {
        let (result, seconds) = self.measured(work);
        if let Some(times) = &mut self.times {
            times[node].0 += seconds;
        }
        result
    }

    pub(crate) fn backward<R>(&mut self, node: usize, work: impl FnOnce() -> R) -> R {
        let (result, seconds) = self.measured(work);
        if let Some(times) = &mut self.times {
            times[node].1 += seconds;
        }
        result
    }

    fn measured<R>(&self, work: impl FnOnce() -> R) -> (R, f64) {
        if self.times.is_none() {
            return (work(), 0.0);
        }
        let began = Instant::now();
        let result = work();
        (result, began.elapsed().as_secs_f64())
    }

    /// The times of the nodes with these names.
    pub(crate) fn times<'a>(self, names: impl Iterator<Item = &'a str>) -> Vec<NodeTime> {
        names
            .zip(self.times.unwrap_or_default())
            .map(|(name, (forward_s, backward_s))| NodeTime {
                name: name.to_string(),
                forward_s,
                backward_s,
            })
            .collect()
    }
}
