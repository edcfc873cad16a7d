include!("mock/cistron.rs");

fn main() -> Result<()> {
    let (net, data) = (Model::default(), Dataset);
    let report = compare! { net, "net" = net(kernels = 3), "net" = net; data = data, fold = 1 };
    drop(report);
    Ok(())
}
