//! Pictures drawn, so that two of them can be compared as they look.
//!
//! Drawn are the shapes of SVG (`rect line polyline polygon circle ellipse path`) in groups and nested pictures. A text is
//! a bar as long as its letters, an arc its chord; gradients and patterns are grey. That is enough to say which share of a
//! figure looks different; what letters say is compared as data.

use super::canvas::{Canvas, Colour, Point};
use super::markup::{Piece, pieces};
use super::outline::{Transform, numbers, path};

/// The longer side of what is drawn, in pixels.
const SIDE: f64 = 640.0;
/// Groups inside groups that are followed.
const DEPTH: usize = 64;
/// Corners of a circle.
const CORNERS: usize = 32;

/// The share of pixels in which two pictures differ.
pub(super) fn share_of_difference(stored: &str, now: &str) -> f64 {
    if stored == now {
        return 0.0;
    }
    let (a, b) = (pieces(stored), pieces(now));
    let (aw, ah) = size(&a);
    let (bw, bh) = size(&b);
    let (width, height) = (aw.max(bw), ah.max(bh));
    let scale = SIDE / width.max(height);
    draw(&a, width, height, scale).share_of_difference(&draw(&b, width, height, scale))
}

/// How shapes inside an element are painted.
#[derive(Clone, Copy)]
struct Style {
    transform: Transform,
    fill: Option<Colour>,
    stroke: Option<Colour>,
    width: f64,
    opacity: f32,
    font: f64,
    anchor: f64,
    even: bool,
    hidden: bool,
    text: Option<Point>,
}

fn draw(pieces: &[Piece<'_>], width: f64, height: f64, scale: f64) -> Canvas {
    let side = |length: f64| ((length * scale).ceil().max(1.0)) as usize;
    let mut canvas = Canvas::new(side(width), side(height));
    let start = Style {
        transform: Transform([scale, 0.0, 0.0, scale, 0.0, 0.0]),
        fill: Some([0.0; 3]),
        stroke: None,
        width: 1.0,
        opacity: 1.0,
        font: 16.0,
        anchor: 0.0,
        even: false,
        hidden: false,
        text: None,
    };
    let mut stack: Vec<(&str, Style)> = vec![("", start)];
    for piece in pieces {
        let style = stack.last().map_or(start, |(_, style)| *style);
        match piece {
            Piece::Open(name, attributes) => {
                let inner = inherit(style, name, attributes, stack.len() == 1);
                if !inner.hidden {
                    shape(&mut canvas, name, attributes, &inner);
                }
                if stack.len() < DEPTH {
                    stack.push((name, inner));
                }
            }
            Piece::Close(name) => {
                if let Some(at) = stack.iter().rposition(|(open, _)| open == name).filter(|at| *at > 0) {
                    stack.truncate(at);
                }
            }
            Piece::Text(text) => bar(&mut canvas, text, &style),
        }
    }
    canvas
}

/// An attribute, also where it stands in `style`.
fn value<'a>(attributes: &[(&'a str, &'a str)], key: &str) -> Option<&'a str> {
    let style = attributes.iter().find(|(name, _)| *name == "style").map(|(_, style)| *style);
    let styled = style.into_iter().flat_map(|s| s.split(';')).filter_map(|s| s.split_once(':'));
    let own = attributes.iter().copied();
    styled
        .map(|(name, value)| (name.trim(), value.trim()))
        .chain(own)
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value)
}

fn number(attributes: &[(&str, &str)], key: &str) -> Option<f64> {
    let text = value(attributes, key).filter(|text| !text.trim_end().ends_with('%'))?;
    numbers(text).first().copied().filter(|n| n.is_finite())
}

/// The size that a picture says it has.
fn size(pieces: &[Piece<'_>]) -> (f64, f64) {
    let Some(Piece::Open(_, attributes)) = pieces.iter().find(|p| matches!(p, Piece::Open("svg", _))) else {
        return (300.0, 150.0);
    };
    let frame = value(attributes, "viewBox").map(numbers).unwrap_or_default();
    let side = |key: &str, index: usize, other: f64| {
        let own = number(attributes, key).or(frame.get(index).copied());
        own.filter(|n| *n > 0.0).unwrap_or(other).min(1e5)
    };
    (side("width", 2, 300.0), side("height", 3, 150.0))
}

fn inherit(mut style: Style, name: &str, attributes: &[(&str, &str)], outermost: bool) -> Style {
    let nothing = [
        "defs", "title", "desc", "style", "script", "clipPath", "mask", "marker", "pattern", "symbol",
    ];
    style.hidden |= nothing.contains(&name) || value(attributes, "display") == Some("none");
    if let Some(transform) = value(attributes, "transform") {
        style.transform = style.transform.with(Transform::read(transform));
    }
    if name == "svg" {
        style.transform = style.transform.with(frame(attributes, outermost));
    }
    let paint = |key: &str, before: Option<Colour>| value(attributes, key).map_or(before, |text| colour(text, before));
    style.fill = paint("fill", style.fill);
    style.stroke = paint("stroke", style.stroke);
    style.width = number(attributes, "stroke-width").unwrap_or(style.width);
    style.opacity *= number(attributes, "opacity").unwrap_or(1.0).clamp(0.0, 1.0) as f32;
    style.font = number(attributes, "font-size").unwrap_or(style.font);
    style.anchor = match value(attributes, "text-anchor") {
        Some("middle") => 0.5,
        Some("end") => 1.0,
        Some(_) => 0.0,
        None => style.anchor,
    };
    style.even = value(attributes, "fill-rule").map_or(style.even, |rule| rule == "evenodd");
    style.text = match name {
        "text" => Some((number(attributes, "x").unwrap_or(0.0), number(attributes, "y").unwrap_or(0.0))),
        "tspan" => style.text.map(|(x, y)| {
            let moved = number(attributes, "dy").unwrap_or(0.0);
            (
                number(attributes, "x").unwrap_or(x),
                number(attributes, "y").unwrap_or(y) + moved,
            )
        }),
        _ => None,
    };
    style
}

/// From the inside of a picture to its place.
fn frame(attributes: &[(&str, &str)], outermost: bool) -> Transform {
    let at = |key: &str| {
        if outermost {
            0.0
        } else {
            number(attributes, key).unwrap_or(0.0)
        }
    };
    let (x, y) = (at("x"), at("y"));
    let view = value(attributes, "viewBox").map(numbers).unwrap_or_default();
    let [left, top, width, height] = view[..] else {
        return Transform([1.0, 0.0, 0.0, 1.0, x, y]);
    };
    let (w, h) = (
        number(attributes, "width").unwrap_or(width),
        number(attributes, "height").unwrap_or(height),
    );
    let scale = (w / width).min(h / height);
    let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
    let (dx, dy) = ((w - width * scale) / 2.0, (h - height * scale) / 2.0);
    Transform([scale, 0.0, 0.0, scale, x + dx - left * scale, y + dy - top * scale])
}

fn shape(canvas: &mut Canvas, name: &str, attributes: &[(&str, &str)], style: &Style) {
    let n = |key: &str| number(attributes, key).unwrap_or(0.0);
    let lines = match name {
        "rect" => {
            let (x, y, w, h) = (n("x"), n("y"), n("width"), n("height"));
            vec![vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]]
        }
        "line" => vec![vec![(n("x1"), n("y1")), (n("x2"), n("y2"))]],
        "circle" => vec![round(n("cx"), n("cy"), n("r"), n("r"))],
        "ellipse" => vec![round(n("cx"), n("cy"), n("rx"), n("ry"))],
        "polyline" | "polygon" => {
            let values = numbers(value(attributes, "points").unwrap_or_default());
            let mut points: Vec<Point> = values.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            if name == "polygon" {
                points.extend(points.first().copied());
            }
            vec![points]
        }
        "path" => path(value(attributes, "d").unwrap_or_default()),
        _ => return,
    };
    let lines: Vec<Vec<Point>> = lines
        .into_iter()
        .map(|line| line.into_iter().map(|point| style.transform.apply(point)).collect())
        .collect();
    let share = |key: &str| number(attributes, key).unwrap_or(1.0).clamp(0.0, 1.0) as f32 * style.opacity;
    if let Some(fill) = style.fill.filter(|_| name != "line") {
        canvas.fill(&lines, style.even, fill, share("fill-opacity"));
    }
    if let Some(stroke) = style.stroke {
        canvas.stroke(&lines, style.width * style.transform.scale(), stroke, share("stroke-opacity"));
    }
}

fn round(x: f64, y: f64, rx: f64, ry: f64) -> Vec<Point> {
    let corner = |i: usize| {
        let (sin, cos) = (i as f64 / CORNERS as f64 * std::f64::consts::TAU).sin_cos();
        (x + rx * cos, y + ry * sin)
    };
    (0..=CORNERS).map(corner).collect()
}

/// A text as a bar over its letters.
fn bar(canvas: &mut Canvas, text: &str, style: &Style) {
    let (Some((x, y)), Some(fill), false) = (style.text, style.fill, style.hidden) else {
        return;
    };
    let length = 0.55 * style.font * text.chars().count() as f64;
    let left = x - style.anchor * length;
    let corners = [
        (left, y),
        (left + length, y),
        (left + length, y - 0.7 * style.font),
        (left, y - 0.7 * style.font),
    ];
    let lines = vec![corners.map(|point| style.transform.apply(point)).to_vec()];
    canvas.fill(&lines, false, fill, 0.5 * style.opacity);
}

fn colour(text: &str, before: Option<Colour>) -> Option<Colour> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix('#') {
        let digits: Vec<f32> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as f32).collect();
        return match digits[..] {
            [r, g, b] => Some([r / 15.0, g / 15.0, b / 15.0]),
            [a, b, c, d, e, f, ..] => Some([(16.0 * a + b) / 255.0, (16.0 * c + d) / 255.0, (16.0 * e + f) / 255.0]),
            _ => Some([0.5; 3]),
        };
    }
    if text.starts_with("rgb") {
        let parts = numbers(text);
        let channel = |i: usize| parts.get(i).map_or(0.5, |n| (*n / 255.0).clamp(0.0, 1.0) as f32);
        return Some([channel(0), channel(1), channel(2)]);
    }
    match text.to_ascii_lowercase().as_str() {
        "none" | "transparent" => None,
        "inherit" => before,
        "black" | "currentcolor" => Some([0.0; 3]),
        "white" => Some([1.0; 3]),
        "red" => Some([1.0, 0.0, 0.0]),
        "green" => Some([0.0, 0.5, 0.0]),
        "blue" => Some([0.0, 0.0, 1.0]),
        _ => Some([0.5; 3]),
    }
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
        let nested =
            "<svg x=\"32\" y=\"32\" width=\"32\" height=\"32\" viewBox=\"0 0 1 1\"><rect width=\"1\" height=\"1\"/></svg>";
        assert_eq!(apart(nested, "<rect x=\"32\" y=\"32\" width=\"32\" height=\"32\"/>"), 0.0);
        assert_eq!(apart("", &format!("<defs>{square}</defs>")), 0.0);
    }

    #[test]
    fn a_moved_text_and_a_thin_line_are_seen() {
        let text = |x: u32| format!("<text x=\"{x}\" y=\"20\" font-size=\"12\">label</text>");
        assert_eq!(apart(&text(4), &text(4)), 0.0);
        assert!(apart(&text(4), &text(8)) > 0.0);
        let line = |y: u32| format!("<line x1=\"0\" y1=\"{y}\" x2=\"64\" y2=\"{y}\" stroke=\"black\" stroke-width=\"0.8\"/>");
        assert!(apart(&line(10), &line(40)) > 0.01);
    }

    #[test]
    fn what_is_no_picture_does_no_harm() {
        let odd = [
            "",
            "<svg",
            "<svg width=\"1e300\" height=\"-1\">",
            "<svg viewBox=\"0 0 0 0\"><circle r=\"NaN\"/>",
            "</g></svg>",
        ];
        for (a, b) in odd.iter().zip(odd.iter().skip(1)) {
            assert!((0.0..=1.0).contains(&share_of_difference(a, b)));
        }
        let deep = "<g>".repeat(10_000);
        share_of_difference(&picture(&deep), &picture("<rect/>"));
    }
}
