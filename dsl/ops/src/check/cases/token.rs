//! Categories, tokens, latents.

use super::{case, strided, whole};
use crate::bins::Bins;
use crate::check::Case;
use crate::embedding::Embedding;
use crate::film::Film;
use crate::table::Table;
use crate::token::{Latents, Positions, Token};

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let embedding = |x: &[usize], table: [usize; 2]| whole(table[0], case("", Embedding, 1, &[x, &table]));
    let edges = Bins::equal(0.0, 7.0, 3);
    let latents = |x: &[usize], table: [usize; 2]| whole(9, case("", Latents, 1, &[x, &table]));
    let table = |x: &[usize], values: &[usize]| whole(9, case("", Table, 1, &[x, values]));
    vec![
        embedding(&[2, 7], [5, 3]),
        embedding(&[1, 3], [4, 1]),
        embedding(&[3], [4, 2]),
        embedding(&[3, 1], [2, 3]),
        embedding(&[2, 4], [40, 33]),
        strided(embedding(&[3, 4], [5, 2])),
        whole(9, case("", edges.clone(), 1, &[&[2, 9]])),
        whole(9, case("one value", edges.clone(), 1, &[&[1, 1]])),
        strided(whole(9, case("", edges, 1, &[&[2, 3]]))),
        case("", Token, 1, &[&[2, 3]]),
        case("one example", Token, 1, &[&[1, 4]]),
        strided(case("", Token, 1, &[&[2, 3]])),
        latents(&[2, 3, 4], [5, 3]),
        latents(&[1, 2], [1, 4]),
        latents(&[3, 2], [34, 2]),
        strided(latents(&[3, 2], [2, 3])),
        table(&[2, 3, 4], &[3, 4]),
        table(&[1, 2], &[1, 5, 5]),
        table(&[3, 2], &[37]),
        strided(table(&[3, 2], &[2, 3])),
        case("", Positions, 1, &[&[2, 3, 5], &[5, 3]]),
        case("one example", Positions, 1, &[&[1, 1, 4], &[4, 1]]),
        case("one position", Positions, 1, &[&[3, 2, 1], &[1, 2]]),
        strided(case("", Positions, 1, &[&[2, 3, 4], &[4, 3]])),
        case("", Film, 3, &[&[2, 3, 5], &[2, 3], &[2, 3]]),
        case("features", Film, 3, &[&[2, 5], &[2, 5], &[2, 5]]),
        case("map", Film, 3, &[&[1, 2, 3, 7], &[1, 2], &[1, 2]]),
        strided(case("", Film, 3, &[&[2, 3, 4], &[2, 3], &[2, 3]])),
    ]
}
