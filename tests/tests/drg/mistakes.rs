//! Mistakes that the original takes without a word, or that end its runs: each is told before anything is trained, at its token
//! where it stands in a declaration.

use super::models;
use cistron::declaration::{Diagnostic, Diagnostics, Signature, Source, Span};
use cistron::prelude::*;
use cistron::zoo::drg;
use proc_macro2::{TokenStream, TokenTree};
use std::path::Path;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What a macro tells the compiler: underlined tokens and messages.
fn told(expand: fn(TokenStream) -> TokenStream, text: &str) -> Vec<(String, String)> {
    fn walk(tokens: TokenStream, at: &mut String, found: &mut Vec<(String, String)>) {
        for token in tokens {
            match token {
                TokenTree::Ident(word) if word == "compile_error" => *at = word.span().source_text().unwrap_or_default(),
                TokenTree::Literal(text) if !at.is_empty() => {
                    let message = serde_json::from_str(&text.to_string()).unwrap_or_else(|_| text.to_string());
                    found.push((std::mem::take(at), message));
                }
                TokenTree::Group(group) => walk(group.stream(), at, found),
                _ => {}
            }
        }
    }
    let tokens = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let (mut at, mut found) = (String::new(), Vec::new());
    walk(expand(tokens), &mut at, &mut found);
    found
}

/// Asserts that a macro tells these tokens and beginnings of messages, and no others.
fn tells(expand: fn(TokenStream) -> TokenStream, text: &str, expected: &[(&str, &str)]) {
    let found = told(expand, text);
    assert_eq!(found.len(), expected.len(), "{text}: {found:#?}");
    for ((token, message), (at, begins)) in found.iter().zip(expected) {
        assert!(token == at && message.starts_with(begins), "{text}: {found:#?}");
    }
}

/// A diagnostic as its token, message, label and help.
fn shown(source: &Source, diagnostic: &Diagnostic) -> String {
    let Span { line, column, length } = diagnostic.span;
    let text = source.line(line).unwrap_or_default();
    let token: String = text.chars().skip(column as usize).take(length as usize).collect();
    let help = diagnostic.help.as_deref().unwrap_or_default();
    format!("{token}: {} | {} | {help}", diagnostic.message, diagnostic.label)
}

fn declare(text: &str, signature: &Signature) -> Result<Model, Diagnostics> {
    Model::declare(cistron_syntax::read_model(text).whole()?, Vec::new(), vec![signature.clone()])
}

/// Asserts the only mistake of a model: `token: message`.
fn mistake(body: &str, signature: &Signature, expected: &str) {
    match declare(&format!("Net on genes {{\n{body}\n}}"), signature) {
        Ok(_) => panic!("{body}: no mistake"),
        Err(error) => {
            let found: Vec<String> = error.list.iter().map(|d| shown(&error.source, d)).collect();
            assert!(found.len() == 1 && found[0].starts_with(expected), "{body}: {found:#?}");
        }
    }
}

/// Asserts a warning of a model that can be declared.
fn warning(body: &str, signature: &Signature, expected: &str) {
    let text = format!("Net on genes {{\n{body}\n}}");
    let model = declare(&text, signature).unwrap_or_else(|e| panic!("{e}"));
    let source = &model.declaration().source;
    let found: Vec<String> = model.warnings().iter().map(|d| shown(source, d)).collect();
    assert!(found.iter().any(|w| w.starts_with(expected)), "{body}: {found:#?}");
}

/// 320 bp of DNA and RNA, and tracks t0, t1, t2 of `ex`, `kd` and `kt`.
fn genes() -> Outcome<(tempfile::TempDir, Dataset)> {
    let folder = tempfile::tempdir()?;
    let data = models::data(folder.path(), 320, 3)?;
    Ok((folder, data))
}

/// Three heads that have nothing wrong.
const HEADS: &str = "let (t, r) = (dna.mean(Positions), rna.mean(Positions)); kt = t.linear(); kd = r.linear();";

#[test]
fn misspelt_words() {
    tells(
        cistron_syntax::fit,
        "net, loss, data; wram_up = 4",
        &[("wram_up", "unknown option `wram_up`; did you mean `warmup`?")],
    );
    tells(
        cistron_syntax::objective,
        "on data { loss(ex) = corelation(Tracks); }",
        &[("corelation", "unknown loss `corelation`; did you mean `correlation`?")],
    );
    tells(
        cistron_syntax::model,
        "Net on data { ex = dna.conv(4, width = 3).gleu().linear(); }",
        &[("gleu", "unknown layer `gleu`; did you mean `gelu`?")],
    );
}

#[test]
fn inputs_and_names() -> Outcome {
    let (_folder, data) = genes()?;
    let genes = data.signature();
    // The reverse complement of a transcript.
    mistake(
        "ex = rna.both_strands().conv(4, width = 3).linear(); without(..);",
        &genes,
        "both_strands: no strand to complement: `rna` is single stranded | declared `Rna` in data! `genes`",
    );
    // A fed with RNA: the sequence that a network reads stands in the expression, the one it does not read is told.
    warning(
        "ex = dna.mean(Positions).linear(); without(..);",
        &genes,
        "Net: input `rna` of `genes` is read by no output",
    );
    // A route to an input that does not exist, or to too few, is a name that is not bound.
    mistake(
        &format!("{HEADS} ex = concat([t, q]).linear();"),
        &genes,
        "q: unknown name `q`",
    );
    // A difference with one operand does not parse; two values where one is taken are no output.
    let found = told(cistron_syntax::model, "Net on data { kt = dna.linear(); ex = kt - ; }");
    assert!(found.len() == 1 && found[0].1.contains("expected an expression"), "{found:?}");
    mistake(
        &format!("{HEADS} ex = [kt, kd];"),
        &genes,
        "ex: an output is the output of a layer, found a list of 2",
    );
    Ok(())
}

#[test]
fn differences() -> Outcome {
    let (_folder, data) = genes()?;
    let mut genes = data.signature();
    warning(
        "let (t, r) = (dna.mean(Positions), rna.mean(Positions));\nkt = t.linear().gelu(); kd = r.linear(); ex = kt - kd;",
        &genes,
        "gelu: difference of GELU-activated heads: this head cannot go below -0.17 |  | end the head with `.linear()`",
    );
    // Other tracks on both sides: at the operator, and at the output that lacks one.
    let port = genes.outputs.iter_mut().find(|p| p.name == "kd").ok_or("kd")?;
    port.tracks.swap(0, 1);
    warning(
        &format!("{HEADS} ex = kt - kd;"),
        &genes,
        "-: `-`: the tracks of both sides stand in another order and are aligned by name",
    );
    let port = genes.outputs.iter_mut().find(|p| p.name == "kd").ok_or("kd")?;
    port.tracks.pop();
    port.axes[0].size = Some(2);
    mistake(
        &format!("{HEADS} ex = kt - kd;"),
        &genes,
        "ex: output `ex` has 1 tracks that the graph does not give: `t2`",
    );
    Ok(())
}

#[test]
fn outputs_and_losses() -> Outcome {
    let (_folder, data) = genes()?;
    let genes = data.signature();
    mistake(HEADS, &genes, "Net: output `ex` of `genes` is never assigned");
    mistake(
        &format!("{HEADS} ex = t.linear(); ex = r.linear();"),
        &genes,
        "ex: output `ex` is assigned twice",
    );
    let without = || -> Outcome<Objective> { Ok(objective! { on data { loss(ex) = mse(); } }) };
    let text = without().unwrap_err().to_string();
    assert!(text.contains("`kd`, `kt` have no loss") && text.contains("^^^^"), "{text}");
    let watched = || -> Outcome<Objective> { Ok(objective! { on data { loss(ex, kd, kt) = mse(); watch(ez) = mse(); } }) };
    let text = watched().unwrap_err().to_string();
    assert!(text.contains("no output `ez`") && text.contains("^^"), "{text}");
    // Heads stand where they are used; one that nothing reads is told and left out.
    let dead = format!("{HEADS} let h = t.linear(5);\nex = kt - kd;");
    warning(&dead, &genes, "linear: `linear` reaches no output and is left out");
    let live = declare(&format!("Net on genes {{ {HEADS} ex = kt - kd; }}"), &genes)?;
    assert_eq!(
        declare(&format!("Net on genes {{ {dead} }}"), &genes)?.parameter_count(),
        live.parameter_count()
    );
    // A correlation over one track, a loss of counts on a head that can be negative.
    let folder = tempfile::tempdir()?;
    let one = models::data(folder.path(), 60, 1)?;
    let flat = || -> Outcome<Objective> { Ok(objective! { on one { loss(ex, kd, kt) = correlation(Tracks); } }) };
    let text = flat().unwrap_err().to_string();
    assert!(
        text.contains("a correlation over the tracks of an example needs at least 2, but `ex` has 1") && text.contains("^^^"),
        "{text}"
    );
    let counts = objective! { on data { loss(ex, kd, kt) = poisson(); } };
    let text = Fit::new(&live, &counts, &data).run().unwrap_err().to_string();
    assert!(
        text.contains("`poisson()` of `ex`: this output ends in") && text.contains("gives negative values too"),
        "{text}"
    );
    Ok(())
}

#[test]
fn lengths_and_numbers() -> Outcome {
    let (_folder, data) = genes()?;
    let genes = data.signature();
    let alone = |body: &str| format!("ex = {body}; without(..);");
    mistake(
        &alone("dna.conv(4, width = 5).residual(5, width = 11, after = |h| h.pool(Weighted, 4)).linear()"),
        &genes,
        "5: `residual` layer 4 needs length >= 11 but gets 5: 320 -> 80 -> 20 -> 5",
    );
    mistake(
        &alone("dna.pool(Max, 500).linear()"),
        &genes,
        "500: `pool` window 500 is longer than the length 320 that reaches it",
    );
    mistake(
        &alone("dna.residual(3, width = 5, dilation = [1, 2]).linear()"),
        &genes,
        "[: `dilation` lists 2 values for 3 layers",
    );
    mistake(
        &alone("dna.residual(0, width = 5).linear()"),
        &genes,
        "0: `layers` of `residual` must be at least 1, found 0",
    );
    // Even widths and blocks of one layer mean something; `quirks` trains the latter.
    for body in ["dna.conv(4, width = 4).linear()", "dna.residual(1, width = 6).linear()"] {
        declare(&format!("Net on genes {{ {} }}", alone(body)), &genes)?;
    }
    tells(
        cistron_syntax::model,
        "Net on data { ex = dna.dropout(1.0).linear(); }",
        &[("1.0", "`rate` of `dropout` must be at least 0 and below 1, found 1")],
    );
    tells(
        cistron_syntax::fit,
        "net, loss, data; patience = 0, optimizer = Sgd { lr: 0 }",
        &[
            ("0", "`patience` is 0; it must be at least 1"),
            ("0", "`lr` is 0; it must be above 0"),
        ],
    );
    tells(
        cistron_syntax::fit,
        "net, loss, data; optimizer = AdamW { lr: 1e-3, momentum: 0.9 }",
        &[("momentum", "`AdamW` has no field `momentum`")],
    );
    Ok(())
}

/// Two runs with the same name.
#[test]
fn names_of_runs() -> Outcome {
    tells(
        cistron_syntax::compare,
        "\"x\" = a, \"x\" = b; with = loss, data = genes, folds = all",
        &[("\"x\"", "two models of this comparison are called `x`")],
    );
    // Folders of runs carry a hash of what was declared. In the original these two write the same files.
    let (_folder, data) = genes()?;
    let drg = drg::blocks()?.with("tower", 2)?.with("tower_pool", 3)?;
    assert_ne!(drg::f_all(&data, &drg)?.hash(), drg::f_routed(&data, &drg)?.hash());
    Ok(())
}

/// Eight genes with tracks B_1, B_2 and T_1 of `ex`, and what stands behind them in `data!`.
struct Files<'a>(&'a Path);

impl Files<'_> {
    fn write(&self, name: &str, text: &str) -> Outcome<String> {
        std::fs::write(self.0.join(name), text)?;
        Ok(self.0.join(name).display().to_string())
    }

    fn fasta(&self, prefix: &str) -> Outcome<String> {
        let text: String = (1..=8).map(|i| format!(">{prefix}{i}\nACGTACGT\n")).collect();
        self.write(&format!("{prefix}.fa"), &text)
    }

    fn table(&self, name: &str, titles: &str) -> Outcome<String> {
        let tracks = titles.split('\t').count();
        let row = |i: usize| (0..tracks).map(|t| format!("\t{}", (i * 3 + t) % 7)).collect::<String>();
        let rows: String = (1..=8).map(|i| format!("g{i}{}\n", row(i))).collect();
        self.write(name, &format!("# {titles}\n{rows}"))
    }
}

fn refused(data: Outcome<Dataset>) -> String {
    data.map_or_else(
        |e| e.to_string(),
        |data| panic!("expected a mistake, got {} examples", data.len()),
    )
}

#[test]
fn files() -> Outcome {
    let folder = tempfile::tempdir()?;
    let files = Files(folder.path());
    let (dna, other) = (files.fasta("g")?, files.fasta("h")?);
    let ex = files.table("ex.tsv", "B_1\tB_2\tT_1")?;
    let sets = files.write("sets.txt", "# Set_0\ng1 g2\n# Set_1\ng3\n# Set_2\ng4 g5\n")?;

    // A class table without all tracks.
    let classes = files.write("classes.txt", "B_1 B\n")?;
    let text = refused((|| {
        Ok(data! {
            input dna: Dna = fasta(dna);
            output ex = table(ex);
            classes table(classes);
            split hash(valid = 0.3, test = 0.3, by = name);
        })
    })());
    assert!(
        text.contains("classes.txt: 2 tracks have no class: B_2, T_1") && text.contains("data! line") && text.contains("^^^"),
        "{text}"
    );
    // A class with a single condition.
    let classes = files.write("single.txt", "B_1 B\nB_2 B\nT_1 T\n")?;
    let single = data! {
        input dna: Dna = fasta(dna);
        output ex = table(ex);
        classes table(classes);
        folds sets(sets, unassigned = train);
    };
    let remarks = single.audit().remarks().join("\n");
    assert!(
        remarks.contains("class `T` has one track, `T_1`, in `ex`: a correlation over one track is undefined"),
        "{remarks}"
    );
    // A fold that does not exist.
    let net = model! { Net on single { ex = dna.conv(4, width = 3).mean(Positions).linear(); }};
    let loss = objective! { on single { loss(ex) = mse(); } };
    let text = Fit::new(&net, &loss, &single).fold(3).run().unwrap_err().to_string();
    assert!(text.contains("no fold 3: there are folds 0 to 2"), "{text}");
    // Genes in no fold.
    assert!(remarks.contains("3 examples are in no set"), "{remarks}");
    let text = refused((|| {
        Ok(data! {
            input dna: Dna = fasta(dna);
            output ex = table(ex);
            folds sets(sets);
        })
    })());
    assert!(
        text.contains("3 examples are in no set of the set file") && text.contains("unassigned = train") && text.contains("^^^"),
        "{text}"
    );
    // Genes that do not meet.
    let text = refused((|| {
        Ok(data! {
            input dna: Dna = fasta(other);
            output ex = table(ex);
            split hash(valid = 0.3, test = 0.3, by = name);
        })
    })());
    assert!(text.contains("no name is in all sources") && text.contains("^^"), "{text}");
    // Outputs of other tracks.
    let kd = files.table("kd.tsv", "B_1\tT_1\tNK_1")?;
    let data = data! {
        input dna: Dna = fasta(dna);
        output ex = table(ex), kd = table(kd);
        split hash(valid = 0.3, test = 0.3, by = name);
    };
    let remarks = data.audit().remarks().join("\n");
    assert!(
        remarks.contains("tracks of `ex` and `kd` differ: `kd` lacks 1 (B_2), `ex` lacks 1 (NK_1)"),
        "{remarks}"
    );
    Ok(())
}
