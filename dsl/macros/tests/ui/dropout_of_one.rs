include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let net = model! { Toy on toy {
        y = dna.conv(64, width = 15).relu().dropout(1.0).linear();
    }};
    drop((net, toy));
    Ok(())
}
