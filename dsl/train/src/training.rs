//! Whether a fit is going on.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static FITS: AtomicUsize = AtomicUsize::new(0);

/// Whether a fit takes its steps. It looks at `cistron_display::interrupted` itself and stops at the end of a step, so a
/// user's layer that runs inside it must not be ended in its middle.
pub fn is_training() -> bool {
    FITS.load(Relaxed) > 0
}

/// A fit that takes its steps, until it is dropped.
pub(crate) struct Training(());

impl Training {
    pub(crate) fn begin() -> Self {
        FITS.fetch_add(1, Relaxed);
        Self(())
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        FITS.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_is_known_while_it_lasts() {
        let (one, two) = (Training::begin(), Training::begin());
        drop(one);
        assert!(is_training());
        drop(two);
    }
}
