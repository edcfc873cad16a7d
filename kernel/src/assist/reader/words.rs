//! The words of the declarations, read from the tables that their parser and checker use, and their documentation,
//! read from the functions that those words lead to.

use super::entry;
use super::krate::Crate;
use super::tables::{Arms, Choices, Tables, Value};
use crate::assist::index::{Entry, Type, Word};
use std::collections::{BTreeMap, HashMap};
use syn::visit::Visit;

/// What the words are read from.
struct Sources<'a> {
    tables: Tables,
    arms: Arms,
    /// Documentation of functions of the checker by name, and of cases of enumerations by `Owner::Name`.
    docs: HashMap<String, String>,
    /// The words that arguments take, by the function that reads them.
    choices: HashMap<String, Vec<(String, Vec<String>)>>,
    types: &'a BTreeMap<String, Type>,
}

/// The words of all declarations by where they stand.
pub(super) fn words(crates: &[Crate], types: &BTreeMap<String, Type>) -> BTreeMap<String, Vec<Word>> {
    let mut sources = Sources {
        tables: Tables::default(),
        arms: Arms::default(),
        docs: HashMap::new(),
        choices: HashMap::new(),
        types,
    };
    for krate in crates {
        let syntax = matches!(
            krate.name.as_str(),
            "cistron_syntax" | "cistron_model" | "cistron_declaration"
        );
        for (path, file) in &krate.files {
            // Of the other crates only what a word of the objective leads to.
            let objective = krate.name == "cistron_train" && path.components().any(|c| c.as_os_str() == "objective");
            if syntax {
                sources.tables.learn(file);
            }
            if syntax || objective {
                sources.arms.learn(file);
                sources.learn_functions(file);
            }
        }
    }
    let fits = ["Fit", "Compare"].map(|name| sources.members(name));
    let mut out = BTreeMap::new();
    out.insert("layer".into(), sources.layers());
    out.insert("function".into(), sources.plain("FUNCTIONS"));
    out.insert("start".into(), sources.plain("STARTS"));
    out.insert("data".into(), sources.statements("WORDS", "genome"));
    out.insert("objective".into(), sources.statements("WORDS", "loss"));
    out.insert("statement".into(), sources.statements("WORDS", "let"));
    for (place, table) in [("source", "SOURCES"), ("split", "SPLITS"), ("folds", "FOLDS")] {
        out.insert(place.into(), sources.sources(table));
    }
    out.insert("kind".into(), sources.kinds());
    out.insert("loss".into(), sources.losses());
    out.insert("fit".into(), sources.options(&fits[0]));
    out.insert("compare".into(), sources.compare(&fits[1]));
    out.insert("optimizer".into(), sources.optimizers());
    out.insert("option".into(), sources.option_words());
    out
}

impl Sources<'_> {
    fn learn_functions(&mut self, file: &syn::File) {
        for item in &file.items {
            match item {
                syn::Item::Impl(block) => {
                    for inner in &block.items {
                        if let syn::ImplItem::Fn(f) = inner {
                            let name = f.sig.ident.to_string();
                            let mut choices = Choices::default();
                            choices.visit_block(&f.block);
                            self.choices.entry(name.clone()).or_default().extend(choices.0);
                            let doc = entry::doc(&f.attrs);
                            if !doc.is_empty() {
                                self.docs.entry(name).or_insert(doc);
                            }
                        }
                    }
                }
                syn::Item::Enum(one) => {
                    for variant in &one.variants {
                        let doc = entry::doc(&variant.attrs);
                        self.docs.entry(format!("{}::{}", one.ident, variant.ident)).or_insert(doc);
                    }
                }
                _ => {}
            }
        }
    }

    fn members(&self, name: &str) -> Vec<Entry> {
        self.types.get(name).map(|t| t.members.clone()).unwrap_or_default()
    }

    /// What is known of a word: the first documentation among what it leads to.
    fn doc(&self, word: &str) -> String {
        // A case of an enumeration says what one word means, a function what all words mean that lead there.
        let mut leads: Vec<&str> = self.arms.leads(word).collect();
        leads.sort_by_key(|lead| !lead.contains("::"));
        let found = leads
            .iter()
            .find_map(|lead| self.docs.get(*lead).filter(|doc| !doc.is_empty()));
        found.cloned().unwrap_or_default()
    }

    fn layers(&self) -> Vec<Word> {
        let table = self.tables.get("LAYERS");
        let layer = |value: &Value| {
            let [name, parameters, example] = value.arguments() else {
                return None;
            };
            let name = name.text()?.to_string();
            let mut word = Word {
                example: example.text().unwrap_or_default().into(),
                doc: self.doc(&name),
                ..Word::default()
            };
            let choices: HashMap<&str, &Vec<String>> = self
                .arms
                .leads(&name)
                .filter_map(|lead| self.choices.get(lead))
                .flatten()
                .map(|(argument, words)| (argument.as_str(), words))
                .collect();
            for parameter in parameters.items() {
                let Some(argument) = parameter.arguments().first().unwrap_or(parameter.field("name")).text() else {
                    continue;
                };
                let values = choices.get(argument).map(|words| (*words).clone()).unwrap_or_default();
                if parameter.called().ends_with("first") {
                    word.values.extend(values.clone());
                }
                word.arguments.insert(argument.into(), values);
            }
            word.name = name;
            Some(word)
        };
        table.items().iter().filter_map(layer).collect()
    }

    /// A list of names.
    fn plain(&self, table: &str) -> Vec<Word> {
        let word = |name: String| Word {
            doc: self.doc(&name),
            example: format!("{name}(..)"),
            name,
            ..Word::default()
        };
        self.tables.get(table).texts().into_iter().map(word).collect()
    }

    /// Words that begin a statement. Two macros have a table of the same name: `with` tells which.
    fn statements(&self, table: &str, with: &str) -> Vec<Word> {
        let names = self.tables.all(table).into_iter().map(|v| v.texts());
        let names = names
            .into_iter()
            .find(|names| names.iter().any(|n| n == with))
            .unwrap_or_default();
        let word = |name: String| Word {
            example: self.arms.text(&name).unwrap_or_default().trim_matches('`').into(),
            doc: self.doc(&name),
            name,
            ..Word::default()
        };
        names.into_iter().map(word).collect()
    }

    fn sources(&self, table: &str) -> Vec<Word> {
        let words: HashMap<String, Vec<String>> = self
            .tables
            .all("WORDS")
            .iter()
            .flat_map(|table| table.items().to_vec())
            .filter_map(|pair| Some((pair.items().first()?.text()?.to_string(), pair.items().get(1)?.texts())))
            .collect();
        let source = |value: &Value| {
            let [name, _, arguments, places] = value.arguments() else {
                return None;
            };
            let places = places.texts();
            // A source without a place parses, but cannot run yet.
            let name = name.text().filter(|_| !places.is_empty())?.to_string();
            let arguments = arguments
                .texts()
                .into_iter()
                .map(|a| (a.clone(), words.get(&a).cloned().unwrap_or_default()));
            Some(Word {
                doc: format!(
                    "Stands after {}.",
                    places.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ")
                ),
                example: format!("{name}(..)"),
                arguments: arguments.collect(),
                values: places,
                name,
            })
        };
        self.tables.get(table).items().iter().filter_map(source).collect()
    }

    fn kinds(&self) -> Vec<Word> {
        let kind = |value: &Value| {
            let [name, input, output] = value.items() else { return None };
            let places: Vec<&str> = [(input, "input"), (output, "output")]
                .into_iter()
                .filter_map(|(runs, place)| (*runs == Value::Switch(true)).then_some(place))
                .collect();
            let name = name.text().filter(|_| !places.is_empty())?.to_string();
            Some(Word {
                doc: self.docs.get(&format!("PortKind::{name}")).cloned().unwrap_or_default(),
                example: format!("{} x: {name} = ..", places[0]),
                name,
                ..Word::default()
            })
        };
        self.tables.get("KINDS").items().iter().filter_map(kind).collect()
    }

    fn losses(&self) -> Vec<Word> {
        let loss = |value: &Value| {
            let [name, words, switches, runs] = value.arguments() else {
                return None;
            };
            let name = name.text().filter(|_| *runs == Value::Switch(true))?.to_string();
            let switch = || vec!["true".to_string(), "false".to_string()];
            Some(Word {
                doc: self.doc(&name),
                example: words
                    .texts()
                    .first()
                    .map_or(format!("{name}()"), |word| format!("{name}({word})")),
                arguments: switches.texts().into_iter().map(|s| (s, switch())).collect(),
                values: words.texts(),
                name,
            })
        };
        self.tables.get("LOSSES").items().iter().filter_map(loss).collect()
    }

    /// Options of `fit!`: each is a setter of `Fit`, whose documentation it has.
    fn options(&self, setters: &[Entry]) -> Vec<Word> {
        let words: HashMap<String, Vec<String>> = self.option_tables().into_iter().collect();
        let option = |value: &Value| {
            let [name, role] = value.arguments() else { return None };
            let name = name.text().filter(|_| role.called() != "Later")?.to_string();
            let values = match role.called() {
                "Switch" => vec!["true".into(), "false".into()],
                "Optimizer" => self.optimizers().into_iter().map(|o| o.name).collect(),
                "Precision" => vec!["F32".into(), "F64".into()],
                "Compat" => vec!["drg".into()],
                _ => words.get(&name).cloned().unwrap_or_default(),
            };
            Some(Word {
                doc: setters
                    .iter()
                    .find(|s| s.name == name)
                    .map(|s| s.doc.clone())
                    .unwrap_or_default(),
                example: values
                    .first()
                    .map_or(format!("{name} = .."), |value| format!("{name} = {value}")),
                values,
                name,
                ..Word::default()
            })
        };
        self.tables.get("OPTIONS").items().iter().filter_map(option).collect()
    }

    fn compare(&self, setters: &[Entry]) -> Vec<Word> {
        let known = |name: &str| match name {
            "with" => "The objective of all fits.".to_string(),
            "data" => "The data set of all fits.".to_string(),
            name => setters
                .iter()
                .find(|s| s.name == name)
                .map(|s| s.doc.clone())
                .unwrap_or_default(),
        };
        let word = |name: String| Word {
            doc: known(&name),
            example: format!("{name} = .."),
            values: if name == "folds" { vec!["all".into()] } else { Vec::new() },
            name,
            ..Word::default()
        };
        self.tables.get("OWN").texts().into_iter().map(word).collect()
    }

    fn optimizers(&self) -> Vec<Word> {
        let optimizer = |value: &Value| {
            let name = value.field("name").text()?.to_string();
            let fields = value.field("fields").items().iter().filter_map(|f| f.items().first()?.text());
            Some(Word {
                doc: self.types.get(&name).map(|t| t.about.doc.clone()).unwrap_or_default(),
                example: format!("{name} {{ lr: 1e-3 }}"),
                arguments: fields.map(|f| (f.to_string(), Vec::new())).collect(),
                name,
                ..Word::default()
            })
        };
        self.tables.get("OPTIMIZERS").items().iter().filter_map(optimizer).collect()
    }

    /// Option of `fit!`, and the words that it takes.
    fn option_tables(&self) -> Vec<(String, Vec<String>)> {
        let tables = [
            ("warmup", "WARMUPS"),
            ("schedule", "SCHEDULES"),
            ("clip", "CLIPS"),
            ("average", "AVERAGES"),
            ("finetune", "FINETUNES"),
            ("halve", "HALVES"),
            ("no_decay", "ROLES"),
        ];
        let names = |table: &str| {
            let name = |v: &Value| {
                v.field("name")
                    .text()
                    .or(v.items().first().and_then(Value::text))
                    .map(String::from)
            };
            self.tables.get(table).items().iter().filter_map(name).collect()
        };
        tables
            .into_iter()
            .map(|(option, table)| (option.to_string(), names(table)))
            .collect()
    }

    /// What options take: `Cosine { over: .., floor: .. }`.
    fn option_words(&self) -> Vec<Word> {
        let owners = [
            ("WARMUPS", "Warmup"),
            ("SCHEDULES", "Schedule"),
            ("CLIPS", "Clip"),
            ("AVERAGES", "Average"),
            ("FINETUNES", "Finetune"),
            ("HALVES", "Halve"),
            ("PERIODS", "Period"),
        ];
        let mut out = Vec::new();
        for (table, owner) in owners {
            for value in self.tables.get(table).items() {
                let Some(name) = value.field("name").text() else { continue };
                let form = value.field("form");
                let fields: Vec<&str> = form
                    .arguments()
                    .iter()
                    .flat_map(Value::items)
                    .filter_map(|given| given.arguments().first()?.text())
                    .collect();
                let example = match (form.called(), fields.is_empty()) {
                    ("Fields", false) => format!(
                        "{name} {{ {} }}",
                        fields.iter().map(|f| format!("{f}: ..")).collect::<Vec<_>>().join(", ")
                    ),
                    ("Bare", _) => name.to_string(),
                    _ => format!("{name}(..)"),
                };
                let cases = self.types.get(owner).map(|t| t.associated.as_slice()).unwrap_or_default();
                let doc = cases
                    .iter()
                    .find(|case| case.name == name)
                    .map(|case| case.doc.clone())
                    .unwrap_or_default();
                out.push(Word {
                    name: name.into(),
                    example,
                    doc,
                    arguments: fields.into_iter().map(|f| (f.to_string(), Vec::new())).collect(),
                    values: Vec::new(),
                });
            }
        }
        out
    }
}
