include!("mock/cistron.rs");

macro_rules! network {
    ($data:ident, $value:expr) => {
        model! { Toy on $data { y = $value.linaer(); } }
    };
}

fn main() -> Result<()> {
    let toy = Dataset;
    let net = network!(toy, dna.conv(64, width = 15));
    drop((net, toy));
    Ok(())
}
