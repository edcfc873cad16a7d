//! Data sets as bytes and back.

mod support;

use candle_core::DType;
use cistron_data::{Captured, Dataset, Part, table};
use cistron_display::Show;
use support::declare;

fn data() -> Dataset {
    let columns: Vec<(&str, table::Cells)> = vec![
        ("name", vec!["a", "b", "c", "d", "e", "f"].into()),
        ("sequence", vec!["ACGT", "NNGG", "acgu", "TTTT", "GGGG", "CATG"].into()),
        ("y", vec![0.5, f64::NAN, -2.0, 4.0, 0.1, 7.0].into()),
        ("set", vec!["train", "val", "test", "train", "train", "test"].into()),
        ("fold", vec!["1", "2", "3", "1", "2", "3"].into()),
        ("cell", vec!["K562", "HepG2", "K562", "K562", "HepG2", "K562"].into()),
    ];
    let text = "records sim = frame($0);\ninput dna: Dna = column(\"sequence\");\ninput cell: Category = column(\"cell\");\n\
                output y = column(\"y\", missing = masked);\nsplit column(\"set\");\nfolds column(\"fold\");";
    declare(text, vec![Captured::from(&table::frame_from(columns).unwrap())]).unwrap()
}

#[test]
fn a_data_set_comes_back_as_it_was() {
    let data = data();
    let bytes = data.to_bytes().unwrap();
    let back = Dataset::from_bytes(&bytes).unwrap();
    assert_eq!(back.content_hash(), data.content_hash());
    assert_eq!((back.names(), back.signature()), (data.names(), data.signature()));
    assert!(!back.audit().is_shown());
    assert_eq!(back.bundle(), data.bundle());
    let seen = Dataset::from_bytes(&data.to_bytes().unwrap()).unwrap();
    assert!(seen.audit().is_shown(), "nobody is shown the audit once more");
    assert!(back.targets("y").unwrap()[1].is_nan());
    for (part, fold) in [
        (Part::Train, None),
        (Part::Test, None),
        (Part::Valid, Some(1)),
        (Part::Train, Some(2)),
    ] {
        assert_eq!(back.rows(part, fold).unwrap(), data.rows(part, fold).unwrap());
    }
    let batch = |data: &Dataset| {
        let batch = data.batch(&[5, 0, 2], DType::F32).unwrap();
        let dna = batch.inputs["dna"].to_vec3::<f32>().unwrap();
        (
            dna,
            batch.inputs["cell"].to_vec2::<f32>().unwrap(),
            batch.targets["y"].to_vec2::<f32>().unwrap(),
        )
    };
    assert_eq!(batch(&back), batch(&data));
    // What was made from it as well.
    let shuffled = data.with_shuffled_targets(3);
    let again = Dataset::from_bytes(&shuffled.to_bytes().unwrap()).unwrap();
    assert_eq!(again.content_hash(), shuffled.content_hash());
}

#[test]
fn bytes_that_are_no_data_set_are_refused() {
    let bytes = data().to_bytes().unwrap();
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let error = Dataset::from_bytes(&bytes[..cut]).unwrap_err().to_string();
        assert!(error.contains("no data set"), "{cut}: {error}");
    }
    // One name too few for the rows: `a` of the six names goes.
    let six = [0x96, 0xa1, b'a'];
    let at = bytes.windows(six.len()).position(|window| window == six).expect("the names");
    let five = [&bytes[..at], &[0x95], &bytes[at + six.len()..]].concat();
    let error = Dataset::from_bytes(&five).unwrap_err().to_string();
    assert!(error.contains("does not fit together: `dna`"), "{error}");
}
