//! Sizes, colours and text widths of figures, on top of [`cistron_display::Theme`].

use cistron_display::Theme;
use plotters::style::RGBColor;

/// Size of a figure's title, in px.
pub(crate) const TITLE: f64 = 13.0;
/// Size of axis labels, in px.
pub(crate) const LABEL: f64 = Theme::FONT_SIZE as f64;
/// Size of tick labels, legends and captions, in px.
pub(crate) const SMALL: f64 = 11.0;
/// Width of axes and ticks, in px.
pub(crate) const HAIR: f64 = 0.8;
/// Width of lines that are data, in px.
pub(crate) const STROKE: f64 = 1.8;
/// The wash behind marked sites.
pub(crate) const MARK: &str = "#fff3b0";
/// The edge of marked sites, which a grey print keeps.
pub(crate) const MARK_EDGE: &str = "#d9b526";

/// Density colours from sparse to dense: light to dark, so that a grey print keeps the order.
const RAMP: [(u8, u8, u8); 5] = [(168, 200, 226), (102, 163, 207), (0, 114, 178), (0, 76, 133), (8, 32, 74)];

/// The colour of a density between 0 and 1.
pub(crate) fn density_colour(share: f64) -> String {
    let at = share.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let (low, part) = (at.floor() as usize, at.fract());
    let (a, b) = (RAMP[low], RAMP[(low + 1).min(RAMP.len() - 1)]);
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// The colour of series `i`; after the last the palette begins again.
pub(crate) fn series_colour(i: usize) -> &'static str {
    Theme::SERIES[i % Theme::SERIES.len()]
}

/// The dashes of series `i`: the first two differ enough in grey, more lines need another sign than their colour.
pub(crate) fn series_dash(i: usize) -> Option<&'static str> {
    const DASHES: [Option<&str>; 4] = [Some("7 3"), Some("2 2.6"), Some("8 3 2 3"), None];
    i.checked_sub(2).and_then(|i| DASHES[i % DASHES.len()])
}

/// A theme colour as plotters takes it; what is not `#rrggbb` is black.
pub(crate) fn rgb(hex: &str) -> RGBColor {
    let part = |i: usize| hex.get(i..i + 2).and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or(0);
    RGBColor(part(1), part(3), part(5))
}

/// A colour mixed with white: `share` 1 is the colour, 0 is white.
pub(crate) fn tint(hex: &str, share: f64) -> String {
    let RGBColor(r, g, b) = rgb(hex);
    let mix = |c: u8| (255.0 - share * (255.0 - f64::from(c))).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(r), mix(g), mix(b))
}

/// Width of a text in px, by the widths of Helvetica, with a little to spare for the fonts that stand in for it.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '\'' | '|' => 0.24,
            'f' | 't' | 'I' | ' ' | '.' | ',' | ':' | ';' | '!' | '[' | ']' | '/' | '\\' | '\u{b7}' => 0.28,
            'r' | '-' | '(' | ')' | '"' | '`' => 0.335,
            'm' | 'M' => 0.84,
            'w' | 'C' | 'D' | 'H' | 'N' | 'R' | 'U' => 0.722,
            'W' | '%' | '@' => 0.94,
            'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 0.667,
            'G' | 'O' | 'Q' => 0.778,
            'F' | 'T' | 'Z' => 0.611,
            'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.5,
            '+' | '<' | '=' | '>' | '~' | '\u{2212}' | '\u{b1}' => 0.584,
            c if u32::from(c) < 0x2000 => 0.556,
            _ => 0.9,
        })
        .sum();
    em * size * 1.04
}
