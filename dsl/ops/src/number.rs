//! The two precisions and their mathematics.

use crate::buffer::Pool;
use crate::kernel::Kernels;
use crate::single;
use candle_core::WithDType;
use std::cell::RefCell;
use std::ops::Neg;
use std::sync::Mutex;
use std::thread::LocalKey;

/// f32 or f64: what operations compute in.
pub(crate) trait Number: WithDType + Neg<Output = Self> + Default {
    /// The nearest number to an f64.
    fn of(value: f64) -> Self {
        Self::from_f64(value)
    }
    /// The number as f64.
    fn wide(self) -> f64;
    /// Square root.
    fn root(self) -> Self;
    /// Exponential function.
    fn exponential(self) -> Self;
    /// Natural logarithm.
    fn logarithm(self) -> Self;
    /// `ln(1 + x)`.
    fn logarithm_above_one(self) -> Self;
    /// Hyperbolic tangent.
    fn tangent(self) -> Self;
    /// `1 / (1 + exp(-x))`.
    fn logistic(self) -> Self;
    /// `ln(1 + exp(x))`.
    fn soft_plus(self) -> Self;
    /// Distribution function and density of the standard normal.
    fn normal(self) -> (Self, Self);
    /// The idle buffers of this type.
    fn pool() -> &'static Mutex<Pool<Self>>;
    /// The micro-kernels of this process for this type.
    fn kernels() -> &'static Kernels<Self>;
    /// Lends scratch memory of this thread, which keeps its size and old contents; a loan within a loan gets another.
    fn scratch<R>(work: impl FnOnce(&mut Scratch<Self>) -> R) -> R;
}

/// Memory that a thread reuses between tiles.
#[derive(Default)]
pub(crate) struct Scratch<T> {
    /// The input of a tile.
    pub(crate) columns: Vec<T>,
    /// Result or gradient of a tile.
    pub(crate) rows: Vec<T>,
}

thread_local! {
    static SINGLE: RefCell<Vec<Scratch<f32>>> = RefCell::default();
    static DOUBLE: RefCell<Vec<Scratch<f64>>> = RefCell::default();
}

/// Lends scratch memory that is not lent already, and takes it back.
fn lend<T, R>(idle: &'static LocalKey<RefCell<Vec<Scratch<T>>>>, work: impl FnOnce(&mut Scratch<T>) -> R) -> R
where
    Scratch<T>: Default,
{
    let mut scratch = idle.with(|idle| idle.borrow_mut().pop()).unwrap_or_default();
    let result = work(&mut scratch);
    idle.with(|idle| idle.borrow_mut().push(scratch));
    result
}

impl Number for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn exponential(self) -> Self {
        single::exponential(self)
    }
    #[inline(always)]
    fn logarithm(self) -> Self {
        single::logarithm(self)
    }
    #[inline(always)]
    fn logarithm_above_one(self) -> Self {
        single::logarithm_above_one(self)
    }
    #[inline(always)]
    fn tangent(self) -> Self {
        single::tangent(self)
    }
    #[inline(always)]
    fn logistic(self) -> Self {
        single::logistic(self)
    }
    #[inline(always)]
    fn soft_plus(self) -> Self {
        single::soft_plus(self)
    }
    #[inline(always)]
    fn normal(self) -> (Self, Self) {
        single::normal(self)
    }
    fn pool() -> &'static Mutex<Pool<Self>> {
        static POOL: Mutex<Pool<f32>> = Mutex::new(Pool::new());
        &POOL
    }
    fn kernels() -> &'static Kernels<Self> {
        crate::kernel::single()
    }
    fn scratch<R>(work: impl FnOnce(&mut Scratch<Self>) -> R) -> R {
        lend(&SINGLE, work)
    }
}

impl Number for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }
    fn exponential(self) -> Self {
        self.exp()
    }
    fn logarithm(self) -> Self {
        self.ln()
    }
    fn logarithm_above_one(self) -> Self {
        self.ln_1p()
    }
    fn tangent(self) -> Self {
        self.tanh()
    }
    fn logistic(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }
    fn soft_plus(self) -> Self {
        let tail = (-self.abs()).exp().ln_1p();
        if self > 0.0 {
            self + tail
        } else {
            tail + if self.is_nan() { self } else { 0.0 }
        }
    }
    fn normal(self) -> (Self, Self) {
        const INVERSE_ROOT_TAU: f64 = 0.398_942_280_401_432_7;
        let distribution = 0.5 * libm::erfc(-self * std::f64::consts::FRAC_1_SQRT_2);
        (distribution, INVERSE_ROOT_TAU * (-0.5 * self * self).exp())
    }
    fn pool() -> &'static Mutex<Pool<Self>> {
        static POOL: Mutex<Pool<f64>> = Mutex::new(Pool::new());
        &POOL
    }
    fn kernels() -> &'static Kernels<Self> {
        crate::kernel::double()
    }
    fn scratch<R>(work: impl FnOnce(&mut Scratch<Self>) -> R) -> R {
        lend(&DOUBLE, work)
    }
}
