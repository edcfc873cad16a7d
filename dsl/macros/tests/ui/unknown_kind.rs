include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input  dna: Dna = column("sequence");
        output y: Scaler = column("y");
    };
    drop(toy);
    Ok(())
}
