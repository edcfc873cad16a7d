//! Two motifs, a spacing rule and two outputs that share one motif.

use crate::motif::{Motif, Strand};
use crate::{DataError, Result};
use cistron_random::{Purpose, Stream};
use polars::prelude::{Column, DataFrame};

/// The settings of [`motif_grammar`].
#[derive(Clone, Debug, PartialEq)]
pub struct MotifGrammar {
    /// How many sequences.
    pub sequences: usize,
    /// The length of each in bp, at least 100.
    pub length: usize,
    /// Everything random follows from it.
    pub seed: u64,
    /// The standard deviation of the noise on both outputs.
    pub noise: f64,
    /// The share of G and C in the background.
    pub gc: f64,
}

impl Default for MotifGrammar {
    fn default() -> Self {
        Self {
            sequences: 6000,
            length: 200,
            seed: 1,
            noise: 0.15,
            gc: 0.46,
        }
    }
}

/// A site of a motif that was planted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlantedSite {
    /// Which of [`Simulation::motifs`].
    pub motif: usize,
    /// First position, 0-based on the sequence as written.
    pub position: usize,
    /// The strand on which it reads as the motif.
    pub strand: Strand,
    /// Its strength: 1 for the best possible site, about half for every mismatch in the core.
    pub strength: f64,
}

/// Simulated sequences with their measurements and the truth behind them.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Columns `name`, `sequence`, `enhancer`, `promoter` and `split` (`train`, `valid`, `test`: 80, 10 and 10 %).
    pub table: DataFrame,
    /// The planted motifs, A and B.
    pub motifs: Vec<Motif>,
    /// The planted sites of every row of the table.
    pub sites: Vec<Vec<PlantedSite>>,
    /// The rule in a sentence.
    pub rule: String,
    /// The settings it was made with.
    pub settings: MotifGrammar,
}

/// Consensus of motif A (like GATA factors) and how sure each position is.
const MOTIF_A: (&str, [f64; 10]) = ("CAGATAAGGA", [0.7, 0.9, 0.98, 0.98, 0.98, 0.98, 0.97, 0.93, 0.8, 0.6]);
/// Consensus of motif B (like ETS factors) and how sure each position is.
const MOTIF_B: (&str, [f64; 10]) = ("ACCGGAAGTG", [0.8, 0.9, 0.95, 0.98, 0.98, 0.98, 0.98, 0.93, 0.9, 0.7]);
/// Bases between the end of A and the beginning of B, on A's strand, that make them a pair: from, to (inclusive).
const SPACING: (usize, usize) = (4, 16);
/// Bases between A and B in decoys.
const FAR: usize = 45;
/// What one site of A adds to the enhancer, what a pair adds to it, what one site of A adds to the promoter.
const WEIGHTS: (f64, f64, f64) = (0.5, 2.0, 1.0);

fn motif(name: &str, (consensus, sure): (&str, [f64; 10])) -> Result<Motif> {
    let column = |(base, p): (char, f64)| {
        let mut column = [(1.0 - p) / 3.0; 4];
        if let Some(i) = "ACGT".find(base) {
            column[i] = p;
        }
        column
    };
    Motif::new(name, consensus.chars().zip(sure).map(column).collect())
}

/// What is planted in a sequence.
#[derive(Clone, Copy, PartialEq)]
enum Plan {
    Nothing,
    /// One to four sites of A.
    OnlyA,
    /// One or two sites of B.
    OnlyB,
    /// A and B, but B too far behind A, before it, or on the other strand.
    Decoy,
    /// B behind A within the spacing, sometimes with one more A.
    Pair,
}

/// Makes sequences, their truth and two outputs.
///
/// The background has the chosen GC content. A tenth of the sequences hold no site, a quarter one to four sites of
/// motif A, 15 % one or two of motif B, a fifth a decoy (A and B that are no pair), 30 % a pair (B begins 4 to 16 bp
/// behind the end of A, on the same strand). Sites are drawn from the motifs' probabilities, strands at random. A
/// site's strength is `2^(0.2 (score - best score))`, scores in bits. With `a` the summed strengths of the A sites and
/// `ab` the product of strengths of the pair, `enhancer = 0.5 a + 2 ab` and `promoter = a`, each plus normal noise.
///
/// # Errors
/// Fewer than 10 sequences, fewer than 100 bp, GC outside 0 to 1, negative noise.
///
/// # Example
/// ```
/// use cistron_data::simulate::{MotifGrammar, motif_grammar};
/// let simulation = motif_grammar(MotifGrammar { sequences: 50, ..MotifGrammar::default() })?;
/// assert_eq!(simulation.table.height(), 50);
/// assert_eq!(simulation.motifs[0].consensus(), "CAGATAAGGA");
/// # Ok::<(), cistron_data::DataError>(())
/// ```
pub fn motif_grammar(settings: MotifGrammar) -> Result<Simulation> {
    check(&settings)?;
    let motifs = vec![motif("A", MOTIF_A)?, motif("B", MOTIF_B)?];
    let n = settings.sequences;
    let (mut names, mut sequences, mut sites) = (Vec::new(), Vec::new(), Vec::new());
    let (mut enhancer, mut promoter, mut split) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..n {
        let mut stream = Stream::new(settings.seed, Purpose::Simulation, row as u64, 0);
        let mut bases = background(&mut stream, settings.length, settings.gc);
        let (planted, pair) = plant(&mut stream, &mut bases, &motifs);
        let a: f64 = planted.iter().filter(|s| s.motif == 0).map(|s| s.strength).sum();
        let together = pair.map_or(0.0, |(i, j)| planted[i].strength * planted[j].strength);
        enhancer.push((WEIGHTS.0 * a + WEIGHTS.1 * together + settings.noise * stream.normal()) as f32);
        promoter.push((WEIGHTS.2 * a + settings.noise * stream.normal()) as f32);
        split.push(match stream.uniform() {
            u if u < 0.8 => "train",
            u if u < 0.9 => "valid",
            _ => "test",
        });
        names.push(format!("seq{row:05}"));
        sequences.push(String::from_utf8_lossy(&bases).into_owned());
        sites.push(planted);
    }
    let columns = vec![
        Column::new("name".into(), names),
        Column::new("sequence".into(), sequences),
        Column::new("enhancer".into(), enhancer),
        Column::new("promoter".into(), promoter),
        Column::new("split".into(), split),
    ];
    let rule = format!(
        "Motif A on either strand raises both outputs; B begins {} to {} bp behind A on the same strand: the enhancer rises {} times as much again, the promoter does not.",
        SPACING.0,
        SPACING.1,
        WEIGHTS.1 / WEIGHTS.0
    );
    Ok(Simulation {
        table: DataFrame::new(n, columns)?,
        motifs,
        sites,
        rule,
        settings,
    })
}

fn check(settings: &MotifGrammar) -> Result<()> {
    let wrong = |message: String| Err(DataError::Values(format!("motif_grammar: {message}")));
    match settings {
        s if s.sequences < 10 => wrong(format!("at least 10 sequences, not {}", s.sequences)),
        s if s.length < 100 => wrong(format!("sequences of at least 100 bp, not {}", s.length)),
        s if !(0.0..=1.0).contains(&s.gc) => wrong(format!("`gc` is a share from 0 to 1, not {}", s.gc)),
        s if !s.noise.is_finite() || s.noise < 0.0 => wrong(format!("`noise` must be 0 or more, not {}", s.noise)),
        _ => Ok(()),
    }
}

fn background(stream: &mut Stream, length: usize, gc: f64) -> Vec<u8> {
    let base = |u: f64| match u {
        u if u < gc / 2.0 => b'C',
        u if u < gc => b'G',
        u if u < gc + (1.0 - gc) / 2.0 => b'A',
        _ => b'T',
    };
    (0..length).map(|_| base(stream.uniform())).collect()
}

/// Plants sites; gives them, and which two are a pair.
fn plant(stream: &mut Stream, bases: &mut [u8], motifs: &[Motif]) -> (Vec<PlantedSite>, Option<(usize, usize)>) {
    let plan = match stream.uniform() {
        u if u < 0.10 => Plan::Nothing,
        u if u < 0.35 => Plan::OnlyA,
        u if u < 0.50 => Plan::OnlyB,
        u if u < 0.70 => Plan::Decoy,
        _ => Plan::Pair,
    };
    let mut field = Field {
        bases,
        motifs,
        sites: Vec::new(),
    };
    let mut pair = None;
    match plan {
        Plan::Nothing => {}
        Plan::OnlyA => (0..1 + stream.below(4)).for_each(|_| field.anywhere(stream, 0)),
        Plan::OnlyB => (0..1 + stream.below(2)).for_each(|_| field.anywhere(stream, 1)),
        Plan::Decoy => field.decoy(stream),
        Plan::Pair => {
            let gap = SPACING.0 + stream.below((SPACING.1 - SPACING.0 + 1) as u64) as usize;
            let strand = random_strand(stream);
            let (a, b) = (motifs[0].len(), motifs[1].len());
            let start = stream.below((field.bases.len() - a - b - gap + 1) as u64) as usize;
            let (at_a, at_b) = if strand == Strand::Forward {
                (start, start + a + gap)
            } else {
                (start + b + gap, start)
            };
            field.put(stream, 0, at_a, strand);
            field.put(stream, 1, at_b, strand);
            pair = Some((0, 1));
            if stream.uniform() < 0.4 {
                field.anywhere(stream, 0);
            }
        }
    }
    (field.sites, pair)
}

fn random_strand(stream: &mut Stream) -> Strand {
    if stream.below(2) == 0 {
        Strand::Forward
    } else {
        Strand::Reverse
    }
}

/// A sequence that sites are planted into.
struct Field<'a> {
    bases: &'a mut [u8],
    motifs: &'a [Motif],
    sites: Vec<PlantedSite>,
}

impl Field<'_> {
    /// Whether a stretch, with `margin` bases around it, is free.
    fn is_free(&self, position: usize, length: usize, margin: usize) -> bool {
        let ends = |s: &PlantedSite| (s.position, s.position + self.motifs[s.motif].len());
        self.sites
            .iter()
            .map(ends)
            .all(|(from, to)| position >= to + margin || position + length + margin <= from)
    }

    /// A site at a free place, far enough from others to make no pair; left out when 50 draws find none.
    fn anywhere(&mut self, stream: &mut Stream, motif: usize) {
        let length = self.motifs[motif].len();
        let strand = random_strand(stream);
        for _ in 0..50 {
            let position = stream.below((self.bases.len() - length + 1) as u64) as usize;
            if self.is_free(position, length, SPACING.1 + 1) {
                return self.put(stream, motif, position, strand);
            }
        }
    }

    /// A and B that are no pair: near each other on two strands or in the other order, or far apart.
    fn decoy(&mut self, stream: &mut Stream) {
        let (a, b) = (self.motifs[0].len(), self.motifs[1].len());
        let kind = stream.below(3);
        let gap = if kind == 0 {
            FAR + stream.below(20) as usize
        } else {
            SPACING.0 + stream.below(13) as usize
        };
        let strand = random_strand(stream);
        let start = stream.below((self.bases.len() - a - b - gap + 1) as u64) as usize;
        let a_first = (strand == Strand::Forward) == (kind != 1);
        let (at_a, at_b) = if a_first {
            (start, start + a + gap)
        } else {
            (start + b + gap, start)
        };
        let other = if strand == Strand::Forward {
            Strand::Reverse
        } else {
            Strand::Forward
        };
        self.put(stream, 0, at_a, strand);
        self.put(stream, 1, at_b, if kind == 2 { other } else { strand });
    }

    /// Draws a site from the motif's probabilities and writes it.
    fn put(&mut self, stream: &mut Stream, motif: usize, position: usize, strand: Strand) {
        let matrix = &self.motifs[motif].matrix;
        let (mut site, mut lost) = (Vec::with_capacity(matrix.len()), 0.0);
        for column in matrix {
            let mut u = stream.uniform();
            let drawn = column.iter().position(|p| {
                u -= p;
                u < 0.0
            });
            let base = drawn.unwrap_or(3);
            let best = column.iter().copied().fold(0.0, f64::max);
            lost += (column[base] / best).log2();
            site.push(base);
        }
        if strand == Strand::Reverse {
            site = site.iter().rev().map(|b| 3 - b).collect();
        }
        for (place, base) in self.bases[position..].iter_mut().zip(site) {
            *place = b"ACGT"[base];
        }
        self.sites.push(PlantedSite {
            motif,
            position,
            strand,
            strength: (0.2 * lost).exp2(),
        });
    }
}

impl Simulation {
    /// A row's sequence with every planted site overwritten by random background: the control that shows whether a
    /// model reads the motifs. `letters` is the row's sequence.
    pub fn scramble(&self, row: usize, letters: &str) -> String {
        let mut bases = letters.as_bytes().to_vec();
        let mut stream = Stream::new(self.settings.seed, Purpose::Simulation, row as u64, 1);
        for site in self.sites.get(row).into_iter().flatten() {
            let fresh = background(&mut stream, self.motifs[site.motif].len(), self.settings.gc);
            for (place, base) in bases.iter_mut().skip(site.position).zip(fresh) {
                *place = base;
            }
        }
        String::from_utf8_lossy(&bases).into_owned()
    }

    /// The table with every planted site overwritten by random background; outputs and split stay.
    ///
    /// # Errors
    /// Only if the table was changed so that it has no column `sequence`.
    pub fn scrambled(&self) -> Result<DataFrame> {
        let letters: Vec<String> = crate::table::texts(&self.table, "sequence")?;
        let changed: Vec<String> = letters.iter().enumerate().map(|(row, s)| self.scramble(row, s)).collect();
        let mut table = self.table.clone();
        table.with_column(Column::new("sequence".into(), changed))?;
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::pearson;

    fn small() -> Simulation {
        motif_grammar(MotifGrammar {
            sequences: 1500,
            ..MotifGrammar::default()
        })
        .unwrap()
    }

    /// What the rule gives when sites are looked for in the letters: A's summed strengths, and the pairs'.
    fn read_off(simulation: &Simulation, letters: &str) -> (f64, f64) {
        let strong = |motif: &Motif| {
            let best: f64 = motif
                .matrix
                .iter()
                .map(|c| (c.iter().copied().fold(0.0, f64::max) / 0.25).log2())
                .sum();
            let sites = motif.scan(letters, [0.25; 4], best - 9.0).unwrap();
            sites
                .into_iter()
                .map(move |s| (s.position, s.strand, (0.2 * (s.score - best)).exp2()))
                .collect::<Vec<_>>()
        };
        let (a, b) = (strong(&simulation.motifs[0]), strong(&simulation.motifs[1]));
        let (first, second) = (simulation.motifs[0].len(), simulation.motifs[1].len());
        let mut pairs = 0.0;
        for (at, strand, x) in &a {
            for (bt, other, y) in &b {
                let gap = if *strand == Strand::Forward {
                    bt.checked_sub(at + first)
                } else {
                    at.checked_sub(bt + second)
                };
                if strand == other && gap.is_some_and(|g| (SPACING.0..=SPACING.1).contains(&g)) {
                    pairs += x * y;
                }
            }
        }
        (a.iter().map(|s| s.2).sum(), pairs)
    }

    #[test]
    fn the_outputs_follow_from_the_letters_by_the_rule() {
        let simulation = small();
        let letters = crate::table::texts(&simulation.table, "sequence").unwrap();
        let found: Vec<(f64, f64)> = letters.iter().map(|s| read_off(&simulation, s)).collect();
        let column = |name| crate::table::numbers(&simulation.table, name).unwrap();
        let enhancer: Vec<f64> = found.iter().map(|(a, ab)| 0.5 * a + 2.0 * ab).collect();
        let promoter: Vec<f64> = found.iter().map(|(a, _)| *a).collect();
        let both = (
            pearson(&enhancer, &column("enhancer")).unwrap(),
            pearson(&promoter, &column("promoter")).unwrap(),
        );
        assert!(both.0 > 0.9 && both.1 > 0.9, "{both:?}");
        // The spacing matters: without the pairs much of the enhancer is lost.
        assert!(pearson(&promoter, &column("enhancer")).unwrap() < 0.8);
    }

    #[test]
    fn scrambled_sites_carry_nothing() {
        let simulation = small();
        let table = simulation.scrambled().unwrap();
        let letters = crate::table::texts(&table, "sequence").unwrap();
        let found: Vec<f64> = letters
            .iter()
            .map(|s| read_off(&simulation, s))
            .map(|(a, ab)| 0.5 * a + 2.0 * ab)
            .collect();
        let r = pearson(&found, &crate::table::numbers(&table, "enhancer").unwrap()).unwrap();
        assert!(r.abs() < 0.1, "{r}");
    }

    #[test]
    fn the_same_settings_give_the_same_table() {
        assert!(small().table.equals(&small().table));
        let other = motif_grammar(MotifGrammar {
            sequences: 1500,
            seed: 2,
            ..MotifGrammar::default()
        })
        .unwrap();
        assert!(!small().table.equals(&other.table));
    }

    #[test]
    fn motifs_are_informative_and_different() {
        let simulation = small();
        let bits: Vec<f64> = simulation.motifs.iter().map(Motif::total_information).collect();
        assert!(bits.iter().all(|b| *b > 10.0), "{bits:?}");
        assert!(simulation.motifs[0].similarity(&simulation.motifs[1]) < 0.7);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let message = motif_grammar(MotifGrammar {
            gc: 1.5,
            ..MotifGrammar::default()
        })
        .unwrap_err()
        .to_string();
        assert_eq!(message, "motif_grammar: `gc` is a share from 0 to 1, not 1.5");
    }
}
