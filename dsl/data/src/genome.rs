//! A genome: sequences by name, start and end.

use crate::alphabet::{PAD, UNKNOWN, decode, reverse_complement};
use crate::motif::Strand;
use crate::source::{fasta, files};
use crate::store::{self, Bytes};
use crate::{DataError, Result};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, Mutex};
use twobit::TwoBitFile;

/// The longest stretch that is cut out at once, in bp.
const LONGEST: i64 = 1 << 30;

/// The sequences of a `.2bit`, `.fa` or `.fa.gz` file. Of 2bit only what is asked for is read; FASTA is unpacked once to
/// one byte per base (above 16 MiB into the cache). Cloning is cheap.
///
/// # Units
/// Coordinates are 0-based and half-open, as in BED.
///
/// # Example
/// ```no_run
/// use cistron_data::{Genome, Strand};
/// let yeast = Genome::open("sacCer3.2bit")?;
/// let promoter = yeast.sequence("chrIV", 1_000, 1_600, Strand::Reverse)?;
/// assert_eq!(promoter.len(), 600);
/// # Ok::<(), cistron_data::DataError>(())
/// ```
#[derive(Clone)]
pub struct Genome {
    label: String,
    /// Name and length in bp, in the order of the file.
    sequences: Vec<(String, usize)>,
    bases: Arc<Bases>,
}

/// Where bases are read from.
enum Bases {
    TwoBit(Mutex<TwoBitFile<BufReader<File>>>),
    /// All codes, and where each sequence begins.
    Codes(Bytes, Vec<usize>),
}

impl std::fmt::Debug for Genome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} sequences", self.label, self.sequences.len())
    }
}

impl Genome {
    /// Opens a genome; what the file is says its content, not its name.
    ///
    /// # Errors
    /// A missing or damaged file, a letter that is no base, a name that stands twice, a cache that cannot be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let written = path.as_ref().to_string_lossy().into_owned();
        let found = files::find(&written)?;
        let genome = if is_two_bit(&found).map_err(|e| DataError::file(&written, None, e.to_string()))? {
            crate::opened::note_ends(&found).map_err(|e| DataError::file(&written, None, e.to_string()))?;
            Self::open_two_bit(written, &found)
        } else {
            Self::open_fasta(&files::open(&written)?)
        }?;
        let mut seen = std::collections::HashSet::new();
        match genome.sequences.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            Some((twice, _)) => Err(DataError::file(
                &genome.label,
                None,
                format!("two sequences are called `{twice}`"),
            )),
            None => Ok(genome),
        }
    }

    fn open_two_bit(label: String, path: &Path) -> Result<Self> {
        let broken = |e: twobit::Error| DataError::file(&label, None, format!("not a complete 2bit file: {e}"));
        let file = TwoBitFile::open(path).map_err(broken)?;
        let sequences = file.chrom_names().into_iter().zip(file.chrom_sizes()).collect();
        Ok(Self {
            sequences,
            bases: Arc::new(Bases::TwoBit(Mutex::new(file))),
            label,
        })
    }

    fn open_fasta(file: &files::Opened) -> Result<Self> {
        let (mut sequences, mut starts, mut total) = (Vec::new(), Vec::new(), 0);
        let located = |error| match error {
            DataError::Values(message) => DataError::Values(format!("{message}; a genome has A, C, G, T and N")),
            other => other,
        };
        fasta::each(file, |name, letters| {
            let (codes, _) = fasta::codes(file, name, letters)?;
            sequences.push((name.to_string(), codes.len()));
            starts.push(total);
            total += codes.len();
            Ok(())
        })
        .map_err(located)?;
        let key = format!("genome {}", file.print.sha256);
        let codes = store::keep(total as u64, Some(&key), |sink| {
            fasta::each(file, |name, letters| sink.write(&fasta::codes(file, name, letters)?.0))?;
            file.unchanged()
        })?;
        Ok(Self {
            label: file.label.clone(),
            sequences,
            bases: Arc::new(Bases::Codes(codes, starts)),
        })
    }

    /// The names of the sequences, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        self.sequences.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The length of a sequence in bp.
    ///
    /// # Errors
    /// No such sequence; the message says what this genome calls it when only the style differs (`chr1`, `1`, `chrI`).
    pub fn length(&self, name: &str) -> Result<usize> {
        self.place(name).map(|place| self.sequences[place].1)
    }

    /// The bases from `start` to below `end` as capital letters; on the reverse strand their reverse complement. Positions
    /// before the beginning and behind the end of the sequence are N, and so are ambiguous letters.
    ///
    /// # Errors
    /// No such sequence, an empty stretch, one that lies outside the sequence or is longer than 2^30 bp, a damaged file.
    pub fn sequence(&self, name: &str, start: i64, end: i64, strand: Strand) -> Result<String> {
        let place = self.place(name)?;
        let length = self.sequences[place].1;
        let wrong = |what: &str| {
            let message = format!("{name}:{start}-{end} {what}; `{name}` has {length} bp (coordinates are 0-based, half-open)");
            DataError::file(&self.label, None, message)
        };
        if start >= end {
            return Err(wrong("is empty"));
        }
        let size = end
            .checked_sub(start)
            .filter(|n| *n <= LONGEST)
            .ok_or_else(|| wrong("is too long"))?;
        let inside = |at: i64| usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(length);
        let (from, to) = (inside(start), inside(end));
        if from >= to {
            return Err(wrong("lies outside"));
        }
        let mut codes = vec![UNKNOWN; usize::try_from(from as i64 - start).unwrap_or(0)];
        self.append(place, from, to, &mut codes)?;
        codes.resize(usize::try_from(size).unwrap_or(0), UNKNOWN);
        if strand == Strand::Reverse {
            codes = reverse_complement(&codes);
        }
        debug_assert!(!codes.contains(&PAD));
        Ok(decode(&codes, false))
    }

    /// Appends the codes of a stretch inside a sequence.
    fn append(&self, place: usize, from: usize, to: usize, codes: &mut Vec<u8>) -> Result<()> {
        match &*self.bases {
            Bases::Codes(all, starts) => codes.extend_from_slice(&all[starts[place] + from..starts[place] + to]),
            Bases::TwoBit(file) => {
                let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let name = &self.sequences[place].0;
                let problem = |e: String| DataError::file(&self.label, None, format!("{name}:{from}-{to} cannot be read: {e}"));
                let letters = file.read_sequence(name, from..to).map_err(|e| problem(e.to_string()))?;
                let (found, _) = crate::alphabet::encode(&letters).map_err(|(_, c)| problem(format!("`{c}` is no base")))?;
                codes.extend(found);
            }
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Result<usize> {
        if let Some(place) = self.sequences.iter().position(|(n, _)| n == name) {
            return Ok(place);
        }
        let names = self.names();
        let hint = match names.iter().find(|n| styles(name).iter().any(|s| s.eq_ignore_ascii_case(n))) {
            Some(other) => format!("`{}` calls it `{other}`", self.label),
            None => cistron_declaration::did_you_mean(name, names),
        };
        Err(DataError::Unknown {
            what: "sequence",
            name: name.into(),
            hint,
        })
    }
}

fn is_two_bit(path: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut first = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut first)?;
    Ok(matches!(
        first.as_slice(),
        [0x43, 0x27, 0x41, 0x1a] | [0x1a, 0x41, 0x27, 0x43]
    ))
}

/// How others write a chromosome's name: with and without `chr`, Roman and Arabic, the mitochondrion as M and MT.
fn styles(name: &str) -> Vec<String> {
    let bare = match name.get(..3) {
        Some(prefix) if prefix.eq_ignore_ascii_case("chr") => &name[3..],
        _ => name,
    };
    let mut bares = vec![bare.to_string()];
    if let Ok(number) = bare.parse::<usize>() {
        bares.extend(roman(number));
    }
    bares.extend(
        (1..=ROMAN)
            .find(|&n| roman(n).as_deref() == Some(&bare.to_uppercase()))
            .map(|n| n.to_string()),
    );
    if ["m", "mt", "mito"].contains(&bare.to_lowercase().as_str()) {
        bares.extend(["M", "MT", "Mito"].map(String::from));
    }
    bares.iter().flat_map(|b| [b.clone(), format!("chr{b}")]).collect()
}

/// The largest number of a chromosome that is written in Roman numerals.
const ROMAN: usize = 39;

fn roman(number: usize) -> Option<String> {
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    (1..=ROMAN)
        .contains(&number)
        .then(|| format!("{}{}", "X".repeat(number / 10), ONES[number % 10]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn genome(content: &str) -> Result<Genome> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g.fa");
        std::fs::write(&path, content).unwrap();
        Genome::open(path)
    }

    #[test]
    fn ends_are_padded_and_strands_turned() {
        let genome = genome(">chrI first\nACGTT\nRacg\n>chr2\nGG\n").unwrap();
        assert_eq!(genome.names(), ["chrI", "chr2"]);
        assert_eq!(genome.length("chrI").unwrap(), 9);
        let of = |start, end, strand| genome.sequence("chrI", start, end, strand).unwrap();
        assert_eq!(of(3, 8, Strand::Forward), "TTNAC");
        assert_eq!(of(3, 8, Strand::Reverse), "GTNAA");
        assert_eq!(of(-2, 3, Strand::Forward), "NNACG");
        assert_eq!(of(-2, 3, Strand::Reverse), "CGTNN");
        assert_eq!(of(7, 12, Strand::Forward), "CGNNN");
        assert_eq!(genome.sequence("chr2", 0, 2, Strand::Reverse).unwrap(), "CC");
    }

    #[test]
    fn what_does_not_exist_is_named_with_what_does() {
        let genome = genome(">chrI\nACGT\n>chrIV\nAC\n>chrM\nAC\n").unwrap();
        let missing = |name: &str| genome.length(name).unwrap_err().to_string();
        for (written, called) in [
            ("1", "chrI"),
            ("chr4", "chrIV"),
            ("IV", "chrIV"),
            ("MT", "chrM"),
            ("CHRI", "chrI"),
        ] {
            assert!(
                missing(written).contains(&format!("calls it `{called}`")),
                "{}",
                missing(written)
            );
        }
        let unknown = missing("scaffold_99");
        assert_eq!(unknown, "no sequence `scaffold_99`: one of: chrI, chrIV, chrM");
        let wrong = |start, end| genome.sequence("chrI", start, end, Strand::Forward).unwrap_err().to_string();
        assert!(wrong(3, 3).contains("chrI:3-3 is empty; `chrI` has 4 bp"), "{}", wrong(3, 3));
        assert!(wrong(4, 9).contains("lies outside") && wrong(-5, 0).contains("lies outside"));
        assert!(wrong(i64::MIN, i64::MAX).contains("is too long") && wrong(0, i64::MAX).contains("is too long"));
    }

    #[test]
    fn damaged_genomes_are_named() {
        let message = |content: &str| genome(content).unwrap_err().to_string();
        let letter = message(">chrI\nAC-T\n");
        assert!(
            letter.contains("g.fa, record `chrI`: `-` at position 3 is no base"),
            "{letter}"
        );
        assert!(message(">a\nAC\n>a\nAC\n").contains("two sequences are called `a`"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g.2bit");
        std::fs::write(&path, [0x43, 0x27, 0x41, 0x1a, 0, 0]).unwrap();
        let cut = Genome::open(&path).unwrap_err().to_string();
        assert!(cut.contains("g.2bit: not a complete 2bit file"), "{cut}");
    }
}
