include!("../mock/cistron.rs");

fn main() -> Result<()> {
    let table = DataFrame;
    let column = String::from("activity");
    let toy = data! {
        records assay = frame(table);
        input   dna: Dna = column("sequence");
        output  y: Scalar = column(column);
        split   hash(valid = 0.1, test = 0.1);
    };
    let kernels = 64;
    let net = model! { Toy(kernels = kernels, width = 15, note = column) on toy {
        y = dna.conv(kernels, width = width).relu().linear();
    }};
    let loss = objective! { on toy { loss(y) = 0.5 * mse() + 0.5 * correlation(Points); } };
    let run = fit! { net(kernels = 32), loss, toy; epochs = 2 + 1, optimizer = Sgd { lr: 1, momentum: 0.9 } };
    assert_eq!(
        run.0,
        ["2 captured", "kernels = 32", "epochs = 3", "Sgd(Sgd { lr: 1.0, momentum: 0.9, weight_decay: 0.0, nesterov: false })"]
    );
    let models = 3;
    let report = compare! { net, "wide" = net(kernels = 96); with = loss, data = toy, folds = all, seeds = models, epochs = models };
    assert_eq!(report.0, ["2 captured", "epochs = 3", "its own", "wide", "all folds", "seeds = 3"]);
    // Nothing of the cell was moved.
    drop((table, column, toy, net, loss, models));
    Ok(())
}
