include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let loss = objective! { on toy { loss(y) = correlation(); } };
    drop((loss, toy));
    Ok(())
}
