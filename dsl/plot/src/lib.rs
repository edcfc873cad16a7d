//! Figures of a training run, drawn with plotters onto our own SVG: one theme, real text, thin axes.
//!
//! Every figure is made the same way: a function takes plain slices and gives a description, its methods
//! set labels, size and limits, and `draw()` makes the [`Figure`] or says what is wrong with the input.
//!
//! ```
//! use cistron_plot::{Series, curve};
//! let train = Series::by_epoch("train", &[0.9, 0.5, 0.4, 0.35]);
//! let valid = Series::by_epoch("valid", &[1.0, 0.6, 0.55, 0.58]);
//! let figure = curve(&[train, valid]).best(3.0).y_label("loss").draw()?;
//! assert!(figure.svg().starts_with("<svg"));
//! assert!(figure.text().contains("best at 3"));
//! # Ok::<(), cistron_plot::PlotError>(())
//! ```
//!
//! Whatever else plotters can draw goes through [`Figure::plotters`] and comes out in the same look.
//! The same input always gives the same bytes.

mod axes;
mod backend;
mod bars;
mod canvas;
mod curve;
mod density;
mod error;
mod figure;
mod frame;
mod grid;
mod histogram;
mod ladder;
mod logo;
mod scatter;
mod shown;
mod style;
mod theme;
mod violins;

pub use backend::Backend;
pub use bars::{Bar, Bars, bars};
pub use cistron_statistics::{Interval, bootstrap_pearson, pearson, spearman};
pub use curve::{Curve, Series, curve};
pub use error::PlotError;
pub use figure::Figure;
pub use histogram::{Histogram, histogram};
pub use ladder::{Ladder, ladder};
pub use logo::{Highlight, Letters, Logo, LogoRow, LogoScale, Logos, letters, logo, logos};
pub use scatter::{Scatter, scatter};
pub use violins::{Violins, violins};
