//! Signatures of messages that have come: somebody who has recorded one can't have it carried out again.

use std::collections::{HashSet, VecDeque};

/// Signatures that are kept, as many as Jupyter's own client keeps; the oldest go first.
const KEPT: usize = 1 << 16;

/// The signatures of the newest messages.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: HashSet<Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl Seen {
    /// Notes a signature that has been checked; false if it has come before.
    pub(super) fn is_new(&mut self, signature: Vec<u8>) -> bool {
        if !self.known.insert(signature.clone()) {
            return false;
        }
        self.order.push_back(signature);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_new_once_and_memory_is_bounded() {
        let mut seen = Seen::default();
        let signature = |n: usize| n.to_le_bytes().to_vec();
        assert!(seen.is_new(signature(0)) && !seen.is_new(signature(0)));
        for n in 1..=KEPT {
            assert!(seen.is_new(signature(n)));
        }
        assert_eq!((seen.known.len(), seen.order.len()), (KEPT, KEPT));
        assert!(!seen.is_new(signature(KEPT)), "the newest is known");
    }
}
