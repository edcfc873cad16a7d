//! Numbers in JSON by their bits, so that they come back exactly, NaN and infinities too.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number by its bits; `value` is there for readers, where JSON has it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Exact {
    value: Option<f64>,
    pub(crate) bits: String,
}

impl From<f64> for Exact {
    fn from(x: f64) -> Self {
        Self {
            value: Some(x).filter(|x| x.is_finite()),
            bits: format!("{:016x}", x.to_bits()),
        }
    }
}

impl Exact {
    /// The number; nothing when the bits are none.
    pub(crate) fn value(&self) -> Option<f64> {
        u64::from_str_radix(&self.bits, 16).ok().map(f64::from_bits)
    }
}

/// For `#[serde(with = "crate::exact")]`.
pub(crate) fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Exact::from(*x).serialize(serializer)
}

/// For `#[serde(with = "crate::exact")]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let exact = Exact::deserialize(deserializer)?;
    exact
        .value()
        .ok_or_else(|| serde::de::Error::custom(format!("`{}` are no bits of a number", exact.bits)))
}
