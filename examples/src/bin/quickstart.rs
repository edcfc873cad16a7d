//! The quickstart notebook as a plain program: simulate, declare, train, look.
//!
//! ```text
//! cargo run --release -p cistron-examples --bin quickstart -- [SEED]
//! ```

use cistron::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed: u64 = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    let sim = simulate::motif_grammar(MotifGrammar {
        seed,
        ..MotifGrammar::default()
    })?;
    let toy = data! {
        records sim = frame(sim.table);
        input   dna: Dna = column("sequence");
        output  enhancer = column("enhancer"), promoter = column("promoter");
        split   column("split");
    };
    let net = model! { TwoMotifs(kernels = 32, width = 15) on toy {
        let sites = dna.conv(kernels, width = width).norm(Batch).exp().pool(Max, 2);
        let pairs = sites.conv(kernels, width = 15).norm(Batch).relu().mean(Positions);
        enhancer = pairs.linear();
        promoter = pairs.linear();
    }};
    println!("{net}");
    let loss = objective! { on toy {
        loss(enhancer, promoter)  = mse();
        watch(enhancer, promoter) = correlation(Points);
    }};
    let run = fit! { net, loss, toy;
    epochs = 16, batch = 64, optimizer = Adam { lr: 3e-3 }, patience = 5, seed = seed, name = "quickstart" };
    run.scatter(&toy, Part::Test)?.save("quickstart_observed_predicted.svg")?;
    run.filters_figure(&toy, "dna", &sim.motifs, 6)?
        .save("quickstart_filters.svg")?;
    println!("figures: quickstart_observed_predicted.svg, quickstart_filters.svg");
    Ok(())
}
