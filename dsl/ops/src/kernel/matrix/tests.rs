use super::*;

/// Every way in which matrices lie, and every size around a block, against the plain sum.
#[test]
fn products_of_all_layouts_and_sizes() {
    fn check<T: Number>((m, n, k): (usize, usize, usize), ways: usize, tolerance: f64) {
        let values = |count: usize, seed: usize| -> Vec<T> {
            (0..count)
                .map(|i| T::of((((i * 7 + seed) % 23) as f64 - 11.0) / 8.0))
                .collect()
        };
        let steps = |rows: usize, columns: usize, way: usize| match way % 3 {
            0 => Steps::rows(columns + way % 2),
            1 => Steps::columns(rows + way % 2),
            _ => Steps {
                row: 2 * columns + 1,
                column: 2,
            },
        };
        let (cs, at, bt) = (steps(m, n, ways), steps(m, k, ways / 3), steps(k, n, ways / 9));
        let (a, b) = (values(at.end(m, k), 1), values(bt.end(k, n), 2));
        for add in [false, true] {
            let mut c = vec![T::of(0.5); cs.end(m, n)];
            product((m, n, k), (&mut c, cs), add, (&a, at), (&b, bt));
            let mut d = vec![T::of(0.5); m * n];
            parallel_product((m, n, k), &mut d, add, (&a, at), (&b, bt));
            for i in 0..m {
                for j in 0..n {
                    let sum: f64 = (0..k).map(|l| a[at.at(i, l)].wide() * b[bt.at(l, j)].wide()).sum();
                    let expected = sum + if add { 0.5 } else { 0.0 };
                    for found in [c[cs.at(i, j)].wide(), d[i * n + j].wide()] {
                        let error = (found - expected).abs();
                        assert!(
                            error <= tolerance * (k as f64).max(1.0),
                            "{m} {n} {k} {ways}: {found}, {expected}"
                        );
                    }
                }
            }
        }
    }
    let sizes = [
        (1, 1, 1),
        (3, 5, 0),
        (1, 40, 9),
        (40, 1, 200),
        (9, 17, 33),
        (17, 50, 5),
        (8, 48, 16),
        (70, 33, 140),
        (5, 250, 70),
        (64, 200, 130),
        (3, 7, 600),
        (100, 400, 30),
    ];
    for size in sizes {
        for ways in 0..27 {
            check::<f32>(size, ways, 1e-6);
            check::<f64>(size, ways, 1e-14);
        }
    }
    check::<f32>((150, 500, 300), 0, 1e-6);
}
