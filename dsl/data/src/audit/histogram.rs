//! A small histogram.

use cistron_display::{Theme, significant};

const BINS: usize = 24;

/// Counts of finite values in equal bins from the least to the greatest.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    pub(crate) min: f64,
    pub(crate) mean: f64,
    pub(crate) max: f64,
    pub(crate) bins: [usize; BINS],
}

impl Histogram {
    /// Counts; values that are not finite are left out.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        let (mut min, mut max, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        for &v in &values {
            min = min.min(v);
            max = max.max(v);
            sum += v;
        }
        let mut bins = [0; BINS];
        let width = (max - min) / BINS as f64;
        for &v in &values {
            let bin = if width > 0.0 { ((v - min) / width) as usize } else { 0 };
            bins[bin.min(BINS - 1)] += 1;
        }
        Self {
            min,
            mean: sum / values.len() as f64,
            max,
            bins,
        }
    }

    /// Bars as a line of block letters.
    pub(crate) fn blocks(&self) -> String {
        const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let top = self.bins.iter().copied().max().unwrap_or(0).max(1);
        let level = |&n: &usize| if n == 0 { ' ' } else { LEVELS[(n * 8).div_ceil(top).min(8)] };
        self.bins.iter().map(level).collect()
    }

    /// Bars as a small picture with the least and the greatest value under it.
    pub(crate) fn svg(&self, title: &str) -> String {
        let (width, height, bar) = (168.0, 34.0, 7.0);
        let top = self.bins.iter().copied().max().unwrap_or(0).max(1) as f64;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"50\" viewBox=\"0 0 {width} 50\" role=\"img\" aria-label=\"{}\">",
            cistron_display::escape(title)
        );
        for (i, &n) in self.bins.iter().enumerate().filter(|(_, n)| **n > 0) {
            let h = (n as f64 / top * (height - 2.0)).max(1.0);
            let (x, y) = (i as f64 * bar, height - h);
            let fill = Theme::SERIES[0];
            out.push_str(&format!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{h:.1}\" fill=\"{fill}\"/>",
                bar - 1.0
            ));
        }
        let line = format!(
            "<path d=\"M0 {height}H{width}\" stroke=\"{}\" stroke-width=\"1\"/>",
            Theme::SOFT
        );
        let label = |x: f64, anchor: &str, value: f64| {
            format!(
                "<text x=\"{x}\" y=\"46\" text-anchor=\"{anchor}\" font-size=\"10\" fill=\"{}\">{}</text>",
                Theme::SOFT,
                significant(value, 3)
            )
        };
        out.push_str(&line);
        out.push_str(&label(0.0, "start", self.min));
        out.push_str(&label(width, "end", self.max));
        out.push_str("</svg>");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_in_equal_bins() {
        let histogram = Histogram::of([0.0, 1.0, 24.0, f64::NAN].into_iter());
        assert_eq!((histogram.bins[0], histogram.bins[1], histogram.bins[23]), (1, 1, 1));
        assert_eq!(
            (histogram.min, histogram.max, histogram.bins.iter().sum::<usize>()),
            (0.0, 24.0, 3)
        );
        assert_eq!(Histogram::of([2.0, 2.0].into_iter()).bins[0], 2);
        assert_eq!(histogram.blocks().chars().filter(|c| *c == '█').count(), 3);
    }
}
