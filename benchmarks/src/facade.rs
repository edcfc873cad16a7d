//! What the macros expect of the crate `cistron`, without its tables, plots and files.

use cistron_declaration::{Axis, AxisKind, Port, PortKind, Signature};

/// Inputs and outputs by their shapes alone.
pub struct Dataset(Signature);

impl Dataset {
    /// Ports of these shapes without the batch axis.
    pub(crate) fn new(inputs: &[(&str, PortKind, &[usize])], outputs: &[(&str, &[usize])]) -> Self {
        let port = |name: &str, kind: PortKind, sizes: &[usize]| Port {
            name: name.into(),
            kind,
            axes: axes(kind, sizes),
            tracks: match (kind, sizes) {
                (PortKind::Scalar, [tracks]) => (0..*tracks).map(|t| t.to_string()).collect(),
                _ => Vec::new(),
            },
        };
        let kind = |sizes: &[usize]| if sizes.len() == 1 { PortKind::Scalar } else { PortKind::Bins };
        Self(Signature {
            name: "data".into(),
            inputs: inputs.iter().map(|(n, k, s)| port(n, *k, s)).collect(),
            outputs: outputs.iter().map(|(n, s)| port(n, kind(s), s)).collect(),
        })
    }

    /// What a model sees of it.
    pub fn signature(&self) -> Signature {
        self.0.clone()
    }
}

fn axes(kind: PortKind, sizes: &[usize]) -> Vec<Axis> {
    let kinds = match kind {
        PortKind::Scalar => [AxisKind::Track, AxisKind::Position],
        PortKind::Bins => [AxisKind::Track, AxisKind::Position],
        PortKind::Category => [AxisKind::Category, AxisKind::Position],
        _ => [AxisKind::Channel, AxisKind::Position],
    };
    let axis = |(kind, size): (AxisKind, &usize)| Axis {
        kind,
        size: Some(*size),
        bp: None,
    };
    kinds.into_iter().zip(sizes).map(axis).collect()
}

/// What `model!` expands to.
pub mod __macro {
    use cistron_declaration::{Signature, Value};
    use cistron_model::Model;
    use std::error::Error;

    /// The declared network.
    ///
    /// # Errors
    /// What the checks find with these shapes.
    pub fn model(declaration: &str, captures: Vec<Value>, signatures: &[Signature]) -> Result<Model, Box<dyn Error>> {
        Ok(Model::declare(
            serde_json::from_str(declaration)?,
            captures,
            signatures.to_vec(),
        )?)
    }

    /// Stands behind mistakes that the compiler reports.
    pub fn stub<T>() -> T {
        unreachable!("a declaration with mistakes does not compile")
    }
}
