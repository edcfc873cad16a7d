//! A buffer whose columns are filled by several threads. The interface is safe: every block is given away once.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

/// A buffer of `[group, row, column]`, cut into blocks of columns in which threads write at the same time.
pub(crate) struct Columns<'a, T> {
    pointer: *mut T,
    rows: usize,
    length: usize,
    width: usize,
    taken: Vec<AtomicBool>,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: the buffer is only reached through `block`, which gives each part of it away once.
unsafe impl<T: Send> Sync for Columns<'_, T> {}

/// Some columns of a group: the same piece of each of its rows.
pub(crate) struct Block<'a, T> {
    pointer: *mut T,
    rows: usize,
    step: usize,
    /// Which group.
    pub(crate) group: usize,
    /// The first column.
    pub(crate) start: usize,
    /// How many columns.
    pub(crate) width: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

impl<'a, T> Columns<'a, T> {
    /// Cuts a buffer of groups of `rows` rows of `length` values into blocks of `width` columns; the last is smaller.
    ///
    /// # Panics
    /// When the buffer does not hold whole groups.
    pub(crate) fn new(values: &'a mut [T], rows: usize, length: usize, width: usize) -> Self {
        let groups = values.len().checked_div(rows * length).unwrap_or(0);
        assert_eq!(groups * rows * length, values.len(), "a buffer of whole groups");
        let width = width.max(1);
        Self {
            pointer: values.as_mut_ptr(),
            rows,
            length,
            width,
            taken: (0..groups * length.div_ceil(width)).map(|_| AtomicBool::new(false)).collect(),
            lifetime: PhantomData,
        }
    }

    /// How many blocks there are, in the order of groups and then of columns.
    pub(crate) fn count(&self) -> usize {
        self.taken.len()
    }

    /// Gives a block away.
    ///
    /// # Panics
    /// When there is none of this number, or it is not there any more.
    pub(crate) fn block(&self, index: usize) -> Block<'_, T> {
        assert!(!self.taken[index].swap(true, Ordering::Relaxed), "a block is given away once");
        let blocks = self.length.div_ceil(self.width);
        let (group, start) = (index / blocks, index % blocks * self.width);
        Block {
            // SAFETY: the group and the column lie inside the buffer, for the index was among the blocks.
            pointer: unsafe { self.pointer.add(group * self.rows * self.length + start) },
            rows: self.rows,
            step: self.length,
            group,
            start,
            width: self.width.min(self.length - start),
            lifetime: PhantomData,
        }
    }
}

impl<T> Block<'_, T> {
    /// How many rows it has.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The piece of a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[inline(always)]
    pub(crate) fn row(&mut self, row: usize) -> &mut [T] {
        assert!(row < self.rows, "row outside its block");
        // SAFETY: the row is one of the block's (asserted), inside the buffer; no other block has these columns, and this
        // one is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.add(row * self.step), self.width) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::for_each_task;

    #[test]
    fn blocks_cover_the_buffer_once() {
        let mut values = vec![0usize; 2 * 3 * 10];
        let columns = Columns::new(&mut values, 3, 10, 4);
        assert_eq!(columns.count(), 6);
        for_each_task(columns.count(), |i| {
            let mut block = columns.block(i);
            assert_eq!((block.group, block.start), (i / 3, i % 3 * 4));
            for r in 0..3 {
                block.row(r).iter_mut().for_each(|v| *v += i + 1);
            }
        });
        let expected = |i: usize| i / 30 * 3 + i % 10 / 4 + 1;
        assert!(values.iter().enumerate().all(|(i, v)| *v == expected(i)), "{values:?}");
    }

    #[test]
    #[should_panic(expected = "a block is given away once")]
    fn a_block_is_given_away_once() {
        let mut values = [0; 4];
        let columns = Columns::new(&mut values, 1, 4, 2);
        let _first = columns.block(1);
        let _again = columns.block(1);
    }
}
