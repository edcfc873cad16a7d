//! Operations from a cell: a Candle function of the user's in a declaration, ours in Candle's own graph, memory beforehand.

use cistron_tests::Notebook;

const DATA: &str = r#"let sim = simulate::motif_grammar(MotifGrammar { sequences: 600, ..Default::default() })?;
let toy = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};"#;

const MODEL: &str = r#"custom_layer("squared", |x| x[0].sqr());
let net = model! { Net(filters = 16) on toy {
    recompute block tower(x) { x.norm(Batch).relu().conv(filters, width = 7) }
    let h = tower(dna.conv(filters, width = 11)).custom("squared").mean(Positions);
    enhancer = h.linear();
    promoter = h.linear();
}};
let loss = objective! { on toy { loss(enhancer, promoter) = mse(); } };
let memory = net.memory(64)?;
memory.to_string()"#;

const CANDLE: &str = r#"use cistron::candle_core::Var;
use cistron::ops::{Pass, Softmax, candle::apply};
let x = Var::new(&[[1f64, 2.0, 6.0]], &Device::Cpu)?;
let y = apply(Softmax { axis: 0 }, &[&x], &Pass::default())?;
let gradients = y.narrow(1, 0, 1)?.sum_all()?.backward()?;
let gradient = gradients.get(&x).unwrap().to_vec2::<f64>()?;
let p = y.to_vec2::<f64>()?;
(gradient[0][0] - p[0][0] * (1.0 - p[0][0])).abs() < 1e-12 && (gradient[0][2] + p[0][0] * p[0][2]).abs() < 1e-12"#;

#[test]
fn functions_of_candle_go_both_ways_and_memory_is_known_beforehand() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Notebook::default()
        .cell(DATA)
        .cell(MODEL)
        .cell("let run = fit! { net, loss, toy; epochs = 2, batch = 64, optimizer = Adam { lr: 1e-2 }, seed = 1, quiet = true };")
        .cell("run.epochs().len()")
        .cell(CANDLE)
        .run(folder.path(), &[]);
    assert!(ran.success, "{}", ran.stderr);
    let memory = ran.text(1);
    assert!(memory.contains("MB at most in a step"), "{memory}");
    assert_eq!(ran.text(4).trim(), "true");
}
