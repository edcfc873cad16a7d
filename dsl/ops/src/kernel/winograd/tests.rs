use super::Plan;
use crate::kernel::convolution::direct;
use crate::kernel::geometry::{Geometry, Settings};
use crate::kernel::weight::weight_gradient_direct;
use crate::number::Number;

fn draw<T: Number>(count: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            T::of((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
        })
        .collect()
}

/// The largest difference as a share of the largest value.
fn difference<T: Number>(found: &[T], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let off = found.iter().zip(expected).map(|(a, b)| (a.wide() - b).abs());
    off.fold(0.0, |m: f64, v| if v.is_nan() { f64::INFINITY } else { m.max(v) }) / largest
}

fn wide<T: Number>(values: &[T]) -> Vec<f64> {
    values.iter().map(|v| v.wide()).collect()
}

/// Output, input gradient and weight gradient beside the direct way in double precision; gives the largest difference.
fn compare<T: Number>(g: &Geometry) -> f64 {
    let [inputs, weights, outputs] = g.sizes();
    let (x, w, dy) = (draw::<T>(inputs, 1), draw::<T>(weights, 2), draw::<T>(outputs, 3));
    let bias = draw::<T>(g.filters, 4);
    let (x64, w64, dy64, bias64) = (wide(&x), wide(&w), wide(&dy), wide(&bias));
    let mut worst: f64 = 0.0;
    assert!(difference(&[f64::NAN, 1.0], &[1.0, 1.0]).is_infinite());
    for (walk, from, bias, size) in [
        (g.forward(), (&x, &x64), Some((&bias, &bias64)), outputs),
        (g.gradient(), (&dy, &dy64), None, inputs),
    ] {
        let plan = Plan::new(&walk.axes[1][0]).expect("a plan");
        let mut found = vec![T::of(f64::NAN); size];
        plan.walk(&walk, from.0, &w, bias.map(|b| &b.0[..]), &mut found);
        let mut expected = vec![f64::NAN; size];
        direct(&walk, from.1, &w64, bias.map(|b| &b.1[..]), &mut expected);
        worst = worst.max(difference(&found, &expected));
    }
    let plan = Plan::new(&g.axis(1)).expect("a plan");
    let found = plan.weight_gradient(g, &x, &dy);
    worst.max(difference(&found, &weight_gradient_direct(g, &x64, &dy64)))
}

/// x, weight, dilation, padding and groups of a line.
type OfLine = ([usize; 3], [usize; 3], usize, (usize, usize), usize);

const LINES: &[OfLine] = &[
    ([1, 1, 3], [1, 1, 3], 1, (0, 0), 1),
    ([2, 3, 50], [5, 3, 11], 1, (5, 5), 1),
    ([1, 2, 101], [3, 2, 11], 4, (20, 20), 1),
    ([3, 2, 40], [9, 2, 7], 2, (6, 6), 1),
    ([2, 4, 37], [6, 2, 4], 1, (1, 2), 2),
    ([2, 4, 33], [4, 4, 5], 3, (0, 0), 1),
    ([1, 3, 20], [2, 3, 8], 1, (9, 9), 1),
    ([2, 2, 70], [3, 2, 3], 16, (16, 16), 1),
    ([1, 17, 4_000], [19, 17, 9], 1, (4, 4), 1),
];

/// x, weight, dilation and padding of a map.
type OfMap = ([usize; 4], [usize; 4], [usize; 2], usize);

const MAPS: &[OfMap] = &[
    ([1, 2, 9, 11], [3, 2, 3, 3], [1, 1], 1),
    ([2, 3, 21, 30], [4, 3, 3, 3], [4, 4], 4),
    ([1, 2, 12, 19], [2, 2, 5, 5], [1, 2], 2),
    ([1, 3, 17, 17], [2, 3, 3, 3], [8, 8], 8),
];

fn geometries() -> impl Iterator<Item = Geometry> {
    let lines = LINES.iter().map(|(x, w, dilation, padding, groups)| {
        Geometry::new("test", x, w, 1, &Settings::line(1, *dilation, *groups, *padding)).unwrap()
    });
    let maps = MAPS.iter().map(|(x, w, dilation, padding)| {
        let settings = Settings {
            stride: [1, 1],
            dilation: *dilation,
            groups: 1,
            padding: [(*padding, *padding); 2],
        };
        Geometry::new("test", x, w, 2, &settings).unwrap()
    });
    lines.chain(maps)
}

#[test]
fn double_precision_agrees_with_the_direct_way() {
    for g in geometries() {
        let off = compare::<f64>(&g);
        assert!(off < 1e-13, "{off:.1e} {g:?}");
    }
}

#[test]
fn single_precision_loses_little() {
    for g in geometries() {
        let off = compare::<f32>(&g);
        assert!(off < 1e-5, "{off:.1e} {g:?}");
    }
}

#[test]
fn what_has_a_stride_or_two_taps_has_no_plan() {
    let geometry = |width, stride| {
        let settings = Settings::line(stride, 1, 1, (0, 0));
        Geometry::new("test", &[1, 32, 2100], &[32, 32, width], 1, &settings).unwrap()
    };
    assert!(Plan::of(&geometry(11, 1).forward()).is_some());
    assert!(Plan::of(&geometry(11, 2).forward()).is_none());
    assert!(Plan::of(&geometry(11, 2).gradient()).is_none());
    assert!(Plan::of(&geometry(2, 1).forward()).is_none());
    assert!(Plan::of_gradient(&geometry(11, 1)).is_some());
    assert!(Plan::of_gradient(&geometry(11, 2)).is_none());
}
