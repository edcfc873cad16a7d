//! The layers as a table: what each gives, holds, sees and costs.

use crate::shape::{show_axes, show_bp};
use crate::{Graph, Model, Node, Operation, count};
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
    activation || matches!(operation, O::Dropout { .. } | O::Flip)
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
        let Operation::Pool { window, .. } = node.operation else {
            return None;
        };
        let length = node.inputs.first().and_then(|i| nodes[*i].sizes().last().copied())?;
        let rest = length % window.max(1);
        (rest > 0).then(|| format!("{} {rest} of {}", node.name, cistron_display::count(length)))
    };
    let list: Vec<String> = nodes.iter().filter_map(one).collect();
    (!list.is_empty()).then(|| format!("positions left over at the end of pooling are not read: {}", list.join("; ")))
}

/// What a node does, in the words of the declaration.
pub(crate) fn describe(node: &Node) -> String {
    match &node.operation {
        Operation::Input { .. } => "input".into(),
        Operation::Convolution {
            filters,
            width,
            stride,
            dilation,
            groups,
            padding,
            ..
        } => {
            let mut text = format!("conv {filters}, width {width}");
            for (word, n) in [("stride", *stride), ("dilation", *dilation)] {
                if n != 1 {
                    text.push_str(&format!(", {word} {n}"));
                }
            }
            if *groups != 1 {
                text.push_str(&if groups == filters {
                    ", depthwise".into()
                } else {
                    format!(", groups {groups}")
                });
            }
            if *padding == (0, 0) && *width > 1 {
                text.push_str(", valid");
            }
            text
        }
        Operation::Linear { features, .. } => format!("linear {features}"),
        Operation::BatchNorm { .. } => "batch norm".into(),
        Operation::LayerNorm { .. } => "layer norm".into(),
        Operation::Relu => "relu".into(),
        Operation::Gelu(_) => "gelu".into(),
        Operation::Silu => "silu".into(),
        Operation::Softplus => "softplus".into(),
        Operation::Sigmoid => "sigmoid".into(),
        Operation::Tanh => "tanh".into(),
        Operation::Exp => "exp".into(),
        Operation::Dropout { rate } => format!("dropout {rate}"),
        Operation::Pool { kind, window } => format!("{} pool {window}", format!("{kind:?}").to_lowercase()),
        Operation::Add => "+".into(),
        Operation::Subtract => "-".into(),
        Operation::Multiply => "*".into(),
        Operation::Divide => "/".into(),
        Operation::Maximum => "maximum".into(),
        Operation::Affine { scale, offset } => match (*scale, *offset) {
            (1.0, offset) => format!("{offset:+}"),
            (scale, 0.0) => format!("x {scale}"),
            (scale, offset) => format!("x {scale} {offset:+}"),
        },
        Operation::Concat { .. } => "concat".into(),
        Operation::Mean { axis: 0 } => "mean of channels".into(),
        Operation::Mean { .. } => "mean of positions".into(),
        Operation::Largest { axis: 0 } => "max of channels".into(),
        Operation::Largest { .. } => "max of positions".into(),
        Operation::Flatten => "flatten".into(),
        Operation::ReverseComplement => "reverse complement".into(),
        Operation::Flip => "flip".into(),
        Operation::Crop { length, .. } => format!("crop {length}"),
    }
}
