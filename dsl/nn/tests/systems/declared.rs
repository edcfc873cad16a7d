//! From a text and the shapes of its ports to a model.

use cistron_declaration::{Axis, AxisKind, Port, PortKind, Signature};
use cistron_model::Model;

/// The model of a text.
pub(crate) fn declare(text: &str, inputs: Vec<Port>, outputs: Vec<Port>) -> Model {
    let declaration = cistron_syntax::read_model(text).declaration;
    let signature = Signature {
        name: "data".into(),
        inputs,
        outputs,
    };
    Model::declare(declaration, Vec::new(), vec![signature]).unwrap_or_else(|e| panic!("{e}"))
}

/// Inputs or outputs by name, kind and sizes.
fn port(name: &str, kind: PortKind, axes: &[(AxisKind, usize, Option<f64>)], kinds: usize) -> Port {
    let axis = |&(kind, size, bp): &(AxisKind, usize, Option<f64>)| Axis {
        kind,
        size: Some(size),
        bp,
    };
    Port {
        name: name.into(),
        kind,
        axes: axes.iter().map(axis).collect(),
        tracks: (0..kinds).map(|i| format!("kind{i}")).collect(),
    }
}

/// A one-hot sequence.
pub(crate) fn dna(name: &str, length: usize) -> Port {
    port(
        name,
        PortKind::Dna,
        &[(AxisKind::Channel, 4, None), (AxisKind::Position, length, Some(1.0))],
        0,
    )
}

/// A single-stranded one-hot sequence.
pub(crate) fn rna(name: &str, length: usize) -> Port {
    Port {
        kind: PortKind::Rna,
        ..dna(name, length)
    }
}

/// Numbers along positions.
pub(crate) fn bins(name: &str, tracks: usize, count: usize, bp: f64) -> Port {
    port(
        name,
        PortKind::Bins,
        &[(AxisKind::Track, tracks, None), (AxisKind::Position, count, Some(bp))],
        tracks,
    )
}

/// Numbers of an example.
pub(crate) fn scalar(name: &str, tracks: usize) -> Port {
    port(name, PortKind::Scalar, &[(AxisKind::Track, tracks, None)], tracks)
}

/// Whole numbers below `kinds`, one at each position.
pub(crate) fn letters(name: &str, kinds: usize, length: usize) -> Port {
    port(name, PortKind::Category, &[(AxisKind::Position, length, None)], kinds)
}
