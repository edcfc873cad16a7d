//! Types as text: what a name is without its path, what stands in its angle brackets, what a method of it gives.

use super::index::{Entry, Kind, Type};
use super::session::Types;

/// A type: its bare name and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Without path and references.
    pub(crate) name: String,
    /// The module that is named before it: types of two modules may have one name.
    pub(crate) module: String,
    /// What stands in its angle brackets.
    pub(crate) arguments: Vec<String>,
}

/// Types that lead to what is inside them.
const WRAPPERS: &[&str] = &["Box", "Rc", "Arc", "Ref", "RefMut", "MutexGuard", "Cow"];

/// Reads a type; nothing for tuples, functions and the like.
pub(crate) fn read(text: &str) -> Option<Known> {
    let mut text = text.trim();
    loop {
        let before = text;
        for prefix in ["&", "mut ", "dyn ", "impl "] {
            text = text.strip_prefix(prefix).unwrap_or(text).trim_start();
        }
        if text.starts_with('\'') {
            text = text.split_once(' ').map_or("", |(_, rest)| rest);
        }
        if text == before {
            break;
        }
    }
    if let Some(inside) = text.strip_prefix('[') {
        let item = inside.trim_end_matches(']').split(';').next().unwrap_or_default();
        return Some(Known {
            name: "Slice".into(),
            module: String::new(),
            arguments: vec![item.trim().into()],
        });
    }
    let (head, arguments) = match text.split_once('<') {
        Some((head, rest)) => (head, split(rest.rsplit_once('>').map_or(rest, |(inside, _)| inside))),
        None => (text, Vec::new()),
    };
    let mut segments = head.trim().trim_end_matches("::").rsplit("::").map(str::trim);
    let name = segments.next().unwrap_or_default();
    let module = segments.next().unwrap_or_default();
    if name.is_empty() || !name.chars().all(super::place::is_word) {
        return None;
    }
    if WRAPPERS.contains(&name)
        && let Some(inside) = arguments.iter().rfind(|a| !a.starts_with('\''))
    {
        return read(inside);
    }
    Some(Known {
        name: name.into(),
        module: module.into(),
        arguments: arguments.into_iter().filter(|a| !a.starts_with('\'')).collect(),
    })
}

/// What stands between the commas at the outermost level.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut depth = 0;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if before != '-' => depth -= 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
        before = c;
    }
    out.into_iter()
        .map(|part| part.trim().to_string())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The names under which the index has what a type can do, its own first.
fn families(known: &Known) -> Vec<(String, Vec<String>)> {
    let same = known.arguments.clone();
    let more = match known.name.as_str() {
        "Vec" => vec![("Slice".to_string(), same.clone())],
        "String" => vec![("str".to_string(), Vec::new())],
        "PathBuf" => vec![("Path".to_string(), Vec::new())],
        "HashMap" | "BTreeMap" => vec![("Map".to_string(), same.clone())],
        "f64" | "f32" => vec![("Float".to_string(), Vec::new())],
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => {
            vec![("Integer".to_string(), Vec::new())]
        }
        _ => Vec::new(),
    };
    let mut out = vec![(known.name.clone(), same)];
    out.extend(more);
    out
}

/// The types of the index that a type is, with what their parameters stand for.
pub(crate) fn of<'a>(types: Types<'a>, known: &Known) -> Vec<(&'a Type, Vec<(String, String)>)> {
    let families = families(known);
    let qualified = format!("{}::{}", known.module, known.name);
    let found = families.into_iter().filter_map(|(name, arguments)| {
        let of_module = if name == known.name { types.get(&qualified) } else { None };
        let kind = of_module.or_else(|| types.get(&name))?;
        Some((kind, kind.generics.iter().cloned().zip(arguments).collect()))
    });
    found.collect()
}

/// The type that a type leads to by `Deref`, for example `Trained` of `Run`.
fn target<'a>(types: Types<'a>, known: &Known) -> Option<(&'a Type, Vec<(String, String)>)> {
    let (kind, _) = of(types, known).into_iter().next()?;
    types.get(&kind.target).map(|kind| (kind, Vec::new()))
}

/// Fields and methods, with what their types become where a parameter is known.
pub(crate) fn members<'a>(types: Types<'a>, known: &Known) -> Vec<(&'a Entry, String)> {
    let mut out: Vec<(&Entry, String)> = Vec::new();
    for (kind, parameters) in of(types, known).into_iter().chain(target(types, known)) {
        for entry in &kind.members {
            if out.iter().all(|(seen, _)| seen.name != entry.name) {
                out.push((entry, given(&entry.result, known, &parameters)));
            }
        }
    }
    out
}

/// Functions, cases and constants.
pub(crate) fn associated<'a>(types: Types<'a>, known: &Known) -> Vec<(&'a Entry, String)> {
    let mut all = of(types, known);
    // Another name of a type has what the type has.
    if all.first().is_some_and(|(kind, _)| kind.about.kind == Kind::Type) {
        all.extend(target(types, known));
    }
    let entries = all
        .iter()
        .flat_map(|(kind, parameters)| kind.associated.iter().map(move |entry| (entry, parameters)));
    entries
        .map(|(entry, parameters)| (entry, given(&entry.result, known, parameters)))
        .collect()
}

/// A result with `Self` and the type's parameters replaced.
fn given(result: &str, known: &Known, parameters: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in result.chars().chain(std::iter::once('\0')) {
        if super::place::is_word(c) {
            word.push(c);
            continue;
        }
        match word.as_str() {
            "Self" if known.arguments.is_empty() => out.push_str(&known.name),
            "Self" => out.push_str(&format!("{}<{}>", known.name, known.arguments.join(", "))),
            name => match parameters.iter().find(|(parameter, _)| parameter == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(name),
            },
        }
        word.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, arguments: &[&str]) -> Option<Known> {
        Some(Known {
            name: name.into(),
            module: String::new(),
            arguments: arguments.iter().map(|a| (*a).to_string()).collect(),
        })
    }

    #[test]
    fn types_are_read_without_path_reference_and_wrapper() {
        let of = |module: &str, bare: Option<Known>| {
            bare.map(|known| Known {
                module: module.into(),
                ..known
            })
        };
        assert_eq!(read("&'a mut cistron::Run"), of("cistron", known("Run", &[])));
        assert_eq!(
            read("std::vec::Vec<std::option::Option<f64>>"),
            of("vec", known("Vec", &["std::option::Option<f64>"]))
        );
        assert_eq!(read("std::rc::Rc<cistron::Dataset>"), of("cistron", known("Dataset", &[])));
        assert_eq!(read("Result<Vec<u8>, Error>"), known("Result", &["Vec<u8>", "Error"]));
        assert_eq!(read("&[EpochRow]"), known("Slice", &["EpochRow"]));
        assert_eq!(read("impl Iterator<Item = f64>"), known("Iterator", &["Item = f64"]));
        assert_eq!(read("(u8, u8)"), None);
    }

    #[test]
    fn parameters_are_filled_in() {
        let vec = known("Vec", &["f64"]).expect("a type");
        let parameters = [("T".to_string(), "f64".to_string())];
        assert_eq!(given("Option<&T>", &vec, &parameters), "Option<&f64>");
        assert_eq!(given("Self", &vec, &parameters), "Vec<f64>");
        assert_eq!(given("Total", &vec, &parameters), "Total", "only whole words");
    }
}
