//! Pieces of a cell's text inside generated source, and the way back from there.

use std::ops::Range;

/// A stretch of a cell with generated words inserted, that still knows where each byte came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The text as it goes into generated source.
    pub(crate) text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    length: usize,
    cell: usize,
    from: usize,
}

impl Fragment {
    /// The text of `range` of a cell, with `insertions` (offset in the cell, words) put in.
    pub(crate) fn new(cell: usize, text: &str, range: Range<usize>, insertions: &[(usize, String)]) -> Self {
        let mut sorted: Vec<&(usize, String)> = insertions
            .iter()
            .filter(|(at, _)| range.contains(at) || *at == range.end)
            .collect();
        sorted.sort_by_key(|(at, _)| *at);
        let mut out = Self::default();
        let mut from = range.start;
        for (at, words) in sorted {
            out.push(cell, text, from..*at);
            out.text.push_str(words);
            from = *at;
        }
        out.push(cell, text, from..range.end);
        out
    }

    fn push(&mut self, cell: usize, text: &str, range: Range<usize>) {
        if !range.is_empty() {
            self.pieces.push(Piece {
                at: self.text.len(),
                length: range.len(),
                cell,
                from: range.start,
            });
            self.text.push_str(&text[range]);
        }
    }
}

/// Generated source and where its bytes came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The whole text.
    pub(crate) text: String,
    pieces: Vec<Piece>,
    lines: usize,
}

impl Source {
    /// Adds a generated line and answers its number, counted from 1.
    pub(crate) fn line(&mut self, text: &str) -> usize {
        let line = self.lines + 1;
        self.text.push_str(text);
        self.text.push('\n');
        self.lines += text.matches('\n').count() + 1;
        line
    }

    /// Adds a fragment on lines of its own.
    pub(crate) fn fragment(&mut self, fragment: &Fragment) {
        let start = self.text.len();
        self.pieces.extend(fragment.pieces.iter().map(|p| Piece {
            at: p.at + start,
            ..p.clone()
        }));
        self.line(&fragment.text);
    }

    /// The cell and the offset in it that a byte of the generated text came from.
    pub(crate) fn origin(&self, byte: usize) -> Option<(usize, usize)> {
        let index = self.pieces.partition_point(|p| p.at <= byte).checked_sub(1)?;
        let piece = &self.pieces[index];
        (byte <= piece.at + piece.length).then(|| (piece.cell, piece.from + byte - piece.at))
    }

    /// The same for a line and a column as Rust's `Location` counts them.
    pub(crate) fn origin_of_line(&self, line: usize, column: usize) -> Option<(usize, usize)> {
        let mut start = 0;
        for (number, text) in self.text.split_inclusive('\n').enumerate() {
            if number + 1 == line {
                let inside = text.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
                return self.origin(start + inside);
            }
            start += text.len();
        }
        None
    }
}

/// Line and column, both from 1, of a byte of a text.
pub(crate) fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..floor(text, byte)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The nearest character border at or before a byte.
pub(crate) fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_generated_text_lead_back_to_the_cell() {
        let cell = "let ä = 1;\nfor i in 0..3 { f(i) }";
        let start = cell.find("for").unwrap_or_default();
        let brace = cell.find('{').unwrap_or_default() + 1;
        let fragment = Fragment::new(4, cell, start..cell.len(), &[(brace, "tick();".into())]);
        assert_eq!(fragment.text, "for i in 0..3 {tick(); f(i) }");
        let mut source = Source::default();
        source.line("// generated");
        source.fragment(&fragment);
        let at = source.text.find("f(i)").unwrap_or_default();
        assert_eq!(source.origin(at), Some((4, cell.find("f(i)").unwrap_or_default())));
        assert_eq!(source.origin(2), None);
        assert_eq!(source.origin_of_line(2, 1), Some((4, start)));
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        assert_eq!(line_column("ab\näx", 5), (2, 2));
        assert_eq!(line_column("", 0), (1, 1));
    }
}
