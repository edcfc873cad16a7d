//! Pictures drawn, so that two of them can be compared as they look.

use crate::png;
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

/// The longer side of what is drawn, in pixels.
const SIDE: f32 = 640.0;
/// A channel must differ by more than this for a pixel to count.
const VISIBLE: u8 = 8;

/// The share of pixels in which two pictures differ; 1 where they have different shapes or one can't be drawn.
pub(super) fn share_of_difference(stored: &str, now: &str) -> f64 {
    if stored == now {
        return 0.0;
    }
    match (drawn(stored), drawn(now)) {
        (Some(a), Some(b)) if (a.width(), a.height()) == (b.width(), b.height()) => {
            let pairs = a.pixels().iter().zip(b.pixels());
            pairs.filter(|(a, b)| differ(a, b)).count() as f64 / a.pixels().len().max(1) as f64
        }
        _ => 1.0,
    }
}

fn drawn(svg: &str) -> Option<Pixmap> {
    png::drawn(&complete(svg), |width, height| SIDE / width.max(height)).ok()
}

/// A picture by itself has to say what it is; inside a page it need not.
pub(super) fn complete(svg: &str) -> std::borrow::Cow<'_, str> {
    if svg.contains("xmlns=") {
        svg.into()
    } else {
        svg.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1).into()
    }
}

fn differ(a: &PremultipliedColorU8, b: &PremultipliedColorU8) -> bool {
    let channels = |p: &PremultipliedColorU8| [p.red(), p.green(), p.blue(), p.alpha()];
    channels(a).iter().zip(channels(b)).any(|(a, b)| a.abs_diff(b) > VISIBLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(inner: &str) -> String {
        format!("<svg width=\"64\" height=\"64\" viewBox=\"0 0 64 64\">{inner}</svg>")
    }

    fn apart(a: &str, b: &str) -> f64 {
        share_of_difference(&picture(a), &picture(b))
    }

    #[test]
    fn the_share_is_that_of_the_area() {
        let square = "<rect x=\"0\" y=\"0\" width=\"32\" height=\"32\" fill=\"#0072b2\"/>";
        assert_eq!(apart("", square), 0.25);
        assert_eq!(apart(square, &format!("<g transform=\"translate(0 0)\">{square}</g>")), 0.0);
        assert_eq!(apart(square, &square.replace("#0072b2", "#e69f00")), 0.25);
        assert_eq!(apart(square, "<path d=\"M0 0h32v32h-32z\" style=\"fill:#0072b2\"/>"), 0.0);
        assert_eq!(apart("", &format!("<defs>{square}</defs>")), 0.0);
        let line = |y: u32| format!("<line x1=\"0\" y1=\"{y}\" x2=\"64\" y2=\"{y}\" stroke=\"black\" stroke-width=\"0.8\"/>");
        assert!(apart(&line(10), &line(40)) > 0.01);
    }

    #[test]
    fn pictures_that_are_none_or_have_other_shapes_differ_whole() {
        let wide = "<svg width=\"80\" height=\"40\" xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(share_of_difference(wide, &picture("")), 1.0);
        for odd in ["", "<svg", "<svg width=\"1e300\" height=\"-1\">", "</g></svg>"] {
            assert_eq!(share_of_difference(odd, &picture("")), 1.0, "{odd}");
        }
        let deep = format!("{}{}", "<g>".repeat(10_000), "</g>".repeat(10_000));
        assert_eq!(apart(&deep, "<rect/>"), 1.0);
    }
}
