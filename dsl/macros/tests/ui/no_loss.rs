include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let loss = objective! { on toy { watch(y) = mse(); } };
    drop((loss, toy));
    Ok(())
}
