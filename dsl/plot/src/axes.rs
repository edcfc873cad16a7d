//! Ticks at round numbers, and their labels.

/// A range around the values: padded by `share` of its span, and never without extent.
pub(crate) fn padded(values: impl IntoIterator<Item = f64>, share: f64) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return None;
    }
    let pad = if high > low {
        (high - low) * share
    } else if low == 0.0 {
        0.5
    } else {
        low.abs() * 0.1
    };
    Some((low - pad, high + pad))
}

/// The step between round ticks when about `wanted` of them shall fit.
pub(crate) fn step(limits: (f64, f64), wanted: usize) -> f64 {
    let rough = (limits.1 - limits.0) / wanted.max(1) as f64;
    let decade = 10f64.powf(rough.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|t| t * decade >= rough * 0.999)
        .unwrap_or(10.0);
    times * decade
}

/// Round numbers within the limits and their labels: about as many as wanted, three if there are so many.
pub(crate) fn ticks(limits: (f64, f64), wanted: usize) -> Vec<(f64, String)> {
    let mut found = Vec::new();
    for more in 0..3 {
        let step = step(limits, wanted + more * 2);
        found = multiples(limits, step).into_iter().map(|v| (v, label(v, step))).collect();
        if found.len() >= 3 {
            break;
        }
    }
    found
}

/// Ticks at whole numbers only, as epochs and positions have them.
pub(crate) fn whole_ticks(limits: (f64, f64), wanted: usize) -> Vec<(f64, String)> {
    let step = step(limits, wanted).max(1.0);
    multiples(limits, step).into_iter().map(|v| (v, label(v, step))).collect()
}

/// The multiples of a step within the limits.
fn multiples(limits: (f64, f64), step: f64) -> Vec<f64> {
    if !step.is_finite() || step <= 0.0 {
        return Vec::new();
    }
    let slack = step * 1e-6;
    let first = ((limits.0 - slack) / step).ceil();
    let last = ((limits.1 + slack) / step).floor();
    let values = (0..=((last - first).clamp(-1.0, 100.0) as i64)).map(|i| (first + i as f64) * step);
    values
        .filter(|v| *v <= limits.1 + slack)
        .map(|v| if v.abs() < slack { 0.0 } else { v })
        .collect()
}

/// A tick's number with as many decimals as the step needs, a real minus sign, and no more digits than fit.
pub(crate) fn label(value: f64, step: f64) -> String {
    let largest = value.abs().max(step);
    let text = if largest >= 1e6 || step < 1e-4 {
        if value == 0.0 { "0".into() } else { scientific(value, step) }
    } else {
        let decimals = (-(step * 1.0001).log10().floor()).max(0.0) as usize;
        let plain = format!("{value:.decimals$}");
        if value.abs() >= 10_000.0 { grouped(&plain) } else { plain }
    };
    text.replace('-', "\u{2212}")
}

/// A whole number without a point, any other with four digits.
pub(crate) fn plain(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e9 {
        format!("{x:.0}")
    } else {
        cistron_display::significant(x, 4)
    }
}

fn scientific(value: f64, step: f64) -> String {
    let digits = (value.abs().log10().floor() - step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$e}")
}

fn grouped(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |d| ("-", d));
    let (whole, rest) = digits
        .split_once('.')
        .map_or((digits, String::new()), |(w, r)| (w, format!(".{r}")));
    format!("{sign}{}{rest}", cistron_display::count(whole.parse().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(limits: (f64, f64), wanted: usize) -> Vec<String> {
        ticks(limits, wanted).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn ticks_are_round_and_have_no_stray_digits() {
        assert_eq!(labels((0.0, 1.0), 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels((-0.04, 0.31), 4), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels((-3.2, 3.2), 4), ["\u{2212}2", "0", "2"]);
        assert_eq!(labels((-1.0, 0.9), 3), ["\u{2212}1.0", "\u{2212}0.5", "0.0", "0.5"]);
        assert_eq!(
            labels((0.0, 25_000.0), 5),
            ["0", "5000", "10,000", "15,000", "20,000", "25,000"]
        );
        assert_eq!(labels((0.0, 2e-6), 2), ["0", "1e\u{2212}6", "2e\u{2212}6"]);
        assert_eq!(labels((0.0, 4e6), 2), ["0", "2e6", "4e6"]);
    }

    #[test]
    fn whole_ticks_never_show_half_an_epoch() {
        let shown: Vec<String> = whole_ticks((1.0, 3.0), 6).into_iter().map(|t| t.1).collect();
        assert_eq!(shown, ["1", "2", "3"]);
        assert_eq!(whole_ticks((0.9, 1.1), 6).len(), 1);
    }

    #[test]
    fn a_range_never_has_no_extent() {
        assert_eq!(padded([2.0], 0.1), Some((1.8, 2.2)));
        assert_eq!(padded([0.0, f64::NAN], 0.1), Some((-0.5, 0.5)));
        assert_eq!(padded([f64::NAN], 0.1), None);
    }
}
