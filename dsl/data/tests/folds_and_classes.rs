//! Genes that are in no set, tracks without a class, outputs with unequal tracks: counted, named, refused.

mod support;

use cistron_data::Part;
use std::path::Path;
use support::{declare, message};

fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

/// Eight genes, and one output with the tracks B_1, B_2 and T_1.
fn ports(folder: &Path) -> String {
    let fasta: String = (1..=8).map(|i| format!(">g{i}\nACGT\n")).collect();
    let table: String = (1..=8).map(|i| format!("g{i}\t{i}\t{}\t{}\n", 9 - i, i % 3)).collect();
    let fasta = write(folder, "s.fa", &fasta);
    let table = write(folder, "ex.tsv", &format!("# B_1\tB_2\tT_1\n{table}"));
    format!("input dna: Dna = fasta({fasta:?});\noutput ex = table({table:?});\n")
}

#[test]
fn genes_in_no_set_are_refused_until_the_declaration_says_what_becomes_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let ports = ports(folder.path());
    let sets = write(folder.path(), "sets.txt", "# Set_0\ng1 g2 gX gY\n# Set_1\ng3\n# Set_2\ng4\n");
    let text = message(&format!("{ports}folds sets({sets:?});"), vec![]);
    assert!(text.contains("4 examples are in no set of the set file"), "{text}");
    assert!(text.contains("(g5, g6, g7, g8)") && text.contains("data! line 3"), "{text}");
    assert!(
        text.contains("`unassigned = train`") && text.contains("`unassigned = drop`"),
        "{text}"
    );
    let with = |word: &str| declare(&format!("{ports}folds sets({sets:?}, unassigned = {word});"), vec![]).unwrap();
    let (train, drop) = (with("train"), with("drop"));
    assert_eq!(train.rows(Part::Train, Some(0)).unwrap(), [3, 4, 5, 6, 7]);
    assert_eq!(drop.rows(Part::Train, Some(0)).unwrap(), [3]);
    assert_eq!(drop.rows(Part::Valid, Some(0)).unwrap(), [0, 1]);
    let remarks = train.audit().remarks().join("\n");
    assert!(
        remarks.contains("4 examples are in no set") && remarks.contains("always in training"),
        "{remarks}"
    );
    assert!(
        remarks.contains("2 of 6 names in") && remarks.contains("belong to no example (gX, gY)"),
        "{remarks}"
    );
    assert!(drop.audit().remarks().join("\n").contains("left out"));
    assert!(drop.to_string().contains("in no set 4"), "{drop}");
    let text = message(&format!("{ports}folds sets({sets:?}, unassigned = test);"), vec![]);
    assert!(text.contains("`unassigned` can only be `train` or `drop`"), "{text}");
}

#[test]
fn a_fold_file_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let ports = ports(folder.path());
    let said = |content: &str| {
        let path = write(folder.path(), "sets.txt", content);
        message(&format!("{ports}folds sets({path:?}, unassigned = train);"), vec![])
    };
    let all = "g1 g2\n# Set_1\ng3 g4\n# Set_2\ng5 g6 g7 g8\n";
    for (content, expected) in [
        (
            format!("g1\n# Set_0\n{all}"),
            "sets.txt:1: names before the first set; a set begins with a line `# Set_0`",
        ),
        (format!("# Set_0\n{all}# Set_3\ng1\n"), "sets.txt:8: `g1` is in two sets"),
        ("\n".to_string(), "sets.txt: no sets; a set begins with a line `# Set_0`"),
        (
            "# Set_0\na b\n# Set_1\nc\n# Set_2\nd\n".to_string(),
            "none of its 4 names is the name of an example (such as `g1`)",
        ),
        (format!("# Set_0\n{all}# Set_3\nh1\n"), "set `Set_3` (set file"),
        (
            "# Set_0\ng1 g2 g3 g4\n# Set_1\ng5 g6 g7 g8\n".to_string(),
            "2 sets (Set_0, Set_1); training, validation and test need at least 3",
        ),
    ] {
        let text = said(&content);
        assert!(text.contains(expected) && text.contains("data! line 3"), "{expected}\n{text}");
    }
    let path = write(folder.path(), "sets.txt", &format!("# Set_0\n{all}"));
    let data = declare(&format!("{ports}folds sets({path:?});"), vec![]).unwrap();
    let text = data.rows(Part::Test, Some(3)).unwrap_err().to_string();
    assert_eq!(text, "no fold 3: there are folds 0 to 2 (3 sets: Set_0, Set_1, Set_2)");
}

#[test]
fn folds_by_count_name_a_number_that_makes_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let ports = ports(folder.path());
    let said = |rule: &str| message(&format!("{ports}folds {rule};"), vec![]);
    for (rule, expected) in [
        ("count(9)", "9 sets for 8 examples; expected a whole number from 3 to 8"),
        ("count(2)", "2 sets for 8 examples; expected a whole number from 3 to 8"),
        ("count(3.5)", "3.5 sets for 8 examples"),
        ("count(\"3\")", "`count` needs a number here"),
        (
            "count(4, seed = 0.5)",
            "`seed` is 0.5; NumPy's generator takes whole numbers from 0 to 4294967295",
        ),
        ("count(4, cutoff = 1)", "unknown argument `cutoff` of `count`"),
        ("cuont(4)", "unknown rule for folds `cuont`"),
    ] {
        let text = said(rule);
        assert!(text.contains(expected) && text.contains("data! line 3"), "{expected}\n{text}");
    }
    let data = declare(&format!("{ports}folds count(4, seed = 3);"), vec![]).unwrap();
    let tested: Vec<usize> = (0..4).flat_map(|f| data.rows(Part::Test, Some(f)).unwrap()).collect();
    assert_eq!((tested.len(), data.fold_count()), (8, 4), "four sets of eight divide");
    assert_eq!(
        data.rows(Part::Valid, Some(0)).unwrap(),
        data.rows(Part::Test, Some(3)).unwrap()
    );
}

#[test]
fn a_column_of_folds_with_empty_cells_is_treated_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        folder.path(),
        "t.tsv",
        "name\ts\ty\tfold\na\tACGT\t1\t0\nb\tCCCC\t2\t1\nc\tGGGG\t3\t2\nd\tTTTT\t4\t\n",
    );
    let ports = format!("records r = table({path:?});\ninput dna: Dna = r.s;\noutput y = r.y;\n");
    let text = message(&format!("{ports}folds r.fold;"), vec![]);
    assert!(text.contains("1 examples are in no set of the column `fold` (d)"), "{text}");
    assert!(text.contains("write `folds column(\"..\", unassigned = train)`"), "{text}");
    let data = declare(&format!("{ports}folds column(\"fold\", unassigned = train);"), vec![]).unwrap();
    assert_eq!(data.rows(Part::Train, Some(0)).unwrap(), [2, 3]);
}

#[test]
fn tracks_without_a_class_are_listed_and_lonely_ones_remarked() {
    let folder = tempfile::tempdir().unwrap();
    let ports = ports(folder.path());
    let with = |content: &str| {
        let path = write(folder.path(), "classes.txt", content);
        format!("{ports}folds count(4);\nclasses table({path:?});")
    };
    let text = message(&with("# track class\nB_1 B\n"), vec![]);
    assert!(text.contains("classes.txt: 2 tracks have no class: B_2, T_1"), "{text}");
    assert!(
        text.contains("data! line 4") && text.contains("needs a line `track class`"),
        "{text}"
    );
    let text = message(&with("B_1 B\nB_2 B cells\n"), vec![]);
    assert!(
        text.contains("classes.txt:2: 3 words where `condition class` is expected"),
        "{text}"
    );
    let text = message(&with("B_1 B\nB_2 B\nT_1 T\nB_1 T\n"), vec![]);
    assert!(
        text.contains("classes.txt:4: `B_1` has the class `T` here and `B` before"),
        "{text}"
    );
    let data = declare(&with("B_1 B\nB_2 B # a comment\nT_1 T\nNK_1 NK\n"), vec![]).unwrap();
    let remarks = data.audit().remarks().join("\n");
    assert!(
        remarks.contains("class `T` has one track, `T_1`, in `ex`: a correlation over one track is undefined"),
        "{remarks}"
    );
    assert!(
        remarks.contains("classes: 1 names in") && remarks.contains("are no track (NK_1)"),
        "{remarks}"
    );
}

#[test]
fn outputs_with_unequal_tracks_are_told_apart_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let ports = ports(folder.path());
    let other = |name: &str, titles: &str, columns: usize| {
        let row = |i: usize| (0..columns).map(|c| format!("\t{}", i * 3 % 7 + c)).collect::<String>();
        let table: String = (1..=8).map(|i| format!("g{i}{}\n", row(i))).collect();
        write(folder.path(), name, &format!("# {titles}\n{table}"))
    };
    let (kd, kt) = (other("kd.tsv", "B_1\tT_1\tNK_1", 3), other("kt.tsv", "T_1\tB_1\tB_2", 3));
    let alone = other("alone.tsv", "half_life", 1);
    let text = format!("{ports}output kd = table({kd:?}), kt = table({kt:?}), h = table({alone:?});\nfolds count(4);");
    let data = declare(&text, vec![]).unwrap();
    let remarks = data.audit().remarks().join("\n");
    assert!(
        remarks.contains("tracks of `ex` and `kd` differ: `kd` lacks 1 (B_2), `ex` lacks 1 (NK_1)"),
        "{remarks}"
    );
    assert!(
        remarks.contains("tracks of `ex` and `kt` stand in another order"),
        "{remarks}"
    );
    assert!(
        !remarks.contains("`h`"),
        "an output of other things is no other order: {remarks}"
    );
}

#[test]
fn genes_that_only_some_files_have_are_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let ports = ports(folder.path());
    let names: String = (3..=12).map(|i| format!(">g{i}\nACG\n")).collect();
    let rna = write(folder.path(), "rna.fa", &names);
    let data = declare(&format!("{ports}input rna: Rna = fasta({rna:?});\nfolds count(3);"), vec![]).unwrap();
    assert_eq!(data.names(), ["g3", "g4", "g5", "g6", "g7", "g8"]);
    let remarks = data.audit().remarks().join("\n");
    assert!(remarks.contains("s.fa: 6 matched, 2 dropped (g1, g2)"), "{remarks}");
    assert!(
        remarks.contains("rna.fa: 6 matched, 4 dropped (g9, g10, g11, g12)"),
        "{remarks}"
    );
}
