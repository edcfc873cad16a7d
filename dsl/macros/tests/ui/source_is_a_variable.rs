include!("mock/cistron.rs");

fn main() -> Result<()> {
    let table = DataFrame;
    let toy = data! {
        records assay = table;
        input  dna: Dna = column("sequence");
        output y = column("y");
    };
    drop((toy, table));
    Ok(())
}
