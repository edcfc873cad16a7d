//! Dense layers: matrix products with the bias added in the same pass.

use super::OnCuda;
use super::parts::{Site, arguments};
use super::sums::channel_sums;
use crate::Linear;
use crate::cuda::raw::{Grid, Product, Stack, product};
use crate::error::Result;
use crate::operation::{Forward, Kept, Operation, Pass, Reads, expect_inputs};
use candle_core::{DType, Tensor};

impl Operation for OnCuda<Linear> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> Result<Forward> {
        expect_inputs(self.name(), inputs, 2..=3)?;
        let (rows, width, features) = Linear::sizes(inputs[0].dims(), inputs[1].dims(), inputs.get(2).map(|b| b.dims()))?;
        let site = Site::of(self.name(), inputs[0])?;
        let (x, w) = (site.activation(inputs[0])?, site.factor(inputs[1])?);
        let bias = inputs.get(2).map(|b| site.factor(b)).transpose()?;
        let mut dims = inputs[0].dims().to_vec();
        dims.pop();
        dims.push(features);
        let y = site.activations(&dims)?;
        let (a, b) = (Stack::new(&x, width, 0), Stack::new(&w, width, 0).transposed());
        let sizes = (rows, features, width);
        // cuBLASLt adds biases in the same pass, but not in double precision.
        let fused = site.dtype != DType::F64;
        product(
            &site.place,
            &Product {
                bias: bias.as_ref().filter(|_| fused),
                ..Product::new(sizes, 1, a, b, Stack::new(&y, features, 0))
            },
        )?;
        if let Some(bias) = bias.filter(|_| !fused) {
            let (values, one) = (rows * features, 1usize);
            let given = arguments![&y, &bias, values, features, one];
            site.launch("activation", "add_bias", Grid::rows(values, one), given)?;
        }
        Ok(y.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> Result<Vec<Option<Tensor>>> {
        let dims = kept.shape(self.name(), 0)?;
        let (rows, width, features) = Linear::sizes(dims, kept.shape(self.name(), 1)?, None)?;
        let site = Site::of(self.name(), gradient)?;
        let g = site.activation(gradient)?;
        let of_output = Stack::new(&g, features, 0);
        let mut results = vec![None; wanted.len()];
        if wanted[0] {
            let w = site.factor(kept.input(self.name(), 1)?)?;
            let output = site.activations(dims)?;
            let (w, c) = (Stack::new(&w, width, 0), Stack::new(&output, width, 0));
            product(&site.place, &Product::new((rows, width, features), 1, of_output, w, c))?;
            results[0] = Some(output);
        }
        if wanted[1] {
            let x = site.activation(kept.input(self.name(), 0)?)?;
            let output = site.statistics(&[features, width])?;
            let (x, c) = (Stack::new(&x, width, 0), Stack::new(&output, width, 0));
            product(
                &site.place,
                &Product::new((features, width, rows), 1, of_output.transposed(), x, c),
            )?;
            results[1] = Some(output);
        }
        if wanted.get(2) == Some(&true) {
            results[2] = Some(channel_sums(&site, &g, (rows, features, 1))?);
        }
        Ok(results)
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
