//! Bases as small numbers.

/// The code of an unknown base: all four channels are zero.
pub(crate) const UNKNOWN: u8 = 4;
/// The code of a position behind the end of a shorter sequence: all four channels are zero.
pub(crate) const PAD: u8 = 5;

/// What a letter is.
pub(crate) enum Letter {
    /// A, C, G, T (U): 0, 1, 2, 3.
    Base(u8),
    /// `N`.
    Unknown,
    /// One of the ambiguity letters of IUPAC other than `N`.
    Ambiguous,
    /// No letter for a base.
    Invalid,
}

/// Reads one letter; lower case is upper case and U is T.
pub(crate) fn letter(byte: u8) -> Letter {
    match byte.to_ascii_uppercase() {
        b'A' => Letter::Base(0),
        b'C' => Letter::Base(1),
        b'G' => Letter::Base(2),
        b'T' | b'U' => Letter::Base(3),
        b'N' => Letter::Unknown,
        b'R' | b'Y' | b'S' | b'W' | b'K' | b'M' | b'B' | b'D' | b'H' | b'V' => Letter::Ambiguous,
        _ => Letter::Invalid,
    }
}

/// A sequence's codes, and how many of its letters were ambiguous; the position (from 0) of the first letter that is no base.
pub(crate) fn encode(sequence: &str) -> Result<(Vec<u8>, usize), (usize, char)> {
    let mut ambiguous = 0;
    let mut codes = Vec::with_capacity(sequence.len());
    for (i, c) in sequence.chars().enumerate() {
        let code = match u8::try_from(c).map_or(Letter::Invalid, letter) {
            Letter::Base(code) => code,
            Letter::Unknown => UNKNOWN,
            Letter::Ambiguous => {
                ambiguous += 1;
                UNKNOWN
            }
            Letter::Invalid => return Err((i, c)),
        };
        codes.push(code);
    }
    Ok((codes, ambiguous))
}

/// The letters of codes, without the padding. `rna` writes U for T.
pub(crate) fn decode(codes: &[u8], rna: bool) -> String {
    let t = if rna { 'U' } else { 'T' };
    codes
        .iter()
        .filter(|&&c| c != PAD)
        .map(|&c| ['A', 'C', 'G', t].get(c as usize).copied().unwrap_or('N'))
        .collect()
}

/// The codes of the other strand, read from its own 5' end.
pub(crate) fn reverse_complement(codes: &[u8]) -> Vec<u8> {
    codes.iter().rev().map(|&c| if c < 4 { 3 - c } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_as_the_field_writes_them() {
        assert_eq!(encode("acgtuNR").ok(), Some((vec![0, 1, 2, 3, 3, 4, 4], 1)));
        assert_eq!(encode("ACX").err(), Some((2, 'X')));
        assert_eq!(decode(&[0, 3, 4, 5], true), "AUN");
        assert_eq!(reverse_complement(&[0, 0, 1, 4]), [4, 2, 3, 3]);
    }
}
