//! Who holds which memory during a walk, so that a buffer goes back as soon as nothing holds it.

use crate::error::Result;
use candle_core::Tensor;
use cistron_ops::buffer::{address, give_back};
use std::collections::HashMap;

/// What stands for memory that others than the walk may hold: it is never taken back.
const PINNED: usize = usize::MAX;

/// The holders of each piece of memory. Tensors that share memory are counted together.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    holders: HashMap<usize, usize>,
}

impl Ledger {
    /// One more holder of this tensor's memory.
    pub(crate) fn hold(&mut self, tensor: &Tensor) {
        if let Some(at) = address(tensor) {
            let holders = self.holders.entry(at).or_insert(0);
            *holders = holders.saturating_add(1);
        }
    }

    /// The memory belongs to others as well (inputs, weights, outputs).
    pub(crate) fn pin(&mut self, tensor: &Tensor) {
        if let Some(at) = address(tensor) {
            self.holders.insert(at, PINNED);
        }
    }

    /// Whether a held tensor has no other holder, so that it may be changed in place.
    pub(crate) fn is_alone(&self, tensor: &Tensor) -> bool {
        address(tensor).is_some_and(|at| self.holders.get(&at) == Some(&1))
    }

    /// A holder less; the last gives the memory back.
    pub(crate) fn release(&mut self, tensor: Tensor) -> Result<()> {
        let Some(at) = address(&tensor) else { return Ok(()) };
        match self.holders.get_mut(&at) {
            Some(holders) if *holders == 1 => {
                self.holders.remove(&at);
                give_back(&tensor)?;
            }
            Some(holders) if *holders != PINNED => *holders -= 1,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    fn tensor() -> Tensor {
        Tensor::ones(4000, DType::F32, &Device::Cpu).expect("small")
    }

    #[test]
    fn memory_goes_back_with_its_last_holder() {
        let mut ledger = Ledger::default();
        let tensor = tensor();
        let shared = tensor.reshape((40, 100)).expect("fits");
        ledger.hold(&tensor);
        ledger.hold(&shared);
        assert!(!ledger.is_alone(&tensor));
        ledger.release(shared).expect("released");
        assert!(ledger.is_alone(&tensor));
        assert_eq!(tensor.to_vec1::<f32>().expect("values").len(), 4000);
        let last = tensor.clone();
        ledger.release(last).expect("released");
        assert!(address(&tensor).is_none(), "the memory is still there");
    }

    #[test]
    fn pinned_memory_stays() {
        let mut ledger = Ledger::default();
        let tensor = tensor();
        ledger.hold(&tensor);
        ledger.pin(&tensor);
        ledger.hold(&tensor);
        ledger.release(tensor.clone()).expect("released");
        ledger.release(tensor.clone()).expect("released");
        assert!(!ledger.is_alone(&tensor));
        assert_eq!(tensor.to_vec1::<f32>().expect("values")[3999], 1.0);
    }
}
