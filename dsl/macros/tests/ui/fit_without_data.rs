include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, loss) = (Model::default(), Objective);
    let run = fit! { net, loss; epochs = 3 };
    drop(run);
    Ok(())
}
