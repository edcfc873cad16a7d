include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, loss, toy) = (Model::default(), Objective, Dataset);
    let run = fit! { net, loss, toy; patience = 0 };
    drop(run);
    Ok(())
}
