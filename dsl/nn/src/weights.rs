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
        let count = parameter.sizes.iter().product();
        let values: Vec<f64> = match parameter.start {
            Start::Constant(value) => vec![value; count],
            Start::FanIn(inputs) => {
                let bound = 1.0 / (inputs.max(1) as f64).sqrt();
                let mut stream = Stream::new(seed, Purpose::Initialisation, 0, index as u64);
                (0..count).map(|_| (2.0 * stream.uniform() - 1.0) * bound).collect()
            }
        };
        let tensor = Tensor::from_vec(values, parameter.sizes.as_slice(), &Device::Cpu)?.to_dtype(precision)?;
        Ok(Weight {
            name: parameter.name.clone(),
            tensor,
            trainable: parameter.trainable,
        })
    };
    graph.parameters.iter().enumerate().map(one).collect()
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
