//! Operations on single values.

use super::{case, positive, strided};
use crate::activation::Activation;
use crate::affine::Affine;
use crate::arithmetic::Arithmetic;
use crate::candle::Custom;
use crate::check::Case;
use crate::power::{Clamp, Power};
use candle_core::Tensor;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for activation in Activation::ALL {
        let one = |name, shape: &[usize]| {
            let case = case(name, activation, 1, &[shape]);
            // A logarithm or a root of a negative number is none.
            match activation {
                Activation::Log | Activation::Log1p | Activation::SquareRoot => positive(case),
                _ => case,
            }
        };
        all.extend([one("", &[2, 3, 17]), one("one value", &[1, 1]), strided(one("", &[3, 5]))]);
    }
    let function = |x: &[Tensor]| (&x[0].sqr()? * x[1].exp()?)?.sum_keepdim(1);
    all.push(case(
        "a function of Candle's",
        Custom::new(function),
        2,
        &[&[2, 3, 4], &[2, 3, 4]],
    ));
    for exponent in [0.5, 1.7, -1.0] {
        all.push(positive(case(&format!("{exponent}"), Power { exponent }, 1, &[&[2, 9]])));
    }
    for exponent in [2.0, 3.0, 0.0] {
        all.push(strided(case(&format!("{exponent}"), Power { exponent }, 1, &[&[2, 3, 5]])));
    }
    for (low, high) in [(0.0, 1e9), (-1e9, 0.0), (-1e9, 1e9)] {
        all.push(case(&format!("{low} to {high}"), Clamp { low, high }, 1, &[&[2, 3, 7]]));
    }
    all.push(strided(case("", Clamp { low: 0.0, high: 1e9 }, 1, &[&[2, 5]])));
    for arithmetic in Arithmetic::ALL {
        all.extend([
            case("", arithmetic, 2, &[&[2, 3, 7], &[2, 3, 7]]),
            case("one value", arithmetic, 2, &[&[1, 1], &[1, 1]]),
            strided(case("", arithmetic, 2, &[&[3, 5], &[3, 5]])),
        ]);
        let twice = case("input used twice", arithmetic, 2, &[&[2, 9], &[2, 9]]);
        all.push(Case { twice: true, ..twice });
    }
    all.extend([
        case(
            "",
            Affine {
                scale: -1.5,
                offset: 0.25,
            },
            1,
            &[&[2, 3, 5]],
        ),
        strided(case("", Affine { scale: 2.0, offset: 0.0 }, 1, &[&[2, 5]])),
    ]);
    all
}
