//! Motif files in MEME's minimal format.
//!
//! Bailey et al., "The MEME Suite", Nucleic Acids Research 2015; <https://meme-suite.org/meme/doc/meme-format.html>.

use crate::motif::Motif;
use crate::source::files;
use crate::{DataError, Result};
use std::path::Path;

/// How far the sum of a row may be from 1: files hold rounded numbers.
const ROUNDED: f64 = 0.02;

impl Motif {
    /// Reads a file in MEME's minimal format, version 4 or 5 (a full `meme.txt` and gzip too), with the alphabet of DNA or
    /// RNA. A motif's name is what stands behind `MOTIF`. The background and `nsites` are checked but not kept: a motif
    /// here is probabilities alone.
    ///
    /// # Errors
    /// A missing file; with its line: another alphabet, a row that does not hold four probabilities with the sum 1, a
    /// matrix with fewer rows than `w=` says, a motif without a matrix; a file without motifs.
    ///
    /// # Example
    /// ```no_run
    /// use cistron_data::Motif;
    /// let known = Motif::read_meme("jaspar.meme")?;
    /// println!("{} motifs, the first is {}", known.len(), known[0].consensus());
    /// # Ok::<(), cistron_data::DataError>(())
    /// ```
    pub fn read_meme(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        let content = files::read(&path.as_ref().to_string_lossy())?;
        let mut reader = MemeReader {
            label: &content.label,
            lines: content.text()?.lines().enumerate().map(|(i, l)| (i + 1, l.trim())).collect(),
            at: 0,
        };
        reader.read()
    }

    /// Writes motifs in MEME's minimal format, version 4, alphabet DNA, uniform background; an existing file is replaced
    /// at once when all is written.
    ///
    /// # Errors
    /// No motifs, a name that is empty or holds a line break, a folder that cannot be written.
    pub fn write_meme(motifs: &[Self], path: impl AsRef<Path>) -> Result<()> {
        let mut out = String::from("MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n");
        out.push_str("Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n");
        if motifs.is_empty() {
            return Err(DataError::Values("write_meme: there are no motifs to write".into()));
        }
        for motif in motifs {
            let name = motif.name.trim();
            if name.is_empty() || name.contains(['\n', '\r']) {
                let message = format!(
                    "write_meme: `{}` cannot be a motif's name: it needs one line of text",
                    motif.name
                );
                return Err(DataError::Values(message));
            }
            out.push_str(&format!(
                "\nMOTIF {name}\nletter-probability matrix: alength= 4 w= {}\n",
                motif.len()
            ));
            for [a, c, g, t] in &motif.matrix {
                out.push_str(&format!("{a:.9} {c:.9} {g:.9} {t:.9}\n"));
            }
        }
        files::write(path.as_ref(), &out)
    }
}

/// Goes through the lines.
struct MemeReader<'a> {
    label: &'a str,
    lines: Vec<(usize, &'a str)>,
    at: usize,
}

impl<'a> MemeReader<'a> {
    fn error(&self, line: usize, message: impl Into<String>) -> DataError {
        DataError::file(self.label, Some(line), message)
    }

    fn next(&mut self) -> Option<(usize, &'a str)> {
        let found = self.lines.get(self.at).copied();
        self.at += 1;
        found
    }

    fn read(&mut self) -> Result<Vec<Motif>> {
        self.version()?;
        let mut motifs = Vec::new();
        let mut open: Option<(usize, String)> = None;
        while let Some((number, line)) = self.next() {
            if let Some(letters) = line.strip_prefix("ALPHABET=") {
                self.alphabet(number, letters.trim())?;
            } else if line.starts_with("ALPHABET") {
                self.alphabet_block(number)?;
            } else if line.starts_with("Background letter frequencies") {
                self.background(number)?;
            } else if let Some(rest) = line.strip_prefix("MOTIF").filter(|r| r.starts_with([' ', '\t'])) {
                self.without_matrix(&open)?;
                // A full `meme.txt` goes on with `width = 9 sites = ..`.
                let name = rest.split(" width =").next().unwrap_or_default();
                let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
                open = Some((number, name));
            } else if let Some(rest) = line.strip_prefix("letter-probability matrix:") {
                let Some((_, name)) = open.take() else {
                    return Err(self.error(number, "a matrix without a line `MOTIF name` before it"));
                };
                motifs.push(Motif::new(name, self.matrix(number, rest)?)?);
            }
        }
        self.without_matrix(&open)?;
        if motifs.is_empty() {
            return Err(DataError::file(self.label, None, "the file holds no line `MOTIF name`"));
        }
        Ok(motifs)
    }

    fn version(&mut self) -> Result<()> {
        while let Some((number, line)) = self.next() {
            if line.is_empty() || line.chars().all(|c| c == '*') {
                continue;
            }
            let Some(rest) = line.strip_prefix("MEME version") else {
                if self.lines[self.at..].iter().any(|(_, l)| l.starts_with("MEME version")) {
                    continue;
                }
                let message = format!("`{line}` where `MEME version 4` is expected: this is no MEME motif file");
                return Err(self.error(number, message));
            };
            let version = rest.split(['.', ' ', '\t']).find(|w| !w.is_empty()).unwrap_or_default();
            return match version {
                "4" | "5" => Ok(()),
                _ => Err(self.error(number, format!("MEME version `{}`; 4 and 5 are read", rest.trim()))),
            };
        }
        Err(DataError::file(self.label, None, "the file is empty"))
    }

    fn without_matrix(&self, open: &Option<(usize, String)>) -> Result<()> {
        match open {
            None => Ok(()),
            Some((line, name)) => Err(self.error(*line, format!("motif `{name}` has no `letter-probability matrix:`"))),
        }
    }

    fn alphabet(&self, line: usize, letters: &str) -> Result<()> {
        match letters {
            "ACGT" | "ACGU" => Ok(()),
            other => Err(self.error(
                line,
                format!("the alphabet `{other}`; motifs of DNA (ACGT) and RNA (ACGU) are read"),
            )),
        }
    }

    /// The long form of version 5: one line per letter, `A "Adenine" CC0000 ~ T "Thymine" 008000`, ambiguity codes with `=`.
    fn alphabet_block(&mut self, first: usize) -> Result<()> {
        let mut letters: Vec<char> = Vec::new();
        while let Some((_, line)) = self.next() {
            if line.starts_with("END ALPHABET") {
                letters.sort_unstable();
                letters.dedup();
                return self.alphabet(first, &letters.into_iter().collect::<String>());
            }
            // What stands in quotes is a name.
            let bare: String = line.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            if bare.contains('=') || bare.starts_with('#') {
                continue;
            }
            letters.extend(bare.split('~').filter_map(|part| part.trim().chars().next()));
        }
        Err(self.error(first, "the alphabet has no line `END ALPHABET`"))
    }

    /// `A 0.25 C 0.25 G 0.25 T 0.25`, on one line or several.
    fn background(&mut self, first: usize) -> Result<()> {
        let (mut sum, mut found) = (0.0, 0);
        while found < 4 {
            let Some((number, line)) = self.next() else {
                return Err(self.error(first, format!("the background holds {found} of 4 frequencies")));
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            for pair in words.chunks(2) {
                let value = pair
                    .get(1)
                    .and_then(|w| w.parse::<f64>().ok())
                    .filter(|p| (0.0..=1.0).contains(p));
                match (pair[0], value) {
                    ("A" | "C" | "G" | "T" | "U", Some(value)) => sum += value,
                    _ => {
                        let message = format!("`{line}` in the background, where `A 0.25 C 0.25 G 0.25 T 0.25` is expected");
                        return Err(self.error(number, message));
                    }
                }
                found += 1;
            }
        }
        if (sum - 1.0).abs() > ROUNDED {
            return Err(self.error(first, format!("the frequencies of the background sum to {sum:.3}, not to 1")));
        }
        Ok(())
    }

    /// `alength= 4 w= 8 nsites= 20 E= 0` and the rows after it.
    fn matrix(&mut self, first: usize, header: &str) -> Result<Vec<[f64; 4]>> {
        let words: Vec<&str> = header.split([' ', '\t', '=']).filter(|w| !w.is_empty()).collect();
        let mut wanted = None;
        for pair in words.chunks(2) {
            let value = pair.get(1).and_then(|w| w.parse::<f64>().ok());
            match (pair[0], value) {
                ("alength", Some(4.0)) | ("E" | "P", _) => {}
                ("alength", _) => {
                    let found = pair.get(1).copied().unwrap_or_default();
                    return Err(self.error(first, format!("alength= {found}; motifs of DNA and RNA have 4 letters")));
                }
                ("w", Some(w)) if w >= 1.0 && w.fract() == 0.0 => wanted = Some(w as usize),
                ("nsites", Some(n)) if n > 0.0 => {}
                (key @ ("w" | "nsites"), _) => {
                    let found = pair.get(1).copied().unwrap_or_default();
                    return Err(self.error(first, format!("{key}= {found}; expected a number above 0")));
                }
                _ => {}
            }
        }
        let mut rows = Vec::new();
        while wanted != Some(rows.len()) {
            let next = self.lines.get(self.at).copied();
            let values = next.map(|(_, line)| line.split_whitespace().map(str::parse::<f64>).collect::<Vec<_>>());
            let (number, values) = match (next, values) {
                (Some((number, _)), Some(values)) if values.first().is_some_and(|v| v.is_ok()) => (number, values),
                // Without `w=` the matrix ends where the numbers end.
                _ if wanted.is_none() && !rows.is_empty() => break,
                _ => {
                    let message = match wanted {
                        Some(wanted) => format!("the matrix holds {} rows, but its header says w= {wanted}", rows.len()),
                        None => "the matrix has no rows".into(),
                    };
                    return Err(self.error(next.map_or(first, |(number, _)| number), message));
                }
            };
            self.at += 1;
            rows.push(self.row(number, &values)?);
        }
        Ok(rows)
    }

    fn row<E>(&self, line: usize, values: &[std::result::Result<f64, E>]) -> Result<[f64; 4]> {
        let share = |v: &std::result::Result<f64, E>| v.as_ref().ok().copied().filter(|p| (0.0..=1.0).contains(p));
        let found: Vec<f64> = values.iter().filter_map(share).collect();
        let sum: f64 = found.iter().sum();
        match <[f64; 4]>::try_from(found) {
            Ok(row) if values.len() == 4 && (sum - 1.0).abs() <= ROUNDED => Ok(row),
            _ => {
                let text = self.lines.get(line - 1).map_or("", |l| l.1);
                Err(self.error(line, format!("`{text}` where four probabilities with the sum 1 are expected")))
            }
        }
    }
}
