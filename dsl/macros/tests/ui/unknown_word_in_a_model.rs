include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = Dataset;
    let net = model! { Toy(kernels = 64) on toy {
        bloc trunk(x) { x.conv(kernels, width = 15).relu() }
        y = trunk(dna).linear();
    }};
    drop((net, toy));
    Ok(())
}
