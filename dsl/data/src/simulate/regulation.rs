//! Transcription from DNA, degradation from RNA, expression as their difference, in DRG's files.

use crate::motif::Motif;
use crate::{DataError, Result};
use cistron_random::{Purpose, Stream};
use std::path::Path;

/// The settings of [`regulation`].
#[derive(Clone, Debug, PartialEq)]
pub struct RegulationLogic {
    /// How many genes.
    pub genes: usize,
    /// Positions of each gene's DNA and the most of its transcript, in bp; transcripts are half of that and longer.
    pub length: usize,
    /// Cell types; each is one class of tracks.
    pub cells: Vec<String>,
    /// Conditions of each cell type.
    pub conditions: Vec<String>,
    /// Motifs of the DNA, and as many of the RNA.
    pub motifs: usize,
    /// Noise of every matrix, as a share of the standard deviation of transcription.
    pub noise: f64,
    /// Everything random follows from it.
    pub seed: u64,
}

impl Default for RegulationLogic {
    fn default() -> Self {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_string()).collect();
        Self {
            genes: 1200,
            length: 128,
            cells: names(&["Bfo", "MF", "T8"]),
            conditions: names(&["PBS", "IL2", "IL4", "IL7", "IFNa", "IFNg"]),
            motifs: 5,
            noise: 0.15,
            seed: 11,
        }
    }
}

/// Genes whose regulation is known.
#[derive(Clone, Debug)]
pub struct Regulation {
    /// Names of the genes.
    pub genes: Vec<String>,
    /// DNA around the start of each gene.
    pub dna: Vec<String>,
    /// Transcripts, written with T.
    pub rna: Vec<String>,
    /// Names of the tracks: cell type and condition.
    pub tracks: Vec<String>,
    /// Motifs of the DNA, which count on either strand.
    pub dna_motifs: Vec<Motif>,
    /// Motifs of the transcripts.
    pub rna_motifs: Vec<Motif>,
    /// Expression, transcription and degradation, `[gene][track]`, with noise.
    pub matrices: [Vec<Vec<f64>>; 3],
    /// The chromosome of each gene, from 1 to 20.
    pub chromosomes: Vec<usize>,
    classes: Vec<String>,
    sets: Vec<Vec<usize>>,
}

const CHROMOSOMES: usize = 20;
const SETS: usize = 10;
const WIDTHS: (usize, usize) = (8, 7);

/// Makes genes whose expression is transcription minus degradation.
///
/// Random motifs of 8 bp stand on either strand of the DNA, of 7 bp on the transcript, each none, once or twice with
/// probabilities 0.45, 0.35 and 0.2 at free places of random sequence. A motif has an effect on each track: normal, zero for
/// a condition with probability 0.3, centred within each cell type. Transcription is the sum over the motifs of the DNA,
/// degradation the sum over those of the RNA scaled to the same spread, each with small offsets of the tracks; expression is their difference;
/// all three have independent noise. Two of 20 chromosomes are one of ten sets.
///
/// # Errors
/// Fewer than 20 genes, fewer than 64 bp, no cell type, one condition, no motif, negative noise.
pub fn regulation(settings: &RegulationLogic) -> Result<Regulation> {
    let s = settings;
    if s.genes < CHROMOSOMES
        || s.length < 64
        || s.cells.is_empty()
        || s.conditions.len() < 2
        || s.motifs == 0
        || s.noise.is_nan()
        || s.noise < 0.0
    {
        return Err(DataError::Values(
            "a regulation needs 20 genes, 64 bp, a cell type, two conditions, a motif and noise of 0 or more".into(),
        ));
    }
    let mut stream = Stream::new(s.seed, Purpose::Simulation, 0, 1);
    let mut motifs = |width: usize| -> Vec<Vec<u8>> {
        let draw = |stream: &mut Stream| (0..width).map(|_| stream.below(4) as u8).collect();
        (0..s.motifs).map(|_| draw(&mut stream)).collect()
    };
    let (dna_motifs, rna_motifs) = (motifs(WIDTHS.0), motifs(WIDTHS.1));
    let (dna_effects, rna_effects) = (effects(s, &mut stream), effects(s, &mut stream));
    let count = s.cells.len() * s.conditions.len();
    let offsets = |stream: &mut Stream| -> Vec<f64> { (0..count).map(|_| 0.05 * stream.normal()).collect() };
    let (kt_offsets, kd_offsets) = (offsets(&mut stream), offsets(&mut stream));
    let (mut dna, mut rna, mut kt, mut kd) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for gene in 0..s.genes {
        let mut stream = Stream::new(s.seed, Purpose::Simulation, gene as u64 + 1, 1);
        let (letters, counts) = planted(&mut stream, s.length, &dna_motifs, true);
        dna.push(letters);
        kt.push(summed(&counts, &dna_effects, count));
        let length = s.length / 2 + stream.below((s.length - s.length / 2 + 1) as u64) as usize;
        let (letters, counts) = planted(&mut stream, length, &rna_motifs, false);
        rna.push(letters);
        kd.push(summed(&counts, &rna_effects, count));
    }
    let scale = spread(&kt) / spread(&kd).max(f64::MIN_POSITIVE);
    let noise = s.noise * spread(&kt);
    let add = |rows: &mut Vec<Vec<f64>>, factor: f64, offsets: &[f64]| {
        for row in rows {
            row.iter_mut().zip(offsets).for_each(|(v, o)| *v = *v * factor + o);
        }
    };
    add(&mut kt, 1.0, &kt_offsets);
    add(&mut kd, scale, &kd_offsets);
    let ex: Vec<Vec<f64>> = kt
        .iter()
        .zip(&kd)
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect())
        .collect();
    let noisy = |rows: Vec<Vec<f64>>, stream: &mut Stream| -> Vec<Vec<f64>> {
        let row = |row: Vec<f64>, stream: &mut Stream| row.into_iter().map(|v| v + noise * stream.normal()).collect();
        rows.into_iter().map(|r| row(r, stream)).collect()
    };
    let matrices = [noisy(ex, &mut stream), noisy(kt, &mut stream), noisy(kd, &mut stream)];
    let chromosomes: Vec<usize> = (0..s.genes).map(|_| 1 + stream.below(CHROMOSOMES as u64) as usize).collect();
    let mut order: Vec<usize> = (1..=CHROMOSOMES).collect();
    stream.shuffle(&mut order);
    let (mut classes, mut tracks) = (Vec::new(), Vec::new());
    for cell in &s.cells {
        for condition in &s.conditions {
            classes.push(cell.clone());
            tracks.push(format!("{cell}_{condition}"));
        }
    }
    Ok(Regulation {
        genes: (0..s.genes).map(|g| format!("GENE{g:05}")).collect(),
        dna,
        rna,
        tracks,
        dna_motifs: named_motifs("DNA", &dna_motifs)?,
        rna_motifs: named_motifs("RNA", &rna_motifs)?,
        matrices,
        chromosomes,
        classes,
        sets: order.chunks(CHROMOSOMES / SETS).map(<[usize]>::to_vec).collect(),
    })
}

impl Regulation {
    /// Writes `dna.fa`, `rna.fa`, `exonic.tsv`, `intronic.tsv`, `degrad.tsv`, `condition.class.txt`, `sets.txt` and the motifs
    /// as `motifs.meme` into a folder, which is made.
    ///
    /// # Errors
    /// A folder or a file that cannot be written.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let failed = |path: &Path, e: std::io::Error| DataError::file(path.display(), None, e.to_string());
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
        let put = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|e| failed(&path, e))
        };
        let fasta = |letters: &[String]| -> String {
            let record = |(name, letters): (&String, &String)| format!(">{name}\n{letters}\n");
            self.genes.iter().zip(letters).map(record).collect()
        };
        put("dna.fa", fasta(&self.dna))?;
        put("rna.fa", fasta(&self.rna))?;
        for (name, rows) in ["exonic.tsv", "intronic.tsv", "degrad.tsv"].iter().zip(&self.matrices) {
            let mut text = format!("# {}\n", self.tracks.join("\t"));
            for (gene, row) in self.genes.iter().zip(rows) {
                let values: Vec<String> = row.iter().map(|v| format!("{v:.5}")).collect();
                text.push_str(&format!("{gene}\t{}\n", values.join("\t")));
            }
            put(name, text)?;
        }
        let classes = self.tracks.iter().zip(&self.classes);
        put("condition.class.txt", classes.map(|(t, c)| format!("{t} {c}\n")).collect())?;
        let set = |(i, set): (usize, &Vec<usize>)| {
            let members = self.genes.iter().zip(&self.chromosomes).filter(|(_, c)| set.contains(c));
            let names: Vec<&str> = members.map(|(gene, _)| gene.as_str()).collect();
            format!("# Set_{i}\n{}\n", names.join(" "))
        };
        put("sets.txt", self.sets.iter().enumerate().map(set).collect())?;
        let all: Vec<Motif> = self.dna_motifs.iter().chain(&self.rna_motifs).cloned().collect();
        Motif::write_meme(&all, folder.join("motifs.meme"))
    }
}

fn named_motifs(kind: &str, motifs: &[Vec<u8>]) -> Result<Vec<Motif>> {
    let column = |base: &u8| {
        let mut column = [0.0; 4];
        column[*base as usize] = 1.0;
        column
    };
    let motif = |(i, bases): (usize, &Vec<u8>)| Motif::new(format!("{kind} motif {}", i + 1), bases.iter().map(column).collect());
    motifs.iter().enumerate().map(motif).collect()
}

/// The effect of each motif on each track.
fn effects(s: &RegulationLogic, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    for _ in 0..s.motifs {
        let silent: Vec<bool> = s.conditions.iter().map(|_| stream.uniform() >= 0.7).collect();
        let mut row = Vec::new();
        for _ in &s.cells {
            let drawn: Vec<f64> = silent
                .iter()
                .map(|silent| if *silent { 0.0 } else { stream.normal() })
                .collect();
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            row.extend(drawn.iter().map(|v| v - mean));
        }
        all.push(row);
    }
    all
}

/// Random letters with motifs in them, and how often each motif is there.
fn planted(stream: &mut Stream, length: usize, motifs: &[Vec<u8>], both_strands: bool) -> (String, Vec<f64>) {
    let mut bases: Vec<u8> = (0..length).map(|_| stream.below(4) as u8).collect();
    let mut used = vec![false; length];
    let mut counts = vec![0.0; motifs.len()];
    for (count, motif) in counts.iter_mut().zip(motifs) {
        let draw = stream.uniform();
        let copies = usize::from(draw >= 0.45) + usize::from(draw >= 0.8);
        for _ in 0..copies {
            let place = (0..20).find_map(|_| {
                let at = stream.below((length - motif.len()) as u64) as usize;
                (!used[at..at + motif.len()].contains(&true)).then_some(at)
            });
            let Some(at) = place else { continue };
            used[at..at + motif.len()].fill(true);
            let reverse = both_strands && stream.uniform() < 0.5;
            for (i, base) in motif.iter().enumerate() {
                let (place, base) = if reverse {
                    (motif.len() - 1 - i, 3 - base)
                } else {
                    (i, *base)
                };
                bases[at + place] = base;
            }
            *count += 1.0;
        }
    }
    (bases.iter().map(|b| char::from(b"ACGT"[*b as usize])).collect(), counts)
}

fn summed(counts: &[f64], effects: &[Vec<f64>], tracks: usize) -> Vec<f64> {
    let of = |track: usize| counts.iter().zip(effects).map(|(n, row)| n * row[track]).sum();
    (0..tracks).map(of).collect()
}

/// The standard deviation of all values.
fn spread(rows: &[Vec<f64>]) -> f64 {
    let all: Vec<f64> = rows.iter().flatten().copied().collect();
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    (all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / all.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expression_is_the_difference_and_motifs_are_in_the_sequences() {
        let made = regulation(&RegulationLogic {
            genes: 300,
            noise: 0.0,
            ..RegulationLogic::default()
        })
        .unwrap();
        let [ex, kt, kd] = &made.matrices;
        for gene in 0..300 {
            for track in 0..18 {
                assert!((ex[gene][track] - (kt[gene][track] - kd[gene][track])).abs() < 1e-12);
            }
        }
        assert!((spread(kt) / spread(kd) - 1.0).abs() < 0.05);
        // Half of the genes and more hold each motif of the RNA.
        let motif = made.rna_motifs[0].consensus();
        let with = made.rna.iter().filter(|letters| letters.contains(&motif)).count();
        assert!((120..240).contains(&with), "{with}");
        assert!(made.rna.iter().all(|r| (64..=128).contains(&r.len())) && made.dna.iter().all(|d| d.len() == 128));
        let folder = tempfile::tempdir().unwrap();
        made.write(folder.path()).unwrap();
        let sets = std::fs::read_to_string(folder.path().join("sets.txt")).unwrap();
        assert_eq!(sets.split_whitespace().filter(|w| w.starts_with("GENE")).count(), 300);
    }
}
