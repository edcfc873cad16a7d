//! Our operations in plain Candle code, and plain Candle code as one of our operations.
//!
//! [`apply`] puts any operation into Candle's own graph, so that `backward()` gets right gradients through it.
//! [`Custom`] goes the other way: a function of Candle tensors becomes an operation, differentiated by Candle.

use crate::convolution::Convolution;
use crate::error::{OpsError, Result as OpsResult};
use crate::operation::{Forward, Kept, Operation, Pass, Reads};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, Var};
use std::sync::{Arc, Mutex, PoisonError};

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
    let inputs: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
    apply(settings, &inputs, &Pass::default())
}

/// Any operation of this crate on Candle tensors, with its gradients in Candle's `backward()`.
///
/// The inputs are those of the operation: activations, then parameters. What an operation gives besides its output (new
/// running statistics) is dropped.
///
/// # Errors
/// Those of the operation, and a number of inputs that it doesn't take.
///
/// # Example
/// ```
/// use candle_core::{DType, Device, Tensor, Var};
/// use cistron_ops::{LayerNorm, Pass, candle::apply};
/// let x = Var::new(&[[1f64, 2.0, 6.0]], &Device::Cpu)?;
/// let (weight, bias) = (Var::ones(3, DType::F64, &Device::Cpu)?, Var::zeros(3, DType::F64, &Device::Cpu)?);
/// let y = apply(LayerNorm { epsilon: 1e-5 }, &[&x, &weight, &bias], &Pass::default())?;
/// let gradients = y.sqr()?.sum_all()?.backward()?;
/// // The gradient of the bias is 2 y, and y has mean 0.
/// let bias = gradients.get(&bias).expect("a gradient").to_vec1::<f64>()?;
/// assert!(bias[0] < -1.6 && bias.iter().sum::<f64>().abs() < 1e-12);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn apply(operation: impl Operation + 'static, inputs: &[&Tensor], pass: &Pass) -> Result<Tensor> {
    let inputs: Vec<Tensor> = inputs.iter().map(|t| t.contiguous()).collect::<Result<_>>()?;
    let read: Vec<&Tensor> = inputs.iter().collect();
    let mut forward = operation.forward(&read, pass).map_err(candle_core::Error::wrap)?;
    forward.updates.clear();
    let applied = Applied {
        shapes: inputs.iter().map(|t| t.dims().to_vec()).collect(),
        forward: Mutex::new(Some(forward)),
        saved: Mutex::new(None),
        operation,
    };
    match &inputs[..] {
        [a] => a.apply_op1(applied),
        [a, b] => a.apply_op2(b, applied),
        [a, b, c] => a.apply_op3(b, c, applied),
        many => {
            // Candle's custom operations have three inputs at most: more travel as one long tensor.
            let flat: Vec<Tensor> = many.iter().map(|t| t.flatten_all()).collect::<Result<_>>()?;
            Tensor::cat(&flat, 0)?.apply_op1(applied)
        }
    }
}

/// An operation of ours in Candle's graph, with the forward pass that it has done already.
struct Applied<O> {
    operation: O,
    shapes: Vec<Vec<usize>>,
    forward: Mutex<Option<Forward>>,
    saved: Mutex<Option<Vec<Tensor>>>,
}

impl<O: Operation> Applied<O> {
    fn hand_over(&self) -> Result<(CpuStorage, Shape)> {
        let forward = self.forward.lock().unwrap_or_else(PoisonError::into_inner).take();
        let forward = forward.ok_or_else(|| candle_core::Error::Msg(format!("{}: applied twice", self.operation.name())))?;
        let shape = forward.output.shape().clone();
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(forward.saved);
        let values = forward.output.flatten_all()?;
        let storage = match values.dtype() {
            candle_core::DType::F32 => CpuStorage::F32(values.to_vec1()?),
            _ => CpuStorage::F64(values.to_vec1()?),
        };
        Ok((storage, shape))
    }

    fn gradients(&self, inputs: Vec<Tensor>, output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let count = inputs.len();
        let kept = Kept {
            inputs: inputs.into_iter().map(Some).collect(),
            shapes: self.shapes.clone(),
            output: Some(output.clone()),
            saved: saved.unwrap_or_default(),
        };
        let gradients = self
            .operation
            .backward(&kept, &gradient.contiguous()?, &vec![true; count])
            .map_err(candle_core::Error::wrap)?;
        if gradients.len() != count {
            let message = format!("{}: {} gradients for {count} inputs", self.operation.name(), gradients.len());
            return Err(candle_core::Error::Msg(message));
        }
        Ok(gradients)
    }
}

impl<O: Operation> CustomOp1 for Applied<O> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.hand_over()
    }

    fn bwd(&self, input: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        if self.shapes.len() == 1 {
            return Ok(self.gradients(vec![input.clone()], output, gradient)?.pop().flatten());
        }
        let mut start = 0;
        let mut inputs = Vec::with_capacity(self.shapes.len());
        for shape in &self.shapes {
            let count = shape.iter().product();
            inputs.push(input.narrow(0, start, count)?.reshape(shape.as_slice())?);
            start += count;
        }
        let gradients = self.gradients(inputs.clone(), output, gradient)?;
        let flat = gradients.into_iter().zip(&inputs).map(|(gradient, input)| match gradient {
            Some(gradient) => gradient.flatten_all(),
            None => input.zeros_like()?.flatten_all(),
        });
        Ok(Some(Tensor::cat(&flat.collect::<Result<Vec<_>>>()?, 0)?))
    }
}

impl<O: Operation> CustomOp2 for Applied<O> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.hand_over()
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut gradients = self.gradients(vec![a.clone(), b.clone()], output, gradient)?.into_iter();
        Ok((gradients.next().flatten(), gradients.next().flatten()))
    }
}

impl<O: Operation> CustomOp3 for Applied<O> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.hand_over()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let inputs = vec![a.clone(), b.clone(), c.clone()];
        let mut gradients = self.gradients(inputs, output, gradient)?.into_iter();
        Ok((
            gradients.next().flatten(),
            gradients.next().flatten(),
            gradients.next().flatten(),
        ))
    }
}

/// A function of Candle tensors, as [`Custom`] holds it.
pub type Function = Arc<dyn Fn(&[Tensor]) -> Result<Tensor> + Send + Sync>;

/// A function of Candle tensors as an operation: forward calls it, backward calls it again and asks Candle's `backward()`.
///
/// Its gradients are Candle's, with Candle's mistakes (`max_pool2d`, `conv1d` with several examples and others are wrong);
/// inside it [`apply`] gives the operations of this crate. It gets copies of the inputs, so it may hold them.
///
/// # Example
/// ```
/// use candle_core::{Device, Tensor};
/// use cistron_ops::{Kept, Operation, Pass, candle::Custom};
/// let cube = Custom::new(|x| x[0].sqr()? * &x[0]);
/// let x = Tensor::new(&[[2f64, 3.0]], &Device::Cpu)?;
/// let forward = cube.forward(&[&x], &Pass::default())?;
/// assert_eq!(forward.output.to_vec2::<f64>()?, [[8.0, 27.0]]);
/// let gradients = cube.backward(&Kept::new(&cube, &[&x], 1, &forward), &x.ones_like()?, &[true])?;
/// assert_eq!(gradients[0].as_ref().expect("a gradient").to_vec2::<f64>()?, [[12.0, 27.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Custom(Function);

impl Custom {
    /// An operation that calls this function.
    pub fn new(function: impl Fn(&[Tensor]) -> Result<Tensor> + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }
}

impl From<Function> for Custom {
    fn from(function: Function) -> Self {
        Self(function)
    }
}

impl std::fmt::Debug for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custom(..)")
    }
}

impl Operation for Custom {
    fn name(&self) -> &'static str {
        "custom"
    }

    fn forward(&self, inputs: &[&Tensor], _: &Pass) -> OpsResult<Forward> {
        let inputs: Vec<Tensor> = inputs.iter().map(|t| t.copy()).collect::<Result<_>>()?;
        // A copy, so that nothing the function holds is ever written to.
        Ok((self.0)(&inputs)?.detach().contiguous()?.copy()?.into())
    }

    fn backward(&self, kept: &Kept, gradient: &Tensor, wanted: &[bool]) -> OpsResult<Vec<Option<Tensor>>> {
        let inputs = (0..wanted.len())
            .map(|i| Ok(Var::from_tensor(&kept.input(self.name(), i)?.copy()?)?))
            .collect::<OpsResult<Vec<Var>>>()?;
        let tensors: Vec<Tensor> = inputs.iter().map(|v| v.as_tensor().clone()).collect();
        let output = (self.0)(&tensors)?;
        if output.dims() != gradient.dims() {
            let expected = format!("{:?}, as in the forward pass", gradient.dims());
            return Err(OpsError::shape(self.name(), "the function's result", output.dims(), expected));
        }
        let gradients = (output * gradient)?.sum_all()?.backward()?;
        let one = |(input, wanted): (&Var, &bool)| -> OpsResult<Option<Tensor>> {
            match (wanted, gradients.get(input)) {
                (false, _) => Ok(None),
                (true, Some(found)) => Ok(Some(found.contiguous()?.copy()?)),
                (true, None) => Ok(Some(input.zeros_like()?)),
            }
        };
        inputs.iter().zip(wanted).map(one).collect()
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}
