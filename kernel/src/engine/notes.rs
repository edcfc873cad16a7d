//! What rustc notes below a mistake: lists are cut to what helps. A cell links some 400 crates, most of which nobody has
//! ever named in it, and rustc lists what all of them implement.

use super::diagnostics::Texts;
use super::wording;
use serde_json::Value;

/// Lines of a list that are shown.
const LISTED: usize = 4;

/// Crates whose names help.
const KNOWN: [&str; 9] = [
    "alloc",
    "candle_core",
    "candle_nn",
    "cistron",
    "core",
    "crate",
    "polars",
    "self",
    "std",
];

/// Parts of them that nobody writes.
const INTERNAL: [&str; 5] = ["polars_arrow", "polars_compute", "polars_core", "polars_utils", "serde_json"];

/// What lists begin with that rustc makes over all crates.
const LISTS: [&str; 4] = [
    "other types implement trait",
    "types implement trait",
    "found in the following crates",
    "candidates with a similar",
];

/// The text of a note with its list, if it has one; none where nothing of it helps.
pub(super) fn note(child: &Value, texts: &Texts<'_>) -> Option<String> {
    let text = child["message"].as_str().unwrap_or_default();
    let head = text.lines().next().filter(|line| !line.is_empty())?;
    if text.contains("import") {
        return Some(format!("{}{}", wording::plain(text), imports(child, texts)?));
    }
    if !LISTS.iter().any(|list| head.contains(list)) {
        return Some(wording::plain(text));
    }
    let spans = child["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let labels = spans.iter().filter_map(|span| span["label"].as_str());
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().skip(1).map(str::trim).chain(labels) {
        let line = wording::plain(line);
        let counted = line.starts_with("and ") && line.ends_with(" others");
        if !line.is_empty() && !counted && !is_foreign(&line, texts) && !lines.contains(&line) {
            lines.push(line);
        }
    }
    // Of a type and references to it, the type says more.
    lines.sort_by_key(|line| line.contains('&'));
    lines.truncate(LISTED);
    let head = wording::plain(head);
    let head = head.trim_end_matches(':');
    (!lines.is_empty()).then(|| format!("{head}:\n  {}", lines.join("\n  ")))
}

/// The lines with `use` that rustc proposes, of crates that may be known; nothing where it proposes none, none where it
/// proposes only others.
fn imports(child: &Value, texts: &Texts<'_>) -> Option<String> {
    let spans = child["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let proposed = spans.iter().filter_map(|span| span["suggested_replacement"].as_str());
    let lines: Vec<&str> = proposed.map(str::trim).filter(|line| line.starts_with("use ")).collect();
    let known = lines.iter().filter(|line| !is_foreign(line, texts));
    let shown: Vec<String> = known.take(LISTED).map(|line| format!("`{line}`")).collect();
    match (lines.is_empty(), shown.is_empty()) {
        (true, _) => Some(String::new()),
        (false, true) => None,
        (false, false) => Some(format!(": {}", shown.join(" or "))),
    }
}

/// Whether a line names something of a crate, or of a part of one, that no cell has named; or a type that is not stable.
fn is_foreign(line: &str, texts: &Texts<'_>) -> bool {
    let named = |word: &str| texts.values().any(|(text, _)| text.contains(word));
    let mut before = "";
    let mut foreign = false;
    for word in line.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_')) {
        let name = word.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        let begins = before != ":";
        if !name.is_empty() {
            let rest = &line[line.len().min(offset(line, name) + name.len())..];
            let path = rest.starts_with("::") && name.starts_with(char::is_lowercase);
            let head = path && begins && !KNOWN.contains(&name);
            foreign |= (head || INTERNAL.contains(&name) || matches!(name, "f16" | "f128")) && !named(name);
        }
        before = &word[word.len() - word.chars().next_back().map_or(0, char::len_utf8)..];
    }
    foreign
}

/// Where a part of a text stands in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_hold_what_a_cell_may_know() {
        let texts: Texts<'_> = [(1, ("use float8::F8E4M3;", 1))].into();
        let listed = json!({"message": "the following other types implement trait `std::ops::Add<Rhs>`:\n  \
            `&f64` implements `std::ops::Add<&num_complex::Complex<f64>>`\n  `&f64` implements `std::ops::Add<f64>`\n  \
            `f64` implements `std::ops::Add`\n  `f64` implements `std::ops::Add<cistron::prelude::Tensor>`\n  \
            `f16` implements `std::ops::Add`\n  `cell_3::Own` implements `std::ops::Add`\n  float8::F8E4M3\n  \
            cistron::polars::polars_utils::PlSmallStr\nand 12 others"});
        assert_eq!(
            note(&listed, &texts).as_deref(),
            Some(
                "the following other types implement trait `std::ops::Add<Rhs>`:\n  `f64` implements `std::ops::Add`\n  \
                `f64` implements `std::ops::Add<cistron::prelude::Tensor>`\n  `Own` implements `std::ops::Add`\n  float8::F8E4M3"
            )
        );
        let labels = json!({"message": "the following other types implement trait `Sum<A>`",
            "spans": [{"label": "`u32` implements `Sum<&u32>`"}, {"label": "`u32` implements `Sum`"}, {"label": null}]});
        assert_eq!(
            note(&labels, &texts).as_deref(),
            Some("the following other types implement trait `Sum<A>`:\n  `u32` implements `Sum`\n  `u32` implements `Sum<&u32>`")
        );
        let none = json!({"message": "the following other types implement trait `A`:\n  half::f16\n  rayon::A\nand 3 others"});
        assert_eq!(note(&none, &texts), None);
        let plain = json!({"message": "required by a bound in `rayon::f`\nand 3 others"});
        assert_eq!(
            note(&plain, &texts).as_deref(),
            Some("required by a bound in `rayon::f`\nand 3 others")
        );
    }

    #[test]
    fn imports_are_proposed_from_crates_that_may_be_known() {
        let texts: Texts<'_> = [(1, ("", 1))].into();
        let propose = |lines: &[&str]| {
            let spans: Vec<Value> = lines.iter().map(|line| json!({"suggested_replacement": line})).collect();
            note(&json!({"message": "consider importing this struct", "spans": spans}), &texts)
        };
        assert_eq!(
            propose(&["use std::collections::HashMap;\n\n", "use hashbrown::HashMap;\n"]).as_deref(),
            Some("consider importing this struct: `use std::collections::HashMap;`")
        );
        assert_eq!(propose(&["use hashbrown::HashSet;\n"]), None);
        assert_eq!(propose(&[]).as_deref(), Some("consider importing this struct"));
    }
}
