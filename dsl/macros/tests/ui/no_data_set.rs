include!("mock/cistron.rs");

fn main() -> Result<()> {
    let net = model! { Toy { y = dna.linear(); } };
    drop(net);
    Ok(())
}
