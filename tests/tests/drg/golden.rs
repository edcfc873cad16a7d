//! Every case (`NAME.json` with weights and vectors) under `golden/drg`, at any depth, from its options alone: the option
//! string is translated into a declaration, the saved parameters are read by their original names, and everything that was
//! recorded is compared.
//!
//! In double precision the numbers of the JSON files and the predictions meet to 1e-9, tensors that are stored in single
//! precision to its rounding, 6e-8. In single precision losses meet to 1e-5, tensors to 1e-4 of their largest value.

use cistron::ops::{AdamW, Loss, Optimizer, OptimizerState, Sgd};
use cistron::prelude::*;
use cistron::zoo::drg::{OptionValue, Ports, Translation, translate_pairs};
use cistron_tests::golden::{difference, json, number, shared};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Named = BTreeMap<String, Tensor>;
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// One recorded network.
struct Case {
    name: String,
    info: Json,
    vectors: Named,
    weights: Named,
    data: Named,
    outputs: Vec<String>,
    options: BTreeMap<String, OptionValue>,
    found: Translation,
}

fn cases(folder: &Path, list: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        let text = path.to_string_lossy();
        if path.is_dir() {
            cases(&path, list);
        } else if text.ends_with(".json") && path.with_extension("weights.safetensors").exists() {
            list.push(path);
        }
    }
}

fn tensors(path: &Path) -> Named {
    let found = candle(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    found.into_iter().collect()
}

fn candle(path: &Path) -> Outcome<std::collections::HashMap<String, Tensor>> {
    Ok(cistron::candle_core::safetensors::load(path, &Device::Cpu)?)
}

fn option(value: &Json) -> OptionValue {
    match value {
        Json::Null => OptionValue::Nothing,
        Json::Bool(b) => OptionValue::Truth(*b),
        Json::Number(n) => n
            .as_i64()
            .map_or_else(|| OptionValue::Number(number(value)), OptionValue::Whole),
        Json::Array(items) => OptionValue::List(items.iter().map(option).collect()),
        other => OptionValue::Text(other.as_str().unwrap_or_default().into()),
    }
}

impl Case {
    fn open(path: &Path) -> Outcome<Self> {
        let info = json(path);
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let data = path
            .ancestors()
            .skip(1)
            .map(|f| f.join("data.safetensors"))
            .find(|p| p.exists());
        // What all recorded runs have besides their options (specification, section 13).
        let mut options: BTreeMap<String, OptionValue> = [
            ("conv_batch_norm", OptionValue::Truth(true)),
            ("loss_function", OptionValue::Text("Correlationmse".into())),
        ]
        .map(|(k, v)| (k.to_string(), v))
        .into();
        for (key, value) in info["options"].as_object().expect("options") {
            options.insert(key.clone(), option(value));
        }
        let outputs: Vec<String> = info["outputs"].as_array().expect("outputs").iter().map(text).collect();
        let lengths = info["l_seqs"].as_array().expect("lengths");
        let strands = info["reverse_complement"].as_array().expect("strands");
        let mut ports = Ports::default();
        for ((name, length), both) in ["dna", "rna"].iter().zip(lengths).zip(strands) {
            ports = ports.input(name, number(length) as usize, both.as_bool().unwrap_or(false));
        }
        for output in &outputs {
            ports = ports.output(output, number(&info["n_tracks"]) as usize);
        }
        let found = translate_pairs(options.clone().into_iter().collect(), &ports)?;
        Ok(Self {
            vectors: tensors(&path.with_extension("vectors.safetensors")),
            weights: tensors(&path.with_extension("weights.safetensors")),
            data: tensors(&data.ok_or("no data.safetensors beside or above it")?),
            name,
            info,
            outputs,
            options,
            found,
        })
    }

    fn network(&self, precision: DType) -> Outcome<Network> {
        let mut state = self.weights.clone();
        if let Some(table) = self.vectors.get("pos_queries") {
            state.insert("distattention.Mheadattention0.pos_queries".into(), table.clone());
        }
        let signature = self.signature();
        Ok(self.found.network(&signature, state, precision)?)
    }

    fn signature(&self) -> cistron::declaration::Signature {
        use cistron::declaration::{Axis, AxisKind, Port, PortKind, Signature};
        let axis = |kind, size| Axis {
            kind,
            size: Some(size),
            bp: None,
        };
        let lengths = self.info["l_seqs"]
            .as_array()
            .expect("lengths")
            .iter()
            .map(|l| number(l) as usize);
        let input = |((name, kind), length): ((&str, PortKind), usize)| Port {
            name: name.into(),
            kind,
            axes: vec![axis(AxisKind::Channel, 4), axis(AxisKind::Position, length)],
            tracks: Vec::new(),
        };
        let tracks = number(&self.info["n_tracks"]) as usize;
        let output = |name: &String| Port {
            name: name.clone(),
            kind: PortKind::Scalar,
            axes: vec![axis(AxisKind::Track, tracks)],
            tracks: (0..tracks).map(|t| format!("track {t}")).collect(),
        };
        Signature {
            name: "data".into(),
            inputs: [("dna", PortKind::Dna), ("rna", PortKind::Rna)]
                .into_iter()
                .zip(lengths)
                .map(input)
                .collect(),
            outputs: self.outputs.iter().map(output).collect(),
        }
    }

    /// Inputs and targets of some rows.
    fn rows(&self, rows: &Json, precision: DType) -> Outcome<(Named, Named)> {
        let rows: Vec<u32> = rows.as_array().ok_or("rows")?.iter().map(|r| number(r) as u32).collect();
        let rows = Tensor::new(rows, &Device::Cpu)?;
        let pick = |name: &str| -> Outcome<(String, Tensor)> {
            Ok((name.to_string(), self.data[name].index_select(&rows, 0)?.to_dtype(precision)?))
        };
        let inputs = self.signature().inputs;
        let inputs = inputs.iter().map(|p| pick(&p.name)).collect::<Outcome<Named>>()?;
        Ok((inputs, self.outputs.iter().map(|o| pick(o)).collect::<Outcome<Named>>()?))
    }

    /// The names of the losses of all outputs.
    fn losses(&self, option: &str) -> Vec<String> {
        match self.options.get(option) {
            Some(OptionValue::List(list)) => list.iter().map(ToString::to_string).collect(),
            Some(one) => vec![one.to_string(); self.outputs.len()],
            None => self.losses("loss_function"),
        }
    }

    /// The sum of all elements, how many they are, and the gradients.
    fn loss(&self, option: &str, outputs: &Named, targets: &Named) -> Outcome<(f64, usize, Named)> {
        let (mut total, mut count, mut gradients) = (0.0, 0, Named::new());
        for (output, name) in self
            .outputs
            .iter()
            .zip(self.losses(option))
            .filter(|(_, name)| name != "None")
        {
            let (prediction, target) = (&outputs[output], &targets[output]);
            let elements = Loss::drg_elements(&name, prediction.dims()) as f64;
            count += prediction.elem_count();
            let mut sum: Option<Tensor> = None;
            for (weight, part) in Loss::drg(&name).ok_or("no such loss")? {
                let (value, gradient) = part.value_and_gradient(prediction, target, None)?;
                total += elements * weight * value;
                let gradient = (gradient * (elements * weight))?;
                sum = Some(match sum {
                    Some(before) => (before + gradient)?,
                    None => gradient,
                });
            }
            gradients.insert(output.clone(), sum.ok_or("a loss without parts")?);
        }
        Ok((total, count, gradients))
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64));
    flat.and_then(|t| t.to_vec1()).expect("values")
}

/// A case in one precision.
struct Check<'a> {
    case: &'a Case,
    precision: DType,
    run: &'static str,
    /// What numbers of the JSON and predictions meet to.
    exact: f64,
    /// What tensors meet to that are kept in single precision.
    stored: f64,
}

impl Check<'_> {
    fn near(&self, found: f64, expected: &Json, what: &str) {
        let expected = number(expected);
        let apart = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
        let (name, run) = (&self.case.name, self.run);
        assert!(
            apart <= self.exact,
            "{name} {run}, {what}: {found} against {expected}, {apart:.1e}"
        );
    }

    fn close(&self, found: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
        let apart = difference(&values(found), &values(expected), what);
        let (name, run) = (&self.case.name, self.run);
        assert!(apart <= tolerance, "{name} {run}, {what}: {apart:.1e} of the largest value");
    }

    fn json(&self, name: &str) -> &Json {
        &self.case.info[format!("{}.{name}", self.run)]
    }

    /// Predictions and the value after every stage.
    fn forward(&self, network: &Network) -> Outcome {
        let (inputs, _) = self.case.rows(&self.case.info["batches"][0], self.precision)?;
        let names: Vec<&str> = network.graph().nodes.iter().map(|n| n.name.as_str()).collect();
        let nodes = network.activations(&inputs, &names)?;
        let prefix = format!("{}.eval.", self.run);
        for (stage, expected) in self.case.vectors.iter().filter(|(name, _)| name.starts_with(&prefix)) {
            let wanted = values(expected);
            if stage.contains(".pred.") {
                let output = stage.rsplit('.').next().unwrap_or_default();
                let found = &network.predict(&inputs)?[output];
                self.close(found, expected, self.exact, &format!("prediction of {output}"));
                continue;
            }
            // Heads that nothing reads are not declared.
            let head = stage
                .rsplit_once(".head")
                .and_then(|(side, j)| Some((side.chars().last()?, j)));
            let unread = head.is_some_and(|(i, j)| {
                let name = format!("cnns.CNN{i}.classifier.{j}.classifier.Linear.weight");
                self.case.found.unread().contains(&name)
            });
            if unread {
                continue;
            }
            let same = nodes.values().filter(|node| node.elem_count() == wanted.len());
            let best = same
                .map(|node| difference(&values(node), &wanted, stage))
                .fold(f64::INFINITY, f64::min);
            assert!(
                best <= self.exact,
                "{} {stage}: the nearest value is {best:.1e} away",
                self.case.name
            );
        }
        Ok(())
    }

    /// The loss and the watched loss of the validation rows, as means.
    fn validate(&self, network: &Network, wanted: [&Json; 2], what: &str) -> Outcome {
        let (inputs, targets) = self.case.rows(&self.case.info["val_rows"], self.precision)?;
        let outputs = network.predict(&inputs)?;
        for ((option, wanted), word) in ["loss_function", "validation_loss"]
            .iter()
            .zip(wanted)
            .zip(["loss", "watched loss"])
        {
            let (sum, count, _) = self.case.loss(option, &outputs, &targets)?;
            self.near(sum / count as f64, wanted, &format!("{word} {what}"));
        }
        Ok(())
    }

    fn step(&self, network: &mut Network, number: usize) -> Outcome<(f64, cistron::nn::Step)> {
        let batches = self.case.info["batches"].as_array().ok_or("batches")?;
        let (inputs, targets) = self.case.rows(&batches[number % batches.len()], self.precision)?;
        let mut watched = f64::NAN;
        let step = network.step(&inputs, 0, number as u64, &mut |outputs| {
            let both = self.case.loss("loss_function", outputs, &targets);
            let (sum, count, gradients) = both.unwrap_or_else(|e| panic!("{e}"));
            watched = sum / count as f64;
            Ok((sum, gradients))
        })?;
        Ok((watched, step))
    }

    fn gradients(&self, network: &Network) -> Outcome {
        let mut network = network.clone();
        let (_, step) = self.step(&mut network, 0)?;
        self.near(step.loss, self.json("train.loss_sum"), "the summed loss");
        let norms = self.json("train.grad_norm");
        let mut seen = 0;
        for ((weight, gradient), name) in network.weights().iter().zip(&step.gradients).zip(self.case.found.names()) {
            let Some(gradient) = gradient else { continue };
            let norm = values(gradient).iter().map(|v| v * v).sum::<f64>().sqrt();
            let tolerance = if self.precision == DType::F64 {
                self.exact
            } else {
                self.stored
            };
            let apart = (norm - number(&norms[name])).abs() / number(&norms[name]).abs().max(f64::MIN_POSITIVE);
            assert!(
                apart <= tolerance,
                "{} norm of the gradient of {name} ({}): {apart:.1e}",
                self.case.name,
                weight.name
            );
            self.close(
                gradient,
                &self.case.vectors[&format!("grad.{name}")],
                self.stored,
                &format!("gradient of {name}"),
            );
            seen += 1;
        }
        let recorded = norms.as_object().ok_or("norms")?.values().filter(|v| !v.is_null()).count();
        assert_eq!(seen, recorded, "{}: parameters with a gradient", self.case.name);
        Ok(())
    }

    fn training(&self, network: &Network, name: &str, optimizer: Optimizer) -> Outcome {
        let mut network = network.clone();
        let mut state = OptimizerState::new(optimizer);
        let run = self.json(name);
        for (i, expected) in run["train_loss"].as_array().ok_or("losses")?.iter().enumerate() {
            let (mean, step) = self.step(&mut network, i)?;
            self.near(mean, expected, &format!("{name}, loss of step {}", i + 1));
            network.optimize(&step.gradients, &mut state, &[], number(&run["lr"]), None)?;
        }
        for (weight, original) in network.weights().iter().zip(self.case.found.names()) {
            if let Some(expected) = self.case.vectors.get(&format!("{name}.after20.{original}")) {
                self.close(
                    &weight.tensor,
                    expected,
                    self.stored,
                    &format!("{name}, {original} after 20 steps"),
                );
            }
        }
        let recorded = self
            .case
            .vectors
            .keys()
            .filter_map(|k| k.strip_prefix(&format!("{name}.after20.")));
        let recorded = recorded.filter(|k| !k.starts_with("eval.") && !k.ends_with("num_batches_tracked"));
        let unread = self.case.found.unread();
        for key in recorded.filter(|k| !unread.iter().any(|u| u == k)) {
            assert!(self.case.found.names().iter().any(|n| n == key), "{} is not compared", key);
        }
        let (inputs, _) = self.case.rows(&self.case.info["batches"][0], self.precision)?;
        for (output, found) in network.predict(&inputs)? {
            let expected = &self.case.vectors[&format!("{name}.after20.eval.pred.{output}")];
            self.close(
                &found,
                expected,
                self.stored,
                &format!("{name}, prediction of {output} after 20 steps"),
            );
        }
        let wanted = ["trainloss", "valloss"].map(|w| &run[format!("after20.val_{w}")]);
        self.validate(&network, wanted, &format!("after 20 steps of {name}"))
    }
}

#[test]
fn every_recorded_network() -> Outcome {
    let Some(folder) = shared("golden/drg") else { return Ok(()) };
    let mut paths = Vec::new();
    cases(&folder, &mut paths);
    assert!(paths.len() >= 8, "{} cases under {}", paths.len(), folder.display());
    for path in paths {
        let case = Case::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        for (precision, run, exact, stored) in [(DType::F64, "f64", 1e-9, 6e-8), (DType::F32, "f32", 1e-5, 1e-4)] {
            let check = Check {
                case: &case,
                precision,
                run,
                exact,
                stored,
            };
            let network = case.network(precision)?;
            let unread: usize = case.found.unread().iter().map(|name| case.weights[name].elem_count()).sum();
            assert_eq!(
                network.parameter_count() + unread,
                number(&case.info["n_params"]) as usize,
                "{}",
                case.name
            );
            check.forward(&network)?;
            check.validate(
                &network,
                ["trainloss", "valloss"].map(|w| check.json(&format!("init.val_{w}"))),
                "at first",
            )?;
            check.gradients(&network)?;
            let sgd = Sgd {
                momentum: 0.9,
                ..Sgd::default()
            };
            check.training(&network, "SGD", sgd.into())?;
            check.training(&network, "AdamW", AdamW::default().into())?;
        }
        println!("{}: as recorded", case.name);
    }
    Ok(())
}
