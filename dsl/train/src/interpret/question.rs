//! What is asked about one example: which number, made of which tracks, as a function of which input.

use super::stretch::Stretch;
use crate::trained::Trained;
use crate::{Result, TrainError};
use candle_core::{DType, Device, Tensor};
use cistron_data::{Dataset, Named};
use cistron_declaration::{Port, PortKind, did_you_mean, nearest};
use cistron_display::count;

/// A question as it is put.
#[derive(Clone, Debug)]
pub(super) struct Question<'a> {
    trained: &'a Trained,
    data: &'a Dataset,
    example: String,
    input: String,
    output: String,
    pub(super) tracks: Vec<String>,
    pub(super) against: Vec<String>,
    pub(super) window: Option<(usize, usize)>,
}

/// A question that has an answer.
pub(super) struct Asked<'a> {
    pub(super) trained: &'a Trained,
    /// The example's inputs, a batch of one.
    pub(super) inputs: Named,
    pub(super) input: String,
    pub(super) output: String,
    /// What is asked about of the input, without values.
    pub(super) stretch: Stretch,
    /// The share of each track in the number.
    shares: Vec<f64>,
}

impl Trained {
    pub(super) fn question<'a>(&'a self, data: &'a Dataset, example: &str, input: &str, output: &str) -> Question<'a> {
        Question {
            trained: self,
            data,
            example: example.into(),
            input: input.into(),
            output: output.into(),
            tracks: Vec::new(),
            against: Vec::new(),
            window: None,
        }
    }

    pub(super) fn no_output(&self, output: &str) -> TrainError {
        TrainError::Unknown {
            what: "output",
            name: output.into(),
            hint: did_you_mean(output, self.model().graph().outputs.iter().map(|o| o.0.as_str())),
        }
    }

    /// The names of an output's tracks; numbers from 1 where the model's data gave it none.
    pub(super) fn track_names(&self, output: &str) -> Result<Vec<String>> {
        let graph = self.model().graph();
        let (_, node) = graph
            .outputs
            .iter()
            .find(|o| o.0 == output)
            .ok_or_else(|| self.no_output(output))?;
        let tracks = graph.nodes[*node].sizes().first().copied().unwrap_or(1);
        let port = self.model().signature().outputs.iter().find(|p| p.name == output);
        Ok(match port.filter(|p| p.tracks.len() == tracks) {
            Some(port) => port.tracks.clone(),
            None => (1..=tracks).map(|i| i.to_string()).collect(),
        })
    }
}

/// The mean of tracks in words.
fn mean_of(tracks: &[String]) -> String {
    match tracks {
        [one] => one.clone(),
        [a, b] => format!("the mean of {a} and {b}"),
        many => format!("the mean of {} tracks", many.len()),
    }
}

impl<'a> Question<'a> {
    /// Finds everything that is named.
    pub(super) fn ask(&self) -> Result<Asked<'a>> {
        crate::record::fits_together(self.trained.model(), &self.trained.outputs(), self.data)?;
        let row = self.row()?;
        let port = self.port()?;
        let all = self.trained.track_names(&self.output)?;
        let shares = self.shares(&all)?;
        let rna = port.kind == PortKind::Rna;
        let letters = self.data.sequence(&self.input, row)?;
        let mut inputs = self.data.batch(&[row], self.trained.network().precision())?.inputs;
        inputs.retain(|name, _| self.trained.model().signature().inputs.iter().any(|p| p.name == *name));
        let what = match (self.tracks.is_empty(), self.against.is_empty()) {
            (true, true) if all.len() == 1 => self.output.clone(),
            (true, true) => format!("{}: the mean of its {} tracks", self.output, all.len()),
            (true, false) => format!("{}: {} minus {}", self.output, mean_of(&all), mean_of(&self.against)),
            (false, true) => format!("{}: {}", self.output, mean_of(&self.tracks)),
            (false, false) => format!("{}: {} minus {}", self.output, mean_of(&self.tracks), mean_of(&self.against)),
        };
        let stretch = Stretch::whole(&self.example, &self.input, &self.output, what, &letters, rna);
        let stretch = match self.window {
            Some((from, to)) => stretch.window(from, to)?,
            None => stretch,
        };
        Ok(Asked {
            trained: self.trained,
            inputs,
            input: self.input.clone(),
            output: self.output.clone(),
            stretch,
            shares,
        })
    }

    fn row(&self) -> Result<usize> {
        let names = self.data.names();
        names.iter().position(|n| *n == self.example).ok_or_else(|| {
            let hint = match nearest(&self.example, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let few: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
                    format!("the data have {} examples, such as {}", count(names.len()), few.join(", "))
                }
            };
            TrainError::Unknown {
                what: "example",
                name: self.example.clone(),
                hint,
            }
        })
    }

    fn port(&self) -> Result<&'a Port> {
        let sequences = || {
            let ports = self.trained.model().signature().inputs.iter();
            ports.filter(|p| matches!(p.kind, PortKind::Dna | PortKind::Rna))
        };
        sequences().find(|p| p.name == self.input).ok_or_else(|| TrainError::Unknown {
            what: "sequence input",
            name: self.input.clone(),
            hint: did_you_mean(&self.input, sequences().map(|p| p.name.as_str())),
        })
    }

    fn shares(&self, all: &[String]) -> Result<Vec<f64>> {
        let mut shares = vec![0.0; all.len()];
        let chosen = if self.tracks.is_empty() { all } else { &self.tracks };
        for (tracks, sign) in [(chosen, 1.0), (&self.against[..], -1.0)] {
            for track in tracks {
                let place = all.iter().position(|t| t == track).ok_or_else(|| TrainError::Unknown {
                    what: "track",
                    name: track.clone(),
                    hint: did_you_mean(track, all.iter().map(String::as_str)),
                })?;
                shares[place] += sign / tracks.len() as f64;
            }
        }
        if shares.iter().all(|s| *s == 0.0) {
            let message = format!("output `{}`: a track minus itself is 0 for every sequence", self.output);
            return Err(TrainError::Impossible(message));
        }
        Ok(shares)
    }
}

impl Asked<'_> {
    /// The share of each value of the output in the number: positions of a track count alike.
    fn weights(&self, output: &Tensor) -> Result<Tensor> {
        let mut dims = vec![1; output.rank()];
        if let Some(tracks) = dims.get_mut(1) {
            *tracks = self.shares.len();
        }
        let positions: usize = output.dims().iter().skip(2).product();
        let shares: Vec<f64> = self.shares.iter().map(|s| s / positions.max(1) as f64).collect();
        let shares = Tensor::from_vec(shares, dims, &Device::Cpu)?.to_dtype(output.dtype())?;
        Ok(shares.broadcast_as(output.dims())?.contiguous()?)
    }

    /// The number for every example of a batch of outputs.
    pub(super) fn values(&self, outputs: &Named) -> Result<Vec<f64>> {
        let output = outputs
            .get(&self.output)
            .ok_or_else(|| self.trained.no_output(&self.output))?;
        let weighted = (output * self.weights(output)?)?.to_dtype(DType::F64)?;
        Ok(weighted.flatten_from(1)?.sum(1)?.to_vec1()?)
    }

    /// The number for this example, and its gradient with respect to the input: `[4][position]` of the whole input.
    pub(super) fn gradient(&self) -> Result<(f64, Vec<Vec<f64>>)> {
        let mut failed = None;
        let (value, gradients) = self.trained.network().input_gradients(&self.inputs, &mut |outputs| {
            let found = self
                .values(outputs)
                .and_then(|v| Ok((v, self.weights(&outputs[&self.output])?)));
            match found {
                Ok((values, weights)) => Ok((values.iter().sum(), Named::from([(self.output.clone(), weights)]))),
                Err(error) => {
                    failed = Some(error);
                    Ok((0.0, Named::new()))
                }
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let gradient = gradients.get(&self.input).ok_or_else(|| self.unread())?;
        Ok((value, gradient.squeeze(0)?.to_dtype(DType::F64)?.to_vec2()?))
    }

    /// The number for this example and with the letters at some places replaced: `(position, base)`, base 0 to 3.
    pub(super) fn substituted(&self, changes: &[(usize, usize)]) -> Result<(f64, Vec<f64>)> {
        let network = self.trained.network();
        let whole = self.values(&network.predict(&self.inputs)?)?;
        let before = self.inputs.get(&self.input).ok_or_else(|| self.unread())?;
        let length = before.dims().get(2).copied().unwrap_or(0);
        let letters: Vec<f32> = before.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
        let mut found = Vec::with_capacity(changes.len());
        for some in changes.chunks(crate::evaluate::evaluation_rows(self.trained.model().signature())) {
            if cistron_display::interrupted() {
                cistron_display::clear_interrupt();
                return Err(TrainError::Impossible("the mutagenesis was interrupted".into()));
            }
            let mut hot = letters.repeat(some.len());
            for (one, (position, base)) in hot.chunks_exact_mut(4 * length).zip(some) {
                (0..4).for_each(|other| one[other * length + position] = f32::from(u8::from(other == *base)));
            }
            let mut batch = Named::new();
            for (name, tensor) in &self.inputs {
                let mut dims = tensor.dims().to_vec();
                dims[0] = some.len();
                batch.insert(name.clone(), tensor.broadcast_as(dims)?);
            }
            batch.insert(
                self.input.clone(),
                Tensor::from_vec(hot, (some.len(), 4, length), &Device::Cpu)?,
            );
            found.extend(self.values(&network.predict(&batch)?)?);
        }
        Ok((whole.iter().sum(), found))
    }

    fn unread(&self) -> TrainError {
        TrainError::Impossible(format!(
            "`{}` does not read input `{}`",
            self.trained.model().name(),
            self.input
        ))
    }
}

/// The setters of every question.
macro_rules! question_setters {
    () => {
        /// The number that is explained is the mean over these tracks of the output (all of them unless told otherwise).
        #[must_use]
        pub fn tracks(mut self, tracks: &[&str]) -> Self {
            self.question.tracks = tracks.iter().map(|t| (*t).to_string()).collect();
            self
        }

        /// The mean over these tracks is subtracted: what sets the chosen tracks apart from them.
        #[must_use]
        pub fn against(mut self, tracks: &[&str]) -> Self {
            self.question.against = tracks.iter().map(|t| (*t).to_string()).collect();
            self
        }

        /// Only the positions `from` to `to` of the sequence, 0-based and half-open.
        #[must_use]
        pub fn window(mut self, from: usize, to: usize) -> Self {
            self.question.window = Some((from, to));
            self
        }
    };
}
pub(super) use question_setters;
