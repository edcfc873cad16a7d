//! DRG's batches: shuffled rows, and a last batch that is dropped when it is small.

use cistron_random::{Purpose, Stream};

/// A last batch with fewer examples than this is dropped, if there is one.
pub(crate) const SMALLEST: usize = 10;

/// The batches of so many rows: `rows mod batch` rows are left out when they are fewer than ten. None is left when all are.
pub(crate) fn count(rows: usize, batch: usize) -> usize {
    let batch = batch.max(1);
    if rows % batch < SMALLEST {
        rows / batch
    } else {
        rows.div_ceil(batch)
    }
}

/// Where one of them begins and ends.
pub(crate) fn bounds(rows: usize, batch: usize, index: usize) -> (usize, usize) {
    (index * batch, ((index + 1) * batch).min(rows))
}

/// Validation batches are never larger than the set.
pub(crate) fn validation_batch(rows: usize, batch: usize) -> usize {
    batch.min(rows).max(1)
}

/// The batches of a set in the order of seed, epoch and use.
pub(crate) fn shuffled(rows: &[usize], batch: usize, (seed, epoch, part): (u64, u64, u64)) -> Vec<Vec<usize>> {
    let mut order = rows.to_vec();
    Stream::new(seed, Purpose::Sampling, epoch, part).shuffle(&mut order);
    (0..count(order.len(), batch))
        .map(|index| {
            let (from, to) = bounds(order.len(), batch, index);
            order[from..to].to_vec()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_last_batch_is_dropped() {
        // PyTorch's DataLoader with drop_last where fewer than ten rows are left.
        for (rows, batch, expected) in [(957, 8, 119), (32, 8, 4), (110, 32, 4), (105, 32, 3), (9, 64, 0), (12, 64, 1)] {
            assert_eq!(count(rows, batch), expected, "{rows} rows in batches of {batch}");
        }
        assert_eq!(bounds(110, 32, 3), (96, 110));
        assert_eq!(count(15, validation_batch(15, 8)), 1);
        assert_eq!(count(7, validation_batch(7, 8)), 1);
    }

    #[test]
    fn which_rows_are_used_changes_with_the_epoch() {
        let rows: Vec<usize> = (100..115).collect();
        let of = |epoch| shuffled(&rows, 8, (1, epoch, 1));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        let used = of(1);
        assert_eq!((used.len(), used[0].len()), (1, 8));
        assert!(used[0].iter().all(|row| rows.contains(row)));
    }
}
