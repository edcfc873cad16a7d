include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input  dna: Dna = colum("sequence");
        output y: Scalar = column("y");
    };
    drop(toy);
    Ok(())
}
