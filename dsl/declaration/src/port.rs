//! How a data set and a model meet: by names and shapes.

use serde::{Deserialize, Serialize};

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AxisKind {
    /// Channels of a sequence or a layer.
    Channel,
    /// Positions along a sequence.
    Position,
    /// Tracks (conditions, experiments) of an output.
    Track,
    /// Features of a dense layer.
    Feature,
    /// Rows of a table entry that is one number per example.
    Category,
    /// Tokens: pieces of the input that attention reads, without a place of their own.
    Token,
    /// Learned tokens that read the input.
    Latent,
}

impl std::fmt::Display for AxisKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Channel => "channel",
            Self::Position => "position",
            Self::Track => "track",
            Self::Feature => "feature",
            Self::Category => "category",
            Self::Token => "token",
            Self::Latent => "latent",
        })
    }
}

/// A named axis with its size and, for positions, the base pairs per bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What it counts.
    pub kind: AxisKind,
    /// Its size; unknown while only the macro has seen the declaration.
    pub size: Option<usize>,
    /// Base pairs per bin of a position axis.
    pub bp: Option<f64>,
}

/// What stands at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PortKind {
    /// Double-stranded sequence, one-hot A C G T.
    Dna,
    /// Single-stranded sequence, one-hot A C G U (U is read as T).
    Rna,
    /// A signal along the sequence.
    Track,
    /// A category per example.
    Category,
    /// Numbers per example, one per track.
    Scalar,
    /// Numbers per example and bin.
    Bins,
}

/// One input or output of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// Its name in declarations, tables, metrics, plots and files.
    pub name: String,
    /// What it is.
    pub kind: PortKind,
    /// Its axes without the batch axis: `[channel, position]` for sequences, `[track]` for scalars.
    pub axes: Vec<Axis>,
    /// The names of its tracks (empty for sequences).
    pub tracks: Vec<String>,
}

/// The inputs and outputs of a data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// The name of the data set in the cell.
    pub name: String,
    /// Its inputs, in order of declaration.
    pub inputs: Vec<Port>,
    /// Its outputs, in order of declaration.
    pub outputs: Vec<Port>,
}
