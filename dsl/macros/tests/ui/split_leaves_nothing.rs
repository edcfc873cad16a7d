include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input  dna: Dna = column("sequence");
        output y = column("y");
        split  hash(valid = 0.5, test = 0.5);
    };
    drop(toy);
    Ok(())
}
