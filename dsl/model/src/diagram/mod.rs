//! The dataflow as a drawing: left to right, shapes on the arrows, shared weights marked.

mod draw;
mod fold;
mod group;
mod layout;

use crate::Model;

/// The drawing as SVG with a page of its own, so that it reads on light and dark pages.
pub(crate) fn draw(model: &Model) -> String {
    let folded = fold::fold(&group::groups(model.graph()), model.graph());
    let placed = layout::place(&folded);
    draw::svg(model.name(), &folded, &placed)
}
