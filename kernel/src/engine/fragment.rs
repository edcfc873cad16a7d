//! Pieces of a cell's text inside generated source, and the way back from there.

use std::ops::Range;
use unicode_width::UnicodeWidthChar;

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
            .filter(|(at, _)| range.start <= *at && *at <= range.end)
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

    /// Where in the cell it stands.
    pub(crate) fn range(&self) -> Range<usize> {
        match (self.pieces.first(), self.pieces.last()) {
            (Some(first), Some(last)) => first.from..last.from + last.length,
            _ => 0..0,
        }
    }

    /// The fragment without a stretch of its own text.
    pub(crate) fn without(&self, cut: &Range<usize>) -> Self {
        let part = |at: usize, piece: &Piece, kept: Range<usize>| {
            let (start, end) = (kept.start.max(piece.at), kept.end.min(piece.at + piece.length));
            (start < end).then(|| Piece {
                at: start - at,
                length: end - start,
                cell: piece.cell,
                from: piece.from + start - piece.at,
            })
        };
        let before = self.pieces.iter().filter_map(|piece| part(0, piece, 0..cut.start));
        let behind = self
            .pieces
            .iter()
            .filter_map(|piece| part(cut.len(), piece, cut.end..self.text.len()));
        Self {
            text: format!("{}{}", &self.text[..cut.start], &self.text[cut.end..]),
            pieces: before.chain(behind).collect(),
        }
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

    /// The number of the line that is added next.
    pub(crate) fn next_line(&self) -> usize {
        self.lines + 1
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

    /// The same for a line and a column from 1, where each character counts as many columns as `width` says.
    pub(crate) fn origin_of_line(&self, line: usize, column: usize, width: Width) -> Option<(usize, usize)> {
        let mut start = 0;
        for (number, text) in self.text.split_inclusive('\n').enumerate() {
            if number + 1 == line {
                let mut columns = 1;
                let before = |c: &char| {
                    let begins = columns;
                    columns += width(*c);
                    begins < column
                };
                let inside = text.chars().take_while(before).map(char::len_utf8).sum::<usize>();
                return self.origin(start + inside);
            }
            start += text.len();
        }
        None
    }
}

/// How many columns a character takes. Rust counts them in three ways.
pub(crate) type Width = fn(char) -> usize;

/// For `column!()`: characters.
pub(crate) fn by_character(_: char) -> usize {
    1
}

/// For the places of panics and of `#[track_caller]`: as wide as rustc takes them to be shown.
pub(crate) fn by_look(c: char) -> usize {
    if c == '\t' { 4 } else { c.width().unwrap_or(1) }
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
        assert_eq!(fragment.range(), start..cell.len());
        let mut source = Source::default();
        source.line("// generated");
        source.fragment(&fragment);
        let at = source.text.find("f(i)").unwrap_or_default();
        assert_eq!(source.origin(at), Some((4, cell.find("f(i)").unwrap_or_default())));
        assert_eq!(source.origin(2), None);
        assert_eq!(source.origin_of_line(2, 1, by_character), Some((4, start)));
        let wide = "\tlet ä = \"🧬\"; stop";
        let mut source = Source::default();
        source.fragment(&Fragment::new(4, wide, 0..wide.len(), &[]));
        let stop = Some((4, wide.find("stop").unwrap_or_default()));
        assert_eq!(source.origin_of_line(1, 15, by_character), stop);
        assert_eq!(source.origin_of_line(1, 19, by_look), stop);
        assert_eq!(source.origin_of_line(1, 19, char::len_utf8), stop);
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        assert_eq!(line_column("ab\näx", 5), (2, 2));
        assert_eq!(line_column("", 0), (1, 1));
    }
}
