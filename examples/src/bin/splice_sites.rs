//! The splice-site ladder of `notebooks/splice_sites.ipynb` as a plain program.
//!
//! ```text
//! cargo run --release -p cistron-examples --bin splice_sites -- [SEEDS] [EPOCHS]
//! ```
//! Run it where `data/mpsa_brca2_lib1.csv.gz` is below the current folder (`notebooks/`), or let it be fetched.

use cistron::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seeds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let epochs: usize = arguments.next().map_or(Ok(40), |text| text.parse())?;

    let path = registry::path("mpsa_brca2_lib1")?;
    let splice = data! {
        records sites = table(path);
        input   rna: Rna = column("x");
        output  psi = column("y");
        split   column("set", train = "training", valid = "validation", test = "test");
    };
    for (name, features) in [("additive", Features::Additive), ("pairwise", Features::Pairwise)] {
        let r = Baseline::fit(&splice, "rna", "psi", features, 0.0)?.correlation(&splice, Part::Test)?;
        println!("{name:10} r = {r:.3}");
    }

    let net = model! { AllPositions(width = 128, drop = 0.1) on splice {
        let mut h = rna.flatten();
        for _ in 0..3 { h = h.dense(width).relu().dropout(drop); }
        psi = h.linear();
    }};
    let loss = objective! { on splice {
        loss(psi)  = mse();
        watch(psi) = correlation(Points);
    }};
    let mut all = Vec::new();
    for seed in 1..=seeds {
        let run = fit! { net, loss, splice;
        epochs = epochs, batch = 256, optimizer = Adam { lr: 1e-3 }, patience = 10, seed = seed, name = "splice" };
        all.push(run.correlation(&splice, Part::Test, "psi")?);
    }
    println!(
        "network    r = {:.3} (mean of {} seeds, standard deviation {:.4})",
        stats::mean(&all),
        all.len(),
        stats::standard_deviation(&all)
    );
    Ok(())
}
