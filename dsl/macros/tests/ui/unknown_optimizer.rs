include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, loss, toy) = (Model::default(), Objective, Dataset);
    let run = fit! { net, loss, toy; optimizer = Adma { lr: 1e-3 } };
    drop(run);
    Ok(())
}
