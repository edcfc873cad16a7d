//! Which array of an archive is meant, when the declaration does not say.

use super::{Archive, Entry, Holds};
use crate::Result;

/// The usual names of arrays with the examples' names.
const NAMES: [&str; 5] = ["genenames", "names", "name", "ids", "genes"];
/// The usual names of arrays with sequences.
const SEQUENCES: [&str; 5] = ["seqfeatures", "sequences", "sequence", "onehot", "x"];
/// The usual names of arrays with values.
const VALUES: [&str; 4] = ["counts", "values", "y", "targets"];
/// The usual names of arrays with the tracks' names.
const TRACKS: [&str; 4] = ["celltypes", "tracks", "columns", "conditions"];

impl Archive<'_> {
    /// The chosen array, or the one with a usual name among those that fit, or the only one that fits.
    fn choose(&self, chosen: Option<&str>, usual: &[&str], fits: impl Fn(&Entry) -> bool, what: &str) -> Result<Option<String>> {
        if let Some(name) = chosen {
            return self.entry(name).map(|entry| Some(entry.name.clone()));
        }
        let fit: Vec<&str> = self.arrays.iter().filter(|a| fits(a)).map(|a| a.name.as_str()).collect();
        if let Some(name) = usual.iter().find(|u| fit.contains(u)) {
            return Ok(Some((*name).to_string()));
        }
        match fit.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).to_string())),
            _ => Err(self.error(format!(
                "several arrays could be {what}: {}; choose one with `key = \"..\"`",
                fit.join(", ")
            ))),
        }
    }

    /// The array that holds sequences: one-hot, whole numbers, or DRG's older pair of one-hot and channel names.
    pub(crate) fn sequence_key(&self, chosen: Option<&str>) -> Result<String> {
        let fits = |a: &Entry| match (a.holds, a.shape.as_slice()) {
            (Holds::Numbers, [_, _] | [_, 4, _] | [_, _, 4]) => true,
            (Holds::Objects, [2]) => SEQUENCES.contains(&a.name.as_str()),
            _ => false,
        };
        let key = self.choose(chosen, &SEQUENCES, fits, "the sequences")?;
        key.ok_or_else(|| {
            self.error(format!(
                "no array of shape n x length x 4; the archive holds {}",
                self.listing()
            ))
        })
    }

    /// The array that holds numbers, one row per example.
    pub(crate) fn number_key(&self, chosen: Option<&str>) -> Result<String> {
        let fits = |a: &Entry| a.holds == Holds::Numbers && matches!(a.shape.len(), 1 | 2);
        let key = self.choose(chosen, &VALUES, fits, "the values")?;
        key.ok_or_else(|| {
            self.error(format!(
                "no array of numbers per example; the archive holds {}",
                self.listing()
            ))
        })
    }

    /// The array that holds the names of the `count` rows. The usual names of tracks are no names of rows.
    pub(super) fn names_key(&self, chosen: Option<&str>, count: usize) -> Result<Option<String>> {
        let fits = |a: &Entry| a.holds != Holds::Numbers && a.shape == [count] && !TRACKS.contains(&a.name.as_str());
        let sequences = |a: &Entry| a.holds == Holds::Objects && SEQUENCES.contains(&a.name.as_str());
        self.choose(chosen, &NAMES, |a| fits(a) && !sequences(a), "the names")
    }

    /// The array that holds the names of the `count` tracks.
    pub(super) fn tracks_key(&self, count: usize) -> Option<String> {
        let known = |a: &&Entry| a.holds != Holds::Numbers && a.shape == [count] && TRACKS.contains(&a.name.as_str());
        self.arrays.iter().find(known).map(|a| a.name.clone())
    }
}
