//! A list of numbers: all of a short one, the ends and a summary of a long one.

use cistron_display::{Bundle, count, significant};
use std::fmt::Debug;

/// Lists up to this length are shown whole.
const WHOLE: usize = 40;
/// Numbers shown from the start and from the end of a longer one.
const HEAD: usize = 12;
const TAIL: usize = 3;

/// The list as text; `at` gives a number as itself and as `f64`.
pub(super) fn bundle<'a>(kind: &str, length: usize, at: &dyn Fn(usize) -> (&'a dyn Debug, f64)) -> Bundle {
    let join = |range: std::ops::Range<usize>| {
        let words: Vec<String> = range.map(|i| format!("{:?}", at(i).0)).collect();
        words.join(", ")
    };
    if length <= WHOLE {
        return Bundle::plain(format!("[{}]", join(0..length)));
    }
    let summary = Summary::of((0..length).map(|i| at(i).1));
    Bundle::plain(format!(
        "[{}, …, {}]\n{} {kind}: {}",
        join(0..HEAD),
        join(length - TAIL..length),
        count(length),
        summary.text()
    ))
}

/// Smallest, mean and largest of some numbers; those that are no numbers are counted apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    numbers: usize,
    smallest: f64,
    largest: f64,
    sum: f64,
    nan: usize,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            numbers: 0,
            smallest: f64::INFINITY,
            largest: f64::NEG_INFINITY,
            sum: 0.0,
            nan: 0,
        }
    }
}

impl Summary {
    pub(super) fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut summary = Self::default();
        numbers.for_each(|x| summary.add(x));
        summary
    }

    pub(super) fn add(&mut self, x: f64) {
        if x.is_nan() {
            self.nan += 1;
        } else {
            self.numbers += 1;
            self.smallest = self.smallest.min(x);
            self.largest = self.largest.max(x);
            self.sum += x;
        }
    }

    /// `min -1, mean 0.02, max 3`, and how many are NaN.
    pub(super) fn text(&self) -> String {
        let nan = format!("{} NaN", count(self.nan));
        if self.numbers == 0 {
            return nan;
        }
        let mean = self.sum / self.numbers as f64;
        let [smallest, mean, largest] = [self.smallest, mean, self.largest].map(|x| significant(x, 4));
        format!("min {smallest}, mean {mean}, max {largest}, {nan}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_summed_up() {
        let numbers: Vec<f64> = (0..1000).map(f64::from).collect();
        let text = bundle("f64", 1000, &|i| (&numbers[i], numbers[i])).text().to_string();
        assert!(
            text.starts_with("[0.0, 1.0, 2.0,") && text.contains(", …, 997.0, 998.0, 999.0]"),
            "{text}"
        );
        assert!(text.ends_with("1,000 f64: min 0, mean 499.5, max 999.0, 0 NaN"), "{text}");
        let short = bundle("i32", 2, &|i| (&[4, 5][i], 0.0));
        assert_eq!(short.text(), "[4, 5]");
    }

    #[test]
    fn what_is_no_number_is_counted_apart() {
        let summary = Summary::of([1.0, f64::NAN, 3.0].into_iter());
        assert_eq!(summary.text(), "min 1.000, mean 2.000, max 3.000, 1 NaN");
        assert_eq!(Summary::of([f64::NAN].into_iter()).text(), "1 NaN");
    }
}
