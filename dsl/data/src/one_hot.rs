//! Letters as tensors, for sequences that no data set holds.

use crate::alphabet::encode;
use crate::{DataError, Result};
use candle_core::{DType, Device, Tensor};

/// Sequences as one-hot tensors, encoded as a data set encodes its own: A, C, G, T (U is read as T, lower case as upper case);
/// N and the ambiguous letters of IUPAC are zero in all channels. Gives the number of ambiguous letters other than N too.
///
/// `names` and `what` (such as "input `dna`") stand in messages. With `rna`, a sequence may be shorter than `length`: it lies at
/// the left and ends in zeros.
///
/// # Shapes
/// `[sequences, 4, length]`, channels A C G T.
///
/// # Errors
/// A letter that is no base, with sequence and position (from 1); a sequence of another length; an empty one; other numbers of
/// names and sequences.
///
/// # Example
/// ```
/// use candle_core::DType;
/// let names = ["a".to_string()];
/// let (tensor, ambiguous) = cistron_data::one_hot("input `rna`", &names, &["GU"], 3, true, DType::F32)?;
/// assert_eq!(tensor.to_vec3::<f32>()?[0][2], [1.0, 0.0, 0.0]);
/// assert_eq!(ambiguous, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn one_hot<S: AsRef<str>>(
    what: &str,
    names: &[String],
    sequences: &[S],
    length: usize,
    rna: bool,
    precision: DType,
) -> Result<(Tensor, usize)> {
    if names.len() != sequences.len() {
        let message = format!("{what}: {} names for {} sequences", names.len(), sequences.len());
        return Err(DataError::Values(message));
    }
    let mut hot = vec![0f32; sequences.len() * 4 * length];
    let mut ambiguous = 0;
    for ((place, one), name) in hot.chunks_exact_mut(4 * length.max(1)).zip(sequences).zip(names) {
        let (codes, unclear) = encode(one.as_ref()).map_err(|(at, letter)| {
            let hint = "bases are A, C, G, T or U, and N for unknown";
            DataError::Values(format!(
                "{what}, {name}: `{letter}` at position {} is no base; {hint}",
                at + 1
            ))
        })?;
        let fits = codes.len() == length || (rna && (1..=length).contains(&codes.len()));
        if !fits {
            let expected = if rna { format!("1 to {length}") } else { length.to_string() };
            let message = format!("{what}, {name}: found {} bases, expected {expected}", codes.len());
            return Err(DataError::Values(message));
        }
        ambiguous += unclear;
        for (position, code) in codes.into_iter().enumerate().filter(|(_, code)| *code < 4) {
            place[code as usize * length + position] = 1.0;
        }
    }
    let tensor = Tensor::from_vec(hot, (sequences.len(), 4, length), &Device::Cpu)?.to_dtype(precision)?;
    Ok((tensor, ambiguous))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sequences: &[&str], rna: bool) -> Result<(Tensor, usize)> {
        let names: Vec<String> = (1..=sequences.len()).map(|i| format!("sequence {i}")).collect();
        one_hot("input `x`", &names, sequences, 4, rna, DType::F32)
    }

    #[test]
    fn letters_lie_left_and_unknown_ones_are_zero() {
        let (tensor, ambiguous) = of(&["aNuR", "CG"], true).unwrap();
        let values = tensor.to_vec3::<f32>().unwrap();
        assert_eq!(values[0], [[1.0, 0.0, 0.0, 0.0], [0.0; 4], [0.0; 4], [0.0, 0.0, 1.0, 0.0]]);
        assert_eq!(values[1], [[0.0; 4], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0; 4]]);
        assert_eq!(ambiguous, 1);
    }

    #[test]
    fn mistakes_name_sequence_and_position() {
        let message = |sequences: &[&str], rna| of(sequences, rna).unwrap_err().to_string();
        let found = message(&["ACGT", "AC-T"], false);
        assert!(
            found.starts_with("input `x`, sequence 2: `-` at position 3 is no base"),
            "{found}"
        );
        assert_eq!(message(&["ACG"], false), "input `x`, sequence 1: found 3 bases, expected 4");
        assert_eq!(
            message(&["ACGTA"], true),
            "input `x`, sequence 1: found 5 bases, expected 1 to 4"
        );
        assert_eq!(message(&[""], true), "input `x`, sequence 1: found 0 bases, expected 1 to 4");
    }
}
