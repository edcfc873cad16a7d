//! Our operations as Candle custom operations, for plain Candle code that calls Candle's own `backward()`.

use crate::convolution::Convolution;
use crate::operation::{Kept, Operation, Pass};
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

/// 1-D convolution of `[batch, channels, position]` with right gradients through Candle's `backward()`.
///
/// # Errors
/// Shapes that don't fit, types other than F32 and F64, a device other than the CPU.
///
/// # Example
/// ```
/// use candle_core::{DType, Device, Tensor, Var};
/// use cistron_ops::{Convolution, candle::convolution};
/// let weight = Var::ones((2, 3, 5), DType::F32, &Device::Cpu)?;
/// let x = Tensor::ones((4, 3, 20), DType::F32, &Device::Cpu)?;
/// let y = convolution(&x, &weight, None, Convolution::default())?;
/// let gradients = y.sum_all()?.backward()?;
/// // Each tap of each filter met 4 examples x 16 positions of ones.
/// assert_eq!(gradients.get(&weight).expect("a gradient").max_all()?.to_scalar::<f32>()?, 64.0);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn convolution(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, settings: Convolution) -> Result<Tensor> {
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        None => x.apply_op2(&weight, Custom(settings)),
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, Custom(settings)),
    }
}

/// An operation of ours in Candle's graph.
struct Custom<O>(O);

/// A tensor of the values that Candle hands over.
fn tensor(storage: &CpuStorage, layout: &Layout) -> Result<Tensor> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a custom operation of Cistron needs contiguous inputs".into()))?;
    match storage {
        CpuStorage::F32(values) => Tensor::from_slice(&values[start..end], layout.shape(), &candle_core::Device::Cpu),
        CpuStorage::F64(values) => Tensor::from_slice(&values[start..end], layout.shape(), &candle_core::Device::Cpu),
        _ => Err(candle_core::Error::Msg(
            "a custom operation of Cistron computes in F32 or F64".into(),
        )),
    }
}

impl<O: Operation> Custom<O> {
    fn forward(&self, inputs: &[(&CpuStorage, &Layout)]) -> Result<(CpuStorage, Shape)> {
        let inputs = inputs.iter().map(|(s, l)| tensor(s, l)).collect::<Result<Vec<_>>>()?;
        let forward = self
            .0
            .forward(&inputs.iter().collect::<Vec<_>>(), &Pass::default())
            .map_err(candle_core::Error::wrap)?;
        let shape = forward.output.shape().clone();
        let values = forward.output.flatten_all()?;
        let storage = match values.dtype() {
            candle_core::DType::F32 => CpuStorage::F32(values.to_vec1()?),
            _ => CpuStorage::F64(values.to_vec1()?),
        };
        Ok((storage, shape))
    }

    fn backward(&self, inputs: &[&Tensor], output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let kept = Kept {
            inputs: inputs.iter().map(|t| Some((*t).clone())).collect(),
            shapes: inputs.iter().map(|t| t.dims().to_vec()).collect(),
            output: Some(output.clone()),
            saved: Vec::new(),
        };
        self.0
            .backward(&kept, gradient, &vec![true; inputs.len()])
            .map_err(candle_core::Error::wrap)
    }
}

fn shortened(operation: &'static str) -> candle_core::Error {
    candle_core::Error::Msg(format!(
        "{operation}: backward gave another number of gradients than it has inputs"
    ))
}

impl<O: Operation> CustomOp2 for Custom<O> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        self.forward(&[(s1, l1), (s2, l2)])
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradients: [_; 2] = self
            .backward(&[a, b], output, gradient)?
            .try_into()
            .map_err(|_| shortened(self.0.name()))?;
        Ok(gradients.into())
    }
}

impl<O: Operation> CustomOp3 for Custom<O> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward(&[(s1, l1), (s2, l2), (s3, l3)])
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradients: [_; 3] = self
            .backward(&[a, b, c], output, gradient)?
            .try_into()
            .map_err(|_| shortened(self.0.name()))?;
        Ok(gradients.into())
    }
}
