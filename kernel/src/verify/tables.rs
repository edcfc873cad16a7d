//! The columns of tables in plain text whose numbers are times.

use super::rules::{LeftOut, TIME};

/// The head of a column that holds times.
pub(super) const HEAD: &str = "seconds";

/// Puts a mark in place of the numbers below the head `seconds`, in tables whose columns stand two blanks apart or
/// between drawn lines. A table ends with an empty line.
pub(super) fn without_times(text: &str, left_out: &mut LeftOut) -> String {
    let mut columns: Vec<(usize, usize)> = Vec::new();
    let mut out = Vec::new();
    for line in text.split('\n') {
        let letters: Vec<char> = line.chars().collect();
        let heads = heads(&letters);
        if line.trim().is_empty() {
            columns.clear();
        } else if !heads.is_empty() {
            columns = heads;
        } else if !columns.is_empty() {
            out.push(marked(&letters, &columns, left_out));
            continue;
        }
        out.push(line.to_string());
    }
    out.join("\n")
}

/// Where heads of columns of times stand in a line, in characters.
fn heads(line: &[char]) -> Vec<(usize, usize)> {
    let head: Vec<char> = HEAD.chars().collect();
    let border = |c: Option<&char>| matches!(c, Some('│' | '┆' | '|'));
    let apart = |near: Option<&char>, far: Option<&char>| match near {
        None => true,
        Some(' ') => far.is_none_or(|c| *c == ' ') || border(far),
        near => border(near),
    };
    let at = (0..line.len()).filter(|at| line[*at..].starts_with(&head));
    at.filter_map(|at| {
        let end = at + head.len();
        let before = |back: usize| at.checked_sub(back).and_then(|at| line.get(at));
        (apart(before(1), before(2)) && apart(line.get(end), line.get(end + 1))).then_some((at, end))
    })
    .collect()
}

fn marked(line: &[char], columns: &[(usize, usize)], left_out: &mut LeftOut) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < line.len() {
        let blank = |c: &char| c.is_whitespace() || matches!(c, '│' | '┆' | '|');
        if blank(&line[at]) {
            out.push(line[at]);
            at += 1;
            continue;
        }
        let end = line[at..].iter().position(blank).map_or(line.len(), |length| at + length);
        let word: String = line[at..end].iter().collect();
        let below = columns.iter().any(|(from, to)| at < *to && end > *from);
        if below && word.parse::<f64>().is_ok() {
            out.push_str(TIME);
            *left_out.entry("times in tables").or_default() += 1;
        } else {
            out.push_str(&word);
        }
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        without_times(text, &mut LeftOut::new())
    }

    #[test]
    fn times_go_and_their_neighbours_stay() {
        let table = "epoch  rate  seconds  best\n    1  0.05     0.25     *\n    2  0.05    12.00\n\n    3  0.05     0.25";
        assert_eq!(
            plain(table),
            "epoch  rate  seconds  best\n    1  0.05     ‹time›     *\n    2  0.05    ‹time›\n\n    3  0.05     0.25"
        );
        let frame = "│ rate  ┆ seconds  ┆ best  │\n│ ---   ┆ ---      ┆ ---   │\n╞═══════╪══════════╪═══════╡\n│ 0.003 ┆ 0.801683 ┆ true  │";
        assert!(plain(frame).ends_with("│ 0.003 ┆ ‹time› ┆ true  │"), "{}", plain(frame));
        assert!(plain(frame).contains("┆ ---      ┆"));
    }

    #[test]
    fn prose_has_no_columns() {
        let text = "it took seconds and\n3 4 5 6 7 8 9 10 11";
        assert_eq!(plain(text), text);
    }
}
