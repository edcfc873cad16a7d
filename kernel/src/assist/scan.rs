//! What a place in the text of a cell stands in: open brackets, a text, a comment. Works on text that does not
//! parse, because somebody is still writing it.

/// What a place stands in, besides brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Code.
    Code,
    /// A text in quotes; where its first character is.
    Text(usize),
    /// A comment.
    Comment,
}

/// A bracket that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where it stands.
    pub(crate) at: usize,
    /// `(`, `[` or `{`.
    pub(crate) bracket: char,
}

/// What the place behind a stretch of text stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The open brackets, outermost first.
    pub(crate) open: Vec<Open>,
    /// Text, comment or code.
    pub(crate) inside: Inside,
    /// The brackets of the stretch that are closed, with where they opened: closing place to opening place.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// Semicolons outside all brackets.
    pub(crate) ends: Vec<usize>,
    /// Texts and comments: first and last place.
    pub(crate) hidden: Vec<(usize, usize)>,
}

/// Reads from the beginning.
pub(crate) fn scan(code: &[char]) -> Scan {
    let mut out = Scan {
        open: Vec::new(),
        inside: Inside::Code,
        pairs: Vec::new(),
        ends: Vec::new(),
        hidden: Vec::new(),
    };
    let mut at = 0;
    while at < code.len() {
        let c = code[at];
        let next = code.get(at + 1).copied();
        match c {
            '(' | '[' | '{' => out.open.push(Open { at, bracket: c }),
            ')' | ']' | '}' => {
                if let Some(open) = out.open.pop() {
                    out.pairs.push((at, open.at));
                }
            }
            ';' if out.open.is_empty() => out.ends.push(at),
            '/' if next == Some('/') => match find(code, at, &['\n']) {
                Some(end) => at = out.hide(at, end),
                None => return out.ending(Inside::Comment),
            },
            '/' if next == Some('*') => match block_comment(code, at) {
                Some(end) => at = out.hide(at, end),
                None => return out.ending(Inside::Comment),
            },
            '\'' => at = quote(code, at),
            '"' => match text(code, at) {
                Some(end) => at = out.hide(at, end),
                None => return out.ending(Inside::Text(at + 1)),
            },
            _ => {}
        }
        at += 1;
    }
    out
}

impl Scan {
    fn hide(&mut self, from: usize, to: usize) -> usize {
        self.hidden.push((from, to));
        to
    }

    /// The text with blanks where texts and comments stand.
    pub(crate) fn bare(&self, code: &[char]) -> Vec<char> {
        let mut out = code.to_vec();
        for (from, to) in &self.hidden {
            out[*from..=*to].fill(' ');
        }
        out
    }

    fn ending(mut self, inside: Inside) -> Self {
        self.inside = inside;
        self
    }

    /// Levels of indentation: brackets that opened in one line count once.
    pub(crate) fn levels(&self, code: &[char]) -> usize {
        let line = |open: &Open| code[..open.at].iter().filter(|c| **c == '\n').count();
        let mut lines: Vec<usize> = self.open.iter().map(line).collect();
        lines.dedup();
        lines.len()
    }
}

fn find(code: &[char], from: usize, what: &[char]) -> Option<usize> {
    let at = code[from..].windows(what.len()).position(|window| window == what)?;
    Some(from + at)
}

/// The end of a comment that may hold others.
fn block_comment(code: &[char], from: usize) -> Option<usize> {
    let (mut depth, mut at) = (0, from);
    while at + 1 < code.len() {
        match (code[at], code[at + 1]) {
            ('/', '*') => {
                depth += 1;
                at += 1;
            }
            ('*', '/') => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The last character of a character literal; the quote itself where a lifetime begins.
fn quote(code: &[char], from: usize) -> usize {
    match code.get(from + 1) {
        Some('\\') => {
            let end = code.get(from + 3..).unwrap_or_default().iter().position(|c| *c == '\'');
            end.map_or(from, |end| from + 3 + end)
        }
        Some(_) if code.get(from + 2) == Some(&'\'') => from + 2,
        _ => from,
    }
}

/// The closing quote of a text that opens at `from`.
fn text(code: &[char], from: usize) -> Option<usize> {
    let hashes = code[..from].iter().rev().take_while(|c| **c == '#').count();
    let before = from - hashes;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let prefix: String = {
        let letters: Vec<char> = code[..before].iter().rev().take_while(|c| is_word(**c)).copied().collect();
        letters.into_iter().rev().collect()
    };
    if matches!(prefix.as_str(), "r" | "br" | "cr") {
        let mut end = vec!['"'];
        end.extend(std::iter::repeat_n('#', hashes));
        return find(code, from + 1, &end).map(|at| at + hashes);
    }
    let mut at = from + 1;
    while at < code.len() {
        match code[at] {
            '\\' => at += 1,
            '"' => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Scan {
        scan(&code.chars().collect::<Vec<_>>())
    }

    #[test]
    fn brackets_in_texts_characters_and_comments_do_not_count() {
        for code in [
            "\"(\"",
            "'('",
            "'\\''",
            "r#\"(\" (\"#",
            "// (\n",
            "/* ( /* [ */ { */",
            "&'a str",
            "'\\u{28}'",
            "()",
        ] {
            let scan = of(code);
            assert_eq!((scan.open.len(), scan.inside), (0, Inside::Code), "{code}");
        }
        assert_eq!(of("f(a, [1").open.iter().map(|o| o.bracket).collect::<String>(), "([");
    }

    #[test]
    fn open_texts_and_comments_are_told() {
        assert_eq!(of("f(\"ab").inside, Inside::Text(3));
        assert_eq!(of("r#\"a\" ").inside, Inside::Text(3));
        assert_eq!(of("a // b").inside, Inside::Comment);
        assert_eq!(of("/* a").inside, Inside::Comment);
        assert_eq!(of("'\\").inside, Inside::Code, "an unfinished character breaks nothing");
    }

    #[test]
    fn brackets_of_one_line_indent_once() {
        let levels = |code: &str| of(code).levels(&code.chars().collect::<Vec<_>>());
        assert_eq!(levels("f(g(|x| {"), 1);
        assert_eq!(levels("model! { Net on toy {\n    let h = dna.conv(\n"), 2);
        assert_eq!(levels("a()"), 0);
    }
}
