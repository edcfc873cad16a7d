//! Which rows belong to training, validation and test.

use crate::folds::Folds;
use crate::{DataError, Result};
use serde::{Deserialize, Serialize};

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// What weights are fitted to.
    Train,
    /// What early stopping looks at.
    Valid,
    /// What is held out.
    Test,
    /// Every row.
    All,
}

impl Part {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Valid => "validation",
            Self::Test => "test",
            Self::All => "whole",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// One assignment of rows to the three parts; rows may belong to none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Split {
    /// How it was made, in words.
    pub(crate) how: String,
    /// The part of each row.
    pub(crate) parts: Vec<Option<Part>>,
}

/// The rows of a part; see [`crate::Dataset::rows`].
pub(crate) fn rows(
    count: usize,
    split: Option<&Split>,
    folds: Option<&Folds>,
    part: Part,
    fold: Option<usize>,
) -> Result<Vec<usize>> {
    if let (Some(fold), None) = (fold, folds) {
        return Err(DataError::Fold {
            fold,
            exist: "this `data!` declares no `folds`".into(),
        });
    }
    if let (Some(fold), Some(folds)) = (fold, folds)
        && fold >= folds.sets.len()
    {
        return Err(DataError::Fold {
            fold,
            exist: folds.exist(),
        });
    }
    let held = fold.zip(folds).map(|(fold, folds)| folds.parts(count, fold));
    let of = |row: usize| match (&held, split) {
        (Some(parts), _) => parts[row],
        (None, Some(split)) => split.parts[row],
        (None, None) => Some(Part::Train),
    };
    let rows: Vec<usize> = (0..count).filter(|&row| part == Part::All || of(row) == Some(part)).collect();
    if rows.is_empty() {
        let reason = match (fold, folds, split) {
            (Some(fold), Some(folds), _) => format!("fold {fold} of {}", folds.how),
            (_, _, Some(split)) => split.how.clone(),
            (None, Some(folds), None) => format!("choose a fold, `fold = 0`; {}", folds.exist()),
            _ => "`data!` declares no `split`; add for example `split hash(valid = 0.1, test = 0.1);`".into(),
        };
        return Err(DataError::EmptyPart {
            part: part.to_string(),
            reason,
        });
    }
    if part == Part::Train
        && fold.is_none()
        && split.is_none()
        && let Some(folds) = folds
    {
        return Err(DataError::EmptyPart {
            part: part.to_string(),
            reason: format!("choose a fold, `fold = 0`; {}", folds.exist()),
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds() -> Folds {
        let set = [Some(0), Some(1), Some(2), Some(0), None];
        Folds::of_sets("sets.txt", vec!["a".into(), "b".into(), "c".into()], &set)
    }

    #[test]
    fn validation_is_the_fold_and_test_the_one_after() {
        let folds = folds();
        let of = |part, fold| rows(5, None, Some(&folds), part, Some(fold)).unwrap();
        assert_eq!(
            (of(Part::Valid, 0), of(Part::Test, 0), of(Part::Train, 0)),
            (vec![0, 3], vec![1], vec![2])
        );
        assert_eq!(
            (of(Part::Valid, 2), of(Part::Test, 2), of(Part::Train, 2)),
            (vec![2], vec![0, 3], vec![1])
        );
    }

    #[test]
    fn a_fold_that_does_not_exist_is_named_with_those_that_do() {
        let error = rows(5, None, Some(&folds()), Part::Test, Some(7)).unwrap_err().to_string();
        assert_eq!(error, "no fold 7: there are folds 0 to 2 (3 sets: a, b, c)");
        let error = rows(5, None, None, Part::Test, Some(0)).unwrap_err().to_string();
        assert_eq!(error, "no fold 0: this `data!` declares no `folds`");
    }

    #[test]
    fn an_empty_part_says_how_the_split_was_made() {
        let split = Split {
            how: "column `set`".into(),
            parts: vec![Some(Part::Train); 5],
        };
        let error = rows(5, Some(&split), None, Part::Test, None).unwrap_err().to_string();
        assert_eq!(error, "the test part is empty: column `set`");
        let error = rows(5, None, Some(&folds()), Part::Train, None).unwrap_err().to_string();
        assert!(error.contains("choose a fold, `fold = 0`"), "{error}");
    }
}
