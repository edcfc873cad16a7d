//! Values of other crates that have a richer form than `Debug`.

use super::{frame, tensor};
use cistron::candle_core::Tensor;
use cistron::polars::prelude::{DataFrame, Series};
use cistron_display::Bundle;

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
