//! From a declaration to a trained network in a plain program: it learns, it repeats itself, it shows what it found.

use cistron::prelude::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn runs_in(folder: &std::path::Path) {
    // SAFETY: one test binary sets one variable before anything reads it.
    unsafe { std::env::set_var("CISTRON_RUNS", folder) };
}

#[test]
fn a_declared_network_learns_the_planted_grammar() -> Outcome {
    let folder = tempfile::tempdir()?;
    runs_in(folder.path());
    let sim = simulate::motif_grammar(MotifGrammar {
        sequences: 6000,
        seed: 1,
        ..Default::default()
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
    let loss = objective! { on toy { loss(enhancer, promoter) = mse(); watch(enhancer, promoter) = correlation(Points); } };
    let run = fit! { net, loss, toy; epochs = 14, batch = 64, patience = 6, optimizer = Adam { lr: 3e-3 }, seed = 1 };
    for output in ["enhancer", "promoter"] {
        let r = run.correlation(&toy, Part::Test, output)?;
        assert!(r >= 0.85, "{output}: r = {r}");
    }

    let filters = run.filters(&toy, "dna")?;
    for planted in &sim.motifs {
        let best = filters.iter().map(|f| f.similarity(planted)).fold(f64::MIN, f64::max);
        assert!(best >= 0.85, "{}: the most similar filter has {best}", planted.name);
    }

    let again = cistron::fit! { net, loss, toy; epochs = 2, batch = 64, optimizer = Adam { lr: 3e-3 }, seed = 1 };
    let twin = cistron::fit! { net, loss, toy; epochs = 2, batch = 64, optimizer = Adam { lr: 3e-3 }, seed = 1 };
    let other = cistron::fit! { net, loss, toy; epochs = 2, batch = 64, optimizer = Adam { lr: 3e-3 }, seed = 2 };
    assert!(
        again.network().to_safetensors()? == twin.network().to_safetensors()?,
        "the same seed gives the same bytes"
    );
    assert!(
        again.network().to_safetensors()? != other.network().to_safetensors()?,
        "another seed gives other weights"
    );

    let message = (|| -> Result<Run, Box<dyn std::error::Error>> {
        Ok(fit! { net, loss, toy; epochs = 5, batch = 64, optimizer = Sgd { lr: 1e6 }, seed = 1 })
    })()
    .unwrap_err()
    .to_string();
    assert!(
        message.contains("step") && message.contains("1000000") && message.contains("`exp`"),
        "{message}"
    );
    Ok(())
}
