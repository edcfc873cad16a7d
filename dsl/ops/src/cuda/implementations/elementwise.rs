//! Functions of one value, constants, two tensors of the same shape.

use super::OnCuda;
use super::parts::{Site, arguments};
use crate::cuda::raw::Grid;
use crate::error::{OpsError, Result};
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use crate::{Activation, Affine, Arithmetic};
use candle_core::Tensor;

/// The name of an activation's kernels.
fn function(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => "relu",
        Activation::GeluErf => "gelu_erf",
        Activation::GeluTanh => "gelu_tanh",
        Activation::GeluSigmoid => "gelu_sigmoid",
        Activation::Silu => "silu",
        Activation::Softplus => "softplus",
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "tanh",
        Activation::Exp => "exp",
        Activation::Log => "log",
        Activation::Log1p => "log1p",
        Activation::SquareRoot => "square_root",
        Activation::Absolute => "abs",
        Activation::Square => "square",
        Activation::Sine => "sine",
    }
}

impl Operation for OnCuda<Activation> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        let site = Site::of(self.name(), inputs[0])?;
        let (x, count) = (site.activation(inputs[0])?, inputs[0].elem_count());
        let y = site.activations(x.dims())?;
        let kernel = format!("{}_forward", function(self.0));
        site.launch("activation", &kernel, Grid::each(count), arguments![&x, &y, count])?;
        Ok(y.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let site = Site::of(self.name(), gradient)?;
        let known = if self.reads().output {
            kept.output(self.name())?
        } else {
            kept.input(self.name(), 0)?
        };
        let (known, g, count) = (site.activation(known)?, site.activation(gradient)?, gradient.elem_count());
        let output = site.activations(gradient.dims())?;
        let kernel = format!("{}_backward", function(self.0));
        site.launch(
            "activation",
            &kernel,
            Grid::each(count),
            arguments![&known, &g, &output, count],
        )?;
        Ok(vec![Some(output)])
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}

fn affine(operation: &'static str, input: &Tensor, scale: f64, offset: f64) -> Result<Tensor> {
    let site = Site::of(operation, input)?;
    let (x, y, count) = (site.activation(input)?, site.activations(input.dims())?, input.elem_count());
    site.launch(
        "activation",
        "affine",
        Grid::each(count),
        arguments![&x, &y, count, scale, offset],
    )?;
    Ok(y)
}

impl Operation for OnCuda<Affine> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 1..=1)?;
        Ok(affine(self.name(), inputs[0], self.0.scale, self.0.offset)?.into())
    }

    fn backward(&self, _: &Kept, gradient: &Tensor, _: &[bool]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(affine(self.name(), gradient, self.0.scale, 0.0)?)])
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}

impl Operation for OnCuda<Arithmetic> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=2)?;
        if inputs[0].dims() != inputs[1].dims() {
            let expected = format!("{:?}, the shape of the first", inputs[0].dims());
            return Err(OpsError::shape(self.name(), "the second input", inputs[1].dims(), expected));
        }
        let site = Site::of(self.name(), inputs[0])?;
        let (a, b, count) = (
            site.activation(inputs[0])?,
            site.activation(inputs[1])?,
            inputs[0].elem_count(),
        );
        let output = site.activations(a.dims())?;
        let kernel = format!("{}_forward", self.name());
        site.launch("arithmetic", &kernel, Grid::each(count), arguments![&a, &b, &output, count])?;
        Ok(output.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        // The gradient of a sum is the sum's gradient itself, shared and not copied.
        let whole = |i: usize| wanted[i].then(|| gradient.clone());
        match self.0 {
            Arithmetic::Add => return Ok(vec![whole(0), whole(1)]),
            Arithmetic::Subtract => {
                let second = wanted[1].then(|| affine(self.name(), gradient, -1.0, 0.0)).transpose()?;
                return Ok(vec![whole(0), second]);
            }
            _ => {}
        }
        let site = Site::of(self.name(), gradient)?;
        let (a, b) = (kept.input(self.name(), 0)?, kept.input(self.name(), 1)?);
        let (a, b, g, count) = (
            site.activation(a)?,
            site.activation(b)?,
            site.activation(gradient)?,
            gradient.elem_count(),
        );
        let one = |side: &str| -> Result<Tensor> {
            let output = site.activations(gradient.dims())?;
            let kernel = format!("{}_{side}", self.name());
            site.launch(
                "arithmetic",
                &kernel,
                Grid::each(count),
                arguments![&a, &b, &g, &output, count],
            )?;
            Ok(output)
        };
        let first = wanted[0].then(|| one("first")).transpose()?;
        let second = wanted[1].then(|| one("second")).transpose()?;
        Ok(vec![first, second])
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}
