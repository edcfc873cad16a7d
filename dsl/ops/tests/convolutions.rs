//! Convolutions of drawn shapes against plain loops, and the same bits for any number of threads.

use candle_core::{DType, Device, Tensor};
use cistron_ops::{
    Convolution, Convolution2d, Kept, Linear, Operation, Pass, StrandCombine, StrandConvolution, TransposedConvolution2d,
    with_threads,
};
use cistron_random::{Purpose, Stream};

/// Values that are whole numbers of thirds, so that sums are exact enough to compare.
fn drawn(stream: &mut Stream, shape: &[usize]) -> Tensor {
    let count = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|_| (stream.uniform() * 7.0).floor() / 3.0 - 1.0).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor")
}

fn values(tensor: &Tensor) -> Vec<f64> {
    let tensor = tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64)).expect("values");
    tensor.to_vec1().expect("values")
}

/// Output and gradients in single precision.
fn both(operation: &dyn Operation, inputs: &[Tensor], direction: Option<&Tensor>) -> Vec<Tensor> {
    let inputs: Vec<Tensor> = inputs.iter().map(|t| t.to_dtype(DType::F32).expect("f32")).collect();
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let forward = operation.forward(&inputs, &Pass::default()).expect("forward");
    let kept = Kept::new(operation, &inputs, 1, &forward);
    let gradient = match direction {
        Some(direction) => direction.to_dtype(DType::F32).expect("f32"),
        None => forward.output.clone(),
    };
    let gradients = operation
        .backward(&kept, &gradient, &vec![true; inputs.len()])
        .expect("backward");
    std::iter::once(forward.output)
        .chain(gradients.into_iter().flatten())
        .collect()
}

/// Output, gradients of x, weight and bias, by loops over everything.
fn plainly(c: &Convolution2d, x: &Tensor, w: &Tensor, bias: &Tensor, dy: &Tensor) -> [Vec<f64>; 4] {
    let (batch, channels, height, width) = x.dims4().expect("a map");
    let (filters, per_group, rows, columns) = w.dims4().expect("a weight");
    let (_, _, out_height, out_width) = dy.dims4().expect("a map");
    let (x, w, bias, dy) = (values(x), values(w), values(bias), values(dy));
    let [mut y, mut dx, mut dw, mut db] = [
        vec![0.0; dy.len()],
        vec![0.0; x.len()],
        vec![0.0; w.len()],
        vec![0.0; filters],
    ];
    for b in 0..batch {
        for f in 0..filters {
            for i in 0..out_height {
                for j in 0..out_width {
                    let out = ((b * filters + f) * out_height + i) * out_width + j;
                    y[out] += bias[f];
                    db[f] += dy[out];
                    for ch in 0..per_group {
                        for r in 0..rows {
                            for s in 0..columns {
                                let row = (i * c.stride[0] + r * c.dilation[0]).wrapping_sub(c.padding[0].0);
                                let column = (j * c.stride[1] + s * c.dilation[1]).wrapping_sub(c.padding[1].0);
                                if row < height && column < width {
                                    let channel = f / (filters / c.groups) * per_group + ch;
                                    let from = ((b * channels + channel) * height + row) * width + column;
                                    let tap = ((f * per_group + ch) * rows + r) * columns + s;
                                    y[out] += x[from] * w[tap];
                                    dx[from] += dy[out] * w[tap];
                                    dw[tap] += dy[out] * x[from];
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    [y, dx, dw, db]
}

#[test]
fn drawn_shapes_agree_with_plain_loops() {
    let mut stream = Stream::new(7, Purpose::Simulation, 0, 0);
    let mut checked = 0;
    while checked < 250 {
        let mut below = |most: usize| 1 + (stream.uniform() * most as f64) as usize;
        let line = below(2) == 1;
        let groups = below(3);
        let (channels, filters) = (below(5) * groups, below(12) * groups);
        let pick = |a: usize, b: usize| if line { a } else { b };
        let x = [
            below(6),
            channels,
            pick(1, below(12)),
            if below(5) == 1 { below(500) } else { below(60) },
        ];
        let w = [filters, channels / groups, pick(1, below(4)), below(7)];
        let c = Convolution2d {
            stride: [pick(1, below(3)), below(3)],
            dilation: [pick(1, below(4)), below(6)],
            groups,
            padding: [
                if line { (0, 0) } else { (below(5) - 1, below(5) - 1) },
                (below(9) - 1, below(9) - 1),
            ],
        };
        let size = |axis: usize| {
            let padded = x[2 + axis] + c.padding[axis].0 + c.padding[axis].1;
            let reach = c.dilation[axis] * (w[2 + axis] - 1) + 1;
            padded.checked_sub(reach).map(|n| n / c.stride[axis] + 1)
        };
        let (Some(rows), Some(columns)) = (size(0), size(1)) else {
            continue;
        };
        checked += 1;
        let inputs = [drawn(&mut stream, &x), drawn(&mut stream, &w), drawn(&mut stream, &[filters])];
        let dy = drawn(&mut stream, &[x[0], filters, rows, columns]);
        let expected = plainly(&c, &inputs[0], &inputs[1], &inputs[2], &dy);
        let found = if line {
            let one = Convolution {
                stride: c.stride[1],
                dilation: c.dilation[1],
                groups,
                padding: c.padding[1],
            };
            let squeezed = [&inputs[0], &inputs[1]].map(|t| t.squeeze(2).expect("one row"));
            let [x, w] = squeezed;
            both(&one, &[x, w, inputs[2].clone()], Some(&dy.squeeze(2).expect("one row")))
        } else {
            both(&c, &inputs, Some(&dy))
        };
        for ((found, expected), what) in found.iter().zip(&expected).zip(["output", "x", "weight", "bias"]) {
            let largest = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            for (a, b) in values(found).iter().zip(expected) {
                assert!(
                    (a - b).abs() <= 1e-5 * largest,
                    "{what}: {a} against {b} in {c:?}, x {x:?}, weight {w:?}"
                );
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    type Drawn = (Box<dyn Operation>, Vec<Vec<usize>>);
    let cases: Vec<Drawn> = vec![
        (
            Box::new(Convolution {
                padding: (5, 5),
                ..Default::default()
            }),
            vec![vec![3, 60, 900], vec![50, 60, 11], vec![50]],
        ),
        (
            Box::new(Convolution {
                padding: (3, 3),
                ..Default::default()
            }),
            vec![vec![40, 15, 256], vec![22, 15, 7], vec![22]],
        ),
        (
            Box::new(Convolution {
                padding: (5, 5),
                ..Default::default()
            }),
            vec![vec![2, 120, 46], vec![130, 120, 11], vec![130]],
        ),
        (
            Box::new(Convolution::default()),
            vec![vec![2, 200, 700], vec![300, 200, 1], vec![300]],
        ),
        (
            Box::new(Convolution {
                groups: 64,
                padding: (4, 4),
                ..Default::default()
            }),
            vec![vec![4, 64, 3_000], vec![64, 1, 9], vec![64]],
        ),
        (
            Box::new(Convolution2d {
                dilation: [2, 2],
                padding: [(2, 2); 2],
                ..Default::default()
            }),
            vec![vec![2, 24, 60, 70], vec![32, 24, 3, 3], vec![32]],
        ),
        (
            Box::new(TransposedConvolution2d {
                stride: [2, 2],
                ..Default::default()
            }),
            vec![vec![2, 24, 40, 30], vec![24, 32, 3, 3], vec![32]],
        ),
        (
            Box::new(StrandConvolution {
                padding: (7, 7),
                combine: StrandCombine::Max,
            }),
            vec![vec![3, 4, 9_000], vec![40, 4, 15], vec![40]],
        ),
        (Box::new(Linear), vec![vec![70, 900], vec![300, 900], vec![300]]),
        (Box::new(Linear), vec![vec![600, 150], vec![400, 150], vec![400]]),
    ];
    let mut stream = Stream::new(8, Purpose::Simulation, 0, 0);
    for (operation, shapes) in &cases {
        let inputs: Vec<Tensor> = shapes.iter().map(|shape| drawn(&mut stream, shape)).collect();
        let bits = |threads| -> Vec<Vec<f64>> {
            with_threads(threads, || {
                both(operation.as_ref(), &inputs, None).iter().map(values).collect()
            })
        };
        let one = bits(1);
        for threads in [2, 3] {
            assert!(bits(threads) == one, "{operation:?} with {threads} threads");
        }
    }
}
