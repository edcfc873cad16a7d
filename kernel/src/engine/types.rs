//! Type names as rustc prints them, made usable in a later cell.

use std::collections::BTreeSet;

/// The type in the answer of the type report: ``trivial cast: `&T` as `&T` ``.
pub(crate) fn reported_type(message: &str) -> Option<&str> {
    message.strip_prefix("trivial cast: `&")?.split("` as `").next()
}

/// Puts the crate of the cell in front of names that the cell defined itself, which rustc prints bare.
pub(crate) fn qualify(type_name: &str, names: &BTreeSet<String>, krate: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut before = ' ';
    for c in type_name.chars().chain(std::iter::once('\0')) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            if names.contains(&word) && before != ':' && before != '\'' {
                out.push_str(krate);
                out.push_str("::");
            }
            out.push_str(&word);
            word.clear();
        }
        if c != '\0' {
            out.push(c);
        }
        before = c;
    }
    out
}

/// Why a type can't be written down in a later cell, if it can't.
pub(crate) fn unnameable(type_name: &str) -> Option<&'static str> {
    if type_name.contains("{closure") {
        return Some("the type of a closure has no name; write a `fn`, or keep it as `Box<dyn Fn(..) -> ..>`");
    }
    if type_name.contains("{async") {
        return Some("the type of a future has no name; keep it as `Pin<Box<dyn Future<..>>>`");
    }
    let opaque = type_name.contains("{opaque") || type_name.split(|c: char| !c.is_alphanumeric()).any(|word| word == "impl");
    opaque.then_some("the type behind `impl Trait` has no name; collect it, or keep it as `Box<dyn Trait>`")
}

/// The items of cells that a type mentions: number of the cell, first name inside it.
pub(crate) fn mentioned_items(type_name: &str) -> Vec<(usize, String)> {
    let item = |rest: &str| {
        let (number, rest) = rest.split_once("::")?;
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        Some((number.parse().ok()?, name))
    };
    type_name
        .match_indices("cell_")
        .filter_map(|(at, word)| item(&type_name[at + word.len()..]))
        .collect()
}

/// A type as people read it: without the paths.
pub(crate) fn short(type_name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in type_name.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' {
            word.clear();
        } else {
            out.push_str(&word);
            word.clear();
            out.push(c);
        }
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_the_lint_is_read() {
        let message = "trivial cast: `&std::vec::Vec<u8>` as `&std::vec::Vec<u8>`";
        assert_eq!(reported_type(message), Some("std::vec::Vec<u8>"));
        assert_eq!(reported_type("unused variable"), None);
    }

    #[test]
    fn own_names_get_their_crate() {
        let names: BTreeSet<String> = ["A".to_string()].into();
        assert_eq!(qualify("std::vec::Vec<A>", &names, "cell_3"), "std::vec::Vec<cell_3::A>");
        assert_eq!(qualify("other::A", &names, "cell_3"), "other::A");
        assert_eq!(
            mentioned_items("(cell_3::A, cell_12::m::B<u8>)"),
            [(3, "A".to_string()), (12, "m".to_string())]
        );
    }

    #[test]
    fn types_without_a_name_are_explained() {
        assert!(unnameable("{closure@cell_1:3:9: 3:12}").is_some_and(|why| why.contains("Box<dyn Fn")));
        assert!(unnameable("impl std::iter::Iterator").is_some_and(|why| why.contains("impl Trait")));
        assert_eq!(unnameable("simpl::Type"), None);
    }

    #[test]
    fn short_types_have_no_paths() {
        assert_eq!(short("std::vec::Vec<(cistron::Model, u8)>"), "Vec<(Model, u8)>");
    }
}
