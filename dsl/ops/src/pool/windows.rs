//! Windows next to each other in one row: forward and backward of each kind.
//!
//! The usual windows are constants of the compiled code. A block of windows is turned so that values of the same place lie
//! side by side; then each step is a vector instruction over the windows of the block.

use super::PoolKind;
use crate::number::Number;
use candle_core::WithDType;

/// Windows that are worked on together.
const BLOCK: usize = 32;

/// The place of the largest value in a window, as it is saved: a byte where it fits.
pub(super) trait Place: WithDType {
    /// From the number of the place.
    fn from_place(place: u32) -> Self;
    /// The number of the place.
    fn place(self) -> u32;
}

impl Place for u8 {
    #[inline(always)]
    fn from_place(place: u32) -> Self {
        place as u8
    }
    #[inline(always)]
    fn place(self) -> u32 {
        u32::from(self)
    }
}

impl Place for u32 {
    #[inline(always)]
    fn from_place(place: u32) -> Self {
        place
    }
    #[inline(always)]
    fn place(self) -> u32 {
        self
    }
}

/// Calls a body with the window as a constant for the usual sizes, and another body for all others.
macro_rules! with_window {
    ($window:expr, $w:ident => $fixed:expr, $other:expr) => {
        match $window {
            2 => {
                const $w: usize = 2;
                $fixed
            }
            3 => {
                const $w: usize = 3;
                $fixed
            }
            4 => {
                const $w: usize = 4;
                $fixed
            }
            5 => {
                const $w: usize = 5;
                $fixed
            }
            6 => {
                const $w: usize = 6;
                $fixed
            }
            7 => {
                const $w: usize = 7;
                $fixed
            }
            8 => {
                const $w: usize = 8;
                $fixed
            }
            _ => $other,
        }
    };
}

/// A block of windows, turned: place by place.
type Turned<T, const W: usize> = [[T; BLOCK]; W];

#[inline(always)]
fn turn<T: Number, const W: usize>(source: &[T]) -> Turned<T, W> {
    let mut turned = [[T::default(); BLOCK]; W];
    if let Some(source) = source.get(..BLOCK * W) {
        for i in 0..BLOCK {
            for k in 0..W {
                turned[k][i] = source[i * W + k];
            }
        }
    } else {
        for (i, window) in source.chunks_exact(W).enumerate().take(BLOCK) {
            for k in 0..W {
                turned[k][i] = window[k];
            }
        }
    }
    turned
}

#[inline(always)]
fn turn_back<T: Number, const W: usize>(turned: &Turned<T, W>, target: &mut [T]) {
    if let Some(target) = target.get_mut(..BLOCK * W) {
        for i in 0..BLOCK {
            for k in 0..W {
                target[i * W + k] = turned[k][i];
            }
        }
    } else {
        for (i, window) in target.chunks_exact_mut(W).enumerate().take(BLOCK) {
            for k in 0..W {
                window[k] = turned[k][i];
            }
        }
    }
}

/// Whether a value takes the place of the largest so far: larger, or no number (PyTorch).
#[inline(always)]
fn takes<T: Number>(value: T, largest: T) -> bool {
    (value > largest) | value.partial_cmp(&value).is_none()
}

/// The largest value of each window and its place, the first of equals.
#[inline(always)]
pub(super) fn largest<T: Number, P: Place>(window: usize, x: &[T], y: &mut [T], places: &mut [P]) {
    with_window!(window, W => {
        for ((x, y), places) in x.chunks(BLOCK * W).zip(y.chunks_mut(BLOCK)).zip(places.chunks_mut(BLOCK)) {
            let turned = turn::<T, W>(x);
            let mut best = turned[0];
            let mut place = [0u32; BLOCK];
            for (k, values) in turned.iter().enumerate().skip(1) {
                for i in 0..BLOCK {
                    let better = takes(values[i], best[i]);
                    best[i] = if better { values[i] } else { best[i] };
                    place[i] = if better { k as u32 } else { place[i] };
                }
            }
            for ((y, p), (best, place)) in y.iter_mut().zip(places).zip(best.into_iter().zip(place)) {
                *y = best;
                *p = P::from_place(place);
            }
        }
    }, {
        for ((x, y), p) in x.chunks_exact(window).zip(y).zip(places) {
            let (value, place) = largest_of(x);
            *y = value;
            *p = P::from_place(place as u32);
        }
    });
}

/// The largest value and its place.
#[inline(always)]
pub(super) fn largest_of<T: Number>(window: &[T]) -> (T, usize) {
    let mut best = (window[0], 0);
    for (k, v) in window.iter().enumerate().skip(1) {
        if takes(*v, best.0) {
            best = (*v, k);
        }
    }
    best
}

/// The gradient goes to the place of the largest value.
#[inline(always)]
pub(super) fn largest_back<T: Number, P: Place>(window: usize, places: &[P], g: &[T], dx: &mut [T]) {
    with_window!(window, W => {
        for ((dx, g), places) in dx.chunks_mut(BLOCK * W).zip(g.chunks(BLOCK)).zip(places.chunks(BLOCK)) {
            let mut turned = [[T::default(); BLOCK]; W];
            let (mut gradient, mut place) = ([T::default(); BLOCK], [0u32; BLOCK]);
            for ((gradient, place), (g, p)) in gradient.iter_mut().zip(&mut place).zip(g.iter().zip(places)) {
                *gradient = *g;
                *place = p.place();
            }
            for (k, values) in turned.iter_mut().enumerate() {
                for i in 0..BLOCK {
                    values[i] = if place[i] == k as u32 { gradient[i] } else { T::default() };
                }
            }
            turn_back(&turned, dx);
        }
    }, {
        for ((dx, g), p) in dx.chunks_exact_mut(window).zip(g).zip(places) {
            dx.fill(T::default());
            dx[p.place() as usize] = *g;
        }
    });
}

/// The mean of each window.
#[inline(always)]
pub(super) fn mean<T: Number>(window: usize, x: &[T], y: &mut [T]) {
    let share = T::of(1.0 / window as f64);
    with_window!(window, W => {
        for (x, y) in x.chunks(BLOCK * W).zip(y.chunks_mut(BLOCK)) {
            let turned = turn::<T, W>(x);
            let mut sum = turned[0];
            for values in &turned[1..] {
                for i in 0..BLOCK {
                    sum[i] += values[i];
                }
            }
            y.iter_mut().zip(sum).for_each(|(y, sum)| *y = sum * share);
        }
    }, {
        for (x, y) in x.chunks_exact(window).zip(y) {
            *y = x[1..].iter().fold(x[0], |a, v| a + *v) * share;
        }
    });
}

/// Each value of a window takes its share of the gradient.
#[inline(always)]
pub(super) fn mean_back<T: Number>(window: usize, g: &[T], dx: &mut [T]) {
    let share = T::of(1.0 / window as f64);
    with_window!(window, W => {
        for (dx, g) in dx.chunks_exact_mut(W).zip(g) {
            let value = *g * share;
            for target in dx.iter_mut() {
                *target = value;
            }
        }
    }, {
        for (dx, g) in dx.chunks_exact_mut(window).zip(g) {
            dx.fill(*g * share);
        }
    });
}

/// The mean of each window weighted by the softmax of its values.
#[inline(always)]
pub(super) fn weighted<T: Number>(window: usize, x: &[T], y: &mut [T]) {
    with_window!(window, W => {
        for (x, y) in x.chunks(BLOCK * W).zip(y.chunks_mut(BLOCK)) {
            let turned = turn::<T, W>(x);
            let mut means = [T::default(); BLOCK];
            for i in 0..BLOCK {
                let (mut top, mut sum, mut total) = (turned[0][i], T::default(), T::default());
                for values in &turned[1..] {
                    top = if values[i] > top { values[i] } else { top };
                }
                for values in &turned {
                    let e = (values[i] - top).exponential();
                    sum += e;
                    total += e * values[i];
                }
                means[i] = total / sum;
            }
            y.iter_mut().zip(means).for_each(|(y, mean)| *y = mean);
        }
    }, {
        for (x, y) in x.chunks_exact(window).zip(y) {
            *y = weighted_of(x, None).0;
        }
    });
}

/// The softmax-weighted mean, the largest value and the sum of the exponentials relative to it. `also` is a further value
/// and how often it stands in the window.
#[inline(always)]
pub(super) fn weighted_of<T: Number>(window: &[T], also: Option<(T, usize)>) -> (T, T, T) {
    let mut top = window[0];
    for v in window {
        top = if *v > top { *v } else { top };
    }
    let (mut sum, mut total) = (T::default(), T::default());
    if let Some((value, times)) = also {
        top = if value > top { value } else { top };
        sum = T::of(times as f64) * (value - top).exponential();
        total = sum * value;
    }
    for v in window {
        let e = (*v - top).exponential();
        sum += e;
        total += e * *v;
    }
    (total / sum, top, sum)
}

/// The gradient of the weighted mean y: `p (1 + x - y) g` with the softmax p.
#[inline(always)]
pub(super) fn weighted_back<T: Number>(window: usize, x: &[T], g: &[T], dx: &mut [T]) {
    let one = T::of(1.0);
    with_window!(window, W => {
        for ((x, g), dx) in x.chunks(BLOCK * W).zip(g.chunks(BLOCK)).zip(dx.chunks_mut(BLOCK * W)) {
            let mut turned = turn::<T, W>(x);
            let mut gradient = [T::default(); BLOCK];
            gradient.iter_mut().zip(g).for_each(|(gradient, g)| *gradient = *g);
            for i in 0..BLOCK {
                let (mut top, mut sum, mut total) = (turned[0][i], T::default(), T::default());
                for values in &turned[1..] {
                    top = if values[i] > top { values[i] } else { top };
                }
                let mut powers = [T::default(); W];
                for (power, values) in powers.iter_mut().zip(&turned) {
                    *power = (values[i] - top).exponential();
                    sum += *power;
                    total += *power * values[i];
                }
                let share = one / sum;
                let (factor, offset) = (gradient[i] * share, one - total * share);
                for (power, values) in powers.iter().zip(&mut turned) {
                    values[i] = factor * *power * (values[i] + offset);
                }
            }
            turn_back(&turned, dx);
        }
    }, {
        for ((x, g), dx) in x.chunks_exact(window).zip(g).zip(dx.chunks_exact_mut(window)) {
            weighted_back_of(x, None, *g, dx);
        }
    });
}

/// The same for one window.
#[inline(always)]
pub(super) fn weighted_back_of<T: Number>(window: &[T], also: Option<(T, usize)>, g: T, dx: &mut [T]) {
    let (mean, top, sum) = weighted_of(window, also);
    for (target, v) in dx.iter_mut().zip(window) {
        *target = g * ((*v - top).exponential() / sum) * (T::of(1.0) + *v - mean);
    }
}

/// One kind over a row, with the places of the largest values where they are asked for.
#[inline(always)]
pub(super) fn forward<T: Number, P: Place>(kind: PoolKind, window: usize, x: &[T], y: &mut [T], places: &mut [P]) {
    match kind {
        PoolKind::Max => largest(window, x, y, places),
        PoolKind::Mean => mean(window, x, y),
        PoolKind::Weighted => weighted(window, x, y),
    }
}

/// The gradient of one kind over a row; `x` is read by the weighted kind, `places` by the largest.
#[inline(always)]
pub(super) fn backward<T: Number, P: Place>(kind: PoolKind, window: usize, x: &[T], places: &[P], g: &[T], dx: &mut [T]) {
    match kind {
        PoolKind::Max => largest_back(window, places, g, dx),
        PoolKind::Mean => mean_back(window, g, dx),
        PoolKind::Weighted => weighted_back(window, x, g, dx),
    }
}
