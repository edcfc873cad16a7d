//! Boxes and arrows as SVG.

use super::fold::{Card, Folded, Look};
use super::layout::{LINE_HEIGHT, PADDING, Place, Placed, label_lines, text_width};
use cistron_display::{Theme, escape};

/// The whole drawing.
pub(crate) fn svg(name: &str, folded: &Folded, placed: &Placed) -> String {
    let (width, height) = (placed.width.ceil(), placed.height.ceil());
    // Narrower than this the text would be too small to read; the notebook scrolls.
    let narrowest = (width * 0.75).ceil();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"100%\" \
         style=\"max-width:{width}px;min-width:{narrowest}px;height:auto\" font-family=\"{}\" font-size=\"12\" role=\"img\">\
         <title>{}</title><rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>",
        escape(Theme::FONT),
        escape(&format!("Dataflow of {name}")),
        Theme::PAPER,
    );
    for ((from, _), points) in folded.arrows.iter().zip(&placed.arrows) {
        out.push_str(&arrow(&placed.cards[*from], points));
    }
    for (card, place) in folded.cards.iter().zip(&placed.cards) {
        out.push_str(&label(card, place));
        out.push_str(&boxed(card, place));
    }
    out.push_str("</svg>");
    out
}

fn arrow(from: &Place, points: &[(f64, f64)]) -> String {
    let mut path = format!("M{:.1} {:.1}", from.x + from.width, from.middle());
    for (i, (x, y)) in points.iter().enumerate() {
        // Straight past a column, bent between two.
        if i % 2 == 0 {
            path.push_str(&format!(" L{x:.1} {y:.1}"));
        } else {
            let (x0, y0) = points[i - 1];
            let half = (x0 + x) / 2.0;
            path.push_str(&format!(" C{half:.1} {y0:.1} {half:.1} {y:.1} {x:.1} {y:.1}"));
        }
    }
    let (x, y) = points.last().copied().unwrap_or_default();
    format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"{0}\" stroke-width=\"1.3\"/>\
         <path d=\"M{x:.1} {y:.1} l-8 -4 v8 z\" fill=\"{0}\"/>",
        Theme::SOFT,
    )
}

/// The shape of what a box gives, above and below the beginning of its arrow.
fn label(card: &Card, place: &Place) -> String {
    if card.gives.is_empty() {
        return String::new();
    }
    let x = place.x + place.width + 5.0;
    let lines = label_lines(card);
    let heights = [place.middle() - 5.0, place.middle() + 13.0];
    let one = |(line, y): (&String, f64)| {
        format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"11\" fill=\"{}\">{}</text>",
            Theme::INK,
            escape(line)
        )
    };
    lines.iter().zip(heights).map(one).collect()
}

fn boxed(card: &Card, place: &Place) -> String {
    let Place { x, y, width, height } = *place;
    let middle = x + width / 2.0;
    let text = card.stanzas.first().and_then(|s| s.lines.first()).map_or("", String::as_str);
    let centred = |colour: &str, weight: &str| {
        let baseline = place.middle() + 4.2;
        format!(
            "<text x=\"{middle:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\" font-weight=\"{weight}\" fill=\"{colour}\">{}</text>",
            escape(text)
        )
    };
    let colour = card.shared.map(|s| Theme::SERIES[1 + s % (Theme::SERIES.len() - 1)]);
    match card.look {
        Look::Input | Look::Output => {
            let (fill, ink) = if card.look == Look::Input {
                (Theme::PAPER, Theme::SERIES[0])
            } else {
                (Theme::SERIES[0], Theme::PAPER)
            };
            format!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"14\" fill=\"{fill}\" stroke=\"{}\" stroke-width=\"1.5\"/>{}",
                Theme::SERIES[0],
                centred(ink, "600"),
            )
        }
        Look::Sign => format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"13\" fill=\"{}\" stroke=\"{}\"/>{}",
            Theme::PAPER,
            Theme::INK,
            centred(Theme::INK, "600"),
        ),
        Look::Layers => {
            let (stroke, dash) = match colour {
                Some(colour) => (colour, " stroke-width=\"2\" stroke-dasharray=\"6 3\""),
                None => (Theme::LINE, ""),
            };
            let mut out = format!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\" fill=\"{}\" stroke=\"{stroke}\"{dash}/>",
                Theme::WASH,
            );
            if !card.title.is_empty() {
                out.push_str(&format!(
                    "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" font-weight=\"600\" fill=\"{}\">{}</text>",
                    x + 1.0,
                    y - 5.0,
                    Theme::INK,
                    escape(&card.title),
                ));
            }
            out + &stanzas(card, place)
        }
    }
}

/// The lines of a box, with a bracket beside those that repeat.
fn stanzas(card: &Card, place: &Place) -> String {
    let mut out = String::new();
    let mut y = place.y + PADDING / 2.0;
    for stanza in &card.stanzas {
        let top = y;
        for line in &stanza.lines {
            out.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{}\">{}</text>",
                place.x + PADDING,
                y + 12.5,
                Theme::INK,
                escape(line),
            ));
            y += LINE_HEIGHT;
        }
        if stanza.times > 1 {
            let times = format!("\u{d7} {}", stanza.times);
            let x = place.x + place.width - 12.0 - text_width(&times);
            out.push_str(&format!(
                "<path d=\"M{:.1} {:.1} h4 V{:.1} h-4\" fill=\"none\" stroke=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" font-weight=\"600\" fill=\"{}\">{times}</text>",
                x - 6.0,
                top + 2.5,
                y - 2.5,
                Theme::SOFT,
                x + 3.0,
                (top + y) / 2.0 + 4.2,
                Theme::INK,
            ));
        }
    }
    out
}
