//! Differences as lines: for the terminal, and side by side for the report.

use super::outputs::Difference;
use std::borrow::Cow;

/// Characters of a line on the terminal.
const WIDTH: usize = 100;
/// Lines that are aligned by what they have in common; longer texts are paired line by line.
const ALIGNED: usize = 1500;

/// A cell's first line of code.
pub(super) fn title(source: &str) -> String {
    let line = source.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with("//"));
    cut(line.unwrap_or_default()).into_owned()
}

fn cut(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]).into(),
        None => line.into(),
    }
}

/// A difference on the terminal: the place, then the first line that is not the same.
pub(super) fn short(difference: &Difference) -> String {
    let mut out = format!("  {}: {}", difference.place, difference.what);
    if let Some(share) = difference.pixels {
        out.push_str(&format!(" ({:.2} % of its pixels look different)", 100.0 * share));
    }
    out.push('\n');
    if difference.media_type != "text/plain" {
        return out;
    }
    let text = |side: &Option<String>| side.clone().unwrap_or_default();
    let (stored, now) = (text(&difference.stored), text(&difference.now));
    let number = difference.what.strip_prefix("line ").and_then(|n| n.parse::<usize>().ok());
    let line = |text: &str| cut(text.lines().nth(number.unwrap_or(1) - 1).unwrap_or_default()).into_owned();
    out.push_str(&format!("    stored | {}\n    now    | {}\n", line(&stored), line(&now)));
    out
}

/// A row of two texts side by side; nothing where a text has no such line.
pub(super) type Row<'a> = (Option<&'a str>, Option<&'a str>);

/// Two texts side by side, aligned by the lines that they share.
pub(super) fn rows<'a>(stored: &'a str, now: &'a str) -> Vec<Row<'a>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (stored.lines().collect(), now.lines().collect());
    if a.len() > ALIGNED || b.len() > ALIGNED {
        return (0..a.len().max(b.len()))
            .map(|i| (a.get(i).copied(), b.get(i).copied()))
            .collect();
    }
    // Lengths of what the rest of both texts has in common.
    let mut common = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    let (mut gone, mut new): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            pair(&mut out, &mut gone, &mut new);
            out.push((Some(a[i]), Some(b[j])));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            gone.push(a[i]);
            i += 1;
        } else {
            new.push(b[j]);
            j += 1;
        }
    }
    pair(&mut out, &mut gone, &mut new);
    out
}

/// Lines that changed stand beside each other.
fn pair<'a>(out: &mut Vec<Row<'a>>, gone: &mut Vec<&'a str>, new: &mut Vec<&'a str>) {
    for i in 0..gone.len().max(new.len()) {
        out.push((gone.get(i).copied(), new.get(i).copied()));
    }
    gone.clear();
    new.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_lines_stand_beside_each_other() {
        assert_eq!(
            rows("a\nb\nc", "a\nx\ny\nc"),
            [
                (Some("a"), Some("a")),
                (Some("b"), Some("x")),
                (None, Some("y")),
                (Some("c"), Some("c"))
            ]
        );
        assert_eq!(rows("", "a"), [(None, Some("a"))]);
        let long = "x\n".repeat(2000);
        assert_eq!(rows(&long, "y").len(), 2000);
    }

    #[test]
    fn lines_are_cut_between_characters() {
        let long = "ä".repeat(300);
        assert_eq!(title(&format!("// note\n{long}")).chars().count(), WIDTH + 1);
        assert_eq!(title(""), "");
    }
}
