include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, loss, toy) = (Model::default(), Objective, Dataset);
    let run = fit! { net, loss, toy; optimizer = AdamW { lr: 1e-3, momentum: 0.9 } };
    drop(run);
    Ok(())
}
