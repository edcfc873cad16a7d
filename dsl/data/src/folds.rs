//! Numbered sets of rows for cross-validation.

use crate::part::Part;
use rand_mt::Mt;
use serde::{Deserialize, Serialize};

/// Numbered sets of rows; each fold holds out two of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Folds {
    /// How they were made, in words.
    pub(crate) how: String,
    /// The sets' names.
    pub(crate) sets: Vec<String>,
    /// The rows of each set, in order.
    pub(crate) members: Vec<Vec<usize>>,
    /// Whether rows in no set are used for training.
    pub(crate) unassigned_train: bool,
    tested: Tested,
}

/// Which set a fold tests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Tested {
    /// The set after the fold's own, which is for validation.
    Next,
    /// The fold's own; the set before is for validation.
    Own,
}

impl Folds {
    /// From the set of each row; none for rows in no set. Fold `f` validates on set `f` and tests on the one after it.
    pub(crate) fn of_sets(how: impl Into<String>, sets: Vec<String>, set: &[Option<usize>]) -> Self {
        let mut members = vec![Vec::new(); sets.len()];
        for (row, set) in set.iter().enumerate() {
            if let Some(set) = set {
                members[*set].push(row);
            }
        }
        Self {
            how: how.into(),
            sets,
            members,
            unassigned_train: false,
            tested: Tested::Next,
        }
    }

    /// From the test rows of each fold. Fold `f` tests on set `f` and validates on the one before it.
    pub(crate) fn of_tests(how: impl Into<String>, mut members: Vec<Vec<usize>>) -> Self {
        members.iter_mut().for_each(|rows| rows.sort_unstable());
        Self {
            how: how.into(),
            sets: (0..members.len()).map(|i| i.to_string()).collect(),
            members,
            unassigned_train: false,
            tested: Tested::Own,
        }
    }

    /// The part of each of `count` rows when a fold is held out. A row of both sets is tested, not validated.
    pub(crate) fn parts(&self, count: usize, fold: usize) -> Vec<Option<Part>> {
        let sets = self.sets.len();
        let (valid, test) = match self.tested {
            Tested::Next => (fold, (fold + 1) % sets),
            Tested::Own => ((fold + sets - 1) % sets, fold),
        };
        let mut parts = vec![Some(Part::Train); count];
        if !self.unassigned_train {
            self.in_no_set(count).into_iter().for_each(|row| parts[row] = None);
        }
        self.members[valid].iter().for_each(|&row| parts[row] = Some(Part::Valid));
        self.members[test].iter().for_each(|&row| parts[row] = Some(Part::Test));
        parts
    }

    /// The first set of each row.
    pub(crate) fn first_sets(&self, count: usize) -> Vec<Option<usize>> {
        let mut first = vec![None; count];
        for (set, rows) in self.members.iter().enumerate().rev() {
            rows.iter().for_each(|&row| first[row] = Some(set));
        }
        first
    }

    /// The rows that belong to no set.
    pub(crate) fn in_no_set(&self, count: usize) -> Vec<usize> {
        let first = self.first_sets(count);
        (0..count).filter(|&row| first[row].is_none()).collect()
    }

    /// How many rows belong to more than one set.
    pub(crate) fn in_two_sets(&self, count: usize) -> usize {
        let all: usize = self.members.iter().map(Vec::len).sum();
        all - (count - self.in_no_set(count).len())
    }

    /// What folds there are, in words.
    pub(crate) fn exist(&self) -> String {
        let last = self.sets.len().saturating_sub(1);
        format!(
            "there are folds 0 to {last} ({} sets: {})",
            self.sets.len(),
            self.sets.join(", ")
        )
    }
}

/// The test rows of each fold by DRG's rule for a number of sets: the rows, in the order of their names, are put into
/// NumPy's legacy random order; of `strong` rows and of the others each fold tests a stretch. The stretches are those of
/// the original, which begin at `floor(f / sets * n)` plus one for each set before that holds one row more; unless `sets`
/// divides `n` they may overlap by some rows. Rows that are only numbered keep their order.
pub(crate) fn count_sets(names: &[String], sets: usize, seed: u32, strong: Option<&[bool]>) -> Vec<Vec<usize>> {
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    if !are_numbers(names) {
        sorted.sort_by(|&a, &b| names[a].cmp(&names[b]));
    }
    let order: Vec<usize> = legacy_permutation(names.len(), seed).into_iter().map(|i| sorted[i]).collect();
    let classes: Vec<Vec<usize>> = match strong {
        None => vec![order],
        Some(strong) => {
            let (yes, no) = order.into_iter().partition(|&row| strong[row]);
            vec![yes, no]
        }
    };
    let stretch = |class: &[usize], fold: usize| -> Vec<usize> {
        let (n, longer) = (class.len(), class.len() % sets);
        let before = if fold < longer { fold } else { 0 };
        let edge = |f: usize| (f as f64 / sets as f64 * n as f64) as usize;
        let start = edge(fold) + before;
        let end = edge(fold + 1) + before + usize::from(fold + 1 < longer);
        class[start.min(n)..end.min(n)].to_vec()
    };
    (0..sets)
        .map(|fold| classes.iter().flat_map(|class| stretch(class, fold)).collect())
        .collect()
}

/// `numpy.random.RandomState(seed).permutation(n)`: Fisher and Yates from the end, indices by masked rejection from the
/// Mersenne Twister (one 32-bit number per try, as for all n below 2^32).
fn legacy_permutation(n: usize, seed: u32) -> Vec<usize> {
    let mut twister = Mt::new(seed);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let mask = u64::MAX >> (i as u64).leading_zeros();
        let wide = u32::try_from(i).is_err();
        let j = loop {
            let drawn = if wide {
                twister.next_u64()
            } else {
                u64::from(twister.next_u32())
            };
            match (drawn & mask) as usize {
                j if j <= i => break j,
                _ => {}
            }
        };
        order.swap(i, j);
    }
    order
}

/// Whether rows are numbered, for want of names.
pub(crate) fn are_numbers(names: &[String]) -> bool {
    names.iter().enumerate().all(|(i, name)| *name == format!("row {}", i + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validation_is_the_fold_and_test_the_one_after() {
        let set = [Some(0), Some(1), Some(2), Some(0), None];
        let mut folds = Folds::of_sets("sets.txt", vec!["a".into(), "b".into(), "c".into()], &set);
        let (train, valid, test) = (Some(Part::Train), Some(Part::Valid), Some(Part::Test));
        assert_eq!(folds.parts(5, 0), [valid, test, train, valid, None]);
        assert_eq!(folds.parts(5, 2), [test, train, valid, test, None]);
        folds.unassigned_train = true;
        assert_eq!(folds.parts(5, 0)[4], train);
        assert_eq!((folds.in_no_set(5), folds.in_two_sets(5)), (vec![4], 0));
    }

    #[test]
    fn sets_by_count_test_on_themselves_and_may_overlap() {
        let folds = Folds::of_tests("count", vec![vec![3, 0], vec![1, 2], vec![2, 4]]);
        let (train, valid, test) = (Some(Part::Train), Some(Part::Valid), Some(Part::Test));
        assert_eq!(folds.parts(5, 0), [test, train, valid, test, valid]);
        assert_eq!(
            folds.parts(5, 2),
            [train, valid, test, train, test],
            "row 2 is tested, not validated"
        );
        assert_eq!(folds.in_two_sets(5), 1);
    }

    #[test]
    fn names_decide_the_order_and_classes_are_split_alike() {
        let names: Vec<String> = (0..40).map(|i| format!("gene{:02}", (i * 7) % 40)).collect();
        let by_place = count_sets(&(0..40).map(|i| format!("gene{i:02}")).collect::<Vec<_>>(), 4, 1, None);
        let named = count_sets(&names, 4, 1, None);
        let of = |rows: &[usize]| rows.iter().map(|&r| (r * 7) % 40).collect::<Vec<_>>();
        assert_eq!(of(&named[2]), by_place[2]);
        let strong: Vec<bool> = (0..40).map(|i| i % 5 == 0).collect();
        let sets = count_sets(&names, 4, 1, Some(&strong));
        assert!(
            sets.iter()
                .all(|s| s.len() == 10 && s.iter().filter(|&&r| strong[r]).count() == 2)
        );
        let numbered: Vec<String> = (1..=40).map(|i| format!("row {i}")).collect();
        assert_eq!(count_sets(&numbered, 4, 1, None), by_place);
    }
}
