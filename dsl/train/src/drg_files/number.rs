//! Numbers as DRG's files have them: rounded by NumPy, written by Python.

/// Rounded to so many decimals the way NumPy does it (half to even after scaling).
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round_ties_even() / scale
}

/// The shortest digits that give the number back, as Python writes them: `2.0`, `0.335`, `1e-05`, `nan`.
pub(super) fn python(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    let text = format!("{value:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let (sign, number) = exponent.strip_prefix('-').map_or(('+', exponent), |number| ('-', number));
            format!("{digits}e{sign}{number:0>2}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_python_writes_them() {
        let text = |value, decimals| python(rounded(value, decimals));
        assert_eq!(text(0.33499, 4), "0.335");
        assert_eq!(text(2.0, 4), "2.0");
        assert_eq!(text(f64::NAN, 4), "nan");
        assert_eq!(text(0.000_014_9, 6), "1.5e-05");
        assert_eq!(text(0.000_010_4, 6), "1e-05");
        assert_eq!(text(0.000_12, 4), "0.0001");
        assert_eq!(text(-0.49742, 6), "-0.49742");
        assert_eq!(text(f64::INFINITY, 4), "inf");
        assert_eq!(python(1e16), "1e+16");
    }
}
