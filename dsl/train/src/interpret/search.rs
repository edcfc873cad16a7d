//! A filter among known motifs: where it fits best, and how often chance fits as well.

use cistron_data::{Motif, Strand};
use cistron_random::{Purpose, Stream};

/// Orders of a filter's columns that are drawn.
const DRAWS: usize = 999;
/// Scores that differ by less are equal.
const EQUAL: f64 = 1e-9;

/// Columns without their mean, which is a quarter as each sums to 1.
fn centred(motif: &Motif) -> Vec<[f64; 4]> {
    motif.matrix.iter().map(|column| column.map(|p| p - 0.25)).collect()
}

fn dot(a: &[f64; 4], b: &[f64; 4]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A filter against one strand of a known motif, for any order of the filter's columns.
struct Pair {
    /// Products of the columns: `[filter][motif]`.
    products: Vec<f64>,
    /// Squares of the motif's columns.
    squares: Vec<f64>,
    /// The length of the motif as a vector.
    size: f64,
}

/// Where a filter fits best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    /// The place of the known motif in its list.
    pub(super) motif: usize,
    /// The motif's strand.
    pub(super) strand: Strand,
    /// The filter's position on which the motif, on that strand, begins.
    pub(super) offset: isize,
    /// Cosine of both, columns that do not overlap counting as background.
    score: f64,
    /// Pearson's correlation over the columns that overlap.
    pub(super) similarity: f64,
}

/// A filter and known motifs, at least one.
pub(super) struct Search {
    /// Squares of the filter's columns.
    squares: Vec<f64>,
    pairs: Vec<Pair>,
}

impl Search {
    pub(super) fn new(filter: &Motif, known: &[Motif]) -> Self {
        let own = centred(filter);
        let strands = known
            .iter()
            .flat_map(|motif| [centred(motif), centred(&motif.reverse_complement())]);
        let pair = |motif: Vec<[f64; 4]>| {
            let squares: Vec<f64> = motif.iter().map(|b| dot(b, b)).collect();
            Pair {
                products: own
                    .iter()
                    .flat_map(|a| motif.iter().map(|b| dot(a, b)).collect::<Vec<f64>>())
                    .collect(),
                size: squares.iter().sum::<f64>().sqrt(),
                squares,
            }
        };
        Self {
            squares: own.iter().map(|a| dot(a, a)).collect(),
            pairs: strands.map(pair).collect(),
        }
    }

    /// The best alignment over all motifs, strands and offsets when the filter's columns stand in this order: score, pair, and
    /// the number of the filter's columns up to the motif's end.
    fn search(&self, order: &[usize]) -> (f64, usize, usize) {
        let size = self.squares.iter().sum::<f64>().sqrt();
        let mut best = (f64::NEG_INFINITY, 0, 1);
        for (number, pair) in self.pairs.iter().enumerate() {
            let (n, m) = (order.len(), pair.squares.len());
            for end in 1..n + m {
                let overlap = end.saturating_sub(m)..end.min(n);
                let product: f64 = overlap.map(|i| pair.products[order[i] * m + i + m - end]).sum();
                let sizes = size * pair.size;
                let score = if sizes > 0.0 { product / sizes } else { 0.0 };
                if score > best.0 {
                    best = (score, number, end);
                }
            }
        }
        best
    }

    /// The best alignment of the filter as it is.
    pub(super) fn best(&self) -> Hit {
        let n = self.squares.len();
        let order: Vec<usize> = (0..n).collect();
        let (score, number, end) = self.search(&order);
        let pair = &self.pairs[number];
        let m = pair.squares.len();
        let (mut product, mut own, mut other) = (0.0, 0.0, 0.0);
        for i in end.saturating_sub(m)..end.min(n) {
            let j = i + m - end;
            product += pair.products[i * m + j];
            own += self.squares[i];
            other += pair.squares[j];
        }
        let size = (own * other).sqrt();
        Hit {
            motif: number / 2,
            strand: [Strand::Forward, Strand::Reverse][number % 2],
            offset: end as isize - m as isize,
            score,
            similarity: if size > 0.0 { product / size } else { 0.0 },
        }
    }

    /// The share of random orders of the filter's columns that fit any of the known motifs at least as well as the filter does
    /// as it is: `(1 + as good) / (1 + 999)`. `number` tells filters of one seed apart.
    pub(super) fn p_value(&self, seed: u64, number: usize) -> f64 {
        let found = self.best().score - EQUAL;
        let mut order: Vec<usize> = (0..self.squares.len()).collect();
        let mut stream = Stream::new(seed, Purpose::Statistics, number as u64, 2);
        let mut as_good = 0usize;
        for _ in 0..DRAWS {
            stream.shuffle(&mut order);
            as_good += usize::from(self.search(&order).0 >= found);
        }
        (1 + as_good) as f64 / (1 + DRAWS) as f64
    }
}

/// The false discovery rate at which each p-value counts as found (Benjamini and Hochberg 1995).
pub(super) fn false_discovery_rates(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut rates = vec![1.0; p.len()];
    let mut least = 1.0f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(p[i] * p.len() as f64 / (rank + 1) as f64);
        rates[i] = least;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(length: usize, number: u64) -> Motif {
        let mut stream = Stream::new(4, Purpose::Simulation, number, 0);
        let column = |_| [0; 4].map(|_: i32| stream.uniform().powi(4) + 1e-3);
        Motif::new(format!("m{number}"), (0..length).map(column).collect()).unwrap()
    }

    #[test]
    fn a_part_of_a_motif_is_found_where_it_stands() {
        let known: Vec<Motif> = (0..4).map(|i| random(12, i)).collect();
        let part = Motif::new("part", known[2].matrix[3..10].to_vec()).unwrap();
        let flanked: Vec<[f64; 4]> = [vec![[0.25; 4]; 2], part.matrix.clone(), vec![[0.25; 4]]].concat();
        for (filter, strand, offset) in [
            (part.clone(), Strand::Forward, -3),
            (part.reverse_complement(), Strand::Reverse, -2),
            (Motif::new("flanked", flanked).unwrap(), Strand::Forward, -1),
        ] {
            let hit = Search::new(&filter, &known).best();
            assert_eq!((hit.motif, hit.strand, hit.offset), (2, strand, offset), "{hit:?}");
            assert!((hit.similarity - 1.0).abs() < 1e-12 || filter.name == "flanked", "{hit:?}");
        }
        // The same as `Motif::best_match` where the best alignment covers the shorter one.
        let copy = Search::new(&known[1], &known[1..2]).best();
        let found = known[1].best_match(&known[1]);
        assert_eq!((copy.strand, copy.offset), (found.strand, found.offset));
        assert!((copy.similarity - found.similarity).abs() < 1e-12);
    }

    #[test]
    fn a_copy_is_significant_and_chance_is_not() {
        let known: Vec<Motif> = (0..5).map(|i| random(10, 100 + i)).collect();
        let p_value = |filter: &Motif, known: &[Motif], number| Search::new(filter, known).p_value(1, number);
        let copy = p_value(&known[3].reverse_complement(), &known, 0);
        assert!(copy <= 0.002, "{copy}");
        // Without a relation p is uniform: its mean over 200 random filters is 0.5, with a standard deviation of 0.02.
        let p: Vec<f64> = (0..200)
            .map(|i| p_value(&random(10, 1_000 + i), &known, i as usize))
            .collect();
        let mean = p.iter().sum::<f64>() / 200.0;
        assert!((mean - 0.5).abs() < 0.08, "{mean}");
        // One letter again and again has one order only, so nothing speaks for its place.
        let poly = Motif::new("A", vec![[0.97, 0.01, 0.01, 0.01]; 8]).unwrap();
        assert_eq!(p_value(&poly, std::slice::from_ref(&poly), 0), 1.0);
    }

    #[test]
    fn rates_are_those_of_benjamini_and_hochberg() {
        let rates = false_discovery_rates(&[0.01, 0.04, 0.03, 0.5]);
        let expected = [0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5];
        assert!(rates.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{rates:?}");
    }
}
