//! A network with its weights, and what has to be known to ask it about data.

use crate::{Objective, Options, Result, TrainError};
use cistron_model::{Compat, Model};
use cistron_nn::Network;

/// A network with trained weights, wherever they come from, that can be asked: for predictions and metrics, substitutions, gradients,
/// what its filters look for. A [`Run`](crate::Run) is one of them; that of a saved model is made with [`Trained::new`].
///
/// ```text
/// let (_, network) = zoo::drg::load(&params, state, &ports, &data.signature(), DType::F32)?;
/// let saved = Trained::new(&network)?.fold(1).batch(8)?;
/// saved.metrics(&data, Part::Test)?;
/// ```
#[derive(Clone)]
pub struct Trained {
    network: Network,
    model: Model,
    outputs: Vec<String>,
    fold: Option<u64>,
    seed: u64,
    batch: Option<usize>,
}

impl Trained {
    /// A network with the weights that it has now, asked for all its outputs.
    ///
    /// # Errors
    /// A network that was made from a graph without a declaration: it knows neither inputs nor tracks by name.
    pub fn new(network: &Network) -> Result<Self> {
        let model = network.model().ok_or_else(|| {
            TrainError::Impossible(
                "the network was made from a graph without a declaration, so its inputs and tracks have no names; make it from a `Model`"
                    .into(),
            )
        })?;
        Ok(Self {
            outputs: model.graph().outputs.iter().map(|(name, _)| name.clone()).collect(),
            model: model.clone(),
            network: network.clone(),
            fold: None,
            seed: 0,
            batch: None,
        })
    }

    /// The network of a fit, asked for the outputs of its objective. With DRG's padding a prediction depends on its batch, so
    /// it gets the original's batches.
    pub(crate) fn of_fit(network: Network, model: Model, objective: &Objective, options: &Options) -> Self {
        Self {
            network,
            model,
            outputs: objective.outputs().into_iter().map(str::to_string).collect(),
            fold: options.fold,
            seed: options.seed,
            batch: options.evaluation_batch(),
        }
    }

    /// The fold whose parts are asked about, where the data have folds: the one that the weights were trained without.
    #[must_use]
    pub fn fold(mut self, fold: u64) -> Self {
        self.fold = Some(fold);
        self
    }

    /// Where the random numbers of intervals and significances come from (0 unless told otherwise).
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Examples per batch of a prediction. It matters for models with `compat = drg` alone: with the original's padding a
    /// prediction depends on the others of its batch. Without it the size is chosen by memory.
    ///
    /// # Errors
    /// 0.
    pub fn batch(mut self, batch: usize) -> Result<Self> {
        if batch == 0 {
            return Err(TrainError::Impossible("the batch is 0; expected 1 or more".into()));
        }
        self.batch = Some(batch);
        Ok(self)
    }

    /// The declared network.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The network with the weights that were kept.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The outputs that it is asked for.
    pub fn outputs(&self) -> Vec<&str> {
        self.outputs.iter().map(String::as_str).collect()
    }

    pub(crate) fn held_out(&self) -> Option<usize> {
        self.fold.map(|fold| fold as usize)
    }

    pub(crate) fn random_seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn batch_size(&self) -> Option<usize> {
        self.batch
    }
}

impl Options {
    /// The batches that a prediction has to be made in, where that matters.
    pub(crate) fn evaluation_batch(&self) -> Option<usize> {
        (self.compat == Some(Compat::Drg)).then_some(self.batch as usize)
    }
}

impl std::fmt::Debug for Trained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trained({}: {})", self.model.name(), self.outputs.join(", "))
    }
}
