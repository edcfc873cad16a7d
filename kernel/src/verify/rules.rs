//! What differs from run to run without meaning anything, and is left out of the comparison, and counted.
//!
//! | what | where | stands as |
//! |---|---|---|
//! | date and time of a run folder (`20260131-120000-name-1f3a9c04`, and the number of a second one in the same second) | everywhere | `‹when›` |
//! | a time span behind the word `after`, as Cistron writes them (`0.42 s`, `41 s`, `2 min 05 s`, `1 h 02 min`) | displays and results | `‹time›` |
//! | the numbers of a table's column headed `seconds` | displays and results | `‹time›` |
//! | an output that shows a record (`:record`) | everywhere | not compared |
//!
//! What a cell prints itself is compared as it is: a cell that prints its own times is tagged `volatile`.

use std::collections::BTreeMap;

/// How often each rule left something out.
pub(super) type LeftOut = BTreeMap<&'static str, usize>;

pub(super) const TIME: &str = "‹time›";
const WHEN: &str = "‹when›";

/// A text without dates of run folders and, where `spans`, without time spans behind `after`.
pub(super) fn masked(text: &str, spans: bool, left_out: &mut LeftOut) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let starts_word = before.is_none_or(|b: char| !b.is_alphanumeric());
        if starts_word && let Some((stem, length)) = run_folder(rest) {
            out.push_str(WHEN);
            out.push_str(stem);
            *left_out.entry("dates of run folders").or_default() += 1;
            rest = &rest[length..];
            before = Some('0');
            continue;
        }
        if spans
            && starts_word
            && let Some(span) = rest.strip_prefix("after ").and_then(time_span)
        {
            out.push_str("after ");
            out.push_str(TIME);
            *left_out.entry("time spans").or_default() += 1;
            rest = &rest["after ".len() + span..];
            before = Some('s');
            continue;
        }
        out.push(c);
        before = Some(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// What stays of a run folder's name at the start of a text, and how long the name is.
fn run_folder(text: &str) -> Option<(&str, usize)> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes
            .get(from..from + count)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let stamp = digits(0, 8) && bytes.get(8) == Some(&b'-') && digits(9, 6) && bytes.get(15) == Some(&b'-');
    if !stamp {
        return None;
    }
    let length = text
        .char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .map_or(text.len(), |(at, _)| at);
    let name = &text[15..length];
    let is_hash = |part: &str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let (stem, last) = name.rsplit_once('-')?;
    if is_hash(last) {
        return Some((name, length));
    }
    let counted = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    let (_, hash) = stem.rsplit_once('-')?;
    (counted && is_hash(hash)).then_some((stem, length))
}

/// The length of a time span at the start of a text.
fn time_span(text: &str) -> Option<usize> {
    let number = |text: &str| {
        let whole = text.bytes().take_while(u8::is_ascii_digit).count();
        (whole > 0).then_some(whole)
    };
    let unit = |text: &str, at: usize, unit: &str| {
        let rest = text.get(at..)?.strip_prefix(unit)?;
        let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
        ends.then_some(at + unit.len())
    };
    let first = number(text)?;
    if let Some(fraction) = text[first..].strip_prefix('.').and_then(number) {
        return unit(text, first + 1 + fraction, " s");
    }
    if let Some(end) = unit(text, first, " s") {
        return Some(end);
    }
    for (large, small) in [(" min", " s"), (" h", " min")] {
        if let Some(at) = unit(text, first, large)
            && let Some(rest) = text[at..].strip_prefix(' ')
            && let Some(second) = number(rest)
        {
            return unit(text, at + 1 + second, small);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        masked(text, true, &mut LeftOut::new())
    }

    #[test]
    fn dates_of_run_folders_go_and_the_rest_stays() {
        assert_eq!(
            plain("<code>runs/20261121-125152-quickstart-200beb05</code>"),
            "<code>runs/‹when›-quickstart-200beb05</code>"
        );
        assert_eq!(
            plain("runs/20261121-125152-a-fold-1-200beb05-2, and"),
            "runs/‹when›-a-fold-1-200beb05, and"
        );
        for same in [
            "20261121-125152",
            "20261121-125152-note",
            "x20261121-125152-a-200beb05",
            "2026-11-21",
        ] {
            assert_eq!(plain(same), same);
        }
    }

    #[test]
    fn time_spans_go_only_behind_after() {
        for span in ["0.42 s", "41 s", "2 min 05 s", "1 h 02 min"] {
            assert_eq!(
                plain(&format!("0.951), after {span} · on 636")),
                "0.951), after ‹time› · on 636"
            );
        }
        for same in [
            "half-life 12 min 05 s",
            "after 12 steps",
            "after 32 epochs",
            "hereafter 5 s",
            "after 5 sites",
            "after 1.5",
            "after ",
        ] {
            assert_eq!(plain(same), same);
        }
        assert_eq!(masked("after 5 s", false, &mut LeftOut::new()), "after 5 s");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let mut left_out = LeftOut::new();
        masked("after 5 s, after 6 s: 20261121-125152-a-200beb05", true, &mut left_out);
        assert_eq!(left_out["time spans"], 2);
        assert_eq!(left_out["dates of run folders"], 1);
    }
}
