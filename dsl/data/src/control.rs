//! Changed copies of a data set that show what a model really uses.

use crate::alphabet::{PAD, decode, encode};
use crate::audit::Remark;
use crate::codes::Codes;
use crate::dataset::Content;
use crate::{DataError, Dataset, Result};
use cistron_random::{Purpose, Stream};

impl Dataset {
    /// A copy in which the targets belong to other examples: one random order for all outputs, so that relations
    /// between outputs stay while the relation to the inputs is gone. A model fitted to it must find nothing.
    #[must_use]
    pub fn with_shuffled_targets(&self, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        Stream::new(seed, Purpose::Statistics, 0, 0).shuffle(&mut order);
        let mut contents = (*self.contents).clone();
        for output in &mut contents.outputs {
            let tracks = output.tracks.len();
            output.values = order
                .iter()
                .flat_map(|&r| &output.values[r * tracks..(r + 1) * tracks])
                .copied()
                .collect();
        }
        contents.notes.push(Remark::amber(format!(
            "control: targets shuffled among all examples (seed {seed})"
        )));
        self.control(contents)
    }

    /// A copy in which one input belongs to other examples while everything else stays: what a model still gains from this
    /// input is not what is written in it.
    ///
    /// # Errors
    /// No input of this name.
    pub fn with_shuffled_input(&self, input: &str, seed: u64) -> Result<Self> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        Stream::new(seed, Purpose::Statistics, 0, 1).shuffle(&mut order);
        let mut contents = (*self.contents).clone();
        let names: Vec<String> = contents.inputs.iter().map(|i| i.name.clone()).collect();
        let Some(found) = contents.inputs.iter_mut().find(|i| i.name == input) else {
            return Err(DataError::unknown("input", input, names.iter().map(String::as_str)));
        };
        match &mut found.content {
            Content::Sequence { codes, .. } => *codes = codes.pick(&order),
            Content::Category { codes, .. } => *codes = order.iter().map(|&r| codes[r]).collect(),
            Content::Scalar { tracks, values } => {
                let n = tracks.len();
                *values = order.iter().flat_map(|&r| &values[r * n..(r + 1) * n]).copied().collect();
            }
        }
        contents.notes.push(Remark::amber(format!(
            "control: input `{input}` shuffled among all examples (seed {seed})"
        )));
        Ok(self.control(contents))
    }

    /// A copy in which two sequence inputs of one length have exchanged their sequences.
    ///
    /// # Errors
    /// No sequence input of one of the names; unequal lengths.
    pub fn with_exchanged_inputs(&self, first: &str, second: &str) -> Result<Self> {
        let (a, b) = (self.codes(first)?.0.clone(), self.codes(second)?.0.clone());
        if a.length() != b.length() {
            let message = format!("`{first}` has {} positions, `{second}` has {}", a.length(), b.length());
            return Err(DataError::Values(format!(
                "{message}; only inputs of one length can be exchanged"
            )));
        }
        let mut contents = (*self.contents).clone();
        for input in &mut contents.inputs {
            if let Content::Sequence { codes, .. } = &mut input.content {
                if input.name == first {
                    *codes = b.clone();
                } else if input.name == second {
                    *codes = a.clone();
                }
            }
        }
        contents.notes.push(Remark::amber(format!(
            "control: inputs `{first}` and `{second}` are exchanged"
        )));
        Ok(self.control(contents))
    }

    /// A copy with other sequences: `change(row, letters)` gives the new letters, as many as before.
    ///
    /// # Errors
    /// No sequence input of this name; a letter that is no base; a sequence that changed its length; a cache that cannot
    /// be written (many sequences are kept there).
    pub fn map_sequences(&self, input: &str, change: impl Fn(usize, &str) -> String) -> Result<Self> {
        let (old, rna) = self.codes(input)?;
        let length = old.length();
        let changed = Codes::keep(old.len(), length, None, |sink| {
            for (row, codes) in old.iter().enumerate() {
                let letters = decode(codes, rna);
                let place = || format!("map_sequences: `{}` (row {row})", self.names()[row]);
                let (mut new, _) = encode(&change(row, &letters))
                    .map_err(|(at, c)| DataError::Values(format!("{}: `{c}` at position {} is no base", place(), at + 1)))?;
                if new.len() != letters.len() {
                    let message = format!("{}: {} letters became {}; keep the length", place(), letters.len(), new.len());
                    return Err(DataError::Values(message));
                }
                new.resize(length, PAD);
                sink.write(&new)?;
            }
            Ok(())
        })?;
        let mut contents = (*self.contents).clone();
        for one in contents.inputs.iter_mut().filter(|i| i.name == input) {
            one.content = Content::Sequence {
                codes: changed.clone(),
                rna,
            };
        }
        contents.notes.push(Remark::amber(format!(
            "control: sequences of `{input}` changed by `map_sequences`"
        )));
        Ok(self.control(contents))
    }
}
