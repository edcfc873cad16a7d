include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let loss = objective! { on toy { loss(y) = corelation(Tracks) + 0.1 * mse(); } };
    drop((loss, toy));
    Ok(())
}
