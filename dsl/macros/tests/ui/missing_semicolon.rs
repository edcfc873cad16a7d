include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let net = model! { Toy on toy {
        let t = dna.conv(64, width = 15)
        y = t.linear();
    }};
    drop((net, toy));
    Ok(())
}
