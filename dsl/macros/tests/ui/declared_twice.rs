include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input  dna: Dna = column("sequence");
        output y = column("y"), dna = column("z");
    };
    drop(toy);
    Ok(())
}
