//! What the first convolution looks for: its filters as motifs.

use crate::trained::Trained;
use crate::{Result, TrainError};
use candle_core::Tensor;
use cistron_data::{Dataset, Motif, Named, Part};
use cistron_model::{Graph, NodeId, Operation};

/// Examples that are looked at, at most.
const EXAMPLES: usize = 4_000;
/// A position counts when its activation is above this share of the way from the filter's mean to its largest. A share of the
/// largest alone would depend on the bias, which a normalisation after the convolution takes away.
const SHARE: f64 = 0.5;

/// Takes the bases of an example and its activations, `[layer x filter][position]`.
type UseExample<'a> = dyn FnMut(&[u8], &[Vec<f64>]) + 'a;

/// A first convolution on one strand of an input.
struct FirstLayer<'a> {
    name: &'a str,
    reverse: bool,
    width: usize,
    dilation: usize,
    stride: usize,
    pad: usize,
    filters: usize,
}

/// The activations of one filter.
#[derive(Clone, Copy, Debug)]
struct Range {
    largest: f64,
    sum: f64,
    count: usize,
}

impl Default for Range {
    fn default() -> Self {
        Self {
            largest: f64::NEG_INFINITY,
            sum: 0.0,
            count: 0,
        }
    }
}

impl Range {
    fn add(&mut self, values: &[f64]) {
        for value in values {
            self.largest = self.largest.max(*value);
            self.sum += value;
        }
        self.count += values.len();
    }

    fn threshold(&self) -> f64 {
        let mean = self.sum / self.count.max(1) as f64;
        mean + SHARE * (self.largest - mean)
    }
}

/// Whether a node is the input itself, or its reverse complement.
fn strand_of(graph: &Graph, node: NodeId, input: &str) -> Option<bool> {
    match &graph.nodes[node].operation {
        Operation::Input { port } if port == input => Some(false),
        Operation::ReverseComplement => strand_of(graph, graph.nodes[node].inputs[0], input).map(|reverse| !reverse),
        _ => None,
    }
}

/// The first convolutions that read an input with the same weights: one, or one per strand.
fn first_layers<'a>(graph: &'a Graph, input: &str) -> Vec<FirstLayer<'a>> {
    let mut weights = None;
    let mut layers = Vec::new();
    for node in &graph.nodes {
        let Operation::Convolution {
            filters,
            width,
            stride,
            dilation,
            groups: 1,
            padding,
            ..
        } = node.operation
        else {
            continue;
        };
        let Some(reverse) = node.inputs.first().and_then(|&n| strand_of(graph, n, input)) else {
            continue;
        };
        if *weights.get_or_insert(node.parameters[0]) == node.parameters[0] {
            layers.push(FirstLayer {
                name: &node.name,
                reverse,
                width,
                dilation,
                stride,
                pad: padding.0,
                filters,
            });
        }
    }
    layers
}

/// One-hot sequences of a batch as base numbers 0 to 3, 4 where unknown: `[examples][positions]`.
fn bases(one_hot: &Tensor) -> Result<Vec<Vec<u8>>> {
    let values: Vec<Vec<Vec<f64>>> = one_hot.to_dtype(candle_core::DType::F64)?.to_vec3()?;
    let base = |channels: &[Vec<f64>], at: usize| (0..4).find(|&b| channels[b][at] > 0.5).unwrap_or(4) as u8;
    Ok(values
        .iter()
        .map(|c| (0..c.first().map_or(0, Vec::len)).map(|at| base(c, at)).collect())
        .collect())
}

/// The base under each tap of a window; 4 outside of the sequence.
fn window(sequence: &[u8], layer: &FirstLayer<'_>, position: usize, mut use_base: impl FnMut(usize, u8)) {
    for tap in 0..layer.width {
        let at = (position * layer.stride + tap * layer.dilation)
            .checked_sub(layer.pad)
            .filter(|&at| at < sequence.len());
        // On the other strand the same place is counted from the end, and the bases pair: A with T, C with G.
        let base = match at {
            Some(at) if layer.reverse => match sequence[sequence.len() - 1 - at] {
                b @ 0..4 => 3 - b,
                unknown => unknown,
            },
            Some(at) => sequence[at],
            None => 4,
        };
        use_base(tap, base);
    }
}

impl Trained {
    /// The filters of the first convolution on an input as motifs: for each the subsequences of the training part whose
    /// activation is above half way from the filter's mean to its largest are counted base by base, as they lie, on every
    /// strand that the network reads. At most 4,000 examples are looked at. A filter whose activation never changes is left out; the
    /// number in a motif's name is the filter's own.
    ///
    /// # Errors
    /// An input that no convolution reads first; data that do not fit the model.
    pub fn filters(&self, data: &Dataset, input: &str) -> Result<Vec<Motif>> {
        crate::record::fits_together(self.model(), &self.outputs(), data)?;
        let graph = self.model().graph();
        let layers = first_layers(graph, input);
        let Some(first) = layers.first() else {
            return Err(self.no_first_layer(input));
        };
        let filters = first.filters;
        let names: Vec<&str> = layers.iter().map(|l| l.name).collect();
        let mut rows = data.rows(Part::Train, self.held_out())?;
        let step = rows.len().div_ceil(EXAMPLES);
        rows = rows.into_iter().step_by(step.max(1)).collect();
        // Twice over the examples, so that no activations are kept: first the threshold of each filter, then the counts.
        let mut ranges = vec![Range::default(); filters];
        self.visit(data, &rows, input, &names, &mut |_, activations| {
            for (index, values) in activations.iter().enumerate() {
                ranges[index % filters].add(values);
            }
        })?;
        let thresholds: Vec<f64> = ranges.iter().map(Range::threshold).collect();
        let mut counts = vec![vec![[0f64; 4]; first.width]; filters];
        self.visit(data, &rows, input, &names, &mut |sequence, activations| {
            for (index, values) in activations.iter().enumerate() {
                let (filter, layer) = (index % filters, &layers[index / filters]);
                for (position, value) in values.iter().enumerate() {
                    if *value > thresholds[filter] {
                        window(sequence, layer, position, |tap, base| {
                            if base < 4 {
                                counts[filter][tap][base as usize] += 1.0;
                            }
                        });
                    }
                }
            }
        })?;
        let active = (0..filters).filter(|&f| counts[f].iter().all(|c| c.iter().sum::<f64>() > 0.0));
        active
            .map(|f| Ok(Motif::from_counts(format!("filter {}", f + 1), &counts[f], 0.0)?))
            .collect()
    }

    /// Hands every example to `use_example`: its bases, and the activations `[layer x filter][position]`.
    fn visit(&self, data: &Dataset, rows: &[usize], input: &str, names: &[&str], use_example: &mut UseExample<'_>) -> Result<()> {
        for chunk in rows.chunks(128) {
            let batch = data.batch(chunk, self.network().precision())?;
            let found: Named = self.network().activations(&batch.inputs, names)?;
            let sequences = match batch.inputs.get(input) {
                Some(tensor) => bases(tensor)?,
                None => return Err(self.no_first_layer(input)),
            };
            let mut of_layers = Vec::new();
            for name in names {
                let Some(tensor) = found.get(*name) else {
                    return Err(self.no_first_layer(input));
                };
                of_layers.push(tensor.to_dtype(candle_core::DType::F64)?.to_vec3::<f64>()?);
            }
            for (i, sequence) in sequences.iter().enumerate() {
                let activations: Vec<Vec<f64>> = of_layers.iter().flat_map(|layer| layer[i].iter().cloned()).collect();
                use_example(sequence, &activations);
            }
        }
        Ok(())
    }

    fn no_first_layer(&self, input: &str) -> TrainError {
        let inputs: Vec<&str> = self.model().signature().inputs.iter().map(|p| p.name.as_str()).collect();
        let hint = if inputs.contains(&input) {
            format!("no convolution of `{}` reads it directly", self.model().name())
        } else {
            cistron_declaration::did_you_mean(input, inputs)
        };
        TrainError::Unknown {
            what: "first convolution on input",
            name: input.into(),
            hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_read_both_strands_and_stop_at_the_ends() {
        let layer = |reverse| FirstLayer {
            name: "c",
            reverse,
            width: 3,
            dilation: 1,
            stride: 1,
            pad: 1,
            filters: 1,
        };
        let read = |reverse, position| {
            let mut found = Vec::new();
            window(&[0, 0, 1, 2], &layer(reverse), position, |_, base| found.push(base));
            found
        };
        // AACG; its other strand is CGTT.
        assert_eq!(read(false, 0), [4, 0, 0]);
        assert_eq!(read(false, 2), [0, 1, 2]);
        assert_eq!(read(true, 1), [1, 2, 3]);
        assert_eq!(read(true, 3), [3, 3, 4]);
    }
}
