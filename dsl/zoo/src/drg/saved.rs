//! Models that DRG saved: `*_model_params.dat` with the parameters beside it.

use super::options::{Ports, Translation, translate};
use crate::{Result, ZooError};
use candle_core::{DType, Tensor};
use cistron_declaration::Signature;
use cistron_nn::{Named, Network};
use std::path::Path;

/// A state dict: `.safetensors` with the names of the state dict, or `.pth` (weights alone: other Python objects in it
/// are refused, nothing of it is executed).
///
/// # Errors
/// A file that is neither, or damaged.
pub fn read_state(path: impl AsRef<Path>) -> Result<Named> {
    state_of(path.as_ref())
}

fn state_of(path: &Path) -> Result<Named> {
    let wrong = |found: String| ZooError::File {
        path: path.into(),
        found,
        expected: "a state dict of PyTorch, as `.safetensors` or `.pth`".into(),
    };
    match path.extension().and_then(|e| e.to_str()) {
        Some("safetensors") => {
            let found = candle_core::safetensors::load(path, &candle_core::Device::Cpu);
            Ok(found.map_err(|e| wrong(e.to_string()))?.into_iter().collect())
        }
        Some("pth" | "pt") => {
            let found = candle_core::pickle::read_all(path).map_err(|e| wrong(e.to_string()))?;
            Ok(found.into_iter().collect())
        }
        _ => Err(wrong("another extension".into())),
    }
}

/// A saved network: the text of `model_params.dat`, its parameters, and the data that it is for.
///
/// The files of two-sided networks say `reverse_complement : True` although the second sequence is read on one strand;
/// `ports` decides.
///
/// # Errors
/// As [`translate`] and [`read_state`]; parameters that are missing, unknown or of another shape, all at once.
pub fn load(
    params: &str,
    state: Named,
    ports: &Ports,
    signature: &Signature,
    precision: DType,
) -> Result<(Translation, Network)> {
    let found = translate(params, ports)?;
    let network = found.network(signature, state, precision)?;
    Ok((found, network))
}

impl Translation {
    /// The network with the original's parameters.
    ///
    /// # Errors
    /// As [`load`].
    pub fn network(&self, signature: &Signature, mut state: Named, precision: DType) -> Result<Network> {
        let model = self.declare(signature)?;
        let mut network = Network::new(&model, 0, precision)?;
        let parameters = &model.graph().parameters;
        if parameters.len() != self.names().len() {
            let message = format!(
                "{} parameters are declared, {} are named",
                parameters.len(),
                self.names().len()
            );
            return Err(ZooError::Impossible(vec![message]));
        }
        let mut weights = Named::new();
        for (parameter, name) in parameters.iter().zip(self.names()) {
            // A missing table of positions is computed; everything else has to be there.
            let computed = name.ends_with(".pos_queries");
            let found = state.remove(name);
            let tensor = match found {
                None if computed => own(&network, &parameter.name)?,
                None => continue,
                Some(tensor) if tensor.elem_count() == parameter.sizes.iter().product::<usize>() => {
                    tensor.reshape(parameter.sizes.as_slice())?
                }
                Some(tensor) => tensor,
            };
            weights.insert(parameter.name.clone(), tensor);
        }
        state.retain(|name, _| !name.ends_with("num_batches_tracked") && !self.unread().contains(name));
        // What is left over is named by its own name.
        weights.extend(state);
        network.set_weights(weights)?;
        Ok(network)
    }

    /// The parameters of a network of this translation by the original's names, in the shapes and the single precision that
    /// they have there, as [`write_pth`](super::write_pth) takes them.
    ///
    /// What has no part in predictions is not among them: `num_batches_tracked`, and the heads of [`Translation::unread`].
    ///
    /// # Errors
    /// A network with another number of parameters.
    pub fn state(&self, network: &Network) -> Result<Vec<(String, Tensor)>> {
        let weights = network.weights();
        if weights.len() != self.names().len() {
            let message = format!(
                "the network has {} parameters, {} are named",
                weights.len(),
                self.names().len()
            );
            return Err(ZooError::Impossible(vec![message]));
        }
        let mut state = Vec::new();
        for (weight, name) in weights.iter().zip(self.names()) {
            let tensor = weight.tensor.to_dtype(DType::F32)?;
            // Linear layers of its attention are convolutions of width 1.
            let narrow = tensor.rank() == 2 && name.contains(".Mheadattention") && name.ends_with(".weight");
            let tensor = if narrow { tensor.unsqueeze(2)? } else { tensor };
            state.push((name.clone(), tensor));
        }
        Ok(state)
    }
}

fn own(network: &Network, name: &str) -> Result<Tensor> {
    let weight = network.weights().iter().find(|w| w.name == name);
    weight
        .map(|w| w.tensor.clone())
        .ok_or_else(|| ZooError::Impossible(vec![format!("`{name}` is no parameter")]))
}
