//! Columns and classes of several output files, as DRG names them.

use crate::metrics::classes_of;
use crate::{Paired, Result};

/// The outputs side by side: their columns in file order, and the classes with their columns.
pub(super) struct Columns {
    pub(super) names: Vec<String>,
    /// File and track of each column.
    pub(super) places: Vec<(usize, usize)>,
    pub(super) classes: Vec<(String, Vec<usize>)>,
}

impl Columns {
    /// Tracks of the same name in several files get the file's label behind them (`Bfo_PBS_ex`); a class with columns of several
    /// files becomes one class per file (`Bfoex`).
    pub(super) fn new(files: &[(&str, &Paired)], table: &[(String, String)]) -> Result<Self> {
        let mut columns: Vec<(usize, usize, String)> = Vec::new();
        for (file, (_, paired)) in files.iter().enumerate() {
            let classes = classes_of(&paired.tracks, table)?;
            for track in 0..paired.tracks.len() {
                let class = classes.iter().find(|c| c.tracks.contains(&track));
                columns.push((file, track, class.map(|c| c.name.clone()).unwrap_or_default()));
            }
        }
        let track = |&(file, track, _): &(usize, usize, String)| files[file].1.tracks[track].as_str();
        let repeats = columns
            .iter()
            .any(|a| columns.iter().any(|b| a.0 != b.0 && track(a) == track(b)));
        let names = columns
            .iter()
            .map(|column| match repeats {
                true => format!("{}_{}", track(column), files[column.0].0),
                false => track(column).to_string(),
            })
            .collect();
        let mut classes: Vec<(String, Vec<usize>)> = Vec::new();
        for (number, (file, _, class)) in columns.iter().enumerate() {
            let in_several = columns.iter().any(|(other, _, c)| other != file && c == class);
            let name = if in_several {
                format!("{class}{}", files[*file].0)
            } else {
                class.clone()
            };
            match classes.iter_mut().find(|(known, _)| *known == name) {
                Some((_, members)) => members.push(number),
                None => classes.push((name, vec![number])),
            }
        }
        let places = columns.into_iter().map(|(file, track, _)| (file, track)).collect();
        Ok(Self { names, places, classes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(output: &str, tracks: &[&str]) -> Paired {
        Paired {
            output: output.into(),
            names: Vec::new(),
            tracks: tracks.iter().map(|t| (*t).to_string()).collect(),
            observed: Vec::new(),
            predicted: Vec::new(),
        }
    }

    fn named(files: &[(&str, &Paired)]) -> (Vec<String>, Vec<(String, Vec<usize>)>) {
        let table = [("a_1", "a"), ("a_2", "a"), ("b_1", "b")].map(|(t, c)| (t.to_string(), c.to_string()));
        let columns = Columns::new(files, &table).unwrap();
        (columns.names, columns.classes)
    }

    #[test]
    fn labels_are_added_only_where_files_share_names_or_classes() {
        let (first, second, third) = (
            paired("x", &["a_1", "b_1"]),
            paired("y", &["a_1", "b_1"]),
            paired("z", &["a_2"]),
        );
        let (names, classes) = named(&[("ex", &first)]);
        assert_eq!(names, ["a_1", "b_1"]);
        assert_eq!(classes, [("a".to_string(), vec![0]), ("b".to_string(), vec![1])]);
        let (names, classes) = named(&[("ex", &first), ("kd", &second)]);
        assert_eq!(names, ["a_1_ex", "b_1_ex", "a_1_kd", "b_1_kd"]);
        let found: Vec<&str> = classes.iter().map(|c| c.0.as_str()).collect();
        assert_eq!(found, ["aex", "bex", "akd", "bkd"]);
        let (names, classes) = named(&[("ex", &first), ("kd", &third)]);
        assert_eq!(names, ["a_1", "b_1", "a_2"]);
        let found: Vec<&str> = classes.iter().map(|c| c.0.as_str()).collect();
        assert_eq!(found, ["aex", "b", "akd"]);
    }
}
