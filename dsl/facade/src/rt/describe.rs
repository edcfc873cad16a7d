//! What a variable is besides its type: its shape, its memory, its device, and the names inside it
//! (inputs and tracks of a data set, columns of a table), for `:vars`, completion and inspection.
//!
//! A cell needs no code for it: values are found by their `TypeId`. After each cell the variables that it
//! has stored are described in one event, `described`.

use super::store::Store;
use cistron::candle_core::Tensor;
use cistron::declaration::{Port, Signature};
use cistron::models::Graph;
use cistron::polars::prelude::{DataFrame, Series};
use cistron::{
    Blocks, Comparison, Dataset, Figure, Genome, Metrics, Model, Motif, Network, Objective, Run, simulate::Simulation,
};
use cistron_display::count;
use serde_json::{Value, json};
use std::any::Any;
use std::collections::HashMap;
use std::path::PathBuf;

/// Names of one kind that are told at most: what stands in a completion, not the whole of a large table.
const NAMES: usize = 2000;

/// What is told of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its sizes in words, such as `[64, 4, 200] f32` or `1,000 rows × 5 columns`.
    pub shape: String,
    /// The memory of its content, where it is known.
    pub bytes: Option<u64>,
    /// The device that holds it, where it could be another one than the processor.
    pub device: Option<String>,
    /// Kind (`input`, `output`, `track`, `column`, `parameter`, `model`, ..) and name of what is inside;
    /// at most 2,000 of one kind.
    pub names: Vec<(&'static str, String)>,
}

impl Description {
    fn shape(shape: impl Into<String>) -> Self {
        Self {
            shape: shape.into(),
            ..Self::default()
        }
    }

    fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes as u64);
        self
    }

    fn names<S: Into<String>>(mut self, kind: &'static str, names: impl IntoIterator<Item = S>) -> Self {
        self.names
            .extend(names.into_iter().take(NAMES).map(|name| (kind, name.into())));
        self
    }

    fn json(&self) -> Value {
        json!({"shape": self.shape, "bytes": self.bytes, "device": self.device, "names": self.names})
    }
}

/// Describes a value; nothing for a type that is not known here.
pub fn describe(value: &dyn Any) -> Option<Description> {
    RICH.iter().chain(PLAIN).find_map(|one| one(value))
}

/// Describes the variables that were stored since the last call: `{name: {..}}`.
pub(super) fn changes(store: &Store) -> Value {
    let one = |(name, value): (String, &dyn Any)| Some((name, describe(value)?.json()));
    Value::Object(store.changed().filter_map(one).collect())
}

type Describer = fn(&dyn Any) -> Option<Description>;

/// Types of this project, of Candle and of Polars.
const RICH: &[Describer] = &[
    |v| v.downcast_ref().map(tensor),
    |v| v.downcast_ref().map(frame),
    |v| v.downcast_ref().map(series),
    |v| v.downcast_ref().map(dataset),
    |v| v.downcast_ref().map(model),
    |v| v.downcast_ref().map(run),
    |v| v.downcast_ref().map(network),
    |v| v.downcast_ref().map(comparison),
    |v| v.downcast_ref().map(objective),
    |v| v.downcast_ref().map(metrics),
    |v| v.downcast_ref().map(blocks),
    |v| v.downcast_ref().map(genome),
    |v| v.downcast_ref().map(motif),
    |v| v.downcast_ref().map(figure),
    |v| v.downcast_ref().map(simulation),
    |v| v.downcast_ref::<Vec<Tensor>>().map(|list| of_list(list.iter().map(tensor))),
    |v| v.downcast_ref::<Vec<DataFrame>>().map(|list| of_list(list.iter().map(frame))),
    |v| v.downcast_ref::<Vec<Run>>().map(|list| of_list(list.iter().map(run))),
    |v| v.downcast_ref::<Vec<Model>>().map(|list| of_list(list.iter().map(model))),
    |v| v.downcast_ref::<Vec<Motif>>().map(|list| of_list(list.iter().map(motif))),
    |v| {
        v.downcast_ref::<Option<Tensor>>()
            .map(|one| of_option(one.as_ref().map(tensor)))
    },
    |v| {
        v.downcast_ref::<Option<DataFrame>>()
            .map(|one| of_option(one.as_ref().map(frame)))
    },
];

/// Numbers, text and lists of them.
const PLAIN: &[Describer] = &[
    number::<f64>,
    number::<f32>,
    number::<i8>,
    number::<i16>,
    number::<i32>,
    number::<i64>,
    number::<i128>,
    number::<isize>,
    number::<u8>,
    number::<u16>,
    number::<u32>,
    number::<u64>,
    number::<u128>,
    number::<usize>,
    number::<bool>,
    number::<char>,
    |v| {
        v.downcast_ref::<String>()
            .map(|t| Description::shape(characters(t)).bytes(t.capacity()))
    },
    |v| {
        v.downcast_ref::<&'static str>()
            .map(|t| Description::shape(characters(t)).bytes(t.len()))
    },
    |v| {
        v.downcast_ref::<PathBuf>()
            .map(|path| Description::default().bytes(path.as_os_str().len()))
    },
    |v| {
        v.downcast_ref::<Vec<String>>()
            .map(|list| texts(list.len(), list.iter().map(String::len).sum()))
    },
    |v| {
        v.downcast_ref::<Vec<&'static str>>()
            .map(|list| texts(list.len(), list.iter().map(|t| t.len()).sum()))
    },
    |v| v.downcast_ref().map(keyed::<f64>),
    |v| v.downcast_ref().map(keyed::<usize>),
    |v| v.downcast_ref().map(keyed::<String>),
    |v| v.downcast_ref().map(keyed::<Tensor>),
];

/// A number, lists of it, and a list of lists.
fn number<T: 'static>(value: &dyn Any) -> Option<Description> {
    let size = size_of::<T>();
    if value.is::<T>() {
        Some(Description::default().bytes(size))
    } else if let Some(list) = value.downcast_ref::<Vec<T>>() {
        Some(Description::shape(format!("[{}]", list.len())).bytes(list.capacity() * size))
    } else if let Some(rows) = value.downcast_ref::<Vec<Vec<T>>>() {
        let total: usize = rows.iter().map(Vec::len).sum();
        let first = rows.first().map_or(0, Vec::len);
        let even = rows.iter().all(|row| row.len() == first);
        let shape = if even {
            format!("[{}, {first}]", rows.len())
        } else {
            format!("[{}, ..] ({} in all)", rows.len(), count(total))
        };
        Some(Description::shape(shape).bytes(total * size))
    } else {
        let some = value.downcast_ref::<Option<T>>()?;
        Some(Description::shape(if some.is_some() { "" } else { "None" }).bytes(size_of::<Option<T>>()))
    }
}

fn characters(text: &str) -> String {
    plural(text.chars().count(), "character")
}

fn texts(length: usize, bytes: usize) -> Description {
    Description::shape(format!("[{length}]")).bytes(bytes + length * size_of::<String>())
}

fn keyed<T>(map: &HashMap<String, T>) -> Description {
    let mut keys: Vec<&str> = map.keys().map(String::as_str).collect();
    keys.sort_unstable();
    Description::shape(plural(map.len(), "entry").replace("entrys", "entries")).names("key", keys)
}

/// The same of several: how many, and the memory of all if it is known of each.
fn of_list(list: impl Iterator<Item = Description>) -> Description {
    let list: Vec<Description> = list.collect();
    Description {
        shape: format!("[{}]", list.len()),
        bytes: list.iter().map(|one| one.bytes).sum(),
        device: list.first().and_then(|one| one.device.clone()),
        names: Vec::new(),
    }
}

fn of_option(one: Option<Description>) -> Description {
    one.unwrap_or_else(|| Description::shape("None"))
}

fn plural(number: usize, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

fn tensor(tensor: &Tensor) -> Description {
    let bytes = tensor.elem_count() * tensor.dtype().size_in_bytes();
    Description {
        device: Some(format!("{:?}", tensor.device().location()).to_lowercase()),
        ..Description::shape(format!("{:?} {}", tensor.dims(), tensor.dtype().as_str())).bytes(bytes)
    }
}

fn frame(frame: &DataFrame) -> Description {
    let shape = format!("{} × {}", plural(frame.height(), "row"), plural(frame.width(), "column"));
    let names = frame.get_column_names().into_iter().map(|name| name.to_string());
    Description::shape(shape).bytes(frame.estimated_size()).names("column", names)
}

fn series(series: &Series) -> Description {
    Description::shape(format!("[{}] {}", series.len(), series.dtype())).bytes(series.estimated_size())
}

fn dataset(data: &Dataset) -> Description {
    let Signature { inputs, outputs, .. } = data.signature();
    let side = |ports: &[Port]| ports.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    let shape = format!("{}: {} → {}", plural(data.len(), "example"), side(&inputs), side(&outputs));
    Description::shape(shape)
        .bytes(data.size_in_bytes())
        .names("input", inputs.iter().map(|p| p.name.as_str()))
        .names("output", outputs.iter().map(|p| p.name.as_str()))
        .names("track", outputs.iter().flat_map(|p| &p.tracks).map(String::as_str))
}

fn nodes(graph: &Graph, weights: usize) -> String {
    format!("{}, {}", plural(graph.nodes.len(), "node"), plural(weights, "weight"))
}

fn model(model: &Model) -> Description {
    let parameters = model.parameters().iter().map(|(name, _)| name.as_str());
    Description::shape(nodes(model.graph(), model.parameter_count())).names("parameter", parameters)
}

fn network(network: &Network) -> Description {
    let bytes = |t: &Tensor| t.elem_count() * t.dtype().size_in_bytes();
    Description {
        device: network
            .weights()
            .first()
            .map(|w| format!("{:?}", w.tensor.device().location()).to_lowercase()),
        ..Description::shape(format!(
            "{} {}",
            nodes(network.graph(), network.parameter_count()),
            network.precision().as_str()
        ))
        .bytes(network.weights().iter().map(|w| bytes(&w.tensor)).sum())
        .names("weight", network.weights().iter().map(|w| w.name.as_str()))
    }
}

fn run(run: &Run) -> Description {
    let inside = network(run.network());
    let best = run.best().map(|row| format!(", best {}", row.epoch)).unwrap_or_default();
    let outputs = run.model().signature().outputs.iter().map(|p| p.name.as_str());
    Description {
        bytes: inside.bytes,
        device: inside.device,
        ..Description::shape(format!("{}{best}", plural(run.epochs().len(), "epoch"))).names("output", outputs)
    }
}

fn comparison(comparison: &Comparison) -> Description {
    let shape = format!(
        "{}, {}",
        plural(comparison.models().len(), "model"),
        plural(comparison.fits().len(), "fit")
    );
    Description::shape(shape)
        .names("model", comparison.models().iter().map(String::as_str))
        .names("output", comparison.outputs())
}

fn objective(objective: &Objective) -> Description {
    Description::shape(plural(objective.losses().len(), "loss").replace("losss", "losses"))
}

fn metrics(metrics: &Metrics) -> Description {
    Description::shape(plural(metrics.outputs().len(), "output")).names("output", metrics.outputs())
}

fn blocks(blocks: &Blocks) -> Description {
    let names = blocks.names();
    Description::shape(plural(names.len(), "block")).names("block", names)
}

fn genome(genome: &Genome) -> Description {
    let names = genome.names();
    let length: usize = names.iter().filter_map(|name| genome.length(name).ok()).sum();
    Description::shape(format!("{}, {} bp", plural(names.len(), "sequence"), count(length))).names("sequence", names)
}

fn motif(motif: &Motif) -> Description {
    Description::shape(plural(motif.matrix.len(), "position")).bytes(motif.matrix.len() * size_of::<[f64; 4]>())
}

fn figure(figure: &Figure) -> Description {
    Description::shape(format!("{:.0} × {:.0} px", figure.width(), figure.height()))
}

fn simulation(simulation: &Simulation) -> Description {
    frame(&simulation.table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron::candle_core::{DType, Device};
    use cistron::polars::prelude::{Column, NamedFrom};

    #[test]
    fn a_tensor_has_shape_memory_and_device() {
        let tensor = Tensor::zeros((2, 3, 5), DType::F32, &Device::Cpu).expect("a tensor");
        let told = describe(&tensor).expect("known");
        assert_eq!((told.shape.as_str(), told.bytes), ("[2, 3, 5] f32", Some(120)));
        assert_eq!(told.device.as_deref(), Some("cpu"));
    }

    #[test]
    fn a_frame_tells_its_columns() {
        let column = |name: &str, values: &[f64]| Column::from(Series::new(name.into(), values));
        let frame = DataFrame::new(2, vec![column("gene", &[1.0, 2.0]), column("level", &[3.0, 4.0])]).expect("a frame");
        let told = describe(&frame).expect("known");
        assert_eq!(told.shape, "2 rows × 2 columns");
        assert_eq!(told.names, [("column", "gene".to_string()), ("column", "level".to_string())]);
    }

    #[test]
    fn lists_have_sizes_and_unknown_types_nothing() {
        assert_eq!(describe(&vec![1_u16; 7]).map(|d| d.shape), Some("[7]".into()));
        assert_eq!(describe(&vec![vec![1.0_f64; 3]; 2]).map(|d| d.shape), Some("[2, 3]".into()));
        assert_eq!(
            describe(&vec![vec![1_u8], vec![]]).map(|d| d.shape),
            Some("[2, ..] (1 in all)".into())
        );
        assert_eq!(describe(&5_i64).and_then(|d| d.bytes), Some(8));
        assert_eq!(describe(&std::cell::Cell::new(1)), None);
    }

    #[test]
    fn only_what_was_stored_since_is_described() {
        let mut store = Store::default();
        store.put("a", 0, vec![0.0_f64; 4]);
        assert_eq!(changes(&store)["a"]["shape"], "[4]");
        store.put("b", 1, String::from("four"));
        assert_eq!(
            changes(&store),
            json!({"b": {"shape": "4 characters", "bytes": 4, "device": null, "names": []}})
        );
    }
}
