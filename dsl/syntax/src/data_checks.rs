//! The checks of `data!`.

use crate::reader::Reader;
use crate::sources::{
    FOLDS, KINDS, Known, SOURCES, SPLITS, Source, argument_words, declares, example, gives, is_option, is_source,
};
use cistron_declaration::{Argument, DataDeclaration, DataStatement, Expression, Kind, did_you_mean};

/// Notes everything that can be told to be wrong without the files.
pub(crate) fn check(reader: &mut Reader, declaration: &DataDeclaration) {
    let names = declared_names(declaration);
    duplicates(reader, declaration);
    for statement in &declaration.statements {
        check_statement(reader, statement, &names);
    }
    // A statement that could not be read may be the one that seems to be missing.
    if !reader.mistakes.is_empty() {
        return;
    }
    for word in ["input", "output"] {
        if !declaration.statements.iter().any(|statement| statement.word == word) {
            let span = reader.text.first();
            reader.mistake_with_help(span, format!("the data set has no {word}"), example(word));
        }
    }
    if reader.mistakes.is_empty() && !declaration.statements.iter().any(|statement| statement.word == "records") {
        columns_of_nothing(reader, declaration);
    }
}

/// `column("y")` where no records are declared.
fn columns_of_nothing(reader: &mut Reader, declaration: &DataDeclaration) {
    for entry in declaration.statements.iter().flat_map(|statement| &statement.entries) {
        if matches!(&entry.value.kind, Kind::Call { function, .. } if function == "column") {
            let help = "declare them first: `records assay = table(\"assay.tsv\");`";
            reader.mistake_with_help(entry.value.span, "`column` has no records to be a column of", help);
        }
    }
}

fn declared_names(declaration: &DataDeclaration) -> Vec<String> {
    let statements = declaration.statements.iter().filter(|statement| declares(&statement.word));
    statements
        .flat_map(|statement| statement.entries.iter().filter_map(|entry| entry.name.clone()))
        .collect()
}

fn duplicates(reader: &mut Reader, declaration: &DataDeclaration) {
    // Records and outputs may share a name (`output human: Bins = human.target`); inputs and outputs may not.
    let mut ports: Vec<&str> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for statement in declaration.statements.iter().filter(|statement| declares(&statement.word)) {
        let seen = if matches!(statement.word.as_str(), "input" | "output") {
            &mut ports
        } else {
            &mut others
        };
        for entry in &statement.entries {
            let Some(name) = entry.name.as_deref().filter(|_| !is_option(&statement.word, entry)) else {
                continue;
            };
            if seen.contains(&name) {
                reader.mistake(entry.span, format!("`{name}` is declared twice"));
            }
            seen.push(name);
        }
    }
    for word in ["split", "folds", "classes", "windows"] {
        for again in declaration
            .statements
            .iter()
            .filter(|statement| statement.word == word)
            .skip(1)
        {
            reader.mistake(again.span, format!("a second `{word}`; a data set has one"));
        }
    }
}

fn check_statement(reader: &mut Reader, statement: &DataStatement, names: &[String]) {
    let word = statement.word.as_str();
    if matches!(word, "genome" | "windows" | "cells" | "sample") {
        reader.mistake(statement.span, format!("`{word}` cannot run yet"));
        return;
    }
    for entry in &statement.entries {
        if is_option(word, entry) {
            let name = entry.name.as_deref().unwrap_or_default();
            reader.mistake(entry.span, format!("`{name}` cannot run yet"));
            continue;
        }
        if declares(word) && entry.name.is_none() {
            reader.mistake_with_help(entry.span, format!("this {word} has no name"), example(word));
        }
        if !declares(word) && entry.name.is_some() {
            reader.mistake_with_help(entry.span, format!("`{word}` takes no name"), example(word));
        }
        match (&entry.kind, word) {
            (Some(kind), "input" | "output") => check_kind(reader, kind, word),
            (Some(kind), _) => reader.mistake(kind.span, format!("only inputs and outputs have a kind, `{word}` has none")),
            (None, "input") => {
                let name = entry.name.as_deref().unwrap_or("dna");
                let help = format!("`input {name}: Dna = ..`");
                reader.mistake_with_help(entry.span, "an input needs a kind", help);
            }
            (None, _) => {}
        }
        let (known, what): (&'static [Source], &str) = match word {
            "split" => (&SPLITS, "split"),
            "folds" => (&FOLDS, "rule for folds"),
            _ => (&SOURCES, "source"),
        };
        let before = reader.mistakes.len();
        check_source(
            reader,
            &entry.value,
            Known {
                word,
                sources: known,
                what,
            },
            names,
        );
        if let (Some(kind), "input", true) = (&entry.kind, word, reader.mistakes.len() == before) {
            check_source_of_kind(reader, kind, &entry.value);
        }
    }
}

/// `input dna: Dna = table(..)`: a source of inputs, but not of this kind.
fn check_source_of_kind(reader: &mut Reader, kind: &Expression, value: &Expression) {
    let (Kind::Name(kind), Kind::Call { function, .. }) = (&kind.kind, &value.kind) else {
        return;
    };
    if let Some((what, sources)) = gives(kind)
        && !sources.contains(&function.as_str())
    {
        let help = format!("`{kind}` comes from: {}", sources.join(", "));
        reader.mistake_with_help(value.span, format!("`{function}` gives no {what}"), help);
    }
}

fn check_kind(reader: &mut Reader, kind: &Expression, word: &str) {
    let name = match &kind.kind {
        Kind::Name(name) => name,
        Kind::Call { function, .. } => function,
        _ => "",
    };
    let all = KINDS.iter().map(|(name, ..)| *name);
    match KINDS.iter().find(|(known, ..)| *known == name) {
        None => reader.mistake_with_help(kind.span, format!("unknown kind `{name}`"), did_you_mean(name, all)),
        Some((_, as_input, as_output)) => {
            if !(if word == "input" { *as_input } else { *as_output }) {
                reader.mistake(kind.span, format!("an {word} of kind `{name}` cannot run yet"));
            }
        }
    }
}

fn check_source(reader: &mut Reader, value: &Expression, known: Known<'_>, names: &[String]) {
    let what = known.what;
    match &value.kind {
        Kind::Call { function, arguments } => {
            let Some(source) = known.sources.iter().find(|source| source.name == function) else {
                let near = did_you_mean(function, known.running());
                return reader.mistake_with_help(value.span, format!("unknown {what} `{function}`"), near);
            };
            if source.stands_in.is_empty() {
                return reader.mistake(value.span, format!("the {what} `{function}` cannot run yet"));
            }
            if !source.stands_in.contains(&known.word) {
                let help = format!("one of: {}", known.running().collect::<Vec<_>>().join(", "));
                return reader.mistake_with_help(value.span, format!("`{function}` gives no {}", known.word), help);
            }
            check_arguments(reader, source, value, arguments, what);
        }
        Kind::Name(name) if what == "source" => {
            if is_source(name) {
                let help = format!("`{name}(..)`; a data frame of the cell is written `frame({name})`");
                return reader.mistake_with_help(value.span, format!("the source `{name}` takes parentheses"), help);
            }
            if !names.contains(name) {
                let all = names
                    .iter()
                    .map(String::as_str)
                    .chain(SOURCES.iter().map(|source| source.name));
                let mut help = did_you_mean(name, all);
                if !help.starts_with("did") {
                    help = format!("a data frame of the cell is written `frame({name})`");
                }
                reader.mistake_with_help(value.span, format!("unknown source `{name}`"), help);
            }
        }
        Kind::Field { receiver, .. } => {
            check_source(
                reader,
                receiver,
                Known {
                    sources: &SOURCES,
                    what: "source",
                    ..known
                },
                names,
            );
        }
        Kind::Method { receiver, method, .. } if what == "source" => {
            let before = reader.mistakes.len();
            check_source(reader, receiver, known, names);
            if reader.mistakes.len() == before {
                reader.mistake(value.span, format!("`{method}` on a source cannot run yet"));
            }
        }
        Kind::Text(path) if what == "source" => {
            let help = format!("say how to read it: `table({path:?})`, `npz({path:?})`, `fasta({path:?})`");
            reader.mistake_with_help(value.span, "expected a source, found a text", help);
        }
        _ => {
            let all: Vec<&str> = known.running().collect();
            reader.mistake_with_help(
                value.span,
                format!("expected a {what}"),
                format!("one of: {}", all.join(", ")),
            );
        }
    }
}

fn check_arguments(reader: &mut Reader, source: &Source, value: &Expression, arguments: &[Argument], what: &str) {
    let name = source.name;
    let (least, most) = source.values;
    let values: Vec<&Argument> = arguments.iter().filter(|argument| argument.name.is_none()).collect();
    if values.len() < least {
        let example = if name == "count" { "10" } else { "\"..\"" };
        reader.mistake_with_help(value.span, format!("`{name}` needs a value"), format!("`{name}({example})`"));
    }
    for extra in values.iter().skip(most) {
        reader.mistake(
            extra.span,
            format!(
                "`{name}` takes {most} value{} without a name",
                if most == 1 { "" } else { "s" }
            ),
        );
    }
    for argument in arguments {
        let Some(given) = &argument.name else { continue };
        if !source.arguments.contains(&given.as_str()) {
            let help = did_you_mean(given, source.arguments.iter().copied());
            let help = if source.arguments.is_empty() {
                format!("`{name}` takes no named arguments")
            } else {
                help
            };
            reader.mistake_with_help(
                argument.span,
                format!("unknown argument `{given}` of the {what} `{name}`"),
                help,
            );
        } else if let Some(words) = argument_words(given)
            && !matches!(&argument.value.kind, Kind::Name(found) if words.contains(&found.as_str()))
        {
            let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            reader.mistake(argument.value.span, format!("`{given}` can only be {}", list.join(" or ")));
        }
    }
    if name == "hash" {
        check_shares(reader, arguments);
    }
    if name == "count" {
        check_sets(reader, arguments);
    }
}

/// `count(10)`: training, validation and test need a set each.
fn check_sets(reader: &mut Reader, arguments: &[Argument]) {
    for argument in arguments.iter().filter(|argument| argument.name.is_none()) {
        let sets = match &argument.value.kind {
            Kind::Int(sets) if *sets >= 3 => continue,
            Kind::Int(sets) => sets.to_string(),
            Kind::Float(sets) => sets.to_string(),
            Kind::Text(text) => format!("{text:?}"),
            Kind::Capture(_) => continue,
            _ => "this".into(),
        };
        let message = format!("`count` needs a whole number of sets, at least 3; found {sets}");
        reader.mistake_with_help(argument.value.span, message, "`folds count(10, seed = 1010, above = 0.5);`");
    }
}

/// `hash(valid = 0.1, test = 0.1)`: shares of the whole.
fn check_shares(reader: &mut Reader, arguments: &[Argument]) {
    let mut sum = 0.0;
    for argument in arguments
        .iter()
        .filter(|argument| matches!(argument.name.as_deref(), Some("valid" | "test")))
    {
        let share = match argument.value.kind {
            Kind::Float(share) => share,
            Kind::Int(share) => share as f64,
            _ => continue,
        };
        sum += share;
        if !(0.0..1.0).contains(&share) {
            let name = argument.name.as_deref().unwrap_or_default();
            let message = format!("the share `{name}` is {share}; it must be at least 0 and below 1");
            reader.mistake(argument.value.span, message);
        } else if sum >= 1.0 {
            reader.mistake(
                argument.value.span,
                format!("the shares sum to {sum}; nothing is left for training"),
            );
        }
    }
}
