include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input dna: Dna = column("sequence");
    };
    drop(toy);
    Ok(())
}
