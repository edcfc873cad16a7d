//! What the first convolution looks for: its filters as motifs.

use super::first_layer::{FirstLayer, activations, first_layers};
use crate::trained::Trained;
use crate::{Result, TrainError};
use candle_core::Tensor;
use cistron_data::{Dataset, Motif, Part};

/// Examples that are looked at, at most.
const EXAMPLES: usize = 4_000;
/// A position counts when its activation is above this share of the way from the filter's mean to its largest. A share of the
/// largest alone would depend on the bias, which a normalisation after the convolution takes away.
const SHARE: f64 = 0.5;

/// Takes the bases of an example and its activations, `[layer x filter][position]`.
type UseExample<'a> = dyn FnMut(&[u8], &[Vec<f64>]) + 'a;

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

/// One-hot sequences of a batch as base numbers 0 to 3, 4 where unknown: `[examples][positions]`.
fn bases(one_hot: &Tensor) -> Result<Vec<Vec<u8>>> {
    let values: Vec<Vec<Vec<f64>>> = one_hot.to_dtype(candle_core::DType::F64)?.to_vec3()?;
    let base = |channels: &[Vec<f64>], at: usize| (0..4).find(|&b| channels[b][at] > 0.5).unwrap_or(4) as u8;
    Ok(values
        .iter()
        .map(|c| (0..c.first().map_or(0, Vec::len)).map(|at| base(c, at)).collect())
        .collect())
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
        let mut rows = data.rows(Part::Train, self.held_out())?;
        let step = rows.len().div_ceil(EXAMPLES);
        rows = rows.into_iter().step_by(step.max(1)).collect();
        // Twice over the examples, so that no activations are kept: first the threshold of each filter, then the counts.
        let mut ranges = vec![Range::default(); filters];
        self.visit(data, &rows, input, &layers, &mut |_, activations| {
            for (index, values) in activations.iter().enumerate() {
                ranges[index % filters].add(values);
            }
        })?;
        let thresholds: Vec<f64> = ranges.iter().map(Range::threshold).collect();
        let mut counts = vec![vec![[0f64; 4]; first.width]; filters];
        self.visit(data, &rows, input, &layers, &mut |sequence, activations| {
            for (index, values) in activations.iter().enumerate() {
                let (filter, layer) = (index % filters, &layers[index / filters]);
                for (position, value) in values.iter().enumerate() {
                    if *value > thresholds[filter] {
                        layer.window(sequence, position, |tap, base| {
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
    fn visit(
        &self,
        data: &Dataset,
        rows: &[usize],
        input: &str,
        layers: &[FirstLayer<'_>],
        use_example: &mut UseExample<'_>,
    ) -> Result<()> {
        for chunk in rows.chunks(128) {
            let batch = data.batch(chunk, self.network().precision())?;
            let sequences = match batch.inputs.get(input) {
                Some(tensor) => bases(tensor)?,
                None => return Err(self.no_first_layer(input)),
            };
            let of_layers = activations(self.network(), layers, input, &batch.inputs)?
                .iter()
                .map(|tensor| Ok(tensor.to_dtype(candle_core::DType::F64)?.to_vec3::<f64>()?))
                .collect::<Result<Vec<_>>>()?;
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
