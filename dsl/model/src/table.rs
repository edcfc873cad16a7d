//! The layers as a table: what each gives, holds, sees and costs.

use crate::describe::describe;
use crate::shape::{show_axes, show_bp};
use crate::{Graph, Model, Node, Operation, Rest, count};
use cistron_display::Table;

/// More rows than this are folded in the middle.
const MOST_ROWS: usize = 120;

/// Nodes that stand in one row: a layer and the plain steps after it.
struct Row {
    name: String,
    text: String,
    last: usize,
    parameters: usize,
    shared: bool,
    cost: u64,
}

/// The rows of a graph; shared weights count in the first row that uses them.
fn rows(graph: &Graph) -> Vec<Row> {
    let parameters = count::parameters_of_nodes(graph);
    let mut rows: Vec<Row> = Vec::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        let cost = count::multiply_adds(graph, i);
        match rows.last_mut() {
            Some(row) if is_plain(&node.operation) && node.inputs == [row.last] => {
                row.text.push_str(&format!(" \u{b7} {}", describe(node)));
                row.last = i;
                row.cost = row.cost.saturating_add(cost);
            }
            _ => rows.push(Row {
                name: node.name.clone(),
                text: describe(node),
                last: i,
                parameters: parameters[i],
                shared: parameters[i] == 0 && !node.parameters.is_empty(),
                cost,
            }),
        }
    }
    rows
}

/// Steps without weights that keep the number of values.
fn is_plain(operation: &Operation) -> bool {
    use Operation as O;
    let activation = matches!(
        operation,
        O::Relu | O::Gelu(_) | O::Silu | O::Softplus | O::Sigmoid | O::Tanh | O::Exp | O::Affine { .. }
    );
    let number = matches!(
        operation,
        O::Log | O::Log1p | O::SquareRoot | O::Abs | O::Power { .. } | O::Softmax { .. } | O::LogSoftmax { .. }
    );
    activation || number || matches!(operation, O::Dropout { .. } | O::Flip | O::Flip2d | O::Symmetric)
}

/// One row per layer with the plain steps after it, then the totals.
pub(crate) fn table(model: &Model) -> Table {
    let graph = model.graph();
    let title = match model.parameters() {
        [] => model.name().to_string(),
        parameters => {
            let list: Vec<String> = parameters.iter().map(|(n, v)| format!("{n} = {v}")).collect();
            format!("{}({})", model.name(), list.join(", "))
        }
    };
    let mut table = Table::new(
        title,
        &[
            "layer",
            "operation",
            ">output shape",
            ">parameters",
            ">receptive field (bp)",
            ">multiply-adds",
        ],
    );
    let or_blank = |n: usize| if n == 0 { String::new() } else { cistron_display::count(n) };
    for row in rows(graph) {
        let node = &graph.nodes[row.last];
        table.row([
            row.name,
            row.text,
            show_axes(&node.axes),
            if row.shared {
                "shared".into()
            } else {
                or_blank(row.parameters)
            },
            node.receptive_field_bp.map_or_else(|| "all".into(), show_bp),
            or_blank(row.cost as usize),
        ]);
    }
    if table.rows.len() > MOST_ROWS {
        let folded: Vec<_> = table.rows.drain(MOST_ROWS / 2..table.rows.len() - MOST_ROWS / 2).collect();
        table
            .rows
            .insert(MOST_ROWS / 2, vec![format!("... {} layers ...", folded.len())]);
    }
    let outputs: Vec<&str> = graph.outputs.iter().map(|(name, _)| name.as_str()).collect();
    table.row([
        "total".to_string(),
        format!("gives {}", outputs.join(", ")),
        String::new(),
        cistron_display::count(model.parameter_count()),
        String::new(),
        cistron_display::count(model.multiply_adds() as usize),
    ]);
    table.total = true;
    table.notes.extend(left_over(model));
    for warning in model.warnings() {
        let help = warning.help.as_ref().map_or_else(String::new, |h| format!(" ({h})"));
        table
            .notes
            .push(format!("warning: line {}: {}{help}", warning.span.line, warning.message));
    }
    table
}

/// Which positions pooling does not read.
fn left_over(model: &Model) -> Option<String> {
    let nodes = &model.graph().nodes;
    let one = |node: &Node| {
        let (window, step) = match node.operation {
            Operation::Pool {
                window,
                step,
                rest: Rest::Drop,
                ..
            } => (window, step.unwrap_or(window)),
            Operation::Pool2d {
                window,
                step,
                rest: Rest::Drop,
                ..
            } => (window, step),
            Operation::AttentionPool { window } => (window, window),
            _ => return None,
        };
        let length = node.inputs.first().and_then(|i| nodes[*i].sizes().last().copied())?;
        let rest = length.checked_sub(window)? % step.max(1);
        (rest > 0).then(|| format!("{} {rest} of {}", node.name, cistron_display::count(length)))
    };
    let list: Vec<String> = nodes.iter().filter_map(one).collect();
    (!list.is_empty()).then(|| format!("positions left over at the end of pooling are not read: {}", list.join("; ")))
}
