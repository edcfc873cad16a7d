//! Attention, and pooling by attention.

use super::{case, evaluated, strided};
use crate::attention::Attention;
use crate::attention_pool::AttentionPool;
use crate::check::Case;
use crate::positions::GammaRule;
use crate::relative_attention::RelativeAttention;

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let plain = |heads| Attention {
        heads,
        dropout: 0.0,
        scale: None,
    };
    let dropping = Attention {
        dropout: 0.3,
        ..plain(2)
    };
    let mut all = vec![
        case("self", plain(2), 3, &[&[2, 4, 5], &[2, 4, 5], &[2, 4, 5]]),
        case("cross", plain(2), 3, &[&[2, 4, 3], &[2, 4, 7], &[2, 6, 7]]),
        case("one example, one head", plain(1), 3, &[&[1, 3, 19], &[1, 3, 18], &[1, 2, 18]]),
        case("one token", plain(1), 3, &[&[1, 2, 1], &[1, 2, 1], &[1, 2, 1]]),
        case(
            "several blocks of queries",
            plain(1),
            3,
            &[&[1, 1, 70], &[1, 1, 3], &[1, 2, 3]],
        ),
        case(
            "several blocks of keys",
            plain(1),
            3,
            &[&[1, 1, 2], &[1, 1, 270], &[1, 1, 270]],
        ),
        case(
            "scale",
            Attention {
                scale: Some(0.3),
                ..plain(1)
            },
            3,
            &[&[1, 2, 3], &[1, 2, 4], &[1, 2, 4]],
        ),
        case("dropout", dropping, 3, &[&[2, 4, 5], &[2, 4, 6], &[2, 2, 6]]),
        evaluated(case("dropout", dropping, 3, &[&[1, 2, 3], &[1, 2, 4], &[1, 2, 4]])),
        strided(case("", plain(2), 3, &[&[2, 4, 3], &[2, 4, 5], &[2, 2, 5]])),
        Case {
            twice: true,
            ..case("queries are keys", plain(2), 3, &[&[2, 4, 5], &[2, 4, 5], &[2, 4, 5]])
        },
    ];
    let relative = RelativeAttention {
        heads: 2,
        dropout: 0.0,
        position_dropout: 0.0,
        scale: None,
        gamma: GammaRule::PerFeature,
    };
    let one = |name: &str, operation: RelativeAttention, batch: usize, dk: usize, dv: usize, n: usize| {
        let (wide, v): ([usize; 3], [usize; 3]) = ([batch, operation.heads * dk, n], [batch, operation.heads * dv, n]);
        let width = operation.heads * dk;
        case(name, operation, 3, &[&wide, &wide, &v, &[width], &[width], &[width, 6]])
    };
    let dropping = RelativeAttention {
        dropout: 0.2,
        position_dropout: 0.1,
        ..relative
    };
    all.extend([
        one("", relative, 2, 2, 3, 5),
        one("one example", relative, 1, 3, 2, 18),
        one("one token", relative, 2, 1, 1, 1),
        one("several blocks", RelativeAttention { heads: 1, ..relative }, 1, 1, 1, 67),
        one("dropout", dropping, 2, 2, 1, 4),
        evaluated(one("dropout", dropping, 1, 2, 1, 4)),
        strided(one("", relative, 2, 1, 2, 4)),
        one(
            "scale, global rule",
            RelativeAttention {
                scale: Some(0.4),
                gamma: GammaRule::Global,
                ..relative
            },
            1,
            2,
            2,
            6,
        ),
    ]);
    for (window, x) in [
        (2, [2, 3, 8]),
        (2, [1, 3, 7]),
        (3, [2, 2, 11]),
        (4, [1, 1, 9]),
        (5, [1, 2, 3]),
        (1, [2, 2, 3]),
        (2, [1, 2, 1]),
        (2, [1, 1, 70]),
    ] {
        let weight: &[usize] = &[x[1], x[1]];
        all.push(case(&format!("window {window}"), AttentionPool { window }, 1, &[&x, weight]));
    }
    all.push(strided(case("", AttentionPool { window: 2 }, 1, &[&[2, 3, 5], &[3, 3]])));
    all
}
