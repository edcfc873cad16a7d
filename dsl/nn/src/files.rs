//! Weights as safetensors.

use crate::error::{NetworkError, Result};
use crate::network::{Named, Network};
use crate::weights::replace;
use candle_core::{DType, Device};
use cistron_model::Model;

impl Network {
    /// All weights and buffers as the bytes of a safetensors file, by the names of the declaration.
    ///
    /// # Errors
    /// A tensor that cannot be written.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let tensors = self.weights.iter().map(|w| (w.name.as_str(), &w.tensor));
        safetensors::serialize(tensors, None).map_err(|e| NetworkError::Format(e.to_string()))
    }

    /// Replaces all weights and buffers by those of a safetensors file.
    ///
    /// # Errors
    /// Bytes of another format; all that is missing, unexpected or of another shape, at once.
    pub fn load_safetensors(&mut self, bytes: &[u8]) -> Result<()> {
        let named: Named = candle_core::safetensors::load_buffer(bytes, &Device::Cpu)
            .map_err(|e| NetworkError::Format(format!("no safetensors file: {e}")))?
            .into_iter()
            .collect();
        self.shared.mark();
        replace(&mut self.weights, named, self.precision, "the safetensors file")
    }

    /// A network with the weights of a safetensors file.
    ///
    /// # Errors
    /// As [`Network::new`] and [`Network::load_safetensors`].
    pub fn from_safetensors(model: &Model, bytes: &[u8], precision: DType) -> Result<Self> {
        let mut network = Self::new(model, 0, precision)?;
        network.load_safetensors(bytes)?;
        Ok(network)
    }
}
