//! Weights and buffers: how they begin, and how they are replaced.

use crate::error::{NetworkError, Result};
use crate::network::Named;
use candle_core::{DType, Device, Tensor};
use cistron_declaration::nearest;
use cistron_model::{Graph, GraphParameter, Start};
use cistron_random::{Purpose, Stream};

/// A weight or a buffer of a network.
#[derive(Clone, Debug)]
pub struct Weight {
    /// Its name in files.
    pub name: String,
    /// Its values.
    pub tensor: Tensor,
    /// Whether an optimizer changes it.
    pub trainable: bool,
}

/// The first values of all parameters; each draws from its own stream, so adding one leaves the others as they are.
pub(crate) fn initial(graph: &Graph, seed: u64, precision: DType) -> Result<Vec<Weight>> {
    let one = |(index, parameter): (usize, &GraphParameter)| {
        let mut stream = Stream::new(seed, Purpose::Initialisation, 0, index as u64);
        let values = start(parameter.start, &parameter.sizes, &mut stream);
        let tensor = Tensor::from_vec(values, parameter.sizes.as_slice(), &Device::Cpu)?.to_dtype(precision)?;
        Ok(Weight {
            name: parameter.name.clone(),
            tensor,
            trainable: parameter.trainable,
        })
    };
    graph.parameters.iter().enumerate().map(one).collect()
}

/// The first values of one parameter.
fn start(start: Start, sizes: &[usize], stream: &mut Stream) -> Vec<f64> {
    let count = sizes.iter().product();
    let mut uniform = |bound: f64| (0..count).map(|_| (2.0 * stream.uniform() - 1.0) * bound).collect();
    match start {
        Start::Constant(value) => vec![value; count],
        Start::FanIn(inputs) => uniform(1.0 / (inputs.max(1) as f64).sqrt()),
        Start::Uniform(bound) => uniform(bound),
        Start::Normal(deviation) => (0..count).map(|_| stream.normal() * deviation).collect(),
        Start::TruncatedNormal(deviation) => (0..count).map(|_| truncated(stream) * deviation).collect(),
        Start::Identity(factor) => table(sizes, |row, column| if row == column { factor } else { 0.0 }),
        Start::Wavelengths => table(sizes, |row, position| wavelength(sizes, row, position)),
        Start::StoredWavelengths => table(sizes, |row, position| f64::from(stored_wavelength(sizes, row, position))),
        Start::Distances => {
            let [.., rows, columns] = *sizes else {
                return vec![0.0; count];
            };
            let distance = |row: usize, column: usize| -(row.abs_diff(column) as f64).ln_1p();
            table(&[count / (rows * columns).max(1) * rows, columns], |row, column| {
                distance(row % rows, column)
            })
        }
    }
}

/// A standard normal, drawn again beyond two deviations.
fn truncated(stream: &mut Stream) -> f64 {
    loop {
        let value = stream.normal();
        if value.abs() <= 2.0 {
            return value;
        }
    }
}

/// Values by row and column.
fn table(sizes: &[usize], value: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let columns = sizes.get(1).copied().unwrap_or(1);
    let rows = sizes.first().copied().unwrap_or(0);
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (row, column)))
        .map(|(r, c)| value(r, c))
        .collect()
}

/// DRG's table of positions: the first half of the rows sines, the others cosines, numbered anew. The original's
/// wavelengths fall below two positions, where they mean nothing; here they stop there.
fn wavelength(sizes: &[usize], row: usize, position: usize) -> f64 {
    let (rows, length) = (sizes.first().copied().unwrap_or(0), sizes.get(1).copied().unwrap_or(0) as f64);
    let sines = rows / 2;
    let i = if row < sines { row } else { row - sines };
    let wave = (length / (0.8 + 1.2f64.powf(i as f64 + 1.0))).max(2.0);
    let angle = std::f64::consts::TAU * position as f64 / wave;
    if row < sines { angle.sin() } else { angle.cos() }
}

/// The same as the original computes it, in single precision and without a limit.
fn stored_wavelength(sizes: &[usize], row: usize, position: usize) -> f32 {
    let (rows, length) = (sizes.first().copied().unwrap_or(0), sizes.get(1).copied().unwrap_or(0) as f32);
    let sines = rows / 2;
    let i = if row < sines { row } else { row - sines };
    let wave = length / (0.8 + 1.2f32.powf(i as f32 + 1.0));
    let angle = std::f32::consts::TAU * position as f32 / wave;
    if row < sines { angle.sin() } else { angle.cos() }
}

/// Replaces all weights by name.
///
/// # Errors
/// All that is missing, unexpected or of another shape, at once; nothing is replaced then.
pub(crate) fn replace(weights: &mut [Weight], mut named: Named, precision: DType, source_name: &str) -> Result<()> {
    let mut mistakes = Vec::new();
    let mut found = Vec::with_capacity(weights.len());
    for weight in weights.iter() {
        match named.remove(&weight.name) {
            None => {
                let near = nearest(&weight.name, named.keys().map(String::as_str)).map(|n| format!("; there is `{n}`"));
                mistakes.push(format!(
                    "`{}` {:?} is missing{}",
                    weight.name,
                    weight.tensor.dims(),
                    near.unwrap_or_default()
                ));
            }
            Some(tensor) if tensor.dims() != weight.tensor.dims() => {
                let (found, expected) = (tensor.dims(), weight.tensor.dims());
                mistakes.push(format!(
                    "`{}` has shape {found:?}, the network's has {expected:?}",
                    weight.name
                ));
            }
            Some(tensor) => found.push(tensor.to_dtype(precision)?.contiguous()?),
        }
    }
    mistakes.extend(
        named
            .iter()
            .map(|(name, t)| format!("`{name}` {:?} belongs to no layer of the network", t.dims())),
    );
    if !mistakes.is_empty() {
        return Err(NetworkError::Weights {
            source_name: source_name.to_string(),
            mistakes,
        });
    }
    for (weight, tensor) in weights.iter_mut().zip(found) {
        weight.tensor = tensor;
    }
    Ok(())
}
