//! Six steps of three weights beside those of PyTorch 2.15 in double precision.
//!
//! ```python
//! torch.set_default_dtype(torch.float64)
//! w = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
//! o = torch.optim.NAdam([w], lr=0.05, weight_decay=0.1)  # and so on, with the settings of each case below
//! for x in [3.0, -0.5, 0.1, 0.2, -1.0, 0.4]:
//!     w.grad = torch.tensor([x * s for s in (1.0, -2.0, 0.01)])
//!     o.step()
//! print([f"{x:.15g}" for x in w.tolist()])
//! ```

use super::{tensor, values};
use candle_core::DType;
use cistron_ops::{Adadelta, Adagrad, Adam, AdamW, NAdam, Optimizer, OptimizerState, Settings, Sgd, Update};

const START: [f64; 3] = [1.0, -2.0, 0.5];
const STEPS: [f64; 6] = [3.0, -0.5, 0.1, 0.2, -1.0, 0.4];
const SCALES: [f64; 3] = [1.0, -2.0, 0.01];

fn cases() -> Vec<(Optimizer, [f64; 3])> {
    let (lr, weight_decay) = (0.05, 0.1);
    let (beta1, beta2, amsgrad) = (0.5, 0.6, true);
    vec![
        (
            NAdam {
                lr,
                weight_decay,
                ..NAdam::default()
            }
            .into(),
            [0.93816805640195, -1.93787303730059, 0.308433427791382],
        ),
        (
            NAdam {
                lr,
                beta1: 0.8,
                beta2: 0.99,
                momentum_decay: 0.5,
                ..NAdam::default()
            }
            .into(),
            [0.943859325328381, -1.9438593252301, 0.443859344787098],
        ),
        (
            Adagrad {
                lr,
                weight_decay,
                lr_decay: 0.2,
                ..Adagrad::default()
            }
            .into(),
            [0.954170230760291, -1.95405295516863, 0.386610378464326],
        ),
        (
            Adadelta {
                weight_decay,
                ..Adadelta::default()
            }
            .into(),
            [0.997222680143047, -1.99722163012976, 0.484559331823931],
        ),
        (
            AdamW {
                lr,
                beta1,
                beta2,
                weight_decay,
                amsgrad,
                ..AdamW::default()
            }
            .into(),
            [0.90288371779735, -1.87325622703278, 0.417697487043795],
        ),
        (
            Adam {
                lr,
                beta1,
                beta2,
                weight_decay,
                amsgrad,
                ..Adam::default()
            }
            .into(),
            [0.920568809530392, -1.92021473664902, 0.265303475743131],
        ),
        (
            Sgd {
                lr,
                momentum: 0.7,
                nesterov: true,
                ..Sgd::default()
            }
            .into(),
            [0.6510109, -1.3020218, 0.496510109],
        ),
    ]
}

/// The weights after all steps, the three repeated this often; the state goes through its export after three steps.
fn walk(optimizer: Optimizer, repeats: usize, precision: DType) -> Vec<f64> {
    let mut state = OptimizerState::new(optimizer);
    let mut weight = tensor(&START.repeat(repeats), precision);
    for (number, step) in STEPS.iter().enumerate() {
        if number == 3 {
            state = OptimizerState::import(optimizer, state.export().expect("tensors")).expect("the state");
        }
        let gradient = tensor(&SCALES.map(|scale| step * scale).repeat(repeats), precision);
        let update = Update {
            name: "w",
            weight: &mut weight,
            gradient: &gradient,
            shared: false,
            settings: Settings::default(),
        };
        state.step(vec![update], optimizer.lr(), None).expect("a step");
    }
    values(&weight)
}

#[test]
fn steps_are_those_of_pytorch() {
    for (optimizer, expected) in cases() {
        for (precision, bound) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
            let found = walk(optimizer, 1, precision);
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() < bound, "{optimizer:?}: {found:?}, expected {expected:?}");
            }
        }
    }
}

#[test]
fn a_large_parameter_goes_in_pieces_as_a_small_one_does_at_once() {
    for (optimizer, _) in cases() {
        let (small, large) = (walk(optimizer, 1, DType::F32), walk(optimizer, 12_345, DType::F32));
        assert_eq!(large, small.repeat(12_345), "{optimizer:?}");
    }
}

/// The product of all momenta of NAdam, which is not kept but computed, stays right when it is small.
#[test]
fn the_momenta_of_nadam_are_right_after_many_steps() {
    let nadam = NAdam {
        beta1: 0.99,
        momentum_decay: 1.0,
        ..NAdam::default()
    };
    let mut state = OptimizerState::new(nadam);
    let (mut weight, mut expected) = (tensor(&[0.0], DType::F64), 0.0);
    let (mut mean, mut square, mut product) = (0.0, 0.0, 1.0);
    for t in 1..=3000 {
        let gradient = f64::from(t % 7) - 2.5;
        weight = state
            .update("w", &weight, &tensor(&[gradient], DType::F64), 0.01)
            .expect("a step");
        let mu = |t: i32| 0.99 * (1.0 - 0.5 * 0.96f64.powi(t));
        product *= mu(t);
        mean = 0.99 * mean + 0.01 * gradient;
        square = 0.999 * square + 0.001 * gradient * gradient;
        let divisor = (square / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8;
        let direct = (1.0 - mu(t)) / (1.0 - product) * gradient;
        let along = mu(t + 1) / (1.0 - product * mu(t + 1)) * mean;
        expected -= 0.01 * (direct + along) / divisor;
        let found = values(&weight)[0];
        assert!((found - expected).abs() < 1e-10, "step {t}: {found}, expected {expected}");
    }
}
