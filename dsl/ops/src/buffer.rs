//! Memory that goes round: results are written into buffers that earlier tensors have left.
//!
//! A training step needs the same sizes again and again. Taking them from the system costs a page fault per 4 KB and
//! zeroing; taking them from here costs a look-up. Buffers come back through [`give_back`], which the executor calls
//! with tensors that nothing else holds; all others are freed as usual.

use crate::kernel::in_pool;
use crate::number::Number;
use crate::parallel::PIECE;
use crate::raw::vectorised;
use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Storage, Tensor};
use rayon::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Buffers below this many values are left to the allocator.
const SMALLEST: usize = 1_024;

/// One part in so many of what a step works with may be idle while a buffer of another length is made.
const SHARE: usize = 16;

/// The step that is under way, counted from the start of the process.
static STEP: AtomicU64 = AtomicU64::new(0);

/// Idle buffers of one type, by length; of each length those that came back last stand last.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    idle: BTreeMap<usize, VecDeque<Idle<T>>>,
    values: usize,
    /// Values that were idle when the last step ended: nearly all that it worked with.
    all: usize,
}

/// A buffer, and the step in which it came back.
#[derive(Debug)]
struct Idle<T> {
    since: u64,
    buffer: Vec<T>,
}

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self {
            idle: BTreeMap::new(),
            values: 0,
            all: 0,
        }
    }

    /// Takes a buffer with room for exactly this length out.
    fn pop(&mut self, length: usize, oldest: bool) -> Option<Vec<T>> {
        let buffers = self.idle.get_mut(&length)?;
        let idle = if oldest { buffers.pop_front() } else { buffers.pop_back() };
        if buffers.is_empty() {
            self.idle.remove(&length);
        }
        let buffer = idle?.buffer;
        self.values -= length;
        Some(buffer)
    }

    /// An idle buffer of at least this length, and at most `longest`.
    fn find(&mut self, length: usize, longest: usize) -> Option<Vec<T>> {
        let (&found, _) = self.idle.range(length..=longest).next()?;
        self.pop(found, false)
    }

    /// Takes a buffer in, known by what it has room for.
    fn put(&mut self, buffer: Vec<T>, since: u64) {
        self.values += buffer.capacity();
        let alike = self.idle.entry(buffer.capacity()).or_default();
        alike.push_back(Idle { since, buffer });
    }

    /// Takes idle buffers out that make room for this many values: the shortest that is long enough, else the longest
    /// ones. A small share of what a step works with may stay idle: buffers of several lengths that are needed by turns
    /// would be freed and made again all the time.
    fn make_room(&mut self, length: usize) -> Vec<Vec<T>> {
        let mut freed = Vec::new();
        let mut missing = length;
        while missing > 0 && self.values > self.all / SHARE {
            let enough = self.idle.range(missing..).next().or_else(|| self.idle.last_key_value());
            let Some((&found, _)) = enough else { break };
            freed.extend(self.pop(found, true));
            missing = missing.saturating_sub(found);
        }
        freed
    }

    /// Takes all out.
    fn empty(&mut self) -> Vec<Vec<T>> {
        self.all = 0;
        self.idle_before(u64::MAX)
    }

    /// Takes out what has been idle since before this step.
    fn idle_before(&mut self, step: u64) -> Vec<Vec<T>> {
        let lengths: Vec<usize> = self.idle.keys().copied().collect();
        let mut freed = Vec::new();
        for length in lengths {
            while self
                .idle
                .get(&length)
                .and_then(VecDeque::front)
                .is_some_and(|idle| idle.since < step)
            {
                freed.extend(self.pop(length, true));
            }
        }
        freed
    }
}

/// An idle buffer of about this length. Where there is none, idle ones of this size in all make room for a new one, so
/// that memory stays at what lives at the same time.
fn found<T: Number>(length: usize, longest: usize) -> Option<Vec<T>> {
    if length < SMALLEST {
        return None;
    }
    let (buffer, _freed) = with_pool::<T, _>(|pool| match pool.find(length, longest) {
        Some(buffer) => (Some(buffer), Vec::new()),
        None => (None, pool.make_room(length)),
    });
    buffer
}

fn with_pool<T: Number, R>(work: impl FnOnce(&mut Pool<T>) -> R) -> R {
    let pool: &Mutex<Pool<T>> = T::pool();
    let mut pool = pool.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    work(&mut pool)
}

/// A buffer of this length for results. Its contents are whatever was there before: the caller writes every value.
/// (In this crate's tests they are no numbers at all, so that the harness sees a value that was not written.)
pub(crate) fn take<T: Number>(length: usize) -> Vec<T> {
    take_up_to(length, length + length / 4)
}

/// As [`take`], from a buffer up to four times as long: for what is kept again before the operation ends.
pub(crate) fn take_for_a_while<T: Number>(length: usize) -> Vec<T> {
    take_up_to(length, 4 * length)
}

fn take_up_to<T: Number>(length: usize, longest: usize) -> Vec<T> {
    let mut buffer = found(length, longest).unwrap_or_else(|| vec![T::default(); length]);
    buffer.resize(length, T::default());
    if cfg!(test) {
        buffer.fill(T::of(f64::NAN));
    }
    buffer
}

/// A buffer of zeros.
pub(crate) fn zeroed<T: Number>(length: usize) -> Vec<T> {
    match found(length, length + length / 4) {
        Some(mut buffer) => {
            buffer.resize(length, T::default());
            buffer.fill(T::default());
            buffer
        }
        None => vec![T::default(); length],
    }
}

/// Memory for the time of a computation: contents unspecified at first, and it goes back where it came from.
pub(crate) struct Lent<T: Number>(Vec<T>);

/// Lends memory of this length.
pub(crate) fn lend<T: Number>(length: usize) -> Lent<T> {
    Lent(take(length))
}

impl<T: Number> std::ops::Deref for Lent<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Number> std::ops::DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Number> Drop for Lent<T> {
    fn drop(&mut self) {
        keep(std::mem::take(&mut self.0));
    }
}

struct Emptied;

impl InplaceOp1 for Emptied {
    fn name(&self) -> &'static str {
        "give_back"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
        match storage {
            CpuStorage::F32(values) => keep(std::mem::take(values)),
            CpuStorage::F64(values) => keep(std::mem::take(values)),
            _ => {}
        }
        Ok(())
    }
}

/// Takes a buffer back.
pub(crate) fn keep<T: Number>(values: Vec<T>) {
    if values.len() >= SMALLEST {
        let since = STEP.load(Ordering::Relaxed);
        with_pool::<T, _>(|pool| pool.put(values, since));
    }
}

/// Takes the memory of a tensor that nobody will read again, this tensor included.
///
/// Every tensor that shares its storage becomes unreadable (an error or a panic, never other values), so only the owner
/// of all of them may call this. Tensors on other devices are left alone.
///
/// # Errors
/// Candle's own.
pub fn give_back(tensor: &Tensor) -> candle_core::Result<()> {
    if tensor.device().is_cpu() {
        tensor.inplace_op1(&Emptied)?;
    }
    Ok(())
}

/// Where the values of a tensor lie: equal for tensors that share them. Nothing for empty tensors and other devices.
pub fn address(tensor: &Tensor) -> Option<usize> {
    let (storage, _) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(CpuStorage::F32(values)) if !values.is_empty() => Some(values.as_ptr() as usize),
        Storage::Cpu(CpuStorage::F64(values)) if !values.is_empty() => Some(values.as_ptr() as usize),
        _ => None,
    }
}

struct Added;

fn add<T: Number>(sum: &mut [T], more: &[T]) {
    let run = |sum: &mut [T], more: &[T]| {
        vectorised(
            #[inline(always)]
            || sum.iter_mut().zip(more).for_each(|(s, m)| *s += *m),
        );
    };
    if sum.len() <= PIECE {
        run(sum, more);
    } else {
        let pieces = sum.par_chunks_mut(PIECE).zip(more.par_chunks(PIECE));
        in_pool(|| pieces.for_each(|(s, m)| run(s, m)));
    }
}

impl InplaceOp2 for Added {
    fn name(&self) -> &'static str {
        "add_in_place"
    }

    fn cpu_fwd(&self, sum: &mut CpuStorage, at: &Layout, more: &CpuStorage, from: &Layout) -> candle_core::Result<()> {
        let (Some((a, b)), Some((c, d))) = (at.contiguous_offsets(), from.contiguous_offsets()) else {
            return Err(candle_core::Error::Msg("add_in_place needs contiguous tensors".into()));
        };
        match (sum, more) {
            (CpuStorage::F32(sum), CpuStorage::F32(more)) => add(&mut sum[a..b], &more[c..d]),
            (CpuStorage::F64(sum), CpuStorage::F64(more)) => add(&mut sum[a..b], &more[c..d]),
            _ => return Err(candle_core::Error::Msg("add_in_place computes in F32 or F64".into())),
        }
        Ok(())
    }
}

/// Adds a tensor to one that nothing else holds, in its place. Both are contiguous, of one shape and on the CPU.
///
/// # Errors
/// Candle's own, also where the tensors don't fit.
pub fn add_in_place(sum: &Tensor, more: &Tensor) -> candle_core::Result<()> {
    if sum.dims() != more.dims() {
        let message = format!("add_in_place: {:?} and {:?} differ", sum.dims(), more.dims());
        return Err(candle_core::Error::Msg(message));
    }
    sum.inplace_op2(more, &Added)
}

/// Bytes that lie idle.
pub fn idle_bytes() -> usize {
    with_pool::<f32, _>(|pool| pool.values) * 4 + with_pool::<f64, _>(|pool| pool.values) * 8
}

/// The end of a step: frees what came back before it and was not asked for in all of it.
pub fn end_step() {
    let step = STEP.fetch_add(1, Ordering::Relaxed);
    drop(with_pool::<f32, _>(|pool| pool.idle_before(step)));
    drop(with_pool::<f64, _>(|pool| pool.idle_before(step)));
    with_pool::<f32, _>(|pool| pool.all = pool.values);
    with_pool::<f64, _>(|pool| pool.all = pool.values);
}

/// Frees all idle memory.
pub fn trim() {
    // Freed after the lock: returning memory to the system takes its time.
    drop(with_pool::<f32, _>(|pool| pool.empty()));
    drop(with_pool::<f64, _>(|pool| pool.empty()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn buffers_go_round_until_they_are_freed() {
        // A length that no other test uses.
        let length = 777_777;
        let tensor = Tensor::from_vec(vec![7f64; length], length, &Device::Cpu).expect("fits");
        give_back(&tensor).expect("on the CPU");
        assert!(
            with_pool::<f64, _>(|pool| pool.find(length / 2, length / 2 + length / 8)).is_none(),
            "far too long a buffer"
        );
        let again = take::<f64>(length - 3);
        assert_eq!(again.len(), length - 3);
        assert!(again.capacity() >= length, "not the buffer that came back");
        keep(again);
        let zeros = zeroed::<f64>(length - 3);
        assert!(zeros.iter().all(|v| *v == 0.0));
        keep(zeros);
        // What nobody asks for in two steps is freed.
        end_step();
        assert!(with_pool::<f64, _>(|pool| pool.idle.contains_key(&length)));
        end_step();
        assert!(with_pool::<f64, _>(|pool| !pool.idle.contains_key(&length)));
        keep(take::<f64>(length - 3));
        assert!(idle_bytes() >= 8 * length - 24);
        trim();
        assert!(with_pool::<f64, _>(|pool| pool.find(length - 3, length)).is_none());
    }
}
