//! A declaration is a value: hash, JSON, parameters.

use crate::support::*;
use cistron_model::Model;

const TEXT: &str = "Net(n = 8, rate = 0.1) on toy { y = dna.conv(n, width = 5).norm(Batch).gelu().dropout(rate).linear() / 3; }";

#[test]
fn json_and_back() {
    let model = on(TEXT, toy()).unwrap().with("n", 12).unwrap();
    let text = serde_json::to_string(&model).unwrap();
    let back: Model = serde_json::from_str(&text).unwrap();
    assert_eq!(back, model);
    assert_eq!(back.hash(), model.hash());
    assert_eq!(back.with("n", 8).unwrap(), on(TEXT, toy()).unwrap().with("n", 8).unwrap());
}

#[test]
fn the_hash_is_stable_and_looks_at_what_counts() {
    let model = on(TEXT, toy()).unwrap();
    assert_eq!(
        model.hash(),
        HASH,
        "the hash of a declaration must not change between versions"
    );
    assert_eq!(model.short_hash(), &HASH[..8]);
    let moved = on(&TEXT.replace("{ y", "{\n\n // words\n y"), toy()).unwrap();
    assert_eq!(moved.hash(), HASH);
    assert_ne!(model.with("n", 9).unwrap().hash(), HASH);
    assert_ne!(model.with("rate", 0.2).unwrap().hash(), HASH);
}

const HASH: &str = "9c9be6a0f467d99e737573eff6a4d8555b8225b5df906f2a7d0fa9401e85fc94";

#[test]
fn operations_of_earlier_graphs_read_and_write_the_same() {
    use cistron_model::{Convention, Operation, Rest};
    for text in [
        r#"{"BatchNorm":{"epsilon":0.00001,"momentum":0.1}}"#,
        r#"{"Pool":{"kind":"Weighted","window":4}}"#,
        r#"{"Convolution":{"filters":8,"width":5,"stride":1,"dilation":1,"groups":1,"padding":[2,2],"bias":true}}"#,
    ] {
        let operation: Operation = serde_json::from_str(text).unwrap();
        let again = serde_json::to_string(&operation).unwrap().replace("1e-5", "0.00001");
        assert_eq!(again, text);
        match operation {
            Operation::BatchNorm {
                convention,
                virtual_batch,
                ..
            } => assert_eq!((convention, virtual_batch), (Convention::PyTorch, None)),
            Operation::Pool { step, rest, .. } => assert_eq!((step, rest), (None, Rest::Drop)),
            _ => {}
        }
    }
}
