include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let net = model! { Toy on toy {
        y = dna.con(64, width = 15).relu().linear();
    }};
    drop((net, toy));
    Ok(())
}
