//! What a declaration becomes: sources, joins, splits, folds, batches.

mod support;

use candle_core::DType;
use cistron_data::simulate::{MotifGrammar, motif_grammar};
use cistron_data::{Captured, Part, table};
use cistron_declaration::{AxisKind, PortKind};
use cistron_display::Show;
use std::fs;
use support::{declare, shared};

fn frame() -> Captured {
    let columns: Vec<(&str, table::Cells)> = vec![
        ("name", vec!["chr1:1", "chr1:2", "chr2:3", "chr3:4"].into()),
        ("sequence", vec!["ACGT", "NNGG", "acgu", "TTTT"].into()),
        ("y", vec![0.5, 1.5, -2.0, 4.0].into()),
        ("z", vec![1i64, 2, 3, 4].into()),
        ("set", vec!["train", "val", "test", "train"].into()),
        ("cell", vec!["K562", "HepG2", "K562", "K562"].into()),
    ];
    Captured::from(&table::frame_from(columns).unwrap())
}

const PORTS: &str = "records sim = frame($0);\ninput dna: Dna = column(\"sequence\");\noutput y = column(\"y\"), z = sim.z;\n";

#[test]
fn a_data_frame_becomes_ports_and_batches() {
    let text = format!("{PORTS}input cell: Category = column(\"cell\");\nsplit column(\"set\");");
    let data = declare(&text, vec![frame()]).unwrap();
    let signature = data.signature();
    assert_eq!(signature.inputs[0].kind, PortKind::Dna);
    assert_eq!(signature.inputs[0].axes[1].size, Some(4));
    assert_eq!(
        (signature.inputs[1].axes[0].kind, signature.inputs[1].axes[0].size),
        (AxisKind::Category, Some(2))
    );
    assert_eq!(
        (signature.outputs[1].name.as_str(), signature.outputs[1].axes[0].size),
        ("z", Some(1))
    );
    let batch = data.batch(&[0, 1], DType::F32).unwrap();
    let dna: Vec<Vec<Vec<f32>>> = batch.inputs["dna"].to_vec3().unwrap();
    assert_eq!(
        dna[0],
        [[1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 0.], [0., 0., 0., 1.]]
    );
    assert_eq!(
        dna[1],
        [[0.; 4], [0.; 4], [0., 0., 1., 1.], [0.; 4]],
        "N is zero in every channel"
    );
    assert_eq!(batch.inputs["cell"].to_vec2::<f32>().unwrap(), [[0., 1.], [1., 0.]]);
    assert_eq!(batch.targets["y"].to_vec2::<f32>().unwrap(), [[0.5], [1.5]]);
    assert_eq!(
        data.batch(&[2], DType::F64).unwrap().targets["z"].to_vec2::<f64>().unwrap(),
        [[3.0]]
    );
    assert_eq!(data.sequence("dna", 2).unwrap(), "ACGT", "lower case is upper case, U is T");
    assert_eq!(data.rows(Part::Train, None).unwrap(), [0, 3]);
    assert_eq!(data.rows(Part::Valid, None).unwrap(), [1]);
    assert_eq!(data.frame(Part::Test).unwrap().height(), 1);
    assert!(
        data.batch(&[9], DType::F32)
            .unwrap_err()
            .to_string()
            .contains("row 9 does not exist")
    );
}

#[test]
fn splits_by_chromosome_and_by_hash() {
    let data = declare(
        &format!("{PORTS}split chromosomes(valid = [\"chr2\"], test = \"chr3\");"),
        vec![frame()],
    )
    .unwrap();
    assert_eq!(
        (data.rows(Part::Valid, None).unwrap(), data.rows(Part::Test, None).unwrap()),
        (vec![2], vec![3])
    );
    let simulation = motif_grammar(MotifGrammar {
        sequences: 1000,
        ..MotifGrammar::default()
    })
    .unwrap();
    let text = "records sim = frame($0);\ninput dna: Dna = column(\"sequence\");\noutput y = column(\"enhancer\");\nsplit hash(valid = 0.1, test = 0.2);";
    let data = declare(text, vec![Captured::from(&simulation)]).unwrap();
    let test = data.rows(Part::Test, None).unwrap();
    assert!((160..240).contains(&test.len()), "{}", test.len());
    let again = declare(text, vec![Captured::from(&simulation)]).unwrap();
    assert_eq!(again.rows(Part::Test, None).unwrap(), test);
    assert_eq!(again.content_hash(), data.content_hash());
}

#[test]
fn identical_sequences_stay_in_one_part_of_a_hash_split() {
    let sequences: Vec<String> = (0..40)
        .map(|i| if i % 2 == 0 { "AACC".into() } else { "GGTT".into() })
        .collect();
    let y: Vec<f64> = (0..40).map(f64::from).collect();
    let mut columns: Vec<(&str, table::Cells)> = vec![("sequence", sequences.into()), ("y", y.into())];
    columns.push(("extra", vec!["ACGG"; 40].into()));
    let frame = table::frame_from(columns).unwrap();
    let text =
        "records r = frame($0);\ninput dna: Dna = column(\"sequence\");\noutput y = column(\"y\");\nsplit hash(test = 0.5);";
    // Both sequences are one, on two strands: whichever part they fall into, it is one part.
    let error = support::message(text, vec![Captured::from(&frame)]);
    assert!(
        error.contains("leaves no row for training") || error.contains("test part is empty"),
        "{error}"
    );
}

#[test]
fn sources_are_joined_by_name_and_losses_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("s.fa"), ">g1 first\nACG\nT\n>g2\nCCCC\n>g3\nGGGG\n>g4\nTTTT\n").unwrap();
    fs::write(path("y.tsv"), "# t1\tt2\ng3\t3\t30\ng1\t1\t10\ng9\t9\t90\ng2\t2\t20\n").unwrap();
    fs::write(path("folds.txt"), "# Set_0\ng1 gX\n# Set_1\ng2\n# Set_2\ng3\n").unwrap();
    let text = format!(
        "input dna: Dna = fasta({:?});\noutput y = table({:?});\nfolds sets({:?});",
        path("s.fa"),
        path("y.tsv"),
        path("folds.txt")
    );
    let data = declare(&text, vec![]).unwrap();
    assert_eq!(data.names(), ["g1", "g2", "g3"], "the order of the first input");
    assert_eq!(data.targets("y").unwrap(), [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    assert_eq!(data.tracks("y").unwrap(), ["t1", "t2"]);
    assert_eq!(data.rows(Part::Valid, Some(2)).unwrap(), [2]);
    assert_eq!(
        data.rows(Part::Test, Some(2)).unwrap(),
        [0],
        "test is the set after, the first after the last"
    );
    let remarks = data.audit().remarks().join("\n");
    assert!(remarks.contains("s.fa: 3 matched, 1 dropped (g4)"), "{remarks}");
    assert!(remarks.contains("y.tsv: 3 matched, 1 dropped (g9)"), "{remarks}");
    assert!(remarks.contains("1 of 4 names in"), "{remarks}");
    assert_eq!(data.fingerprint().len(), 3);
    assert_eq!(data.fingerprint()[0].1.len(), 64);
}

#[test]
fn the_audit_counts_and_escapes() {
    let columns: Vec<(&str, table::Cells)> = vec![
        ("name", vec!["<b>", "b", "b", "d"].into()),
        ("sequence", vec!["ACGT", "ACGT", "CCCC", "GGGG"].into()),
        ("y", vec!["1", "2", "", "4"].into()),
        ("set", vec!["train", "<test>", "train", "valid"].into()),
    ];
    let text = "records r = frame($0);\ninput dna: Dna = column(\"sequence\");\noutput y = column(\"y\", missing = masked);\nsplit column(\"set\", train = \"train\", valid = \"valid\", test = \"<test>\");";
    let data = declare(text, vec![Captured::from(&table::frame_from(columns).unwrap())]).unwrap();
    let audit = data.audit();
    assert_eq!(
        (
            audit.duplicated_names(),
            audit.identical_sequences(),
            audit.identical_across_parts()
        ),
        (1, 1, 1)
    );
    assert_eq!(audit.missing_values(), 1);
    assert!(data.batch(&[2], DType::F32).unwrap().targets["y"].to_vec2::<f32>().unwrap()[0][0].is_nan());
    let bundle = data.bundle();
    assert!(
        bundle.text().contains("! identical sequences across splits: 1"),
        "{}",
        bundle.text()
    );
    let html = bundle.get("text/html").unwrap();
    assert!(html.contains("<svg") && !html.contains("<test>"));
    let labels: Vec<usize> = ["</span>training: 2<", "</span>validation: 1<", "</span>test: 1<"]
        .iter()
        .map(|label| html.find(label).unwrap_or_else(|| panic!("{label} in {html}")))
        .collect();
    assert!(labels.is_sorted(), "one line under the bar: {labels:?}");
}

#[test]
fn an_audit_knows_whether_it_was_shown() {
    let text = format!("{PORTS}split column(\"set\");");
    let data = declare(&text, vec![frame()]).unwrap();
    let (copy, control) = (data.clone(), data.with_shuffled_targets(1));
    assert!(!data.audit().is_shown());
    control.bundle();
    assert!(
        control.audit().is_shown() && !data.audit().is_shown(),
        "a control's card is not the data's"
    );
    copy.bundle();
    assert!(data.audit().is_shown(), "copies are the same data");
    let mapped = data.map_sequences("dna", |_, s| s.to_string()).unwrap();
    assert!(mapped.audit().is_shown() && !declare(&text, vec![frame()]).unwrap().audit().is_shown());
}

#[test]
fn controls_change_what_they_say() {
    let simulation = motif_grammar(MotifGrammar {
        sequences: 200,
        ..MotifGrammar::default()
    })
    .unwrap();
    let text = "records sim = frame($0);\ninput dna: Dna = column(\"sequence\");\noutput enhancer = column(\"enhancer\"), promoter = column(\"promoter\");\nsplit column(\"split\");";
    let data = declare(text, vec![Captured::from(&simulation)]).unwrap();
    let shuffled = data.with_shuffled_targets(3);
    let (old, new) = (data.targets("enhancer").unwrap(), shuffled.targets("enhancer").unwrap());
    assert_ne!(old, new);
    let sorted = |v: &[f32]| {
        let mut v = v.to_vec();
        v.sort_by(f32::total_cmp);
        v
    };
    assert_eq!(sorted(old), sorted(new));
    let changed = data.map_sequences("dna", |row, s| simulation.scramble(row, s)).unwrap();
    let row = (0..200).find(|&r| simulation.sites[r].len() > 1).unwrap();
    assert_ne!(changed.sequence("dna", row).unwrap(), data.sequence("dna", row).unwrap());
    assert_eq!(changed.targets("enhancer").unwrap(), old);
    let error = data.map_sequences("dna", |_, s| s[1..].to_string()).unwrap_err().to_string();
    assert!(error.contains("200 letters became 199"), "{error}");
}

#[test]
fn the_shared_files_are_read() {
    let Some(shared) = shared() else { return };
    let drg = shared.join("data/planted/drg");
    let file = |name: &str| drg.join(name).display().to_string();
    let text = format!(
        "input dna: Dna = npz({:?});\ninput rna: Rna = npz({:?});\noutput ex = table({:?}), kt = table({:?}), kd = table({:?});\nclasses table({:?});\nfolds sets({:?});",
        file("TSS128.npz"),
        file("RNA128.npz"),
        file("exonic.tsv"),
        file("intronic.tsv"),
        file("degrad.tsv"),
        file("condition.class.txt"),
        file("Exintron_testsetcv10.txt")
    );
    let data = declare(&text, vec![]).unwrap();
    assert_eq!((data.len(), data.fold_count()), (1200, 10));
    assert_eq!(data.sequence("dna", 0).unwrap().len(), 128);
    let lengths: Vec<usize> = data.sequences("rna").unwrap().iter().map(String::len).collect();
    assert!(
        lengths.iter().any(|l| *l < 128) && lengths.iter().all(|l| *l >= 60),
        "transcripts of 64 to 128 bases"
    );
    assert_eq!(data.tracks("ex").unwrap().len(), 18);
    assert!((data.targets("ex").unwrap()[0] - 3.1734).abs() < 1e-6);
    let parts: usize = [Part::Train, Part::Valid, Part::Test]
        .into_iter()
        .map(|p| data.rows(p, Some(9)).unwrap().len())
        .sum();
    assert_eq!(parts, 1200);
    let sizes = [Part::Train, Part::Valid, Part::Test].map(|p| data.rows(p, Some(1)).unwrap().len());
    assert_eq!(sizes, [957, 110, 133], "fold 1 as the original splits it");

    let mpsa = shared.join("data/mpra/mpsa_brca2_lib1.csv.gz").display().to_string();
    let text = format!(
        "records m = table({mpsa:?});\ninput rna: Rna = column(\"x\");\noutput psi = column(\"y\");\nsplit column(\"set\");"
    );
    let data = declare(&text, vec![]).unwrap();
    assert_eq!(data.len(), 30_483);
    assert_eq!(data.sequence("rna", 0).unwrap(), "GGAGUGAUG");
    assert!(data.rows(Part::Test, None).unwrap().len() > 5000);
    assert_eq!(
        data.fingerprint()[0].1,
        "df1251425d7bae15cbae5922c9b05e7765344fc4bb13970fb44b51370c09cf74"
    );
}
