//! Predictions beside measurements, and the classes of their tracks.

use crate::{Result, TrainError};

/// One output's predictions beside its measurements.
///
/// # Shapes
/// `observed` and `predicted` are row-major `[names, tracks]`; an observed value that was not measured is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// The output.
    pub output: String,
    /// The examples.
    pub names: Vec<String>,
    /// The tracks.
    pub tracks: Vec<String>,
    /// Measured.
    pub observed: Vec<f64>,
    /// Predicted.
    pub predicted: Vec<f64>,
}

impl Paired {
    /// Measured and predicted value of an example and a track; nothing where nothing was measured.
    pub(crate) fn at(&self, row: usize, track: usize) -> Option<(f64, f64)> {
        let i = row * self.tracks.len() + track;
        let observed = self.observed[i];
        (!observed.is_nan()).then(|| (observed, self.predicted[i]))
    }

    /// Both sides have a value per example and track.
    pub(crate) fn check(&self) -> Result<()> {
        let expected = self.names.len() * self.tracks.len();
        for (what, found) in [("observed", self.observed.len()), ("predicted", self.predicted.len())] {
            if found != expected {
                let (names, tracks) = (self.names.len(), self.tracks.len());
                return Err(TrainError::Impossible(format!(
                    "output `{}` has {found} {what} values; expected {expected} ({names} examples x {tracks} tracks)",
                    self.output
                )));
            }
        }
        Ok(())
    }

    /// The examples of another part of the same output behind these.
    pub(crate) fn append(&mut self, other: Self) {
        self.names.extend(other.names);
        self.observed.extend(other.observed);
        self.predicted.extend(other.predicted);
    }
}

/// The name of the class of all tracks, where no class table was declared.
const ALL: &str = "all";

/// Tracks of one class, by number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) tracks: Vec<usize>,
}

/// The classes of some tracks in the order in which they first stand; without a table one class of all tracks.
///
/// # Errors
/// A track that the table does not have.
pub(crate) fn classes_of(tracks: &[String], table: &[(String, String)]) -> Result<Vec<Class>> {
    let mut classes: Vec<Class> = Vec::new();
    for (number, track) in tracks.iter().enumerate() {
        let name = match table.iter().find(|(known, _)| known == track) {
            Some((_, class)) => class.as_str(),
            None if table.is_empty() => ALL,
            None => {
                return Err(TrainError::Unknown {
                    what: "class of track",
                    name: track.clone(),
                    hint: cistron_declaration::did_you_mean(track, table.iter().map(|(known, _)| known.as_str())),
                });
            }
        };
        match classes.iter_mut().find(|class| class.name == name) {
            Some(class) => class.tracks.push(number),
            None => classes.push(Class {
                name: name.into(),
                tracks: vec![number],
            }),
        }
    }
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_sorted_into_classes() {
        let tracks = ["T8_PBS", "MF_PBS", "T8_IL2"].map(String::from);
        let table = [("T8_PBS", "T8"), ("T8_IL2", "T8"), ("MF_PBS", "MF")].map(|(t, c)| (t.to_string(), c.to_string()));
        let found = classes_of(&tracks, &table).unwrap();
        let found: Vec<(&str, &[usize])> = found.iter().map(|c| (c.name.as_str(), c.tracks.as_slice())).collect();
        assert_eq!(found, [("T8", &[0, 2][..]), ("MF", &[1][..])]);
        assert_eq!(classes_of(&tracks, &[]).unwrap()[0].tracks, [0, 1, 2]);
        let message = classes_of(&tracks, &table[..2]).unwrap_err().to_string();
        assert!(message.starts_with("no class of track `MF_PBS`"), "{message}");
    }

    #[test]
    fn values_that_are_no_matrix_are_refused() {
        let paired = Paired {
            output: "ex".into(),
            names: vec!["g".into()],
            tracks: vec!["a".into(), "b".into()],
            observed: vec![1.0, 2.0],
            predicted: vec![1.0],
        };
        let message = paired.check().unwrap_err().to_string();
        assert_eq!(
            message,
            "output `ex` has 1 predicted values; expected 2 (1 examples x 2 tracks)"
        );
    }
}
