//! Inputs of a model that come from no data set: letters, categories and numbers by name.

use crate::{Result, TrainError};
use candle_core::{DType, Device, Tensor};
use cistron_data::{Named, one_hot};
use cistron_declaration::{Port, PortKind, Signature, did_you_mean, nearest};
use polars::prelude::{DataFrame, DataType};
use std::ops::Range;

/// The values of one input.
enum Values {
    Letters(Vec<String>),
    /// The number of each example's category.
    Categories(Vec<usize>),
    /// `[examples, tracks]`.
    Numbers(Vec<f32>),
}

/// Examples without measurements.
pub(super) struct Given<'a> {
    pub(super) names: Vec<String>,
    inputs: Vec<(&'a Port, Values)>,
}

fn unknown_input(name: &str, signature: &Signature) -> TrainError {
    TrainError::Unknown {
        what: "input",
        name: name.into(),
        hint: did_you_mean(name, signature.inputs.iter().map(|p| p.name.as_str())),
    }
}

/// The letters or categories of an input that was given as text.
fn text_values(port: &Port, names: &[String], texts: Vec<String>) -> Result<Values> {
    match port.kind {
        PortKind::Dna | PortKind::Rna => Ok(Values::Letters(texts)),
        PortKind::Category => {
            let mut found = Vec::with_capacity(texts.len());
            for (text, name) in texts.iter().zip(names) {
                let place = port.tracks.iter().position(|level| level == text);
                found.push(place.ok_or_else(|| {
                    let hint = did_you_mean(text, port.tracks.iter().map(String::as_str));
                    TrainError::Impossible(format!(
                        "input `{}`, {name}: the model was trained without the category `{text}`; {hint}",
                        port.name
                    ))
                })?);
            }
            Ok(Values::Categories(found))
        }
        _ => Err(TrainError::Impossible(format!(
            "input `{}` is numbers, and only text was given; `predict_frame` takes columns of numbers",
            port.name
        ))),
    }
}

impl<'a> Given<'a> {
    /// Texts by input; the examples are called `sequence 1`, `sequence 2`, ..
    pub(super) fn texts(signature: &'a Signature, texts: &[(&str, &[&str])]) -> Result<Self> {
        if let Some((name, _)) = texts.iter().find(|t| signature.inputs.iter().all(|p| p.name != t.0)) {
            return Err(unknown_input(name, signature));
        }
        let mut inputs = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut first: Option<&str> = None;
        for port in &signature.inputs {
            let mut given = texts.iter().filter(|t| t.0 == port.name);
            let found = match (given.next(), given.next()) {
                (Some((_, found)), None) => found,
                (None, _) => {
                    let all: Vec<&str> = signature.inputs.iter().map(|p| p.name.as_str()).collect();
                    let message = format!("input `{}` was not given; the model reads {}", port.name, all.join(", "));
                    return Err(TrainError::Impossible(message));
                }
                (Some(_), Some(_)) => {
                    return Err(TrainError::Impossible(format!("input `{}` was given twice", port.name)));
                }
            };
            match first {
                None => names = (1..=found.len()).map(|i| format!("sequence {i}")).collect(),
                Some(first) if names.len() != found.len() => {
                    return Err(TrainError::Impossible(format!(
                        "input `{first}` has {} sequences, input `{}` has {}; both need the same number",
                        names.len(),
                        port.name,
                        found.len()
                    )));
                }
                Some(_) => {}
            }
            first = first.or(Some(&port.name));
            let found = found.iter().map(|text| (*text).to_string()).collect();
            inputs.push((port, text_values(port, &names, found)?));
        }
        Self { names, inputs }.checked()
    }

    /// Columns by input; the column `name` holds the examples' names, where there is one.
    pub(super) fn frame(signature: &'a Signature, table: &DataFrame) -> Result<Self> {
        let titles: Vec<&str> = table.get_column_names().into_iter().map(|t| t.as_str()).collect();
        let column = |title: &str| {
            table.column(title).map_err(|_| {
                let near = nearest(title, titles.iter().copied()).map(|n| format!("did you mean `{n}`? "));
                TrainError::Unknown {
                    what: "column",
                    name: title.into(),
                    hint: format!("{}the columns are: {}", near.unwrap_or_default(), titles.join(", ")),
                }
            })
        };
        let text = |title: &str| -> Result<Vec<String>> {
            let cells = column(title)?.cast(&DataType::String)?;
            let cell = |(row, cell): (usize, Option<&str>)| {
                let missing = || TrainError::Impossible(format!("column `{title}`, row {}: the cell is empty", row + 1));
                cell.map(str::to_string).ok_or_else(missing)
            };
            cells.str()?.iter().enumerate().map(cell).collect()
        };
        let names = if titles.contains(&"name") {
            text("name")?
        } else {
            (1..=table.height()).map(|i| format!("row {i}")).collect()
        };
        let mut inputs = Vec::new();
        for port in &signature.inputs {
            let values = match port.kind {
                PortKind::Dna | PortKind::Rna | PortKind::Category => text_values(port, &names, text(&port.name)?)?,
                PortKind::Scalar => {
                    let mut numbers = vec![0f32; names.len() * port.tracks.len()];
                    for (track, track_name) in port.tracks.iter().enumerate() {
                        let title = match port.tracks.len() {
                            1 => port.name.clone(),
                            _ => format!("{}.{track_name}", port.name),
                        };
                        let cells = column(&title)?.cast(&DataType::Float64)?;
                        for (row, cell) in cells.f64()?.iter().enumerate() {
                            let value = cell.filter(|v| v.is_finite()).ok_or_else(|| {
                                let message = format!("column `{title}`, {}: no finite number", names[row]);
                                TrainError::Impossible(message)
                            })?;
                            numbers[row * port.tracks.len() + track] = value as f32;
                        }
                    }
                    Values::Numbers(numbers)
                }
                _ => {
                    let message = format!("input `{}` has positions of its own and fits no column of a table", port.name);
                    return Err(TrainError::Impossible(message));
                }
            };
            inputs.push((port, values));
        }
        Self { names, inputs }.checked()
    }

    fn checked(self) -> Result<Self> {
        match self.names.is_empty() {
            true => Err(TrainError::Impossible("there are no sequences to predict for".into())),
            false => Ok(self),
        }
    }

    /// Some examples as tensors; adds the number of ambiguous letters of each input to `ambiguous`.
    pub(super) fn batch(&self, rows: Range<usize>, precision: DType, ambiguous: &mut [usize]) -> Result<Named> {
        let mut batch = Named::new();
        for ((port, values), ambiguous) in self.inputs.iter().zip(ambiguous) {
            let size = |axis: usize| port.axes.get(axis).and_then(|a| a.size).unwrap_or(0);
            let tensor = match values {
                Values::Letters(letters) => {
                    let what = format!("input `{}`", port.name);
                    let rna = port.kind == PortKind::Rna;
                    let (names, letters) = (&self.names[rows.clone()], &letters[rows.clone()]);
                    let (tensor, unclear) = one_hot(&what, names, letters, size(1), rna, precision)?;
                    *ambiguous += unclear;
                    tensor
                }
                Values::Categories(places) => {
                    let mut hot = vec![0f32; rows.len() * size(0)];
                    for (row, place) in places[rows.clone()].iter().enumerate() {
                        hot[row * size(0) + place] = 1.0;
                    }
                    Tensor::from_vec(hot, (rows.len(), size(0)), &Device::Cpu)?
                }
                Values::Numbers(numbers) => {
                    let tracks = size(0);
                    let picked = numbers[rows.start * tracks..rows.end * tracks].to_vec();
                    Tensor::from_vec(picked, (rows.len(), tracks), &Device::Cpu)?
                }
            };
            batch.insert(port.name.clone(), tensor.to_dtype(precision)?);
        }
        Ok(batch)
    }

    /// The names of the inputs.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|(port, _)| port.name.as_str())
    }
}
