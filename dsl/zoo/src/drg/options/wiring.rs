//! Heads, mixers and relations: what becomes of the trunks.

use super::given::Given;
use super::trunk::{Trunk, trunk};
use super::value::OptionValue;
use super::words::{activation, decimal};
use super::{Ports, SequencePort};

/// The body of a model as text, with the original's parameter names in the order of ours.
pub(super) struct Body {
    pub(super) lines: Vec<String>,
    pub(super) names: Vec<String>,
    /// Parameters that the original has and nothing reads.
    pub(super) unread: Vec<String>,
}

/// A relation between outputs that no weights take part in.
#[derive(Clone, Debug, PartialEq)]
enum Relation {
    Difference,
    ExpDifference,
    Fraction,
    Direct,
    /// Of the relation behind `LOGXPLUS`.
    Log(Box<Relation>),
}

impl Relation {
    /// Whether it holds an exponential.
    fn raises(&self) -> bool {
        match self {
            Self::ExpDifference => true,
            Self::Log(inner) => inner.raises(),
            _ => false,
        }
    }

    /// Whether it is a fraction, whose heads keep their function.
    fn divides(&self) -> bool {
        match self {
            Self::Fraction => true,
            Self::Log(inner) => inner.divides(),
            _ => false,
        }
    }

    fn of(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        if let Some(inner) = word.strip_prefix("logxplus") {
            return Self::of(inner).map(|inner| Self::Log(Box::new(inner)));
        }
        match word.as_str() {
            "difference" => Some(Self::Difference),
            "expdifference" => Some(Self::ExpDifference),
            "fraction" => Some(Self::Fraction),
            "direct" => Some(Self::Direct),
            _ => None,
        }
    }
}

/// Whether an `outclass` names a relation.
pub(super) fn is_relation(word: &str) -> bool {
    Relation::of(word).is_some()
}

fn heads(lines: &mut Vec<String>, trunks: &[Trunk], inputs: &[SequencePort]) -> Vec<String> {
    let same = trunks.windows(2).all(|pair| pair[0].lines == pair[1].lines);
    let block = |name: &str, trunk: &Trunk| {
        let mut text = vec![format!("block {name}(x) {{")];
        text.extend(trunk.lines.iter().map(|line| format!("    {line}")));
        text.push("}".into());
        text
    };
    let name = |i: usize| {
        if same {
            "trunk".to_string()
        } else {
            format!("{}_trunk", inputs[i].name)
        }
    };
    for (i, trunk) in trunks.iter().enumerate() {
        if i == 0 || !same {
            lines.extend(block(&name(i), trunk));
        }
    }
    let call = |(i, input): (usize, &SequencePort)| {
        let strands = if input.both_strands { ".both_strands()" } else { "" };
        format!("{}({}{strands})", name(i), input.name)
    };
    inputs.iter().enumerate().map(call).collect()
}

/// A network of one sequence.
pub(super) fn one(given: &mut Given, ports: &Ports) -> Body {
    let input = &ports.inputs[0];
    let written = trunk(given, &input.name, "", input.length);
    let mut lines = Vec::new();
    let calls = heads(&mut lines, std::slice::from_ref(&written), &ports.inputs);
    let mut names = written.names;
    let functions: Vec<&str> = classes(given, ports.outputs.len())
        .iter()
        .map(|class| activation(given, "outclass", class))
        .collect();
    let outputs: Vec<&str> = ports.outputs.iter().map(|(name, _)| name.as_str()).collect();
    if let [output] = outputs[..] {
        lines.push(format!("{output} = {}.linear(){};", calls[0], functions[0]));
        names.extend(linear("classifier.classifier.Linear"));
    } else {
        lines.push(format!("let t = {};", calls[0]));
        if functions.windows(2).all(|f| f[0] == f[1]) {
            lines.push(format!("[{}] = t.linear(){};", outputs.join(", "), functions[0]));
        } else {
            for (output, function) in outputs.iter().zip(&functions) {
                lines.push(format!("{output} = t.linear(){function};"));
            }
        }
        for j in 0..outputs.len() {
            names.extend(linear(&format!("classifier.{j}.classifier.Linear")));
        }
    }
    Body {
        lines,
        names,
        unread: Vec::new(),
    }
}

fn linear(name: &str) -> [String; 2] {
    [format!("{name}.weight"), format!("{name}.bias")]
}

fn classes(given: &mut Given, outputs: usize) -> Vec<String> {
    given.each("outclass", outputs).iter().map(ToString::to_string).collect()
}

/// Which inputs each output reads.
fn routes(given: &mut Given, inputs: usize, outputs: usize) -> Vec<Vec<usize>> {
    let all: Vec<usize> = (0..inputs).collect();
    let OptionValue::List(list) = given.value("input_to_combinefunc") else {
        return vec![all; outputs];
    };
    if list.len() != outputs {
        let message = format!("`input_to_combinefunc` lists {} outputs of {outputs}", list.len());
        given.impossible.push(message);
        return vec![all; outputs];
    }
    let mut found = Vec::new();
    for (j, route) in list.iter().enumerate() {
        let places: Vec<usize> = match route {
            OptionValue::List(places) => places
                .iter()
                .filter_map(OptionValue::number)
                .filter(|x| *x >= 0.0 && x.fract() == 0.0)
                .map(|x| x as usize)
                .filter(|i| *i < inputs)
                .collect(),
            _ => Vec::new(),
        };
        let given_places = match route {
            OptionValue::List(places) => places.len(),
            _ => 1,
        };
        if places.is_empty() || places.len() != given_places {
            let message = format!(
                "`input_to_combinefunc`: output {j} reads {route}, of inputs 0 to {}",
                inputs - 1
            );
            given.impossible.push(message);
            found.push(all.clone());
        } else {
            found.push(places);
        }
    }
    found
}

/// A network of several sequences.
pub(super) fn several(given: &mut Given, ports: &Ports) -> Body {
    let (inputs, outputs) = (&ports.inputs, &ports.outputs);
    let trunks: Vec<Trunk> = inputs
        .iter()
        .enumerate()
        .map(|(i, input)| trunk(given, &input.name, &format!("cnns.CNN{i}."), input.length))
        .collect();
    let mut writer = Wiring {
        lines: Vec::new(),
        names: Vec::new(),
        unread: Vec::new(),
        sides: inputs.iter().map(|i| format!("{}_side", i.name)).collect(),
        routes: routes(given, inputs.len(), outputs.len()),
        outputs: outputs.iter().map(|(name, _)| name.clone()).collect(),
    };
    let calls = heads(&mut writer.lines, &trunks, inputs);
    let listed = matches!(given.value("outclass"), OptionValue::List(_)) || outputs.len() == 1;
    let classes = classes(given, outputs.len());
    let relations: Vec<Option<Relation>> = classes
        .iter()
        .map(|class| Relation::of(class).filter(|_| listed && inputs.len() == 2))
        .collect();
    let function = given.text("combine_function");
    let shared = given.truth("shared_embedding");
    let analytic = relations.iter().filter(|r| r.is_some()).count();
    if analytic == outputs.len() {
        if function != "Linear" && shared && outputs.len() > 1 {
            given.notes.push(format!(
                "`combine_function={function}` acts on the heads that the relations read: with GELU no value below -0.17 can be \
                 predicted, and the original says nothing; `combine_function=Linear` is what the relations mean"
            ));
        }
        let relations: Vec<Relation> = relations.into_iter().flatten().collect();
        if relations.iter().any(|r| r.raises()) {
            given
                .notes
                .push("the original caps the exponential of a difference; here it has no cap".into());
        }
        // The relation of a single output has linear heads, whatever is said.
        let function = if outputs.len() == 1 { "Linear".to_string() } else { function };
        let function = activation(given, "combine_function", &function);
        writer.names.extend(trunks.into_iter().flat_map(|t| t.names));
        writer.related(given, &calls, &relations, function, shared);
    } else {
        if analytic > 0 && shared {
            given
                .impossible
                .push("relations beside mixers with `shared_embedding=True` crash in the original".into());
        }
        if relations.iter().any(Option::is_some) {
            given
                .impossible
                .push("relations beside mixers: write the model by hand, one expression per output".into());
        }
        if !shared {
            given
                .notes
                .push("`shared_embedding=False` has no effect without relations".into());
        }
        writer.mixed(given, &calls, trunks, &classes, &function);
    }
    Body {
        lines: writer.lines,
        names: writer.names,
        unread: writer.unread,
    }
}

struct Wiring {
    lines: Vec<String>,
    names: Vec<String>,
    unread: Vec<String>,
    /// What the trunks are bound to.
    sides: Vec<String>,
    routes: Vec<Vec<usize>>,
    outputs: Vec<String>,
}

impl Wiring {
    /// Outputs as relations of heads.
    fn related(&mut self, given: &mut Given, calls: &[String], relations: &[Relation], function: &str, shared: bool) {
        for (side, call) in self.sides.clone().iter().zip(calls) {
            self.lines.push(format!("let {side} = {call};"));
        }
        // The head of a side has the name of the output that is this head alone, if there is one.
        let mut of_side: Vec<Option<String>> = vec![None; calls.len()];
        if shared {
            for (i, head) in of_side.iter_mut().enumerate() {
                let direct = (0..self.outputs.len()).find(|j| relations[*j] == Relation::Direct && self.routes[*j] == [i]);
                let text = format!("{} = {}.linear(){function};", "{}", self.sides[i]);
                let name = direct.map_or_else(|| format!("{}_head", self.sides[i]), |j| self.outputs[j].clone());
                let word = if direct.is_some() { "" } else { "let " };
                self.lines.push(format!("{word}{}", text.replace("{}", &name)));
                self.names
                    .extend(linear(&format!("cnns.CNN{i}.classifier.classifier.Linear")));
                *head = Some(name);
            }
        }
        for (j, relation) in relations.iter().enumerate() {
            let output = self.outputs[j].clone();
            let route = self.routes[j].clone();
            let bare = matches!(relation, Relation::Direct);
            if bare && route.len() > 1 {
                given
                    .impossible
                    .push(format!("output `{output}`: `direct` with two inputs crashes in the original"));
            }
            if !bare && route.len() == 1 {
                given.notes.push(format!(
                    "output `{output}`: a relation of one input is that input alone; the original does this without a word"
                ));
            }
            let mut heads = Vec::new();
            for i in &route {
                heads.push(match &of_side[*i] {
                    Some(name) => name.clone(),
                    None => {
                        self.names.extend(linear(&self.head(*i, j)));
                        let function = if relation.divides() { function } else { "" };
                        format!("{}.linear(){function}", self.sides[*i])
                    }
                });
            }
            if !shared {
                for i in (0..calls.len()).filter(|i| !route.contains(i)) {
                    let name = self.head(i, j);
                    self.unread.extend(linear(&name));
                }
            }
            if heads == [output.clone()] {
                continue;
            }
            let value = match heads.as_slice() {
                [one] => one.clone(),
                [a, b, ..] => self.relation(given, relation, a, b),
                [] => String::new(),
            };
            self.lines.push(format!("{output} = {value};"));
        }
    }

    fn head(&self, input: usize, output: usize) -> String {
        match self.outputs.len() {
            1 => format!("cnns.CNN{input}.classifier.classifier.Linear"),
            _ => format!("cnns.CNN{input}.classifier.{output}.classifier.Linear"),
        }
    }

    fn relation(&self, given: &mut Given, relation: &Relation, a: &str, b: &str) -> String {
        match relation {
            Relation::Difference => format!("{a} - {b}"),
            Relation::ExpDifference => format!("({a} - {b}).exp()"),
            Relation::Fraction => format!("({a}.relu() + 1e-12) / ({b}.relu() + 1e-12)"),
            Relation::Direct => a.to_string(),
            Relation::Log(inner) => {
                if **inner == Relation::Difference {
                    given
                        .impossible
                        .push("`LOGXPLUSDIFFERENCE` crashes in the original: the logarithm of a difference".into());
                }
                let inside = self.relation(given, inner, a, b);
                let offset = given.number("outlogoffset");
                let base = given.number("outlog");
                let scale = if base > 0.0 && base != 1.0 { 1.0 / base.ln() } else { 1.0 };
                format!("({inside} + {}).log() * {}", decimal(offset), decimal(scale))
            }
        }
    }

    /// Outputs through mixers of the embeddings.
    fn mixed(&mut self, given: &mut Given, calls: &[String], trunks: Vec<Trunk>, classes: &[String], function: &str) {
        let embedding = given.whole("cnn_embedding");
        let word = activation(given, "combine_function", function);
        for (i, ((side, call), trunk)) in self.sides.clone().iter().zip(calls).zip(trunks).enumerate() {
            self.lines.push(format!("let {side} = {call}.linear({embedding}){word};"));
            self.names.extend(trunk.names);
            self.names
                .extend(linear(&format!("cnns.CNN{i}.classifier.classifier.Linear")));
        }
        let layers: Vec<usize> = given
            .each("n_combine_layers", self.outputs.len())
            .iter()
            .map(|n| n.number().unwrap_or(0.0) as usize)
            .collect();
        let widening = given.number("combine_widening");
        if layers.contains(&1) {
            given
                .notes
                .push("`n_combine_layers=1` crashes in the original and works here".into());
        }
        let rate = given.number("dropout");
        let drop = if rate > 0.0 {
            format!(".dropout({})", decimal(rate))
        } else {
            String::new()
        };
        if given.truth("batch_norm") {
            given
                .impossible
                .push("`batch_norm=True` puts norms in the mixers, for which no name of the state dict is known".into());
        }
        if layers.iter().any(|n| *n > 0) {
            let body = format!(
                "for w in widening(x.features, layers, {}) {{ h = h.linear(w){drop}{word}; }}",
                decimal(widening)
            );
            self.lines
                .insert(0, format!("block mix(x, layers) {{ let mut h = x; {body} h }}"));
        }
        for (j, output) in self.outputs.clone().iter().enumerate() {
            let function = activation(given, "outclass", &classes[j]);
            let sides: Vec<&str> = self.routes[j].iter().map(|i| self.sides[*i].as_str()).collect();
            let joined = match sides.as_slice() {
                [one] => (*one).to_string(),
                several => format!("concat([{}])", several.join(", ")),
            };
            let value = match layers[j] {
                0 => joined,
                n => format!("mix({joined}, {n})"),
            };
            self.lines.push(format!("{output} = {value}.linear(){function};"));
            let at = |part: &str| match self.outputs.len() {
                1 => part.to_string(),
                _ => format!("{part}.{j}"),
            };
            for layer in 0..layers[j] {
                self.names
                    .extend(linear(&format!("{}.nfcs.Fullyconnected{layer}", at("nclayers"))));
            }
            self.names.extend(linear(&format!("{}.classifier.Linear", at("classifier"))));
        }
    }
}
