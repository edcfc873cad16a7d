include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, loss, toy) = (Model::default(), Objective, Dataset);
    let run = fit! { net, loss, toy; optimizer = Sgd { lr: 0.0 } };
    drop(run);
    Ok(())
}
