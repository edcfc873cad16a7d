//! Convolutions: cuDNN, or a matrix product where each output reads one position.

use super::OnCuda;
use super::arrange::shifted;
use super::parts::{Site, arguments};
use super::sums::channel_sums;
use crate::convolution::expect_bias;
use crate::cuda::raw::{Direction, Grid, Product, Shape, Stack, convolve, product};
use crate::error::Result;
use crate::kernel::geometry::{Geometry, plane};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{Convolution, Convolution2d, TransposedConvolution, TransposedConvolution2d};
use candle_core::Tensor;

/// Up to this many examples a weight gradient is the sum of one product for each.
const FEW_EXAMPLES: usize = 16;

/// How a convolution is computed.
#[derive(Clone, Debug)]
struct Plan {
    /// The convolution that cuDNN does, of the padded input.
    shape: Shape,
    /// The shape of the input as it comes.
    input: Vec<usize>,
    /// Zeros before rows and columns, where both sides differ and an own kernel pads.
    before: Option<[usize; 2]>,
}

impl Plan {
    /// The plan of a convolution of an input with so many axes.
    fn new(g: &Geometry, padding: [(usize, usize); 2], axes: usize) -> Self {
        let before = padding.iter().any(|p| p.0 != p.1).then_some(g.before);
        let padded = [0, 1].map(|axis| g.input[axis] + padding[axis].0 + padding[axis].1);
        let [rows, columns] = g.input;
        Self {
            shape: Shape {
                batch: g.batch,
                channels: g.channels,
                filters: g.filters,
                input: if before.is_some() { padded } else { g.input },
                output: g.output,
                kernel: g.kernel,
                stride: g.stride,
                dilation: g.dilation,
                padding: if before.is_some() { [0, 0] } else { g.before },
                groups: g.groups,
            },
            input: if axes == 3 {
                vec![g.batch, g.channels, columns]
            } else {
                vec![g.batch, g.channels, rows, columns]
            },
            before,
        }
    }
}

impl Plan {
    /// Whether each output reads one position, in order.
    fn is_product(&self) -> bool {
        let s = &self.shape;
        s.kernel == [1, 1] && s.stride == [1, 1] && s.padding == [0, 0] && s.groups == 1
    }

    /// The dimensions of a tensor of this convolution, with as many axes as the input has.
    fn dims(&self, batch: usize, channels: usize, [rows, columns]: [usize; 2]) -> Vec<usize> {
        if self.input.len() == 3 {
            vec![batch, channels, columns]
        } else {
            vec![batch, channels, rows, columns]
        }
    }

    /// The input with its padding.
    fn padded(&self, site: &Site, x: Tensor) -> Result<Tensor> {
        let Some([above, left]) = self.before else {
            return Ok(x);
        };
        let s = &self.shape;
        let [rows, columns] = plane(&self.input);
        let wide = self.dims(s.batch, s.channels, [rows, s.input[1]]);
        let across = shifted(site, &x, &wide, [columns, s.input[1]], 0, left)?;
        if rows == s.input[0] {
            return Ok(across);
        }
        let full = self.dims(s.batch, s.channels, s.input);
        shifted(
            site,
            &across,
            &full,
            [rows * s.input[1], s.input[0] * s.input[1]],
            0,
            above * s.input[1],
        )
    }

    /// The gradient of the input without its padding.
    fn cropped(&self, site: &Site, gradient: Tensor) -> Result<Tensor> {
        let Some([above, left]) = self.before else {
            return Ok(gradient);
        };
        let s = &self.shape;
        let [rows, columns] = plane(&self.input);
        let high = if rows == s.input[0] {
            gradient
        } else {
            let dims = self.dims(s.batch, s.channels, [rows, s.input[1]]);
            shifted(
                site,
                &gradient,
                &dims,
                [s.input[0] * s.input[1], rows * s.input[1]],
                above * s.input[1],
                0,
            )?
        };
        shifted(site, &high, &self.input, [s.input[1], columns], left, 0)
    }

    fn forward(&self, site: &Site, x: Tensor, w: &Tensor) -> Result<Tensor> {
        let s = &self.shape;
        let places = s.output[0] * s.output[1];
        let y = site.activations(&self.dims(s.batch, s.filters, s.output))?;
        if self.is_product() {
            let (a, b) = (Stack::new(w, s.channels, 0), Stack::new(&x, places, s.channels * places));
            let c = Stack::new(&y, places, s.filters * places);
            product(&site.place, &Product::new((s.filters, places, s.channels), s.batch, a, b, c))?;
        } else {
            convolve(&site.place, s, Direction::Forward, &self.padded(site, x)?, w, &y)?;
        }
        Ok(y)
    }

    fn of_input(&self, site: &Site, w: &Tensor, g: &Tensor) -> Result<Tensor> {
        let s = &self.shape;
        let output = site.activations(&self.dims(s.batch, s.channels, s.input))?;
        if self.is_product() {
            let places = s.output[0] * s.output[1];
            let (a, b) = (
                Stack::new(w, s.channels, 0).transposed(),
                Stack::new(g, places, s.filters * places),
            );
            let c = Stack::new(&output, places, s.channels * places);
            product(&site.place, &Product::new((s.channels, places, s.filters), s.batch, a, b, c))?;
            return Ok(output);
        }
        convolve(&site.place, s, Direction::Input, w, g, &output)?;
        self.cropped(site, output)
    }

    fn of_weight(&self, site: &Site, x: Tensor, g: &Tensor, dims: &[usize]) -> Result<Tensor> {
        let s = &self.shape;
        if self.is_product() && s.batch <= FEW_EXAMPLES {
            let places = s.output[0] * s.output[1];
            let output = site.statistics(dims)?;
            for example in 0..s.batch {
                let a = Stack::new(g, places, 0).from(example * s.filters * places);
                let b = Stack::new(&x, places, 0).from(example * s.channels * places).transposed();
                let c = Stack::new(&output, s.channels, 0);
                let one = Product::new((s.filters, s.channels, places), 1, a, b, c);
                product(&site.place, &Product { add: example > 0, ..one })?;
            }
            return Ok(output);
        }
        let output = site.activations(dims)?;
        convolve(&site.place, s, Direction::Weight, &self.padded(site, x)?, g, &output)?;
        site.widened(output)
    }
}

/// What the four convolutions have in common.
trait Planned: Operation {
    /// The convolution that is computed; that of a transposed one leads from its output to its input.
    fn plan(&self, x: &[usize], weight: &[usize]) -> Result<Plan>;
}

/// One axis of positions as the second of two.
fn line(padding: (usize, usize)) -> [(usize, usize); 2] {
    [(0, 0), padding]
}

impl Planned for Convolution {
    fn plan(&self, x: &[usize], weight: &[usize]) -> Result<Plan> {
        Ok(Plan::new(&self.geometry(x, weight)?, line(self.padding), x.len()))
    }
}

impl Planned for Convolution2d {
    fn plan(&self, x: &[usize], weight: &[usize]) -> Result<Plan> {
        Ok(Plan::new(&self.geometry(x, weight)?, self.padding, x.len()))
    }
}

impl Planned for TransposedConvolution {
    fn plan(&self, x: &[usize], weight: &[usize]) -> Result<Plan> {
        Ok(Plan::new(&self.geometry(x, weight)?, line(self.padding), x.len()))
    }
}

impl Planned for TransposedConvolution2d {
    fn plan(&self, x: &[usize], weight: &[usize]) -> Result<Plan> {
        Ok(Plan::new(&self.geometry(x, weight)?, self.padding, x.len()))
    }
}

/// The forward pass of a convolution.
fn forward(operation: &dyn Planned, inputs: &[&Tensor]) -> Result<Forward> {
    let name = operation.name();
    expect_inputs(name, inputs, 2..=3)?;
    let plan = operation.plan(inputs[0].dims(), inputs[1].dims())?;
    expect_bias(name, inputs, plan.shape.filters)?;
    let site = Site::of(name, inputs[0])?;
    let (x, w) = (site.activation(inputs[0])?, site.factor(inputs[1])?);
    let y = plan.forward(&site, x, &w)?;
    let s = &plan.shape;
    add_bias(&site, &y, inputs.get(2).copied(), s.batch, s.filters)?;
    Ok(y.into())
}

/// The backward pass of a convolution.
fn backward(operation: &dyn Planned, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
    let name = operation.name();
    let weight = kept.shape(name, 1)?;
    let plan = operation.plan(kept.shape(name, 0)?, weight)?;
    let site = Site::of(name, gradient)?;
    let g = site.activation(gradient)?;
    let mut results = vec![None; wanted.len()];
    if wanted[0] {
        let w = site.factor(kept.input(name, 1)?)?;
        results[0] = Some(plan.of_input(&site, &w, &g)?);
    }
    if wanted[1] {
        let x = site.activation(kept.input(name, 0)?)?;
        results[1] = Some(plan.of_weight(&site, x, &g, weight)?);
    }
    if wanted.get(2) == Some(&true) {
        let s = &plan.shape;
        results[2] = Some(channel_sums(&site, &g, (s.batch, s.filters, s.output[0] * s.output[1]))?);
    }
    Ok(results)
}

/// The forward pass of a transposed convolution: the way back of the planned one.
fn spread(operation: &dyn Planned, inputs: &[&Tensor]) -> Result<Forward> {
    let name = operation.name();
    expect_inputs(name, inputs, 2..=3)?;
    let plan = operation.plan(inputs[0].dims(), inputs[1].dims())?;
    expect_bias(name, inputs, plan.shape.channels)?;
    let site = Site::of(name, inputs[0])?;
    let (x, w) = (site.activation(inputs[0])?, site.factor(inputs[1])?);
    let y = plan.of_input(&site, &w, &x)?;
    let s = &plan.shape;
    add_bias(&site, &y, inputs.get(2).copied(), s.batch, s.channels)?;
    Ok(y.into())
}

/// The backward pass of a transposed convolution.
fn spread_back(operation: &dyn Planned, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
    let name = operation.name();
    let weight = kept.shape(name, 1)?;
    let plan = operation.plan(kept.shape(name, 0)?, weight)?;
    let site = Site::of(name, gradient)?;
    let g = site.activation(gradient)?;
    let mut results = vec![None; wanted.len()];
    if wanted[0] {
        let w = site.factor(kept.input(name, 1)?)?;
        results[0] = Some(plan.forward(&site, g.clone(), &w)?);
    }
    if wanted[1] {
        let x = site.activation(kept.input(name, 0)?)?;
        results[1] = Some(plan.of_weight(&site, g.clone(), &x, weight)?);
    }
    if wanted.get(2) == Some(&true) {
        let (batch, channels) = (plan.shape.batch, plan.shape.channels);
        let inner = g.elem_count().checked_div(batch * channels).unwrap_or(0);
        results[2] = Some(channel_sums(&site, &g, (batch, channels, inner))?);
    }
    Ok(results)
}

/// Adds a bias per channel, in place.
fn add_bias(site: &Site, y: &Tensor, bias: Option<&Tensor>, batch: usize, channels: usize) -> Result<()> {
    let Some(bias) = bias.map(|b| site.factor(b)).transpose()? else {
        return Ok(());
    };
    let rows = batch * channels;
    let inner = y.elem_count().checked_div(rows).unwrap_or(0);
    let given = arguments![y, &bias, rows, channels, inner];
    site.launch("activation", "add_bias", Grid::rows(rows, inner), given)
}

macro_rules! convolution {
    ($kind:ty, $forward:path, $backward:path) => {
        impl Operation for OnCuda<$kind> {
            fn name(&self) -> &'static str {
                self.0.name()
            }

            fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
                $forward(&self.0, inputs)
            }

            fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
                $backward(&self.0, kept, gradient, wanted)
            }

            fn reads(&self) -> Reads {
                Reads::INPUTS
            }
        }
    };
}

convolution!(Convolution, forward, backward);
convolution!(Convolution2d, forward, backward);
convolution!(TransposedConvolution, spread, spread_back);
convolution!(TransposedConvolution2d, spread, spread_back);
