//! How crowded the neighbourhood of each point is.

const BINS: usize = 72;

/// The density at each point as a share of the highest, from a smoothed 2-D histogram over the unit square.
pub(crate) fn density(points: &[(f64, f64)]) -> Vec<f64> {
    let mut grid = vec![0.0; BINS * BINS];
    for (x, y) in points {
        grid[cell(*y) * BINS + cell(*x)] += 1.0;
    }
    for _ in 0..3 {
        grid = smoothed(&grid);
    }
    let at: Vec<f64> = points.iter().map(|p| between_cells(&grid, *p)).collect();
    let highest = at.iter().copied().fold(0.0, f64::max);
    at.into_iter()
        .map(|d| if highest > 0.0 { d / highest } else { 0.0 })
        .collect()
}

fn cell(share: f64) -> usize {
    ((share * BINS as f64) as usize).min(BINS - 1)
}

/// One pass of 1-2-1 along both directions; cells at the edge count twice.
fn smoothed(grid: &[f64]) -> Vec<f64> {
    let near = |i: usize, step: isize| i.saturating_add_signed(step).min(BINS - 1);
    let pass = |grid: &[f64], along_x: bool| -> Vec<f64> {
        let value = |x: usize, y: usize| grid[y * BINS + x];
        let cells = (0..BINS * BINS).map(|i| (i % BINS, i / BINS));
        cells
            .map(|(x, y)| {
                let (before, after) = if along_x {
                    (value(near(x, -1), y), value(near(x, 1), y))
                } else {
                    (value(x, near(y, -1)), value(x, near(y, 1)))
                };
                0.25 * before + 0.5 * value(x, y) + 0.25 * after
            })
            .collect()
    };
    pass(&pass(grid, true), false)
}

/// Linear between the centres of the four nearest cells.
fn between_cells(grid: &[f64], (x, y): (f64, f64)) -> f64 {
    let place = |share: f64| {
        let at = (share * BINS as f64 - 0.5).clamp(0.0, (BINS - 1) as f64);
        (at.floor() as usize, (at.floor() as usize + 1).min(BINS - 1), at.fract())
    };
    let ((x0, x1, fx), (y0, y1, fy)) = (place(x), place(y));
    let row = |y: usize| grid[y * BINS + x0] * (1.0 - fx) + grid[y * BINS + x1] * fx;
    row(y0) * (1.0 - fy) + row(y1) * fy
}

#[cfg(test)]
mod tests {
    use super::density;

    #[test]
    fn a_crowd_is_denser_than_a_loner() {
        let mut points: Vec<(f64, f64)> = (0..100)
            .map(|i| (0.5 + f64::from(i % 10) * 1e-3, 0.5 + f64::from(i / 10) * 1e-3))
            .collect();
        points.push((0.05, 0.95));
        let density = density(&points);
        assert!(density[..100].iter().all(|d| *d > 0.5), "{density:?}");
        assert!(density[100] < 0.05);
    }
}
