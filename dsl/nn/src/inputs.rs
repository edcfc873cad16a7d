//! Gradients with respect to the inputs.

use crate::backward::backward;
use crate::error::Result;
use crate::forward::{Towards, forward};
use crate::network::{Named, Network};
use crate::timing::Clock;
use cistron_model::Operation as Declared;
use cistron_ops::Pass;

impl Network {
    /// A number made from the outputs, and its gradient with respect to every input, in evaluation mode: no dropout, running
    /// statistics, weights and buffers as they are. `of` gets the outputs and gives the number with its gradients by output;
    /// outputs that it leaves out do not count.
    ///
    /// Each example has the gradient of its own outputs, as examples do not meet in evaluation mode: with ones as the
    /// gradient of an output, many examples are explained at once.
    ///
    /// # Shapes
    /// Each gradient has the shape of its input, `[batch, 4, length]` for a one-hot sequence, in the network's precision. An
    /// input that no chosen output depends on, or only through whole numbers (an embedding), has the gradient 0.
    ///
    /// # Errors
    /// Inputs or gradients of outputs that don't fit, and what `of` gives.
    pub fn input_gradients(&self, inputs: &Named, of: &mut dyn FnMut(&Named) -> Result<(f64, Named)>) -> Result<(f64, Named)> {
        let clock = &mut Clock::default();
        let walk = forward(self, inputs, &Pass::default(), Towards::Inputs, clock, |_, _, _| Ok(false))?;
        self.shown(&walk.outputs);
        let (value, gradients) = of(&walk.outputs)?;
        let mut found = backward(self, walk, gradients, clock)?.inputs;
        for node in &self.graph.nodes {
            if let Declared::Input { port } = &node.operation
                && !found.contains_key(port)
                && let Some(tensor) = inputs.get(port)
            {
                found.insert(port.clone(), tensor.zeros_like()?.to_dtype(self.precision)?);
            }
        }
        cistron_ops::buffer::end_step();
        Ok((value, found))
    }
}
