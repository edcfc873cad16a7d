//! The files of DRG, as it wrote and writes them.

mod support;

use candle_core::DType;
use cistron_data::{Dataset, Part};
use npyz::WriterBuilder;
use npyz::npz::NpzWriter;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use support::{declare, message, shared};

/// `seqfeatures` as a pair: 3 x 4 x 4 one-hot with the channels T, G, C, A, and these names. Written by NumPy 2.4 with
/// the pickle protocols that its versions have used.
const PAIR_2: &str = "8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b00857102635f636f646563730a656e636f64650a7103580100000062710458060000006c6174696e317105867106527107877108527109284b014b0285710a636e756d70790a64747970650a710b58020000004f38710c898887710d52710e284b0358010000007c710f4e4e4e4affffffff4affffffff4b3f74711062895d711128680068014b008571126807877113527114284b014b034b044b04877115680b5802000000693171168988877117527118284b03680f4e4e4e4affffffff4affffffff4b00747119628968035830000000000000010000010000010000010000000100000001000000000000000000000100010000000100000000010000000000711a680586711b52711c74711d62680068014b0085711e680787711f527120284b014b04857121680b5802000000553171228988877123527124284b0358010000003c71254e4e4e4b044b044b08747126628968035810000000540000004700000043000000410000007127680586712852712974712a626574712b622e";
const PAIR_3: &str = "8003636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b008571024301627103877104527105284b014b02857106636e756d70790a64747970650a710758020000004f387108898887710952710a284b0358010000007c710b4e4e4e4affffffff4affffffff4b3f74710c62895d710d28680068014b0085710e680387710f527110284b014b034b044b0487711168075802000000693171128988877113527114284b03680b4e4e4e4affffffff4affffffff4b0074711562894330000000010000010000010000010000000100000001000000000000000000000100010000000100000000010000000000711674711762680068014b00857118680387711952711a284b014b0485711b680758020000005531711c898887711d52711e284b0358010000003c711f4e4e4e4b044b044b08747120628943105400000047000000430000004100000071217471226265747123622e";
const PAIR_4: &str = "8004954a010000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b02859468038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff4b3f749462895d9428680268054b008594680787945294284b014b034b044b048794680c8c02693194898887945294284b0368104e4e4e4affffffff4affffffff4b0074946289433000000001000001000001000001000000010000000100000000000000000000010001000000010000000001000000000094749462680268054b008594680787945294284b014b048594680c8c02553194898887945294284b038c013c944e4e4e4b044b044b087494628943105400000047000000430000004100000094749462657494622e";
/// The same with big-endian single precision and the names as a list.
const PAIR_FLOATS: &str = "800495a4010000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b02859468038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff4b3f749462895d9428680268054b008594680787945294284b014b034b044b048794680c8c02663494898887945294284b038c013e944e4e4e4affffffff4affffffff4b007494628943c00000000000000000000000003f80000000000000000000003f80000000000000000000003f80000000000000000000003f8000000000000000000000000000003f8000000000000000000000000000003f800000000000000000000000000000000000000000000000000000000000000000000000000000000000003f800000000000003f8000000000000000000000000000003f800000000000000000000000000000000000003f8000000000000000000000000000000000000000000000947494625d94288c0154948c0147948c0143948c01419465657494622e";
/// `genenames` as Python values: texts, and NumPy's own texts.
const NAMES: &str = "80049599000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b03859468038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff4b3f749462895d94288c026731948c026732948c02673394657494622e";
const NUMPY_NAMES: &str = "80049524010000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b03859468038c0564747970659493948c024f3894898887945294284b038c017c944e4e4e4affffffff4affffffff4b3f749462895d942868008c067363616c6172949394680c8c02553294898887945294284b038c013c944e4e4e4b084b044b087494624308670000003100000094869452946814680c8c02553294898887945294284b0368184e4e4e4b084b044b087494624308670000003200000094869452946814680c8c02553294898887945294284b0368184e4e4e4b084b044b08749462430867000000330000009486945294657494622e";
/// A pickle that would run a command in Python.
const COMMAND: &str = "8004951f000000000000008c05706f736978948c0673797374656d9493948c047472756594859452942e";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

struct Npz(NpzWriter<std::io::BufWriter<File>>, PathBuf);

impl Npz {
    fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        Self(NpzWriter::create(&path).unwrap(), path)
    }

    fn array<T: npyz::AutoSerialize + Clone>(mut self, name: &str, shape: &[u64], values: &[T]) -> Self {
        let builder = self.0.array(name, Default::default()).unwrap().default_dtype();
        let mut array = builder.shape(shape).begin_nd().unwrap();
        array.extend(values.to_vec()).unwrap();
        array.finish().unwrap();
        self
    }

    fn texts(mut self, name: &str, values: &[&str]) -> Self {
        let builder = self.0.array(name, Default::default()).unwrap();
        let dtype = npyz::DType::Plain("<U12".parse().unwrap());
        let mut array = builder.dtype(dtype).shape(&[values.len() as u64]).begin_nd().unwrap();
        values.iter().for_each(|v| array.push(*v).unwrap());
        array.finish().unwrap();
        self
    }

    /// Python values, as `numpy.savez` writes them.
    fn objects(mut self, name: &str, count: usize, pickle: &str) -> Self {
        let header = format!("{{'descr': '|O', 'fortran_order': False, 'shape': ({count},), }}");
        let header = format!("{header:<117}\n");
        let zip = self.0.zip_writer();
        zip.start_file(format!("{name}.npy"), Default::default()).unwrap();
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
        zip.write_all(header.as_bytes()).unwrap();
        zip.write_all(&bytes(pickle)).unwrap();
        self
    }

    fn path(mut self) -> String {
        self.0.zip_writer().finish().unwrap();
        self.1.display().to_string()
    }
}

fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn read(input: &str, output: &str) -> Dataset {
    declare(&format!("input rna: Rna = {input};\noutput y = {output};"), vec![]).unwrap()
}

#[test]
fn the_older_pair_is_read_in_every_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let y = write(folder.path(), "y.tsv", "# t1\ng1\t1\ng2\t2\ng3\t3\n");
    let all = [
        (PAIR_2, NAMES),
        (PAIR_3, NUMPY_NAMES),
        (PAIR_4, NAMES),
        (PAIR_FLOATS, NUMPY_NAMES),
    ];
    for (i, (pair, names)) in all.into_iter().enumerate() {
        let npz = Npz::new(folder.path(), &format!("{i}.npz")).objects("seqfeatures", 2, pair);
        let path = npz.objects("genenames", 3, names).path();
        let data = read(&format!("npz({path:?})"), &format!("table({y:?})"));
        assert_eq!(data.sequences("rna").unwrap(), ["ACGU", "UUNA", "GGC"], "pair {i}");
        assert_eq!(data.names(), ["g1", "g2", "g3"]);
    }
}

#[test]
fn python_values_that_are_no_pair_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let y = write(folder.path(), "y.tsv", "# t1\ng1\t1\ng2\t2\n");
    let said = |name: &str, pickle: &str| {
        let path = Npz::new(folder.path(), name).objects("seqfeatures", 2, pickle).path();
        message(&format!("input rna: Rna = npz({path:?});\noutput y = table({y:?});"), vec![])
    };
    let command = said("command.npz", COMMAND);
    assert!(
        command.contains("array `seqfeatures`: the pickle calls `posix.system`, which is not read here"),
        "{command}"
    );
    let names = said("names.npz", NAMES);
    assert!(
        names.contains("not the pair of sequences and channel names that DRG wrote"),
        "{names}"
    );
    let cut = said("cut.npz", &PAIR_4[..PAIR_4.len() - 100]);
    assert!(cut.contains("the pickle ends early") && cut.contains("data! line 1"), "{cut}");
}

#[test]
fn two_sequences_are_two_sequences() {
    let folder = tempfile::tempdir().unwrap();
    let hot: Vec<i8> = [
        [1, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 0],
    ]
    .concat();
    let npz = Npz::new(folder.path(), "two.npz").array("seqfeatures", &[2, 3, 4], &hot);
    let path = npz.texts("genenames", &["g1", "g2"]).path();
    let y = write(folder.path(), "y.tsv", "# t1\ng1\t1\ng2\t2\n");
    let data = read(&format!("npz({path:?})"), &format!("table({y:?})"));
    assert_eq!(data.sequences("rna").unwrap(), ["AUC", "GG"]);
    let hot = data.batch(&[1], DType::F32).unwrap().inputs["rna"].to_vec3::<f32>().unwrap();
    assert_eq!(hot[0], [[0.; 3], [0.; 3], [1., 1., 0.], [0.; 3]]);
}

#[test]
fn every_layout_and_type_gives_the_same_codes_and_mistakes_are_placed() {
    let folder = tempfile::tempdir().unwrap();
    let y = write(folder.path(), "y.tsv", "name\tt\nrow 1\t1\nrow 2\t2\n");
    // ACT and GN-.
    let last = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0; 4], [0; 4]].concat();
    let first = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    let new = |name: &str| Npz::new(folder.path(), name);
    let paths = [
        new("i8.npz")
            .array("x", &[2, 3, 4], &last.iter().map(|&v| v as i8).collect::<Vec<_>>())
            .path(),
        new("f64.npz")
            .array("x", &[2, 3, 4], &last.iter().map(|&v| f64::from(v)).collect::<Vec<_>>())
            .path(),
        new("bool.npz")
            .array("x", &[2, 3, 4], &last.iter().map(|&v| v == 1).collect::<Vec<_>>())
            .path(),
        new("first.npz").array("x", &[2, 4, 3], &first.map(|v: i32| v as u8)).path(),
        new("numbers.npz").array("x", &[2, 3], &[0i32, 1, 3, 2, 4, 4]).path(),
    ];
    for path in paths {
        let data = read(&format!("npz({path:?})"), &format!("table({y:?})"));
        assert_eq!(data.sequences("rna").unwrap(), ["ACU", "G"], "{path}");
    }
    let said = |path: String| message(&format!("input dna: Dna = npz({path:?});\noutput y = table({y:?});"), vec![]);
    let mut wrong: Vec<i8> = last.iter().map(|&v| v as i8).collect();
    wrong[4 * 4] = 1;
    wrong[4 * 4 + 1] = 1;
    let text = said(new("w1.npz").array("x", &[2, 3, 4], &wrong).path());
    assert!(
        text.contains("array `x`, row 2, position 2: 1 1 0 0 where a sequence has one 1 and three 0"),
        "{text}"
    );
    let halves: Vec<f32> = last.iter().map(|&v| 0.5 * v as f32).collect();
    let text = said(new("w2.npz").array("x", &[2, 3, 4], &halves).path());
    assert!(text.contains("row 1, position 1: 0.5 where a sequence has"), "{text}");
    let text = said(new("w3.npz").array("x", &[2, 3], &[0i64, 1, 2, 3, 7, 4]).path());
    assert!(
        text.contains("row 2, position 2: 7 where a sequence has 0, 1, 2, 3 or 4 = N"),
        "{text}"
    );
}

#[test]
fn outputs_come_from_archives_with_masked_values() {
    let folder = tempfile::tempdir().unwrap();
    let fasta = write(folder.path(), "s.fa", ">g1\nACGT\n>g2\nCCCC\n>g3\nGGGG\n");
    let npz = Npz::new(folder.path(), "counts.npz").array("counts", &[3, 2], &[1f32, f32::NAN, 3., 30., 2., 20.]);
    let path = npz.texts("names", &["g1", "g3", "g2"]).texts("celltypes", &["B", "T"]).path();
    let declared = |masked: &str| format!("input dna: Dna = fasta({fasta:?});\noutput y = npz({path:?}{masked});");
    let data = declare(&declared(", missing = masked"), vec![]).unwrap();
    assert_eq!(data.tracks("y").unwrap(), ["B", "T"]);
    let found = data.targets("y").unwrap();
    assert!(found[1].is_nan() && found[2..] == [2., 20., 3., 30.], "{found:?}");
    assert_eq!(data.audit().missing_values(), 1);
    let text = message(&declared(""), vec![]);
    assert!(
        text.contains("column `T`, row `g1`") && text.contains("missing = masked"),
        "{text}"
    );
}

#[test]
fn masked_values_come_from_every_kind_of_table() {
    let folder = tempfile::tempdir().unwrap();
    let fasta = write(folder.path(), "s.fa", ">g1\nACGT\n>g2\nCCCC\n>g3\nGGGG\n");
    for (name, text) in [
        ("drg.tsv", "# B\tT\ng1\t1\t\ng2\tNA\t20\ng3\t3\tnan\n"),
        ("plain.csv", "gene,B,T\ng1,1,\ng2,NA,20\ng3,3,NaN\n"),
        ("untitled.tsv", "g1\t1\t2\ng2\tNA\t20\ng3\t\tnan\n"),
    ] {
        let path = write(folder.path(), name, text);
        let text = format!("input dna: Dna = fasta({fasta:?});\noutput y = table({path:?}, missing = masked);");
        let data = declare(&text, vec![]).unwrap();
        let missing = data.targets("y").unwrap().iter().filter(|v| v.is_nan()).count();
        assert_eq!((missing, data.audit().missing_values()), (3, 3), "{name}");
    }
}

#[test]
fn titles_comments_and_tables_without_titles_are_read_as_numpy_does() {
    let folder = tempfile::tempdir().unwrap();
    let fasta = write(folder.path(), "s.fa", ">g1\nACGT\n>g2\nCCCC\n>g3\nGGGG\n");
    let of = |name: &str, text: &str| {
        let path = write(folder.path(), name, text);
        let text = format!("input dna: Dna = fasta({fasta:?});\noutput y = table({path:?});");
        declare(&text, vec![]).unwrap()
    };
    let values = [1., 10., 2., 20., 3., 30.];
    let data = of(
        "comments.tsv",
        "# made by hand\n# B\tT\n# a comment\ng1\t1\t10 # so\ng2\t2\t20\t# and so\n#g9\t9\t90\n\ng3\t3\t30\n",
    );
    assert_eq!(
        (data.targets("y").unwrap(), data.tracks("y").unwrap()),
        (&values[..], &["B".to_string(), "T".into()][..])
    );
    let data = of("untitled.tsv", "g1\t1\t10\ng2\t2\t20 # so\ng3\t3\t30\n");
    assert_eq!(
        (data.targets("y").unwrap(), data.tracks("y").unwrap()),
        (&values[..], &["C0".to_string(), "C1".into()][..])
    );
    assert!(
        data.audit()
            .remarks()
            .join("\n")
            .contains("untitled.tsv: no line of titles; its columns are called C0, C1, ..")
    );
    let data = of("numbers.csv", "gene,1,2\ng1,1,10\ng2,2,20\ng3,3,30\n");
    assert_eq!(
        data.tracks("y").unwrap(),
        ["1", "2"],
        "titles that are numbers, behind a usual title of names"
    );
    let data = of("hash.csv", "gene,B#1,T\ng1,1,10\ng2,2,20\ng3,3,30\n");
    assert_eq!(
        data.tracks("y").unwrap(),
        ["B#1", "T"],
        "`#` is a letter where titles have none before them"
    );
}

#[test]
fn the_toy_set_is_read_from_its_files() {
    let Some(shared) = shared() else { return };
    let file = |name: &str| shared.join("golden/drg/toy").join(name).display().to_string();
    let ports = format!(
        "output ex = table({:?}), kd = table({:?}), kt = table({:?});\nclasses table({:?});\nfolds sets({:?});",
        file("exonic.tsv"),
        file("degrad.tsv"),
        file("intronic.tsv"),
        file("condition.class.txt"),
        file("Exintron_testsetcv10.txt")
    );
    let text = format!(
        "input dna: Dna = npz({:?}), rna: Rna = npz({:?});\n{ports}",
        file("TSS320.npz"),
        file("RNA320.npz")
    );
    let data = declare(&text, vec![]).unwrap();
    let of = |part| data.rows(part, Some(1)).unwrap();
    assert_eq!(
        (data.len(), of(Part::Train).len(), of(Part::Valid).len(), of(Part::Test).len()),
        (160, 132, 15, 13)
    );
    assert_eq!((data.tracks("kd").unwrap().len(), data.classes().len()), (18, 18));
    let expected = std::fs::read_to_string(file("expected/B/pnt_corr_tclBfoex.txt")).unwrap();
    let tested: Vec<&str> = expected.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let names: Vec<&str> = of(Part::Test).iter().map(|&r| data.names()[r].as_str()).collect();
    assert_eq!(names, tested, "the original tested the same genes in the same order");
    let lengths: Vec<usize> = data.sequences("rna").unwrap().iter().map(String::len).collect();
    assert!(lengths.iter().all(|l| (160..=320).contains(l)) && lengths.iter().any(|l| *l < 320));

    // The same from FASTA.
    let folder = tempfile::tempdir().unwrap();
    let fasta = |name: &str, input: &str| {
        let sequences = data.sequences(input).unwrap();
        let records = data.names().iter().zip(&sequences).map(|(n, s)| format!(">{n}\n{s}\n"));
        write(folder.path(), name, &records.collect::<String>())
    };
    let (dna, rna) = (fasta("tss.fa", "dna"), fasta("rna.fa", "rna"));
    let text = format!("input dna: Dna = fasta({dna:?}), rna: Rna = fasta({rna:?});\n{ports}");
    assert_eq!(declare(&text, vec![]).unwrap().content_hash(), data.content_hash());
}

#[test]
fn folds_by_count_are_those_of_the_original() {
    let Some(shared) = shared() else { return };
    let metrics = std::fs::read_to_string(shared.join("golden/drg/metrics.json")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&metrics).unwrap();
    let golden = &metrics["create_sets_int(n=23,folds=5,fold=0,seed=1010,numpy legacy permutation)"];
    let rows = |part: &str| {
        let mut rows: Vec<usize> = serde_json::from_value(golden[part].clone()).unwrap();
        rows.sort_unstable();
        rows
    };
    let folder = tempfile::tempdir().unwrap();
    let fasta: String = (0..23).map(|i| format!(">g{i:02}\nACGT\n")).collect();
    let table: String = (0..23).map(|i| format!("g{i:02}\t{}\n", i % 4)).collect();
    let (fasta, table) = (
        write(folder.path(), "s.fa", &fasta),
        write(folder.path(), "y.tsv", &format!("# t\n{table}")),
    );
    let declared = |rule: &str| {
        let text = format!("input dna: Dna = fasta({fasta:?});\noutput y = table({table:?});\nfolds {rule};");
        declare(&text, vec![]).unwrap()
    };
    for rule in ["count(5)", "count(5, seed = 1010)"] {
        let data = declared(rule);
        for (part, name) in [(Part::Train, "train"), (Part::Valid, "val"), (Part::Test, "test")] {
            assert_eq!(data.rows(part, Some(0)).unwrap(), rows(name), "{rule}: {name}");
        }
        let remarks = data.audit().remarks().join("\n");
        assert!(remarks.contains("2 examples are tested in two folds"), "{remarks}");
        let shared = data.rows(Part::Test, Some(3)).unwrap();
        let valid = data.rows(Part::Valid, Some(3)).unwrap();
        assert!(valid.iter().all(|r| !shared.contains(r)));
    }
    // Values 0, 1, 2, 3, 0, ..: five of 3 and eighteen others.
    let data = declared("count(5, seed = 7, above = 2.5)");
    for fold in 0..5 {
        let strong = data
            .rows(Part::Test, Some(fold))
            .unwrap()
            .iter()
            .filter(|r| *r % 4 == 3)
            .count();
        assert_eq!(strong, 1, "fold {fold}");
    }
}
