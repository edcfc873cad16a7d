include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        input  dna: Dna = column("sequence");
        output y = bigwig("signal.bw");
    };
    drop(toy);
    Ok(())
}
