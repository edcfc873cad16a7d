//! What the figures' SVG and text hold, read back from them.

use cistron_display::Show;
use cistron_plot::{Bar, Figure, Highlight, LogoRow, LogoScale, PlotError, Series};
use cistron_plot::{bars, curve, histogram, ladder, letters, logo, logos, scatter};
use cistron_random::{Purpose, Stream};
use roxmltree::{Document, Node};

const PAPER: &str = "#ffffff";

/// Checks that a figure is well-formed, has its size, a page and our fonts, and no number that is none; gives its SVG.
fn checked(figure: &Figure) -> String {
    let svg = figure.svg();
    let document = Document::parse(&svg).expect("well-formed XML");
    let root = document.root_element();
    let size: Vec<f64> = root
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|n| n.parse().unwrap())
        .collect();
    assert!((size[2] - figure.width()).abs() < 0.01 && (size[3] - figure.height()).abs() < 0.01);
    assert!(root.attribute("font-family").is_some_and(|f| f.starts_with("Helvetica")));
    let first = root.children().find(Node::is_element).unwrap();
    assert_eq!((first.tag_name().name(), first.attribute("fill")), ("rect", Some(PAPER)));
    assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains(" id="));
    assert!(!figure.text().is_empty());
    svg
}

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    document
        .descendants()
        .filter(|n| n.has_tag_name("text"))
        .map(|n| n.text().unwrap_or_default().to_string())
        .collect()
}

/// Texts that are not turned: x, y and what they say.
fn placed_texts(svg: &str) -> Vec<(f64, f64, String)> {
    let document = Document::parse(svg).unwrap();
    let texts = document
        .descendants()
        .filter(|n| n.has_tag_name("text") && n.attribute("transform").is_none());
    let number = |n: &Node<'_, '_>, name: &str| n.attribute(name).unwrap().parse().unwrap();
    texts
        .map(|n| (number(&n, "x"), number(&n, "y"), n.text().unwrap_or_default().to_string()))
        .collect()
}

/// Letters as drawn: left edge, y of the transform, vertical scale, colour.
fn drawn_letters(svg: &str) -> Vec<(f64, f64, f64, String)> {
    let document = Document::parse(svg).unwrap();
    let paths = document
        .descendants()
        .filter(|n| n.has_tag_name("path") && n.attribute("transform").is_some());
    paths
        .map(|n| {
            let numbers: Vec<f64> = n
                .attribute("transform")
                .unwrap()
                .split(['(', ')', ' '])
                .filter_map(|p| p.parse().ok())
                .collect();
            (numbers[0], numbers[1], numbers[3], n.attribute("fill").unwrap().to_string())
        })
        .collect()
}

fn pairs(n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Stream::new(3, Purpose::Simulation, 0, 0);
    let x: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
    let y = x.iter().map(|v| 0.8 * v + 0.6 * stream.normal()).collect();
    (x, y)
}

fn message<T>(result: Result<T, PlotError>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn a_curve_has_its_lines_legend_and_best_epoch() {
    let series = [
        Series::by_epoch("train", &[1.0, 0.5, 0.3]),
        Series::by_epoch("valid", &[1.1, f64::NAN, 0.4, 0.6]),
    ];
    let figure = curve(&series).best(3.0).y_label("loss").draw().unwrap();
    let svg = checked(&figure);
    let shown = texts(&svg);
    for text in ["train", "valid", "best: 3", "loss", "epoch"] {
        assert!(shown.iter().any(|t| t == text), "{text} in {shown:?}");
    }
    // train is one line of three points; valid is a single dot before the gap and a line of two after it.
    let document = Document::parse(&svg).unwrap();
    let lines: Vec<usize> = document
        .descendants()
        .filter_map(|n| n.attribute("points"))
        .map(|p| p.split(' ').count())
        .collect();
    assert_eq!(lines, [3, 2]);
    assert!(
        figure.text().contains("best at 3") && figure.text().contains("valid"),
        "{}",
        figure.text()
    );
}

#[test]
fn a_legend_that_has_no_free_corner_gets_its_own_strip() {
    let zigzag: Vec<f64> = (0..60).map(|i| f64::from(i % 2)).collect();
    let figure = curve(&[Series::by_epoch("noise", &zigzag)]).draw().unwrap();
    let svg = checked(&figure);
    let document = Document::parse(&svg).unwrap();
    let line = document.descendants().find_map(|n| n.attribute("points")).unwrap();
    let top = line
        .split(' ')
        .filter_map(|p| p.split_once(',')?.1.parse::<f64>().ok())
        .fold(f64::MAX, f64::min);
    let legend = document.descendants().find(|n| n.text() == Some("noise")).unwrap();
    assert!(legend.attribute("y").unwrap().parse::<f64>().unwrap() < top);
}

#[test]
fn one_point_is_a_dot_and_its_epoch_is_whole() {
    let figure = curve(&[Series::by_epoch("train", &[0.7])]).draw().unwrap();
    let svg = checked(&figure);
    assert!(
        svg.contains("<circle") && texts(&svg).contains(&"1".to_string()),
        "{:?}",
        texts(&svg)
    );
}

#[test]
fn a_scatter_counts_its_points_and_states_r() {
    let (x, y) = pairs(500);
    let figure = scatter(&x, &y).spearman().draw().unwrap();
    let svg = checked(&figure);
    assert_eq!(svg.matches("h0").count(), 500);
    let r = cistron_plot::bootstrap_pearson(&x, &y, 0).unwrap();
    let expected = format!("r = {:.3} [{:.3}, {:.3}]", r.value, r.low, r.high);
    assert!(texts(&svg).contains(&expected), "{expected} in {:?}", texts(&svg));
    assert!(figure.text().contains(&expected) && figure.text().contains("n = 500") && figure.text().contains("rank r = 0."));
    let given = scatter(&x, &y).correlation(0.5, 0.4, 0.6).draw().unwrap();
    assert!(given.text().contains("r = 0.500 [0.400, 0.600]"));
}

#[test]
fn many_points_are_thinned_and_missing_ones_counted() {
    let (mut x, y) = pairs(9_000);
    x[5] = f64::NAN;
    let figure = scatter(&x, &y).draw().unwrap();
    assert_eq!(checked(&figure).matches("h0").count(), 4_000);
    assert!(
        figure.text().contains("4,000 of 8,999 points drawn") && figure.text().contains("1 pairs without an observation"),
        "{}",
        figure.text()
    );
}

#[test]
fn a_constant_side_has_no_r_and_says_so() {
    let figure = scatter(&[1.0, 2.0, 3.0], &[1.0, 1.0, 1.0]).draw().unwrap();
    assert!(checked(&figure).contains("r undefined") && figure.text().contains("constant"));
}

#[test]
fn dense_points_are_drawn_last_and_darkest() {
    let (x, y) = pairs(2_000);
    let svg = scatter(&x, &y).draw().unwrap().svg();
    let document = Document::parse(&svg).unwrap();
    let dots = document
        .descendants()
        .filter(|n| n.attribute("d").is_some_and(|d| d.contains("h0")));
    let lightness: Vec<u32> = dots
        .map(|n| {
            n.attribute("stroke").unwrap().as_bytes()[1..]
                .chunks(2)
                .map(|h| u32::from_str_radix(std::str::from_utf8(h).unwrap(), 16).unwrap())
                .sum()
        })
        .collect();
    assert!(
        lightness.len() > 5 && lightness.windows(2).all(|w| w[0] > w[1]),
        "{lightness:?}"
    );
}

#[test]
fn letters_are_as_high_as_their_information() {
    // 2 bits; 1 bit shared by two; 2 + 0.9 log2 0.9 + 0.1 log2 0.1 = 1.531 bits.
    let matrix = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.1, 0.9], [0.25; 4]];
    let figure = logo(&matrix).draw().unwrap();
    let drawn = drawn_letters(&checked(&figure));
    let two_bits = drawn.iter().find(|l| l.3 == "#008000").unwrap().2;
    let bits: Vec<f64> = drawn.iter().map(|l| l.2 / two_bits * 2.0).collect();
    let expected = [2.0, 0.5, 0.5, 0.1531, 1.378];
    assert_eq!(bits.len(), expected.len(), "{bits:?}");
    assert!(bits.iter().zip(expected).all(|(b, e)| (b - e).abs() < 0.002), "{bits:?}");
    assert!(figure.text().contains("(4 positions, 4.5 bits)"), "{}", figure.text());
    // The larger letter stands on the smaller one: T above G at the third position.
    assert!(drawn[4].3 == "#ff0000" && drawn[4].1 < drawn[3].1);
}

#[test]
fn negative_letters_hang_below_the_axis() {
    let matrix = [[1.0, 0.0, 0.0, -0.5], [0.0, -1.0, 0.0, 0.0]];
    let figure = logo(&matrix).scale(LogoScale::Values).draw().unwrap();
    let drawn = drawn_letters(&checked(&figure));
    let (a, t, c) = (&drawn[1], &drawn[0], &drawn[2]);
    assert_eq!((a.3.as_str(), t.3.as_str(), c.3.as_str()), ("#008000", "#ff0000", "#0000ff"));
    let zero = a.1 + a.2 * 100.0;
    // A hanging letter is turned over: its transform begins at its lowest point.
    assert!(t.2 < 0.0 && c.2 < 0.0);
    assert!((t.1 + t.2 * 100.0 - zero).abs() < 0.05 && (c.1 + c.2 * 100.0 - zero).abs() < 0.05);
    assert!((t.2 / a.2 + 0.5).abs() < 0.001 && (c.2 / a.2 + 1.0).abs() < 0.001);
}

#[test]
fn rows_of_logos_name_what_they_resemble() {
    let matrix = [[0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    let rows = [
        LogoRow::new("filter 3", &matrix)
            .note("similarity 0.97")
            .compare("GATA <1>", &matrix),
        LogoRow::new("filter 4", &matrix),
    ];
    let figure = logos(&rows).heads("learned", "planted").draw().unwrap();
    let shown = texts(&checked(&figure));
    for text in ["filter 3", "similarity 0.97", "GATA <1>", "learned", "planted"] {
        assert!(shown.iter().any(|t| t == text), "{text} in {shown:?}");
    }
    assert!(
        figure
            .text()
            .contains("filter 3: AG (2 positions, 3.5 bits); beside GATA <1>: AG"),
        "{}",
        figure.text()
    );
}

/// Names of long logos and short ones stand behind them, inside the picture; a long one is broken.
#[test]
fn names_of_compared_motifs_stand_behind_their_logos() {
    let base = [0.0, 0.0, 0.0, 1.0];
    let wide = "MA0139.1_a-name-without-a-single-space-in-it";
    let rows = [
        LogoRow::new("filter 1", &[base; 21]).compare("CTCF", &[base; 15]).offset(3),
        LogoRow::new("filter 2", &[base; 6])
            .compare("MA0488.1 JUN", &[base; 22])
            .offset(-2),
        LogoRow::new("filter 3", &[base; 4]).compare(wide, &[base; 22]),
    ];
    for logos in [logos(&rows), logos(&rows).width(480)] {
        let figure = logos.draw().unwrap();
        let svg = checked(&figure);
        let last_letter = drawn_letters(&svg).iter().map(|l| l.0).fold(0.0, f64::max);
        let placed = placed_texts(&svg);
        let name = |text: &str| placed.iter().find(|t| t.2 == text).unwrap();
        let (ctcf, jun) = (name("CTCF"), name("MA0488.1 JUN"));
        assert!(jun.0 > last_letter && ctcf.0 < jun.0, "{ctcf:?} {jun:?} {last_letter}");
        // In the middle of their rows, as far from each other as the rows.
        let rows = [name("filter 1"), name("filter 2")];
        assert!(
            (jun.1 - ctcf.1 - (rows[1].1 - rows[0].1)).abs() < 0.1,
            "{ctcf:?} {jun:?} {rows:?}"
        );
        let parts = placed.iter().filter(|t| t.0 > last_letter && wide.contains(&t.2));
        let parts: Vec<&str> = parts.map(|t| t.2.as_str()).collect();
        assert!(parts.len() > 1 && parts.concat() == wide, "{parts:?}");
        // Letters are at least 4 px wide.
        assert!(
            parts.iter().all(|t| figure.width() > jun.0 + 4.0 * t.len() as f64),
            "{parts:?}"
        );
    }
    let text = logos(&rows).rna().draw().unwrap().text().to_string();
    assert!(text.contains("UUUU") && !text.contains("TTTT"), "{text}");
}

#[test]
fn logos_side_by_side_stand_in_one_frame() {
    let base = |i: usize| [0, 1, 2, 3].map(|b| f64::from(u8::from(b == i)));
    let (found, known) = ([base(0), base(1)], [base(0), base(1), base(2)]);
    // Left edges of all letters, the known motif's first beginning at this position of the found one.
    let edges = |offset: isize| {
        let row = LogoRow::new("f", &found).compare("k", &known).offset(offset);
        let svg = checked(&logos(&[row]).width(600).draw().unwrap());
        let edges: Vec<f64> = drawn_letters(&svg).iter().map(|letter| letter.0).collect();
        edges
    };
    let (same, later, before) = (edges(0), edges(1), edges(-2));
    let each = same[1] - same[0];
    let moved = |edges: &[f64], letters: std::ops::Range<usize>, first: f64| {
        letters
            .clone()
            .all(|i| (edges[i] - first - (i - letters.start) as f64 * (edges[1] - edges[0])).abs() < 0.05)
    };
    assert!(each > 5.0 && moved(&same, 0..2, same[0]) && moved(&same, 2..5, same[2]));
    let each = later[1] - later[0];
    assert!(
        moved(&later, 0..2, same[0]) && moved(&later, 2..5, same[2] + each),
        "{later:?}"
    );
    let each = before[1] - before[0];
    assert!(
        moved(&before, 0..2, same[0] + 2.0 * each) && moved(&before, 2..5, same[2]),
        "{before:?}"
    );
}

#[test]
fn rna_logos_write_u() {
    let row = [0.0, 0.0, 0.0, 1.0];
    assert!(logo(&[row]).rna().draw().unwrap().text().contains(": U (1"));
    assert_ne!(logo(&[row]).rna().draw().unwrap().svg(), logo(&[row]).draw().unwrap().svg());
}

#[test]
fn attribution_tracks_mark_sites_and_break_long_sequences() {
    let sequence = "ACGT".repeat(100);
    let values: Vec<f64> = (0..400).map(|i| f64::from(i % 5) - 1.0).collect();
    let figure = letters(&sequence, &values, &[Highlight::new(10, 18, "site <1>")])
        .draw()
        .unwrap();
    let svg = checked(&figure);
    assert!(figure.height() > 200.0, "400 letters need several lines");
    // Every fifth value is 0 and draws nothing.
    assert_eq!(drawn_letters(&svg).len(), 320);
    assert_eq!(svg.matches("#fff3b0").count(), 1);
    assert!(
        figure.text().contains("site <1>") && figure.text().contains("GTACGTAC"),
        "{}",
        figure.text()
    );
}

#[test]
fn a_heat_map_has_a_cell_for_every_other_base() {
    let values = [[f64::NAN, -1.0, 0.5, 0.0], [0.25, 0.25, f64::NAN, -0.5]];
    let figure = letters("AG", &[0.2, 0.1], &[])
        .heat(&values, "change of y")
        .rna()
        .draw()
        .unwrap();
    let svg = checked(&figure);
    let plain = letters("AG", &[0.2, 0.1], &[]).draw().unwrap();
    assert_eq!(figure.height() - plain.height(), 44.0);
    // The largest fall has the full blue, twice with the legend; half a rise is half way from white to red.
    assert_eq!(svg.matches("fill=\"#0072b2\"").count(), 2);
    assert!(svg.contains("fill=\"#ffffff\"") && svg.contains("fill=\"#eaaf80\""), "{svg}");
    let shown = texts(&svg);
    for text in ["change of y", "U", "\u{2212}1.0", "1.0"] {
        assert!(shown.iter().any(|t| t == text), "{text} in {shown:?}");
    }
    assert!(
        figure.text().contains("heat map of change of y: -1 to 0.5"),
        "{}",
        figure.text()
    );
    let message = message(letters("AGA", &[0.0; 3], &[]).heat(&values, "x").draw());
    assert_eq!(
        message,
        "letters: the sequence has 3 values, the heat map has 2; both need the same number"
    );
    let infinite = [[f64::INFINITY; 4]];
    assert!(letters("A", &[0.0], &[]).heat(&infinite, "x").draw().is_err());
}

#[test]
fn bars_show_every_seed_and_the_interval() {
    let rows = [
        Bar::new("a < b & \"c\"", &[0.4, 0.5, 0.6]).interval(0.35, 0.65),
        Bar::new("b", &[-0.2]),
    ];
    let figure = bars(&rows).reference(0.7, "published").y_label("r").draw().unwrap();
    let svg = checked(&figure);
    assert_eq!(svg.matches("<circle").count(), 3);
    let shown = texts(&svg);
    assert!(
        shown.contains(&"a < b & \"c\"".to_string())
            && shown.contains(&"0.500".to_string())
            && shown.contains(&"\u{2212}0.200".to_string()),
        "{shown:?}"
    );
    assert!(
        svg.contains("a &lt; b &amp;") && figure.text().contains("0.350") && figure.text().contains("line at 0.7000: published"),
        "{}",
        figure.text()
    );
    let figure = ladder(&rows).reference(0.7, "published").draw().unwrap();
    assert_eq!(checked(&figure).matches("<circle").count(), 5);
}

#[test]
fn a_histogram_counts_every_value_once() {
    let figure = histogram(&[0.0, 0.1, 0.5, 1.0, f64::NAN], 2).x_label("psi").draw().unwrap();
    checked(&figure);
    assert!(
        figure.text().contains("n = 4") && figure.text().contains("1 missing"),
        "{}",
        figure.text()
    );
    let counts: Vec<&str> = figure
        .text()
        .lines()
        .skip(2)
        .take(2)
        .filter_map(|l| l.split_whitespace().last())
        .collect();
    assert_eq!(counts, ["2", "2"]);
}

#[test]
fn a_grid_keeps_its_panels_and_letters_them() {
    let panel = histogram(&[1.0, 2.0], 2).title("<one>").draw().unwrap();
    let figure = Figure::grid(&[panel.clone(), panel.clone(), panel.clone()], 2)
        .unwrap()
        .caption("What it shows.");
    let svg = checked(&figure);
    assert!(figure.width() > 2.0 * panel.width() && figure.height() > 2.0 * panel.height());
    for text in ["a", "b", "c", "What it shows."] {
        assert!(texts(&svg).iter().any(|t| t == text), "{text}");
    }
    assert!(figure.text().contains("\n\nb: <one>") && figure.text().ends_with("What it shows."));
    assert!(message(Figure::grid(&[], 2)).contains("no figures"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (x, y) = pairs(6_000);
    assert_eq!(scatter(&x, &y).draw().unwrap().svg(), scatter(&x, &y).draw().unwrap().svg());
    assert_ne!(
        scatter(&x, &y).draw().unwrap().svg(),
        scatter(&x, &y).seed(1).draw().unwrap().svg()
    );
}

#[test]
fn a_figure_shows_itself_and_is_saved_whole() {
    let figure = histogram(&[1.0, 2.0], 2).draw().unwrap();
    let bundle = figure.bundle();
    assert_eq!(bundle.text(), figure.text());
    assert_eq!(bundle.get("image/svg+xml"), Some(figure.svg().as_str()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures/one.svg");
    figure.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), figure.svg());
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    let wrong = message(figure.save(folder.path().join("one.png")));
    assert!(
        wrong.contains("one.png") && wrong.contains("found .png") && wrong.contains("ends in .svg"),
        "{wrong}"
    );
    assert!(message(figure.save(folder.path().join("one"))).contains("a name without an ending"));
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(message(figure.save(folder.path().join("file/one.svg"))).contains("could not be written"));
}

#[test]
fn bad_input_is_named() {
    let cases = [
        (message(curve(&[]).draw()), "curve: nothing to draw: no series was given"),
        (
            message(curve(&[Series::by_epoch("a", &[])]).draw()),
            "curve: nothing to draw: the series have no points yet",
        ),
        (
            message(curve(&[Series::by_epoch("a", &[f64::NAN])]).draw()),
            "curve: nothing to draw: all 1 points are NaN",
        ),
        (
            message(curve(&[Series::by_epoch("a", &[1.0, f64::INFINITY])]).draw()),
            "curve: point 2 of \"a\" is (2, inf); expected finite numbers (NaN leaves a gap)",
        ),
        (
            message(scatter(&[1.0], &[1.0, 2.0]).draw()),
            "scatter: observed has 1 values, predicted has 2; both need the same number",
        ),
        (
            message(scatter(&[], &[]).draw()),
            "scatter: nothing to draw: no values were given",
        ),
        (
            message(scatter(&[f64::NAN; 2], &[1.0; 2]).draw()),
            "scatter: nothing to draw: all 2 observed values are NaN",
        ),
        (
            message(scatter(&[1.0], &[f64::NAN]).draw()),
            "scatter: predicted value 1 is NaN; expected a finite number",
        ),
        (
            message(logo(&[]).draw()),
            "logo: nothing to draw: the matrix has no positions",
        ),
        (
            message(logo(&[[0.5, -0.1, 0.3, 0.3]]).draw()),
            "logo: C at position 1 is -0.1; expected a share or count of at least 0",
        ),
        (message(logos(&[]).draw()), "logos: nothing to draw: no rows were given"),
        (
            message(logos(&[LogoRow::new("f", &[])]).draw()),
            "logos: nothing to draw: the matrix of \"f\" has no positions",
        ),
        (
            message(letters("ACG", &[1.0], &[]).draw()),
            "letters: the sequence has 3 values, the value list has 1",
        ),
        (
            message(letters("ACG", &[0.0; 3], &[Highlight::new(2, 9, "x")]).draw()),
            "letters: the site \"x\" is 2 to 9; expected a start before its end",
        ),
        (message(bars(&[]).draw()), "bars: nothing to draw: no rows were given"),
        (
            message(bars(&[Bar::new("m", &[])]).draw()),
            "bars: nothing to draw: \"m\" has no values",
        ),
        (
            message(ladder(&[Bar::new("m", &[f64::NAN])]).draw()),
            "ladder: a value of \"m\" is NaN; expected a finite number",
        ),
        (
            message(bars(&[Bar::new("m", &[1.0]).interval(2.0, 1.0)]).draw()),
            "bars: the interval of \"m\" is 2 to 1",
        ),
        (
            message(histogram(&[f64::NAN], 3).draw()),
            "histogram: nothing to draw: all 1 values are NaN",
        ),
        (
            message(histogram(&[1.0], 0).draw()),
            "histogram: the number of bins is 0; expected 1 to 1,000",
        ),
        (
            message(histogram(&[1.0], 3).width(5).draw()),
            "histogram: the width is 5 px; expected between 80 and 10,000 px",
        ),
        (
            message(histogram(&[1.0], 3).x_limits(2.0, 1.0).draw()),
            "histogram: the range of x is 2 to 1; expected two finite numbers, the lower one first",
        ),
    ];
    for (found, expected) in cases {
        assert!(found.starts_with(expected), "found:    {found}\nexpected: {expected}");
    }
}

#[test]
fn hard_but_fair_input_is_drawn() {
    checked(&logo(&[[0.0; 4]]).draw().unwrap());
    checked(&logo(&[[0.0; 4]]).scale(LogoScale::Values).draw().unwrap());
    checked(&bars(&[Bar::new("zero", &[0.0])]).draw().unwrap());
    checked(&histogram(&[3.0; 10], 5).draw().unwrap());
    checked(&scatter(&[1.0], &[2.0]).draw().unwrap());
    checked(&scatter(&[1e12, 2e12], &[1e12, 3e12]).draw().unwrap());
    checked(&curve(&[Series::new("tiny", &[(0.0, 1e-30), (1e-9, 2e-30)])]).draw().unwrap());
    checked(&letters("AN", &[0.0, 0.0], &[]).draw().unwrap());
    let names = ["x".repeat(300), "y".repeat(300)];
    checked(&ladder(&names.map(|n| Bar::new(n, &[1.0]))).draw().unwrap());
    checked(
        &curve(&[Series::by_epoch("z".repeat(200), &[1.0, 2.0])])
            .title("t".repeat(300))
            .draw()
            .unwrap(),
    );
}
