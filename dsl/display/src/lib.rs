//! What a value looks like, and where it is shown.
//!
//! A value that shows itself makes a [`Bundle`]: the same content as plain text, HTML and SVG. Bundles
//! go to a [`Sink`]: a terminal by default, stock evcxr's text protocol inside a stock evcxr notebook,
//! and the Cistron kernel's event pipe in our own worker, which installs its sink at start.

mod bundle;
mod html;
mod inside;
mod interrupt;
mod live;
mod number;
mod sink;
mod table;
mod theme;

pub use bundle::{Bundle, Show};
pub use html::escape;
pub use inside::{list, together};
pub use interrupt::{clear_interrupt, interrupted, request_interrupt};
pub use live::Live;
pub use number::{count, duration, significant};
pub use sink::{Sink, display, note, redirected, set_sink, show_result, with_sink};
pub use table::{Align, Table};
pub use theme::{Theme, base_colour};
