//! Values of other crates that have a richer form than `Debug`.

use super::{frame, numbers, tensor};
use cistron::candle_core::Tensor;
use cistron::polars::prelude::{Column, DataFrame, Series};
use cistron_display::{Bundle, list};
use std::fmt::Debug;

/// A value of another crate that we know how to show.
pub trait Foreign {
    /// Its forms; none for a value that shows nothing.
    fn forms(&self) -> Option<Bundle>;
}

impl Foreign for () {
    fn forms(&self) -> Option<Bundle> {
        None
    }
}

impl Foreign for DataFrame {
    fn forms(&self) -> Option<Bundle> {
        Some(frame::bundle(self))
    }
}

impl Foreign for Series {
    fn forms(&self) -> Option<Bundle> {
        Some(frame::bundle(&self.clone().into_frame()))
    }
}

impl Foreign for Column {
    fn forms(&self) -> Option<Bundle> {
        Some(frame::bundle(&self.clone().into_frame()))
    }
}

impl Foreign for Tensor {
    fn forms(&self) -> Option<Bundle> {
        Some(tensor::bundle(self))
    }
}

impl<T: Foreign + ?Sized> Foreign for &T {
    fn forms(&self) -> Option<Bundle> {
        (**self).forms()
    }
}

impl<T: Foreign> Foreign for Option<T> {
    fn forms(&self) -> Option<Bundle> {
        self.as_ref().map_or_else(|| Some(Bundle::plain("None")), Foreign::forms)
    }
}

impl<T: Foreign, E: Debug> Foreign for Result<T, E> {
    fn forms(&self) -> Option<Bundle> {
        match self {
            Ok(value) => value.forms(),
            Err(error) => Some(Bundle::plain(format!("Err({error:?})"))),
        }
    }
}

impl<T: Foreign> Foreign for [T] {
    fn forms(&self) -> Option<Bundle> {
        Some(list(self, |value| value.forms().unwrap_or_else(|| Bundle::plain("()"))))
    }
}

impl<T: Foreign> Foreign for Vec<T> {
    fn forms(&self) -> Option<Bundle> {
        self.as_slice().forms()
    }
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl Foreign for [$number] {
            fn forms(&self) -> Option<Bundle> {
                Some(numbers::bundle(stringify!($number), self.len(), &|i| (&self[i], self[i] as f64)))
            }
        }
        impl<const N: usize> Foreign for [$number; N] {
            fn forms(&self) -> Option<Bundle> {
                self.as_slice().forms()
            }
        }
        impl Foreign for Vec<$number> {
            fn forms(&self) -> Option<Bundle> {
                self.as_slice().forms()
            }
        }
    )*};
}

number!(f64, f32, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);
