//! Every operation in the shapes where implementations go wrong: odd sizes, remainders, one example and several,
//! kernels of one tap, inputs shorter than the kernel, strides in memory, an input used twice.

mod arrangement;
mod attention;
mod convolution;
mod dense;
mod elementwise;
mod map;
mod norm;
mod pool;
mod token;

use super::Case;
use crate::operation::Operation;

/// A case in training mode without peculiarities.
pub(super) fn case(name: &str, operation: impl Operation + 'static, activations: usize, shapes: &[&[usize]]) -> Case {
    Case {
        name: format!("{name} {shapes:?}"),
        operation: Box::new(operation),
        shapes: shapes.iter().map(|s| s.to_vec()).collect(),
        activations,
        buffers: Vec::new(),
        whole: Vec::new(),
        positive: Vec::new(),
        training: true,
        strided: false,
        twice: false,
    }
}

/// The same with a first input of positive numbers.
pub(super) fn positive(case: Case) -> Case {
    Case {
        positive: vec![0],
        ..case
    }
}

/// The same with a first input of whole numbers below a bound, which have no gradient.
pub(super) fn whole(bound: usize, case: Case) -> Case {
    Case {
        whole: vec![(0, bound)],
        ..case
    }
}

/// The same with strided inputs.
pub(super) fn strided(case: Case) -> Case {
    Case {
        name: format!("strided {}", case.name),
        strided: true,
        ..case
    }
}

/// The same in evaluation mode.
pub(super) fn evaluated(case: Case) -> Case {
    Case {
        name: format!("evaluation {}", case.name),
        training: false,
        ..case
    }
}

/// All cases of all operations.
pub fn cases() -> Vec<Case> {
    [
        arrangement::cases(),
        attention::cases(),
        convolution::cases(),
        dense::cases(),
        elementwise::cases(),
        map::cases(),
        norm::cases(),
        pool::cases(),
        token::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
