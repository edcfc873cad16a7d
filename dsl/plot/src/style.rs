//! What every figure lets its caller set.

use crate::PlotError;

/// Labels, size and limits of a figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Style {
    pub(crate) width: Option<f64>,
    pub(crate) height: Option<f64>,
    pub(crate) title: String,
    pub(crate) x_label: Option<String>,
    pub(crate) y_label: Option<String>,
    pub(crate) x_limits: Option<(f64, f64)>,
    pub(crate) y_limits: Option<(f64, f64)>,
    pub(crate) caption: String,
}

impl Style {
    /// Width and height in px, the plot's own where none was asked for.
    pub(crate) fn size(&self, plot: &'static str, width: f64, height: f64) -> Result<(f64, f64), PlotError> {
        let (w, h) = (self.width.unwrap_or(width), self.height.unwrap_or(height));
        for (name, value) in [("the width", w), ("the height", h)] {
            if !(80.0..=10_000.0).contains(&value) {
                return Err(PlotError::value(
                    plot,
                    name,
                    format!("{value} px"),
                    "between 80 and 10,000 px",
                ));
            }
        }
        Ok((w, h))
    }

    /// The limits asked for, checked, or these.
    pub(crate) fn limits(
        plot: &'static str,
        name: &str,
        asked: Option<(f64, f64)>,
        otherwise: (f64, f64),
    ) -> Result<(f64, f64), PlotError> {
        match asked {
            None => Ok(otherwise),
            Some((low, high)) if low.is_finite() && high.is_finite() && low < high => Ok((low, high)),
            Some((low, high)) => {
                let what = format!("the range of {name}");
                Err(PlotError::value(
                    plot,
                    what,
                    format!("{low} to {high}"),
                    "two finite numbers, the lower one first",
                ))
            }
        }
    }
}

/// The setters that all figures share.
macro_rules! style_setters {
    () => {
        /// Width in px.
        #[must_use]
        pub fn width(mut self, width: impl Into<f64>) -> Self {
            self.style.width = Some(width.into());
            self
        }

        /// Height in px, without the caption.
        #[must_use]
        pub fn height(mut self, height: impl Into<f64>) -> Self {
            self.style.height = Some(height.into());
            self
        }

        /// A line above the figure.
        #[must_use]
        pub fn title(mut self, title: impl Into<String>) -> Self {
            self.style.title = title.into();
            self
        }

        /// What the horizontal axis shows, with its unit.
        #[must_use]
        pub fn x_label(mut self, label: impl Into<String>) -> Self {
            self.style.x_label = Some(label.into());
            self
        }

        /// What the vertical axis shows, with its unit.
        #[must_use]
        pub fn y_label(mut self, label: impl Into<String>) -> Self {
            self.style.y_label = Some(label.into());
            self
        }

        /// The range of the horizontal axis, in its own unit.
        #[must_use]
        pub fn x_limits(mut self, low: f64, high: f64) -> Self {
            self.style.x_limits = Some((low, high));
            self
        }

        /// The range of the vertical axis, in its own unit.
        #[must_use]
        pub fn y_limits(mut self, low: f64, high: f64) -> Self {
            self.style.y_limits = Some((low, high));
            self
        }

        /// Text under the figure.
        #[must_use]
        pub fn caption(mut self, caption: impl Into<String>) -> Self {
            self.style.caption = caption.into();
            self
        }
    };
}
pub(crate) use style_setters;
