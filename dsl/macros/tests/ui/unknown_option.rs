include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, loss, toy) = (Model::default(), Objective, Dataset);
    let run = fit! { net, loss, toy; wram_up = 4, epochs = 2 };
    drop(run);
    Ok(())
}
