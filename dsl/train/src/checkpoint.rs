//! The state of a fit as a checkpoint and back: everything the next step depends on, exactly.

use crate::controller::{Controller, Regime};
use crate::exact::Exact;
use crate::gather::Gathered;
use crate::objective::Objective;
use crate::state::{Best, Progress};
use crate::{Result, TrainError};
use candle_core::{DType, Device, Tensor};
use cistron_data::Named;
use cistron_runs::{Checkpoint, Element, EpochRow, StoredTensor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Where a group of tensors stands in the file.
const WEIGHTS: &str = "weights/";
const BEST: &str = "best/";
const OPTIMIZER: &str = "optimizer/";
const AVERAGE: &str = "average/";
const INITIAL: &str = "initial/";
/// What the steps of the begun epoch predicted, and what was measured there.
const PREDICTED: &str = "predicted/";
const MEASURED: &str = "measured/";
const FORMAT: u32 = 1;

/// What the run is, as far as going on with it depends on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// SHA-256 of the model's graph.
    pub(crate) model_hash: String,
    /// SHA-256 of the data and its parts.
    pub(crate) data_hash: String,
    /// The model with its declaration.
    pub(crate) model: serde_json::Value,
    /// The objective with its declaration.
    pub(crate) objective: serde_json::Value,
    /// The options, the seed among them: with step and epoch it says where every random stream stands.
    pub(crate) options: crate::Options,
}

/// A whole state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) identity: Identity,
    pub(crate) progress: Progress,
    pub(crate) weights: Named,
    pub(crate) optimizer: Named,
    /// What the average of the weights remembers; empty without one.
    pub(crate) average: Named,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    identity: Identity,
    epoch: u64,
    step_in_epoch: u64,
    step: u64,
    loss_sum: Exact,
    loss_examples: u64,
    since_best: u64,
    epoch_s: f64,
    wall_s: f64,
    best_epoch: Option<u64>,
    best_watched: Option<Exact>,
    history: Vec<EpochRow>,
    /// Nothing in files of earlier versions, which had patience alone.
    #[serde(default)]
    controller: Option<Controller>,
}

impl State {
    /// As a checkpoint.
    ///
    /// # Errors
    /// A tensor that cannot be read.
    pub(crate) fn to_checkpoint(&self) -> Result<Checkpoint> {
        let progress = &self.progress;
        let header = Header {
            format: FORMAT,
            identity: self.identity.clone(),
            epoch: progress.epoch,
            step_in_epoch: progress.step_in_epoch,
            step: progress.step,
            loss_sum: progress.loss_sum.into(),
            loss_examples: progress.loss_examples,
            since_best: progress.controller.since_best(),
            epoch_s: progress.epoch_s,
            wall_s: progress.wall_s,
            best_epoch: progress.best.as_ref().map(|b| b.epoch),
            best_watched: progress.best.as_ref().map(|b| b.watched.into()),
            history: progress.rows.clone(),
            controller: Some(progress.controller.clone()),
        };
        let header =
            serde_json::to_string(&header).map_err(|e| TrainError::Impossible(format!("the state cannot be written: {e}")))?;
        let mut tensors = BTreeMap::new();
        let empty = Named::new();
        let best = progress.best.as_ref().map_or(&empty, |b| &b.weights);
        let (predicted, measured) = progress.gathered.join()?;
        for (prefix, group) in [
            (WEIGHTS, &self.weights),
            (OPTIMIZER, &self.optimizer),
            (AVERAGE, &self.average),
            (BEST, best),
            (INITIAL, progress.initial.as_ref().unwrap_or(&empty)),
            (PREDICTED, &predicted),
            (MEASURED, &measured),
        ] {
            for (name, tensor) in group {
                tensors.insert(format!("{prefix}{name}"), stored(tensor)?);
            }
        }
        Ok(Checkpoint { header, tensors })
    }

    /// From a checkpoint; `path` is for messages.
    ///
    /// # Errors
    /// [`TrainError::State`] when the header is none of ours or a tensor cannot be made.
    pub(crate) fn from_checkpoint(checkpoint: &Checkpoint, path: &Path) -> Result<Self> {
        let wrong = |found: String| TrainError::State {
            path: path.into(),
            found,
            expected: "a state that `fit!` wrote".into(),
        };
        let header: Header =
            serde_json::from_str(&checkpoint.header).map_err(|e| wrong(format!("its state does not read: {e}")))?;
        if header.format != FORMAT {
            return Err(wrong(format!("its state has format {}", header.format)));
        }
        let exact = |x: &Exact| {
            x.value()
                .ok_or_else(|| wrong(format!("`{}` are no bits of a number", x.bits)))
        };
        let group = |prefix: &str| -> Result<Named> {
            let of_group = checkpoint
                .tensors
                .iter()
                .filter_map(|(name, t)| Some((name.strip_prefix(prefix)?, t)));
            of_group.map(|(name, t)| Ok((name.to_string(), tensor(t)?))).collect()
        };
        let best = match (header.best_epoch, &header.best_watched) {
            (Some(epoch), Some(watched)) => Some(Best {
                epoch,
                watched: exact(watched)?,
                weights: group(BEST)?,
            }),
            _ => None,
        };
        let controller = match header.controller {
            Some(controller) => controller,
            None => earlier_controller(&header, best.as_ref().map(|b| b.watched)),
        };
        let mut gathered = Gathered::default();
        gathered.add(group(PREDICTED)?, group(MEASURED)?);
        let progress = Progress {
            epoch: header.epoch,
            step_in_epoch: header.step_in_epoch,
            step: header.step,
            loss_sum: exact(&header.loss_sum)?,
            loss_examples: header.loss_examples,
            epoch_s: header.epoch_s,
            wall_s: header.wall_s,
            rows: header.history,
            best,
            controller,
            gathered,
            initial: Some(group(INITIAL)?).filter(|weights| !weights.is_empty()),
        };
        Ok(Self {
            identity: header.identity,
            progress,
            weights: group(WEIGHTS)?,
            optimizer: group(OPTIMIZER)?,
            average: group(AVERAGE)?,
        })
    }
}

/// The controller of a run of an earlier version, which had neither fine-tuning nor anything else to remember.
fn earlier_controller(header: &Header, best: Option<f64>) -> Controller {
    let objective: Option<Objective> = serde_json::from_value(header.identity.objective.clone()).ok();
    let sign = if objective.is_some_and(|o| o.larger_is_better()) {
        -1.0
    } else {
        1.0
    };
    let regime = Regime::new(&header.identity.options, 1);
    Controller::of_earlier_version(&regime, header.epoch, best.map(|b| sign * b), header.since_best)
}

/// The weights alone, as the file that a fit returns.
pub(crate) fn weights_checkpoint(weights: &Named, identity: &Identity, epoch: Option<u64>) -> Result<Checkpoint> {
    let header = serde_json::json!({ "model_hash": identity.model_hash, "model": identity.model, "epoch": epoch }).to_string();
    let tensors = weights
        .iter()
        .map(|(name, tensor)| Ok((name.clone(), stored(tensor)?)))
        .collect::<Result<_>>()?;
    Ok(Checkpoint { header, tensors })
}

/// The tensors of a file of weights.
pub(crate) fn weights_of(checkpoint: &Checkpoint) -> Result<Named> {
    checkpoint
        .tensors
        .iter()
        .map(|(name, t)| Ok((name.clone(), tensor(t)?)))
        .collect()
}

fn stored(tensor: &Tensor) -> Result<StoredTensor> {
    let flat = tensor.flatten_all()?;
    let (element, bytes) = match tensor.dtype() {
        DType::F64 => (
            Element::F64,
            flat.to_vec1::<f64>()?.iter().flat_map(|x| x.to_le_bytes()).collect(),
        ),
        DType::F32 => (
            Element::F32,
            flat.to_vec1::<f32>()?.iter().flat_map(|x| x.to_le_bytes()).collect(),
        ),
        DType::U32 => (
            Element::U32,
            flat.to_vec1::<u32>()?.iter().flat_map(|x| x.to_le_bytes()).collect(),
        ),
        other => {
            return Err(TrainError::Impossible(format!(
                "a tensor of {other:?} has no place in a checkpoint"
            )));
        }
    };
    Ok(StoredTensor {
        element,
        sizes: tensor.dims().to_vec(),
        bytes,
    })
}

fn tensor(stored: &StoredTensor) -> Result<Tensor> {
    fn numbers<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|c| from(*c)).collect()
    }
    let (sizes, device) = (stored.sizes.as_slice(), &Device::Cpu);
    Ok(match stored.element {
        Element::F32 => Tensor::from_vec(numbers(&stored.bytes, f32::from_le_bytes), sizes, device)?,
        Element::F64 => Tensor::from_vec(numbers(&stored.bytes, f64::from_le_bytes), sizes, device)?,
        Element::U32 => Tensor::from_vec(numbers(&stored.bytes, u32::from_le_bytes), sizes, device)?,
    })
}
