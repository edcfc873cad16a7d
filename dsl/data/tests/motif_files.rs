//! Motifs in MEME's format.

use cistron_data::Motif;
use std::path::PathBuf;

const V4: &str = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies (from uniform):\nA 0.303 C 0.183\nG 0.209 T 0.305\n\nMOTIF MA0004.1 Arnt\nletter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0\n 0.2 0.8 0.0 0.0\n 0.95 0.0 0.05 0.0\n 0 1 0 0\nURL http://example.org\n\nMOTIF crp\nletter-probability matrix:\n0.25 0.25 0.25 0.25\n1 0 0 0\n";
const V5: &str = "MEME version 5.5.0 (Release date: 2022)\nALPHABET \"RNA\" RNA-LIKE\nA \"Adenine\" CC0000\nC \"Cytosine\" 0000CC\nG \"Guanine\" FFB300\nU \"Uracil\" 008000\nN \"Any base\" = ACGU\n. = ACGU\nT = U\nEND ALPHABET\n\nMOTIF PUF\nletter-probability matrix: alength= 4 w= 2 nsites= 8\n0.0 0.0 0.1 0.9\n0.0 0.0 1.0 0.0\n";

fn read(text: &str) -> Result<Vec<Motif>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.meme");
    std::fs::write(&path, text).unwrap();
    Motif::read_meme(path).map_err(|e| e.to_string())
}

#[test]
fn versions_4_and_5_are_read() {
    let found = read(V4).unwrap();
    assert_eq!(
        found.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
        ["MA0004.1 Arnt", "crp"]
    );
    assert_eq!(found[0].matrix[0], [0.2, 0.8, 0.0, 0.0]);
    assert_eq!((found[0].consensus().as_str(), found[1].len()), ("CAC", 2));
    let rna = read(V5).unwrap();
    assert_eq!((rna[0].name.as_str(), rna[0].consensus().as_str()), ("PUF", "TG"));
    let dna_like = V5
        .replace("RNA", "DNA")
        .replace("U \"Uracil\"", "T \"Thymine\"")
        .replace("T = U", "U = T");
    assert_eq!(read(&dna_like).unwrap().len(), 1);
    let paired = "MEME version 5\nALPHABET \"DNA\" DNA-LIKE\nA \"Adenine\" CC0000 ~ T \"Thymine\" 008000\nC \"Cytosine\" 0000CC ~ G \"Guanine\" FFB300\nEND ALPHABET\n";
    assert_eq!(
        read(&format!("{paired}MOTIF a\nletter-probability matrix: w= 1\n1 0 0 0\n"))
            .unwrap()
            .len(),
        1
    );
    let full = "****\nMEME - Motif discovery tool\n****\nMEME version 5.5.0\nALPHABET= ACGT\nMOTIF CAC MEME-1 width = 3 sites = 9 llr = 4\nlog-odds matrix: alength= 4 w= 1 E= 1\n-3 2 1 0\nletter-probability matrix: alength= 4 w= 1 nsites= 9 E= 1.0e-3\n 0.1 0.7 0.1 0.1\n";
    assert_eq!(read(full).unwrap()[0].name, "CAC MEME-1");
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("out.meme");
    let motifs = read(V4).unwrap();
    Motif::write_meme(&motifs, &path).unwrap();
    let again = Motif::read_meme(&path).unwrap();
    assert_eq!(again.len(), 2);
    for (a, b) in motifs.iter().zip(&again) {
        assert_eq!(a.name, b.name);
        let far = a
            .matrix
            .iter()
            .flatten()
            .zip(b.matrix.iter().flatten())
            .map(|(x, y)| (x - y).abs());
        assert!(far.fold(0.0, f64::max) < 1e-8);
    }
    let error = Motif::write_meme(&[], &path).unwrap_err().to_string();
    assert!(error.contains("no motifs to write"), "{error}");
    let two_lines = Motif::new("a\nb", vec![[1.0, 0.0, 0.0, 0.0]]).unwrap();
    let error = Motif::write_meme(&[two_lines], &path).unwrap_err().to_string();
    assert!(error.contains("needs one line of text"), "{error}");
    assert_eq!(Motif::read_meme(&path).unwrap().len(), 2, "a refusal leaves the old file");
}

#[test]
fn mistakes_are_named_with_their_line() {
    let said = |text: &str| read(text).unwrap_err();
    for (text, expected) in [
        (
            ">g1\nACGT\n".to_string(),
            "m.meme:1: `>g1` where `MEME version 4` is expected",
        ),
        ("MEME version 3\n".to_string(), "m.meme:1: MEME version `3`; 4 and 5 are read"),
        (
            V4.replace("ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY"),
            "m.meme:3: the alphabet `ACDEFGHIKLMNPQRSTVWY`",
        ),
        (
            V4.replace("0.303", "0.903"),
            "m.meme:7: the frequencies of the background sum to 1.600",
        ),
        (
            V4.replace("C 0.183", "X 0.183"),
            "m.meme:8: `A 0.303 X 0.183` in the background",
        ),
        (
            V4.replace("0.95 0.0", "0.95 0.5"),
            "m.meme:14: `0.95 0.5 0.05 0.0` where four probabilities with the sum 1",
        ),
        (
            V4.replace(" 0 1 0 0\n", " 0 1 0\n"),
            "m.meme:15: `0 1 0` where four probabilities",
        ),
        (
            V4.replace("w= 3", "w= 4"),
            "m.meme:16: the matrix holds 3 rows, but its header says w= 4",
        ),
        (
            V4.replace("alength= 4", "alength= 20"),
            "m.meme:12: alength= 20; motifs of DNA and RNA have 4 letters",
        ),
        (
            V4.replace("nsites= 20", "nsites= none"),
            "m.meme:12: nsites= none; expected a number above 0",
        ),
        (
            V4.replace("MOTIF crp\nletter-probability matrix:", "MOTIF crp\n"),
            "m.meme:18: motif `crp` has no `letter-probability matrix:`",
        ),
        (
            V4.replace("MOTIF MA0004.1 Arnt\n", "\n"),
            "m.meme:12: a matrix without a line `MOTIF name` before it",
        ),
        (
            "MEME version 4\nALPHABET= ACGT\n".to_string(),
            "m.meme: the file holds no line `MOTIF name`",
        ),
        (
            V5.replace("END ALPHABET", ""),
            "m.meme:2: the alphabet has no line `END ALPHABET`",
        ),
    ] {
        let found = said(&text);
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let missing = Motif::read_meme("nowhere.meme").unwrap_err().to_string();
    assert!(missing.contains("nowhere.meme: no such file; looked for"), "{missing}");
}
