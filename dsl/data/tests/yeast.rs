//! A real genome in two formats, and an archive of real counts.

mod support;

use cistron_data::{Genome, Strand, table};
use std::io::Write;
use support::shared;

#[test]
fn both_formats_of_a_genome_give_the_same_bases() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/yeast/genome");
    let two_bit = Genome::open(folder.join("sacCer3.2bit")).unwrap();
    let fasta = Genome::open(folder.join("sacCer3.fa.gz")).unwrap();
    let mut names = two_bit.names();
    names.sort_unstable();
    let mut others = fasta.names();
    others.sort_unstable();
    assert_eq!((names.len(), &names), (17, &others));
    for name in &names {
        let length = two_bit.length(name).unwrap();
        assert_eq!(length, fasta.length(name).unwrap());
        let end = length as i64;
        let stretches = [
            (0, end),
            (-30, 71),
            (1, 2),
            (17, 60),
            (end - 33, end + 10),
            (end / 2, end / 2 + 1001),
        ];
        for (start, end) in stretches {
            for strand in [Strand::Forward, Strand::Reverse] {
                let of = |genome: &Genome| genome.sequence(name, start, end, strand).unwrap();
                assert!(of(&two_bit) == of(&fasta), "{name}:{start}-{end} {strand}");
            }
        }
    }
    // The beginning of chrI as SGD gives it, and its reverse complement.
    let first = |strand| two_bit.sequence("chrI", 0, 12, strand).unwrap();
    assert_eq!(
        (first(Strand::Forward), first(Strand::Reverse)),
        ("CCACACCACACC".into(), "GGTGTGGTGTGG".into())
    );
    let error = two_bit.sequence("chr4", 0, 10, Strand::Forward).unwrap_err().to_string();
    assert!(
        error.contains("no sequence `chr4`") && error.contains("calls it `chrIV`"),
        "{error}"
    );
}

#[test]
fn archives_give_names_and_texts() {
    let Some(shared) = shared() else { return };
    let files = table::archive(shared.join("data/yeast/expression/WT_countdata.tar.gz")).unwrap();
    assert_eq!(files.len(), 48);
    assert!(files[0].0.starts_with("WT_rep01_MID39") && files[0].1.len() == 84_635);
    assert!(files.iter().all(|(_, text)| text.lines().all(|l| l.split('\t').count() == 2)));
}

#[test]
fn archives_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar.gz");
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content).unwrap();
    };
    add("counts/one.txt", b"gene\t1\n");
    add("two.bin", &[0xff, 0xfe, 0]);
    let plain = tar.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).unwrap();
    let whole = gzip.finish().unwrap();
    let said = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        table::archive(&path).unwrap_err().to_string()
    };
    assert!(
        said(&whole).contains("a.tar.gz: `two.bin` is not UTF-8 text"),
        "{}",
        said(&whole)
    );
    let cut = said(&whole[..whole.len() / 2]);
    assert!(
        cut.contains("a.tar.gz: the gzip stream ends early (a truncated download?)"),
        "{cut}"
    );
    let no_tar = said(&[b'x'; 2000]);
    assert!(no_tar.contains("not a tar archive, or a damaged one"), "{no_tar}");
    let empty = said(&[0; 1024]);
    assert!(empty.contains("the archive holds no files"), "{empty}");
    std::fs::write(&path, &plain[..1024]).unwrap();
    assert_eq!(
        table::archive(&path).unwrap(),
        [("counts/one.txt".to_string(), "gene\t1\n".to_string())]
    );
}
