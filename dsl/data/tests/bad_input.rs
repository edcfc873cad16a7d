//! What is said about bad input. Every test reads the message.

mod support;

use cistron_data::{Captured, Part, table};
use std::fs;
use std::io::Write;
use std::path::Path;
use support::{declare, message};

fn frame(columns: Vec<(&str, table::Cells)>) -> Vec<Captured> {
    vec![Captured::from(&table::frame_from(columns).unwrap())]
}

fn sequences_and(y: Vec<&str>) -> Vec<Captured> {
    let names = vec!["a", "b", "c"];
    frame(vec![
        ("name", names.into()),
        ("s", vec!["ACGT", "CCCC", "GGGG"].into()),
        ("y", y.into()),
    ])
}

const PORTS: &str = "records r = frame($0);\ninput dna: Dna = column(\"s\");\noutput y = column(\"y\");\n";

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn table_of(path: &str) -> String {
    format!("records r = table({path:?});\ninput dna: Dna = column(\"s\");\noutput y = column(\"y\");")
}

#[test]
fn a_missing_file_is_underlined_and_the_nearest_offered() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "sequences.fa", ">a\nACGT\n");
    let path = folder.path().join("sequence.fa").display().to_string();
    let text = message(
        &format!("input dna: Dna = fasta({path:?});\noutput y = table(\"y.tsv\");"),
        vec![],
    );
    assert!(text.contains("no such file; looked for"), "{text}");
    assert!(text.contains("there is `sequences.fa`"), "{text}");
    assert!(text.contains("data! line 1") && text.contains("^^^^"), "{text}");
    assert!(text.contains("y.tsv: no such file"), "both mistakes are told at once: {text}");
}

#[test]
fn a_truncated_gzip_says_how_far_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..5000).map(|i| format!("ACGT\t{}\n", i * 7919 % 1000)).collect();
    let whole = gzip(format!("s\ty\n{rows}").as_bytes());
    let path = write(folder.path(), "t.tsv.gz", &whole[..whole.len() / 2]);
    let text = message(&table_of(&path), vec![]);
    assert!(
        text.contains("t.tsv.gz: the gzip stream ends early (a truncated download?) after"),
        "{text}"
    );
}

#[test]
fn a_truncated_npz_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let whole = npz();
    let path = write(folder.path(), "whole.npz", &whole);
    let y = write(folder.path(), "y.tsv", "name\ty\nrow 1\t1\nrow 2\t2\n");
    let declared = |path: &str| format!("input dna: Dna = npz({path:?});\noutput y = table({y:?});");
    assert_eq!(
        declare(&declared(&path), vec![]).unwrap().sequences("dna").unwrap(),
        ["ACG", "TTN"]
    );
    let path = write(folder.path(), "cut.npz", &whole[..whole.len() - 40]);
    let text = message(&declared(&path), vec![]);
    assert!(
        text.contains("cut.npz: not a complete npz archive (a truncated download?)"),
        "{text}"
    );
}

/// An archive with one array of 2 x 3 codes.
fn npz() -> Vec<u8> {
    use npyz::WriterBuilder;
    let mut writer = npyz::npz::NpzWriter::new(std::io::Cursor::new(Vec::new()));
    let mut array = writer
        .array::<i8>("x", Default::default())
        .unwrap()
        .default_dtype()
        .shape(&[2, 3])
        .begin_nd()
        .unwrap();
    array.extend([0i8, 1, 2, 3, 3, 4]).unwrap();
    array.finish().unwrap();
    writer.zip_writer().finish().unwrap().into_inner()
}

#[test]
fn a_ragged_row_is_named_by_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "t.tsv", "s\ty\nACGT\t1\nACGG\t2\t3\n");
    let text = message(&table_of(&path), vec![]);
    assert!(
        text.contains("t.tsv:3: 3 fields, but the title line has 2: `ACGG 2 3`"),
        "{text}"
    );
}

#[test]
fn a_letter_that_is_no_base_is_named_with_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let fasta = write(folder.path(), "s.fa", ">one\nACGT\n>two\nAC-T\n");
    let y = write(folder.path(), "y.tsv", "name\ty\none\t1\ntwo\t2\n");
    let text = message(
        &format!("input dna: Dna = fasta({fasta:?});\noutput y = table({y:?});"),
        vec![],
    );
    assert!(text.contains("s.fa, record `two`: `-` at position 3 is no base"), "{text}");
    let path = write(folder.path(), "t.csv", "name,s,y\na,ACGT,1\nb,ACXT,2\n");
    let text = message(&table_of(&path), vec![]);
    assert!(
        text.contains("`b` (") && text.contains("t.csv:3): `X` at position 3 is no base"),
        "{text}"
    );
}

#[test]
fn a_word_where_a_number_belongs_is_located() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "t.csv", "name,s,y\na,ACGT,1\nb,ACTT,high\n");
    let text = message(&table_of(&path), vec![]);
    assert!(text.contains("t.csv:3: column `y`: `high` is no number"), "{text}");
}

#[test]
fn names_that_do_not_match_are_shown_from_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let fasta = write(folder.path(), "s.fa", ">gene1\nACGT\n>gene2\nACCC\n");
    let y = write(folder.path(), "y.tsv", "name\ty\nENSG01\t1\nENSG02\t2\n");
    let text = message(
        &format!("input dna: Dna = fasta({fasta:?});\noutput y = table({y:?});"),
        vec![],
    );
    assert!(
        text.contains("no name is in all sources") && text.contains("`gene1`") && text.contains("`ENSG01`"),
        "{text}"
    );
}

#[test]
fn names_that_stand_twice_cannot_be_joined() {
    let folder = tempfile::tempdir().unwrap();
    let fasta = write(folder.path(), "s.fa", ">a\nACGT\n>b\nACCC\n");
    let y = write(folder.path(), "y.tsv", "name\ty\na\t1\nb\t2\na\t3\n");
    let text = message(
        &format!("input dna: Dna = fasta({fasta:?});\noutput y = table({y:?});"),
        vec![],
    );
    assert!(text.contains("1 names stand twice (first `a`)"), "{text}");
}

#[test]
fn an_empty_split_lists_what_there_is() {
    let columns: Vec<(&str, table::Cells)> = vec![
        ("s", vec!["ACGT", "CCCC", "GGGG"].into()),
        ("y", vec![1.0, 2.0, 3.0].into()),
        ("set", vec!["training", "training", "validation"].into()),
    ];
    let captures = frame(columns);
    let text = message(
        &format!("{PORTS}split column(\"set\", train = \"training\", valid = \"validation\", test = \"test\");"),
        captures.clone(),
    );
    assert!(
        text.contains("the test part would be empty: column `set` has no `test`, only `training` (2), `validation` (1)"),
        "{text}"
    );
    assert!(text.contains("data! line 4"), "{text}");
    let data = declare(&format!("{PORTS}split column(\"set\");"), captures.clone()).unwrap();
    assert_eq!(
        data.rows(Part::Test, None).unwrap_err().to_string(),
        "the test part is empty: column `set`"
    );
    let text = message(&format!("{PORTS}split hash(valid = 0.6, test = 0.4);"), captures);
    assert!(text.contains("leave nothing for training"), "{text}");
}

#[test]
fn a_chromosome_without_rows_lists_those_with() {
    let columns: Vec<(&str, table::Cells)> = vec![
        ("s", vec!["ACGT", "CCCC", "GGGG"].into()),
        ("y", vec![1.0, 2.0, 3.0].into()),
        ("chrom", vec!["chr1", "chr2", "chr2"].into()),
    ];
    let text = message(
        &format!("{PORTS}split chromosomes(valid = [\"chr2\"], test = [\"chr9\"]);"),
        frame(columns),
    );
    assert!(text.contains("no row is on `chr9`; there are chr1, chr2"), "{text}");
}

#[test]
fn a_fold_that_does_not_exist_lists_those_that_do() {
    let columns: Vec<(&str, table::Cells)> = vec![
        ("s", vec!["ACGT", "CCCC", "GGGG"].into()),
        ("y", vec![1.0, 2.0, 3.0].into()),
        ("fold", vec![1i64, 2, 3].into()),
    ];
    let data = declare(&format!("{PORTS}folds column(\"fold\");"), frame(columns)).unwrap();
    let text = data.rows(Part::Test, Some(3)).unwrap_err().to_string();
    assert_eq!(text, "no fold 3: there are folds 0 to 2 (3 sets: 1, 2, 3)");
    let text = data.rows(Part::Test, None).unwrap_err().to_string();
    assert!(text.contains("choose a fold, `fold = 0`"), "{text}");
}

#[test]
fn a_constant_target_is_refused() {
    let text = message(PORTS, sequences_and(vec!["2", "2", "2"]));
    assert!(
        text.contains("output `y` is constant: column `y` holds 2 in every row"),
        "{text}"
    );
}

#[test]
fn a_missing_or_infinite_target_names_row_column_and_number() {
    let text = message(PORTS, sequences_and(vec!["1", "NaN", ""]));
    assert!(text.contains("output `y`: 2 values are missing or not finite"), "{text}");
    assert!(text.contains("column `y`, row `b` (row 2 of the data frame)"), "{text}");
    assert!(text.contains("missing = masked"), "{text}");
    let text = message(PORTS, sequences_and(vec!["1", "inf", "2"]));
    assert!(text.contains("the first is inf"), "{text}");
}

#[test]
fn unequal_lengths_are_refused_for_dna_and_padded_for_rna() {
    let columns = || -> Vec<(&str, table::Cells)> {
        vec![
            ("name", vec!["a", "b"].into()),
            ("s", vec!["ACGT", "CCC"].into()),
            ("y", vec![1.0, 2.0].into()),
        ]
    };
    let text = message(PORTS, frame(columns()));
    assert!(
        text.contains("`b` (row 2 of the data frame) has 3 bases, but `a` (row 1 of the data frame) has 4"),
        "{text}"
    );
    let data = declare(&PORTS.replace("Dna", "Rna"), frame(columns())).unwrap();
    assert_eq!(data.sequences("dna").unwrap(), ["ACGU", "CCC"]);
    assert!(data.audit().remarks().join("\n").contains("1 sequences are shorter"));
}

#[test]
fn unknown_words_offer_the_nearest() {
    let captures = sequences_and(vec!["1", "2", "3"]);
    let text = message(&PORTS.replace("column(\"y\")", "column(\"yy\")"), captures.clone());
    assert!(text.contains("no column `yy`; did you mean `y`?"), "{text}");
    let text = message(&PORTS.replace("Dna", "DNAA"), captures.clone());
    assert!(
        text.contains("unknown kind `DNAA`") && text.contains("did you mean `Dna`?"),
        "{text}"
    );
    let text = message(&format!("{PORTS}sample strand = random;"), captures.clone());
    assert!(text.contains("`sample` cannot run yet"), "{text}");
    let text = message(&PORTS.replace("column(\"s\")", "bigwig(\"x.bw\")"), captures);
    assert!(text.contains("the source `bigwig` cannot run yet"), "{text}");
}

#[test]
fn a_table_without_titles_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "t.tsv", "g1\t1.5\t2.5\ng2\t2.5\t1.5\n");
    let text = message(&table_of(&path), vec![]);
    assert!(
        text.contains("t.tsv:1: the first line holds numbers; a table needs a line of titles"),
        "{text}"
    );
}

#[test]
fn what_follows_from_records_that_can_not_be_read_is_no_mistake_of_its_own() {
    let text = "records t = table(\"nowhere.tsv\");\ninput dna: Dna = column(\"sequence\");\noutput y = t.y, z = u.z;";
    let error = declare(text, vec![]).unwrap_err().to_string();
    assert!(
        error.contains("nowhere.tsv: no such file") && error.contains("no records `u`"),
        "{error}"
    );
    assert_eq!(error.matches("error:").count(), 2, "{error}");
}

#[test]
fn rows_without_names_are_joined_only_if_there_are_as_many() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |rows: usize| (0..rows).map(|row| format!("{row}.5\n")).collect::<String>();
    let table = |name: &str, rows: usize| write(folder.path(), name, format!("y\n{}", lines(rows)));
    let (one, other) = (table("one.tsv", 5), table("other.tsv", 4));
    let text =
        |other: &str| format!("records a = table(\"{one}\"), b = table(\"{other}\");\ninput x: Scalar = a.y;\noutput y = b.y;");
    let error = declare(&text(&other), vec![]).unwrap_err().to_string();
    assert!(
        error.contains("has 5 rows and") && error.contains("has 4, and neither has names"),
        "{error}"
    );
    declare(&text(&table("same.tsv", 5)), vec![]).unwrap();
}
