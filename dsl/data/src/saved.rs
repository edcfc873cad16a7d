//! Data sets as bytes: what a notebook saves to have them back when its process has died.

use crate::audit::Shown;
use crate::dataset::{Content, Contents};
use crate::{DataError, Dataset, Result};

impl Dataset {
    /// The whole data set as bytes that [`Dataset::from_bytes`] reads.
    ///
    /// # Errors
    /// None that is known: what a data set holds can be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        rmp_serde::to_vec_named(&(&*self.contents, self.audit().is_shown()))
            .map_err(|error| DataError::Values(format!("the data set can't be saved: {error}")))
    }

    /// A data set from the bytes of [`Dataset::to_bytes`]; they are of this version of Cistron.
    ///
    /// # Errors
    /// Bytes that are no data set, or are not whole.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (contents, is_shown): (Contents, bool) = rmp_serde::from_slice(bytes)
            .map_err(|error| DataError::Values(format!("these bytes are no data set of this version: {error}")))?;
        match misfit(&contents) {
            Some(what) => Err(DataError::Values(format!("the saved data set does not fit together: {what}"))),
            None => {
                let shown = Shown::default();
                if is_shown {
                    shown.set();
                }
                Ok(Self::from_contents(contents, shown))
            }
        }
    }

    /// About how many bytes its sequences, values and names take; quick to tell, for it is asked after every cell: of many
    /// names the first thousand stand for all.
    pub fn size_in_bytes(&self) -> usize {
        let rows = self.len();
        let input = |content: &Content| match content {
            Content::Sequence { codes, .. } => codes.length(),
            Content::Category { .. } => size_of::<usize>(),
            Content::Scalar { tracks, .. } => tracks.len() * size_of::<f32>(),
        };
        let inputs = self.contents.inputs.iter().map(|i| input(&i.content));
        let outputs = self.contents.outputs.iter().map(|o| o.tracks.len() * size_of::<f32>());
        let looked_at = rows.min(1000);
        let names = self.names().iter().take(looked_at).map(String::len).sum::<usize>() * rows / looked_at.max(1);
        rows * inputs.chain(outputs).sum::<usize>() + names
    }
}

/// What does not have the rows that the names count.
fn misfit(contents: &Contents) -> Option<String> {
    let rows = contents.names.len();
    let inputs = contents.inputs.iter().map(|input| {
        let fits = match &input.content {
            Content::Sequence { codes, .. } => codes.len() == rows,
            Content::Category { levels, codes } => codes.len() == rows && codes.iter().all(|code| *code < levels.len()),
            Content::Scalar { tracks, values } => Some(values.len()) == rows.checked_mul(tracks.len()),
        };
        (&input.name, fits)
    });
    let outputs = contents.outputs.iter().map(|output| {
        let fits = Some(output.values.len()) == rows.checked_mul(output.tracks.len());
        (&output.name, fits)
    });
    let parts = contents.split.as_ref().is_none_or(|split| split.parts.len() == rows);
    let folds = contents.folds.iter().flat_map(|folds| folds.members.iter().flatten());
    let wrong = inputs
        .chain(outputs)
        .find(|(_, fits)| !fits)
        .map(|(name, _)| format!("`{name}`"));
    wrong
        .or_else(|| (!parts).then(|| "the split".into()))
        .or_else(|| folds.copied().any(|row| row >= rows).then(|| "the folds".into()))
}
