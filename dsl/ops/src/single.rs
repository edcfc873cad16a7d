//! Functions in single precision without branches, so that loops over them become vector instructions.
//!
//! Multiplications and additions are written apart (no fused ones), so every instruction set gives the same bits.
//! Largest relative errors, as the tests measure them against double precision: 4e-7 in all, NaN stays NaN.

/// Rounds to the nearest whole number by adding 1.5 * 2^23.
const MAGIC: f32 = 12_582_912.0;

/// 2^n for whole n in -126..=127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) << 23) as u32)
}

/// `exp(x)`; Cephes' polynomial on ±ln(2)/2, scaled in two steps so that results below the normal range come out too.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let whole = shifted - MAGIC;
    let n = (shifted.to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
    let rest = x - whole * 0.693_359_4;
    let rest = rest - whole * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * rest + 1.398_199_9e-3;
    p = p * rest + 8.333_452e-3;
    p = p * rest + 4.166_579_6e-2;
    p = p * rest + 1.666_666_5e-1;
    p = p * rest + 0.5;
    let value = p * (rest * rest) + rest + 1.0;
    // NaN has no whole part; keeping n in range keeps the shifts defined, and NaN times anything is NaN.
    let n = n.clamp(-160, 160);
    let half = n >> 1;
    value * power_of_two(half) * power_of_two(n - half)
}

/// `ln(x)` (Cephes): a polynomial between the square roots of 1/2 and 2, and the exponent times ln(2) in two parts.
#[inline(always)]
pub(crate) fn logarithm(x: f32) -> f32 {
    // Numbers below the normal range are brought into it.
    let small = x < f32::MIN_POSITIVE;
    let scaled = if small { x * 33_554_432.0 } else { x };
    let bits = scaled.to_bits() as i32;
    let mut exponent = (bits >> 23) - 126 - if small { 25 } else { 0 };
    let mantissa = f32::from_bits((bits as u32 & 0x007F_FFFF) | 0x3F00_0000);
    let low = mantissa < std::f32::consts::FRAC_1_SQRT_2;
    exponent -= i32::from(low);
    let m = if low { mantissa + mantissa } else { mantissa } - 1.0;
    let square = m * m;
    let mut p = 7.037_683_6e-2;
    p = p * m - 1.151_461e-1;
    p = p * m + 1.167_699_9e-1;
    p = p * m - 1.242_014_1e-1;
    p = p * m + 1.424_932_3e-1;
    p = p * m - 1.666_805_8e-1;
    p = p * m + 2.000_071_5e-1;
    p = p * m - 2.499_999_4e-1;
    p = p * m + 0.333_333_3;
    let e = exponent as f32;
    let tail = p * m * square + e * -2.121_944_4e-4 - 0.5 * square;
    let value = (m + tail) + e * 0.693_359_4;
    let value = if x < f32::INFINITY { value } else { x };
    let value = if x == 0.0 { f32::NEG_INFINITY } else { value };
    if x < 0.0 { f32::NAN } else { value }
}

/// `ln(1 + x)`: the logarithm of the rounded sum, corrected by what the rounding lost.
#[inline(always)]
pub(crate) fn logarithm_above_one(x: f32) -> f32 {
    let sum = 1.0 + x;
    let value = logarithm(sum) * (x / (sum - 1.0));
    let value = if sum == 1.0 { x } else { value };
    if x < f32::INFINITY { value } else { x }
}

/// `tanh(x)`: a polynomial below 0.625, `1 - 2 / (exp(2x) + 1)` above (Cephes).
#[inline(always)]
pub(crate) fn tangent(x: f32) -> f32 {
    let size = x.abs();
    let square = x * x;
    let mut p = -5.704_988_7e-3;
    p = p * square + 2.063_909e-2;
    p = p * square - 5.373_971_4e-2;
    p = p * square + 1.333_144_2e-1;
    p = p * square - 3.333_328e-1;
    let near = x + x * square * p;
    let far = 1.0 - 2.0 / (exponential(2.0 * size) + 1.0);
    let far = if x < 0.0 { -far } else { far };
    if size < 0.625 { near } else { far }
}

/// `1 / (1 + exp(-x))`.
#[inline(always)]
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exponential(-x))
}

/// `ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(-|x|))`, the logarithm as `2 atanh(t / (2 + t))`.
#[inline(always)]
pub(crate) fn soft_plus(x: f32) -> f32 {
    let t = exponential(-x.abs());
    let s = t / (2.0 + t);
    let square = s * s;
    let mut p = 1.0 / 15.0;
    p = p * square + 1.0 / 13.0;
    p = p * square + 1.0 / 11.0;
    p = p * square + 1.0 / 9.0;
    p = p * square + 1.0 / 7.0;
    p = p * square + 1.0 / 5.0;
    p = p * square + 1.0 / 3.0;
    let tail = 2.0 * (s + s * square * p);
    if x > 0.0 { x + tail } else { tail }
}

/// Distribution function and density of the standard normal.
///
/// `erfc(z) = exp(-z^2) erfcx(z)` with erfcx by a polynomial in `1 / (1 + z / 2)` (a Chebyshev fit on 0..10.5), and the
/// square of x split in two so that the exponential keeps its relative precision in the tails.
#[inline(always)]
pub(crate) fn normal(x: f32) -> (f32, f32) {
    let size = x.abs();
    let size = if size > 14.5 { 14.5 } else { size };
    let high = f32::from_bits(size.to_bits() & 0xFFFF_F000);
    let low = -0.5 * ((size - high) * (size + high));
    let correction = 1.0 + low * (1.0 + low * (0.5 + low * (1.0 / 6.0)));
    let decay = exponential(-0.5 * (high * high)) * correction;
    let t = 1.0 / (1.0 + 0.5 * std::f32::consts::FRAC_1_SQRT_2 * size);
    let u = (t - 0.58) * 2.380_952_4;
    let mut p = 5.719_311e-6;
    p = p * u + 6.529_845e-6;
    p = p * u - 7.098_749e-5;
    p = p * u + 9.852_654e-6;
    p = p * u + 6.250_583e-4;
    p = p * u - 6.749_084e-4;
    p = p * u - 6.327_318e-3;
    p = p * u + 6.308_435_4e-3;
    p = p * u + 1.035_21e-1;
    p = p * u + 3.271_879e-1;
    p = p * u + 5.694_087e-1;
    let tail = 0.5 * decay * (p * t);
    let distribution = if x > 0.0 { 1.0 - tail } else { tail };
    (distribution, 0.398_942_3 * decay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;

    /// The largest relative error over a range; results below the normal range are skipped.
    fn worst(range: std::ops::Range<f64>, single: impl Fn(f32) -> f32, double: impl Fn(f64) -> f64) -> f64 {
        let n = 200_000;
        (0..=n)
            .map(|i| (range.start + (range.end - range.start) * f64::from(i) / f64::from(n)) as f32)
            .filter(|&x| double(f64::from(x)).abs() > 1.2e-38)
            .map(|x| (f64::from(single(x)) / double(f64::from(x)) - 1.0).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_within_a_millionth_of_double_precision() {
        let all = [
            ("exp", worst(-87.0..88.7, exponential, f64::exp)),
            ("tanh", worst(-20.0..20.0, tangent, f64::tanh)),
            ("ln", worst(1e-3..0.9, logarithm, f64::ln)),
            ("ln above 1", worst(1.1..1e3, logarithm, f64::ln)),
            ("ln large", worst(1e3..1e38, logarithm, f64::ln)),
            ("ln small", worst(1e-45..1e-37, logarithm, f64::ln)),
            ("ln(1 + x)", worst(-0.9..20.0, logarithm_above_one, f64::ln_1p)),
            ("ln(1 + tiny)", worst(-1e-6..1e-6, logarithm_above_one, f64::ln_1p)),
            ("sigmoid", worst(-80.0..80.0, logistic, Number::logistic)),
            ("softplus", worst(-80.0..80.0, soft_plus, Number::soft_plus)),
            ("distribution", worst(-12.5..12.5, |x| normal(x).0, |x| Number::normal(x).0)),
            ("density", worst(-12.5..12.5, |x| normal(x).1, |x| Number::normal(x).1)),
        ];
        for (name, error) in all {
            assert!(error < 1e-6, "{name}: {error:e}");
        }
    }

    #[test]
    fn ends_and_missing_values() {
        assert_eq!(exponential(200.0), f32::INFINITY);
        assert_eq!(exponential(f32::INFINITY), f32::INFINITY);
        assert_eq!(exponential(f32::NEG_INFINITY), 0.0);
        assert_eq!(exponential(-200.0), 0.0);
        assert_eq!((logistic(-1e4), logistic(1e4)), (0.0, 1.0));
        assert_eq!((tangent(-1e4), tangent(1e4)), (-1.0, 1.0));
        assert_eq!((soft_plus(-1e4), soft_plus(1e4)), (0.0, 1e4));
        assert_eq!((normal(-1e4).0, normal(1e4).0), (0.0, 1.0));
        assert_eq!((logarithm(0.0), logarithm(f32::INFINITY)), (f32::NEG_INFINITY, f32::INFINITY));
        assert_eq!((logarithm(1.0), logarithm_above_one(0.0)), (0.0, 0.0));
        assert_eq!(logarithm_above_one(-1.0), f32::NEG_INFINITY);
        assert!(logarithm(-1.0).is_nan() && logarithm_above_one(-2.0).is_nan());
        for function in [
            logarithm,
            logarithm_above_one,
            exponential,
            tangent,
            logistic,
            soft_plus,
            |x| normal(x).0,
            |x| normal(x).1,
        ] {
            assert!(function(f32::NAN).is_nan());
        }
    }
}
