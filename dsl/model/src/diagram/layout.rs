//! Where boxes stand: columns from left to right, rows that keep arrows short and never overlap.

use super::fold::{Card, Folded, Look};

/// Height of a line of text.
pub(crate) const LINE_HEIGHT: f64 = 17.0;
/// Space between text and the edge of its box.
pub(crate) const PADDING: f64 = 10.0;
/// Space above a box for its title.
pub(crate) const TITLE: f64 = 16.0;
const CHARACTER: f64 = 5.8;
const MARGIN: f64 = 14.0;
const BEND: f64 = 44.0;
const APART: f64 = 18.0;

/// A box's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Place {
    pub(crate) fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

/// A finished layout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placed {
    pub(crate) cards: Vec<Place>,
    /// Points of each arrow: the end of its straight beginning, then where it passes between boxes, then its head.
    pub(crate) arrows: Vec<Vec<(f64, f64)>>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Width of a text in the drawing's font.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// Room on the right for `x 3` beside repeated lines.
pub(crate) fn bracket(card: &Card) -> f64 {
    if card.stanzas.iter().any(|s| s.times > 1) { 40.0 } else { 0.0 }
}

fn size(card: &Card) -> (f64, f64) {
    let lines: Vec<&String> = card.stanzas.iter().flat_map(|s| &s.lines).collect();
    let text = lines.iter().map(|l| text_width(l)).fold(0.0, f64::max);
    let height = lines.len() as f64 * LINE_HEIGHT + PADDING;
    match card.look {
        Look::Sign => (if text > 10.0 { 38.0 } else { 26.0 }, 26.0),
        Look::Layers => ((text + bracket(card)).max(text_width(&card.title)) + 2.0 * PADDING, height),
        _ => (text + 28.0, 28.0),
    }
}

/// One thing in a column: a box, or an arrow that passes it.
#[derive(Clone, Copy, Debug)]
struct Cell {
    card: Option<usize>,
    height: f64,
    y: f64,
}

/// Places everything.
pub(crate) fn place(folded: &Folded) -> Placed {
    let sizes: Vec<(f64, f64)> = folded.cards.iter().map(size).collect();
    let columns_of = columns(folded);
    let count = columns_of.iter().max().map_or(0, |c| c + 1);
    let mut cells: Vec<Cell> = Vec::new();
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (i, card) in folded.cards.iter().enumerate() {
        let title = if card.title.is_empty() { 0.0 } else { TITLE };
        cells.push(Cell {
            card: Some(i),
            height: sizes[i].1 + 2.0 * title,
            y: 0.0,
        });
        columns[columns_of[i]].push(i);
    }
    // Arrows over several columns get a cell in each column that they pass.
    let mut routes: Vec<Vec<usize>> = Vec::new();
    for (from, to) in &folded.arrows {
        let mut route = vec![*from];
        for column in columns.iter_mut().take(columns_of[*to]).skip(columns_of[*from] + 1) {
            cells.push(Cell {
                card: None,
                height: 4.0,
                y: 0.0,
            });
            column.push(cells.len() - 1);
            route.push(cells.len() - 1);
        }
        route.push(*to);
        routes.push(route);
    }
    arrange(&mut cells, &mut columns, &routes);
    finish(folded, &sizes, &cells, &columns, &routes)
}

/// Inputs stand left, outputs right, the rest after what it reads.
fn columns(folded: &Folded) -> Vec<usize> {
    let mut column = vec![0; folded.cards.len()];
    for _ in 0..folded.cards.len() {
        let mut changed = false;
        for (from, to) in &folded.arrows {
            if column[*to] <= column[*from] {
                column[*to] = column[*from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let last = column.iter().copied().max().unwrap_or(0);
    for (i, card) in folded.cards.iter().enumerate() {
        if card.look == Look::Output {
            column[i] = last;
        }
    }
    column
}

/// Orders each column by its neighbours and gives every cell its height, a few times from both sides.
fn arrange(cells: &mut [Cell], columns: &mut [Vec<usize>], routes: &[Vec<usize>]) {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    for pair in routes.iter().flat_map(|r| r.windows(2)) {
        before[pair[1]].push(pair[0]);
        after[pair[0]].push(pair[1]);
    }
    for column in columns.iter() {
        stack(cells, column, |_| None);
    }
    for sweep in 0..12 {
        let forward = sweep % 2 == 0;
        let order: Vec<usize> = if forward {
            (0..columns.len()).collect()
        } else {
            (0..columns.len()).rev().collect()
        };
        for c in order {
            let neighbours = if forward { &before } else { &after };
            let wish = |cell: usize, cells: &[Cell]| {
                let near = &neighbours[cell];
                (!near.is_empty()).then(|| near.iter().map(|n| cells[*n].y).sum::<f64>() / near.len() as f64)
            };
            if sweep < 8 {
                let keys: Vec<(usize, f64)> = columns[c]
                    .iter()
                    .map(|i| (*i, wish(*i, cells).unwrap_or(cells[*i].y)))
                    .collect();
                let key = |i: &usize| keys.iter().find(|(k, _)| k == i).map_or(0.0, |(_, y)| *y);
                columns[c].sort_by(|a, b| key(a).total_cmp(&key(b)));
            }
            let wishes: Vec<Option<f64>> = (0..cells.len()).map(|i| wish(i, cells)).collect();
            stack(cells, &columns[c], |i| wishes[i]);
        }
    }
}

/// Middles as near to the wishes as they can be in this order without overlap (pooling of neighbours that collide).
fn stack(cells: &mut [Cell], column: &[usize], wish: impl Fn(usize) -> Option<f64>) {
    let mut offset = 0.0;
    let mut offsets = Vec::new();
    for (k, i) in column.iter().enumerate() {
        if k > 0 {
            offset += (cells[column[k - 1]].height + cells[*i].height) / 2.0 + APART;
        }
        offsets.push(offset);
    }
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (k, i) in column.iter().enumerate() {
        let target = wish(*i).unwrap_or(cells[*i].y) - offsets[k];
        pools.push((target, 1));
        while let [.., (a, n), (b, m)] = pools[..]
            && a > b
        {
            pools.truncate(pools.len() - 2);
            pools.push(((a * n as f64 + b * m as f64) / (n + m) as f64, n + m));
        }
    }
    let bases = pools.iter().flat_map(|(y, n)| std::iter::repeat_n(*y, *n));
    for ((i, base), offset) in column.iter().zip(bases).zip(offsets) {
        cells[*i].y = base + offset;
    }
}

fn finish(folded: &Folded, sizes: &[(f64, f64)], cells: &[Cell], columns: &[Vec<usize>], routes: &[Vec<usize>]) -> Placed {
    let top = cells.iter().map(|c| c.y - c.height / 2.0).fold(f64::INFINITY, f64::min);
    let bottom = cells.iter().map(|c| c.y + c.height / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let mut placed = Placed {
        cards: vec![Place::default(); sizes.len()],
        ..Placed::default()
    };
    let mut edges = Vec::new();
    let mut x = MARGIN;
    for column in columns {
        let cards = || column.iter().filter_map(|i| cells[*i].card);
        let width = cards().map(|c| sizes[c].0).fold(0.0, f64::max);
        let label = cards().map(|c| label_width(&folded.cards[c])).fold(0.0, f64::max);
        for (i, card) in column.iter().filter_map(|i| cells[*i].card.map(|c| (*i, c))) {
            let (own, height) = sizes[card];
            placed.cards[card] = Place {
                x,
                y: cells[i].y - height / 2.0 - top + MARGIN,
                width: own,
                height,
            };
        }
        edges.push((x, x + width + label));
        x += width + label + BEND;
    }
    let column_of = |cell: usize| columns.iter().position(|c| c.contains(&cell)).unwrap_or(0);
    for route in routes {
        let mut points = Vec::new();
        for (k, cell) in route.iter().enumerate() {
            let (left, right) = edges[column_of(*cell)];
            let y = cells[*cell].y - top + MARGIN;
            if k > 0 {
                points.push((left, y));
            }
            if k + 1 < route.len() {
                points.push((right, y));
            }
        }
        placed.arrows.push(points);
    }
    let right = placed.cards.iter().map(|p| p.x + p.width).fold(0.0, f64::max);
    placed.width = right + MARGIN;
    placed.height = (bottom - top).max(0.0) + 2.0 * MARGIN;
    placed
}

/// Room for the shape beside a box.
fn label_width(card: &Card) -> f64 {
    label_lines(card).iter().map(|l| text_width(l) * 0.92).fold(0.0, f64::max) + if card.gives.is_empty() { 0.0 } else { 10.0 }
}

/// `64 x 50` and `at 4 bp`.
pub(crate) fn label_lines(card: &Card) -> Vec<String> {
    match card.gives.split_once(" at ") {
        Some((shape, unit)) => vec![shape.to_string(), format!("at {unit}")],
        None => vec![card.gives.clone()],
    }
}
