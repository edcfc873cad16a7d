//! Text as words and numbers, so that numbers can be compared by tolerance.

/// A piece of a line. Blanks between pieces do not count.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'a> {
    /// A number and how it was written.
    Number(f64, &'a str),
    /// Anything else; a rule of equal characters (`-----`) stands as one of them.
    Text(&'a str),
}

/// How letters and digits stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Prose and tables: `seq00001` is one word.
    Prose,
    /// Paths and lengths of pictures: `M3` is a letter and a number.
    Drawing,
}

/// The pieces of a text.
pub(super) fn words(text: &str, kind: Kind) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            before = Some(c);
            at += c.len_utf8();
            continue;
        }
        let inside = kind == Kind::Prose && before.is_some_and(|b| b.is_alphanumeric() || b == '_');
        let free = kind == Kind::Drawing || !before.is_some_and(|b| b.is_alphanumeric() || b == ')');
        let signed = free && matches!(c, '-' | '+' | '\u{2212}');
        let length = match number(rest, signed, kind) {
            Some((length, value)) if !inside => {
                out.push(Word::Number(value, &rest[..length]));
                length
            }
            _ => {
                let length = plain(rest, c, kind);
                out.push(Word::Text(&rest[..if is_rule(c) { c.len_utf8() } else { length }]));
                length
            }
        };
        before = rest[..length].chars().next_back();
        at += length;
    }
    out
}

/// Characters that tables draw their rules with: as many as the widest value asks for.
fn is_rule(c: char) -> bool {
    matches!(c, '-' | '=' | '_' | '─' | '═' | '╌')
}

/// The length of what is no number.
fn plain(text: &str, first: char, kind: Kind) -> usize {
    let run = |take: &dyn Fn(char) -> bool| text.char_indices().find(|(_, c)| !take(*c)).map_or(text.len(), |(at, _)| at);
    if is_rule(first) {
        return run(&|c| c == first);
    }
    match kind {
        // Colours are words: their digits are no lengths.
        _ if first == '#' => first.len_utf8() + text[1..].bytes().take_while(u8::is_ascii_hexdigit).count(),
        Kind::Prose if first.is_alphanumeric() => run(&|c| c.is_alphanumeric() || c == '_'),
        Kind::Drawing if first.is_alphabetic() => run(&|c: char| c.is_alphabetic()),
        _ => first.len_utf8(),
    }
}

/// Length and value of the number at the start of a text.
fn number(text: &str, signed: bool, kind: Kind) -> Option<(usize, f64)> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from.min(bytes.len())..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let sign = if signed {
        text.chars().next().map_or(0, char::len_utf8)
    } else {
        0
    };
    let mut end = sign + digits(sign);
    let whole = end - sign;
    // Groups of three, as Cistron writes large counts.
    if kind == Kind::Prose && (1..=3).contains(&whole) {
        while bytes.get(end) == Some(&b',') && digits(end + 1) == 3 {
            end += 4;
        }
    }
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        if fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let written = text[..end].replace('\u{2212}', "-").replace(',', "");
    written.parse().ok().map(|value| (end, value))
}

/// How far apart two numbers are: relative to the larger where that is above 1.
pub(super) fn apart(a: f64, b: f64) -> f64 {
    if a == b {
        return 0.0;
    }
    let apart = (a - b).abs() / a.abs().max(b.abs()).max(1.0);
    if apart.is_nan() { f64::INFINITY } else { apart }
}

/// Whether two texts say the same, with numbers at most `tolerance` apart; `largest` becomes the largest distance
/// that was let pass.
pub(super) fn same(stored: &str, now: &str, kind: Kind, tolerance: f64, largest: &mut f64) -> bool {
    if stored == now {
        return true;
    }
    let (stored, now) = (words(stored, kind), words(now, kind));
    let mut seen = *largest;
    let equal = stored.len() == now.len()
        && stored.iter().zip(&now).all(|pair| match pair {
            (Word::Number(a, written), Word::Number(b, other)) => {
                let apart = apart(*a, *b);
                seen = seen.max(apart);
                written == other || (tolerance > 0.0 && apart <= tolerance)
            }
            (a, b) => a == b,
        });
    if equal {
        *largest = seen;
    }
    equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(a: &str, b: &str, tolerance: f64) -> bool {
        same(a, b, Kind::Prose, tolerance, &mut 0.0)
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let values = |text| -> Vec<f64> {
            let numbers = words(text, Kind::Prose).into_iter();
            numbers
                .filter_map(|w| if let Word::Number(v, _) = w { Some(v) } else { None })
                .collect()
        };
        assert_eq!(values("r = -0.027, n = 6,078 (1e-3) −0.5"), [-0.027, 6078.0, 1e-3, -0.5]);
        assert_eq!(values("seq00001 3-4 .5 1. [1,22]"), [3.0, 4.0, 0.5, 1.0, 1.0, 22.0]);
        let path = words("M38.5-2h4", Kind::Drawing);
        assert_eq!(path.len(), 5, "{path:?}");
        assert_eq!(words("#0072b2", Kind::Drawing), [Word::Text("#0072b2")]);
    }

    #[test]
    fn tolerance_is_relative_above_one_and_absolute_below() {
        assert!(equal("r = 0.946", "r = 0.947", 1e-3 + 1e-9));
        assert!(!equal("r = 0.946", "r = 0.948", 1e-3));
        assert!(equal("n 10,000", "n 10,005", 1e-3));
        assert!(!equal("n 100", "n 101", 1e-3));
        assert!(!equal("r = 0.946", "s = 0.946", 1.0));
        assert!(!equal("r = 0.946", "r = 0.947", 0.0));
        assert!(!equal("NaN", "1", 0.5));
        assert!(!equal("1 2", "1", 0.5));
    }

    #[test]
    fn blanks_and_lengths_of_rules_do_not_count() {
        assert!(equal("a   1\n┌──┬───┐\n-----", "a 1\n┌─┬────┐\n---", 0.0));
        assert!(!equal("a b", "ab", 0.0));
    }

    #[test]
    fn the_largest_distance_is_known() {
        let mut largest = 0.0;
        assert!(same("0.5 0.25", "0.5 0.26", Kind::Prose, 0.1, &mut largest));
        assert!((largest - 0.01).abs() < 1e-12);
    }
}
