//! Made-up batches: the same shapes and kinds of values as the networks' real ones.

use candle_core::{Device, Result, Tensor};
use cistron_random::{Purpose, Stream};

/// What the values of an input or a target are like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// One-hot letters along the first axis.
    Letters,
    /// Standard normal.
    Normal,
    /// Uniform up to this.
    Uniform(f64),
    /// Whole numbers below this.
    Whole(u64),
    /// 1 with this probability, else 0.
    Chance(f64),
}

/// A tensor of these values; each `number` has its own.
pub(crate) fn tensor(values: Values, dims: &[usize], number: u64) -> Result<Tensor> {
    let mut stream = Stream::new(1, Purpose::Simulation, 0, number);
    let count: usize = dims.iter().product();
    let mut draw: Box<dyn FnMut() -> f64> = match values {
        Values::Letters => return letters(dims, &mut stream),
        Values::Normal => Box::new(|| stream.normal()),
        Values::Uniform(most) => Box::new(move || most * stream.uniform()),
        Values::Whole(below) => Box::new(move || stream.below(below) as f64),
        Values::Chance(share) => Box::new(move || f64::from(u8::from(stream.uniform() < share))),
    };
    let values: Vec<f32> = (0..count).map(|_| draw() as f32).collect();
    Tensor::from_vec(values, dims, &Device::Cpu)
}

/// One-hot `[batch, letter, position]`.
fn letters(dims: &[usize], stream: &mut Stream) -> Result<Tensor> {
    let (batch, alphabet, length) = (dims[0], dims[1], dims[2]);
    let mut values = vec![0f32; batch * alphabet * length];
    for example in values.chunks_mut(alphabet * length) {
        for position in 0..length {
            example[stream.below(alphabet as u64) as usize * length + position] = 1.0;
        }
    }
    Tensor::from_vec(values, dims, &Device::Cpu)
}
