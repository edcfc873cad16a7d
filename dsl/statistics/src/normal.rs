//! The normal distribution's tail.

/// The chance that a standard normal value lies further from 0 than `z`, on both sides.
pub(crate) fn two_sided(z: f64) -> f64 {
    complementary_error(z.abs() / std::f64::consts::SQRT_2)
}

/// erfc for x of 0 and more: the series of erf below 2, the continued fraction above.
fn complementary_error(x: f64) -> f64 {
    let root_pi = std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        let mut n = 0.0;
        while term.abs() > 1e-17 * sum.abs() {
            n += 1.0;
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return 1.0 - 2.0 / root_pi * sum;
    }
    // Abramowitz and Stegun 7.1.14, from the far end.
    let fraction = (1..=120).rev().fold(x, |below, n| x + f64::from(n) / 2.0 / below);
    (-x * x).exp() / (root_pi * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_its_known_quantiles() {
        // Abramowitz and Stegun, tables 26.1 and 7.1.
        for (z, p) in [(0.0, 1.0), (1.959_963_984_540_054, 0.05), (2.575_829_303_548_901, 0.01)] {
            assert!((two_sided(z) - p).abs() < 1e-13, "{z}: {}", two_sided(z));
        }
        for (x, expected) in [(1.9_f64, 0.007_209_570_8), (2.0, 0.004_677_735), (3.0, 0.000_022_090_497)] {
            assert!((complementary_error(x) / expected - 1.0).abs() < 1e-6, "{x}");
        }
        assert!((complementary_error(2.0 - 1e-12) / complementary_error(2.0) - 1.0).abs() < 1e-10);
    }
}
