//! Operations on single values.

use super::{case, strided};
use crate::activation::Activation;
use crate::affine::Affine;
use crate::arithmetic::Arithmetic;
use crate::candle::Custom;
use crate::check::Case;
use candle_core::Tensor;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for activation in Activation::ALL {
        all.extend([
            case("", activation, 1, &[&[2, 3, 17]]),
            case("one value", activation, 1, &[&[1, 1]]),
            strided(case("", activation, 1, &[&[3, 5]])),
        ]);
    }
    let function = |x: &[Tensor]| (&x[0].sqr()? * x[1].exp()?)?.sum_keepdim(1);
    all.push(case(
        "a function of Candle's",
        Custom::new(function),
        2,
        &[&[2, 3, 4], &[2, 3, 4]],
    ));
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
