//! What the macros expect of the crate `cistron`, with data sets that are shapes alone.

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

    /// Names the categories of an input.
    pub(crate) fn categories(mut self, input: &str, names: &[&str]) -> Self {
        for port in self.0.inputs.iter_mut().filter(|p| p.name == input) {
            port.tracks = names.iter().map(|n| (*n).to_string()).collect();
        }
        self
    }

    /// What a model sees of it.
    pub fn signature(&self) -> Signature {
        self.0.clone()
    }
}

fn axes(kind: PortKind, sizes: &[usize]) -> Vec<Axis> {
    let first = match kind {
        PortKind::Scalar | PortKind::Bins => AxisKind::Track,
        PortKind::Category => AxisKind::Position,
        _ => AxisKind::Channel,
    };
    let kinds = std::iter::once(first).chain(std::iter::repeat(AxisKind::Position));
    let axis = |(kind, size): (AxisKind, &usize)| Axis {
        kind,
        size: Some(*size),
        bp: None,
    };
    kinds.zip(sizes).map(axis).collect()
}

/// What `model!` expands to.
pub mod __macro {
    use cistron_declaration::{Signature, Value};
    use cistron_model::{Blocks, Model};
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

    /// The declared network with blocks of elsewhere.
    ///
    /// # Errors
    /// What the checks find with these shapes, and a block that is not there.
    pub fn model_using(
        declaration: &str,
        captures: Vec<Value>,
        signatures: &[Signature],
        blocks: &[&Blocks],
    ) -> Result<Model, Box<dyn Error>> {
        let declaration = serde_json::from_str(declaration)?;
        Ok(Model::declare_using(declaration, captures, signatures.to_vec(), blocks)?)
    }

    /// Stands behind mistakes that the compiler reports.
    pub fn stub<T>() -> T {
        unreachable!("a declaration with mistakes does not compile")
    }
}
