//! The settings of an optimizer in JSON.

use cistron_ops::{Adam, AdamW, Optimizer, Sgd};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Sgd")]
struct StoredSgd {
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Adam")]
struct StoredAdam {
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AdamW")]
struct StoredAdamW {
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Optimizer")]
enum Stored {
    Sgd(#[serde(with = "StoredSgd")] Sgd),
    Adam(#[serde(with = "StoredAdam")] Adam),
    AdamW(#[serde(with = "StoredAdamW")] AdamW),
}

pub(crate) fn serialize<S: Serializer>(optimizer: &Optimizer, serializer: S) -> Result<S::Ok, S::Error> {
    Stored::serialize(optimizer, serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Optimizer, D::Error> {
    Stored::deserialize(deserializer)
}
