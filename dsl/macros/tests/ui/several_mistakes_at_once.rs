include!("mock/cistron.rs");

fn main() -> Result<()> {
    let toy = data! {
        inptu  rna: Rna = column("transcript");
        input  dna: Dna = column("sequence"), dna: Dna = column("other");
        output y: Scalar = colum("y");
    };
    let net = model! { Toy on toy {
        let t = dna.con(64, width = 15);
        y = t.relu().dropout(1.5).linear();
    }};
    let loss = objective! { on toy { loss(y) = msee(); watch(y) = correlation(Trakcs); } };
    let run = fit! { net, loss, toy; epochs = 0, sed = 1, optimizer = Sgd { lr: -1.0, momentun: 0.9 } };
    drop((run, toy));
    Ok(())
}
