//! How parameters begin.

use serde::{Deserialize, Serialize};

/// How a parameter begins. Numbers that depend on its sizes (fans) are already worked out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Start {
    /// All the same.
    Constant(f64),
    /// Uniform in ±1/sqrt(fan_in): PyTorch's default for convolutions and linear layers, weights and biases.
    FanIn(usize),
    /// Uniform in ±bound (Glorot and Bengio 2010 with `sqrt(6 / (fan_in + fan_out))`: Keras' default).
    Uniform(f64),
    /// Normal around 0 with this standard deviation.
    Normal(f64),
    /// Normal around 0 with this standard deviation, drawn again beyond two of them: what comes out spreads 0.880 times as far (Sonnet's default with `1 / sqrt(fan_in)`).
    TruncatedNormal(f64),
    /// This factor times the identity matrix over the first two axes (Enformer's attention pooling).
    Identity(f64),
    /// DRG's table of positions `[channels, positions]`: sines, then cosines, of wavelength `positions / (0.8 + 1.2^(i + 1))`, at least two positions long.
    Wavelengths,
    /// The same table without that limit, in single precision all the way, as DRG makes and stores it: rows of short waves hold
    /// what rounding leaves of them. `compat = drg` puts it in the place of `Wavelengths`.
    StoredWavelengths,
    /// `-ln(1 + |row - column|)`: the distance of two bins of a map, as contacts fall with it.
    Distances,
}

/// The share of its standard deviation that a normal distribution keeps when it is cut at two of them.
pub(crate) const TRUNCATED: f64 = 0.879_625_661_034_239_8;
