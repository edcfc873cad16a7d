include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input  dna: Dna = npz("sequences.npz", kye = "x");
        output y = column("y");
    };
    drop(toy);
    Ok(())
}
