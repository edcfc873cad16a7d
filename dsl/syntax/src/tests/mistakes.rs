//! Mistakes: each message at its own token, and all of them at once.

use crate::reader::Reader;
use crate::{compare, data, emit, fit, model, objective};
use proc_macro2::TokenStream;

/// The messages of a macro over a text, with the underlined token.
fn messages(word: &str, text: &str) -> Vec<(String, String)> {
    let input: TokenStream = text.parse().expect("tokens");
    let mut reader = Reader::new(&format!("{word}!"), &input);
    match word {
        "data" => _ = data::read(&mut reader, input),
        "model" => _ = model::read(&mut reader, input),
        "objective" => _ = objective::read(&mut reader, input),
        "compare" => _ = compare::read(&mut reader, input),
        _ => _ = fit::read(&mut reader, input),
    }
    let text = &reader.text;
    let one = |mistake| {
        let token = text.token(cistron_declaration::Diagnostic::clone(mistake).span);
        (token.source_text().unwrap_or_default(), emit::message(mistake))
    };
    reader.mistakes.iter().map(one).collect()
}

/// Asserts tokens and messages, in order.
fn expect(word: &str, text: &str, expected: &[(&str, &str)]) {
    let found = messages(word, text);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(token, message)| (token.as_str(), message.as_str()))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_misspelt_option_names_the_near_one() {
    expect(
        "fit",
        "net, loss, data; wram_up = 4, epochs = 0, batch = 8",
        &[
            ("wram_up", "unknown option `wram_up`; did you mean `warmup`?"),
            ("0", "`epochs` is 0; it must be at least 1"),
        ],
    );
}

#[test]
fn numbers_out_of_range_are_underlined() {
    expect(
        "fit",
        "net, loss, data; patience = 0, batch = 0.5, fold = -1, optimizer = Sgd { lr: 0, momentum: 1.5 }",
        &[
            ("0", "`patience` is 0; it must be at least 1"),
            ("0.5", "`batch` must be a whole number, found 0.5"),
            ("-", "`fold` is -1; it must be at least 0"),
            ("0", "`lr` is 0; it must be above 0"),
            ("1.5", "`momentum` is 1.5; it must be at least 0 and below 1"),
        ],
    );
}

#[test]
fn a_switch_is_on_or_off() {
    expect("fit", "net, loss, data; quiet = true, name = format!(\"seed {seed}\")", &[]);
    expect("fit", "net, loss, data; quiet = verbose", &[]);
    expect(
        "fit",
        "net, loss, data; quiet = 1, quite = true",
        &[
            ("1", "`quiet` is 1; it must be `true` or `false`"),
            ("quite", "unknown option `quite`; did you mean `quiet`?"),
        ],
    );
}

#[test]
fn a_field_of_another_optimizer_is_no_field() {
    expect(
        "fit",
        "net, loss, data; optimizer = AdamW { lr: 1e-3, momentum: 0.9 }",
        &[(
            "momentum",
            "`AdamW` has no field `momentum`\nhelp: AdamW has: lr, beta1, beta2, eps, weight_decay, amsgrad",
        )],
    );
    expect(
        "fit",
        "net, loss, data; optimizer = Adm { lr: 1e-3 }, lr = 1e-3",
        &[
            ("Adm", "unknown optimizer `Adm`; did you mean `Adam`?"),
            (
                "lr",
                "unknown option `lr`\nhelp: `lr` belongs to the optimizer: `optimizer = Adam { lr: 1e-3 }`",
            ),
        ],
    );
    expect(
        "fit",
        "net, loss, data; optimizer = Amsgrad",
        &[("Amsgrad", "unknown optimizer `Amsgrad`\nhelp: `AdamW { amsgrad: true }`")],
    );
    expect(
        "fit",
        "net, loss, data; optimizer = Adadelta { rho: 1, lr_decay: 0 }",
        &[
            ("1", "`rho` is 1; it must be at least 0 and below 1"),
            (
                "lr_decay",
                "`Adadelta` has no field `lr_decay`\nhelp: Adadelta has: lr, rho, eps, weight_decay",
            ),
        ],
    );
}

#[test]
fn mistakes_in_what_steers_an_optimizer_are_underlined() {
    expect(
        "fit",
        "net, loss, data; clip = GlobalNrm(0.2), schedule = Cosine { floor: 2 }, average = Ema(1.0), warmup = -1",
        &[
            ("GlobalNrm", "unknown `clip`: `GlobalNrm`; did you mean `GlobalNorm`?"),
            ("Cosine", "`Cosine` needs `over`"),
            ("2", "`floor` is 2; it must be at least 0 and below 1"),
            ("1.0", "`Ema` is 1.0; it must be above 0 and below 1"),
            ("-", "`warmup` is -1; it must be at least 0"),
        ],
    );
    expect(
        "fit",
        "net, loss, data; clip = 0.2, schedule = Step { every: 10, gamma: 0.5 }, average = Swa(3), no_decay = [Bias]",
        &[
            (
                "0.2",
                "`clip` takes a word with its numbers\nhelp: one of GlobalNorm(0.2), TensorNorm(0.2), Value(0.2)",
            ),
            ("gamma", "`Step` has no field `gamma`\nhelp: Step has: every, factor"),
            ("10", "`every` needs its unit\nhelp: `Epochs(10)` or `Steps(10)`"),
            (
                "Swa",
                "`Swa` is written otherwise\nhelp: `Swa { after: Epochs(10), every: Epochs(10) }`",
            ),
            ("Bias", "`no_decay` knows no `Bias`; did you mean `Biases`?"),
        ],
    );
    expect(
        "fit",
        "net, loss, data; groups = [Group { rate: -1 }, Group { names: 3 }], optimizer = KerasAdam { decay: 1e-5 }",
        &[
            ("Group", "`Group` needs `names`"),
            ("-", "`rate` is -1; it must be 0 or above"),
            ("3", "`names` takes names of parameters or layers\nhelp: `names: \"trunk.*\"`"),
            (
                "decay",
                "`KerasAdam` has no field `decay`\n\
                 help: KerasAdam has: lr, beta1, beta2, eps; Keras's `decay` is `schedule = Inverse { decay: .. }`",
            ),
        ],
    );
}

#[test]
fn mistakes_in_what_follows_patience_are_underlined() {
    expect(
        "fit",
        "net, loss, data; patience = 0, finetune = Rounds { rounds: 0, rate: 1.5, patience: 0.5 }, halve = OnRise { share: -1, epoch: 3 }, \
         warmup = Exponential { over: Epochs(4), factor: 1 }, compat = dgr, valtrain_ratio = -0.5, restart = 1",
        &[
            ("0", "`patience` is 0; it must be at least 1"),
            ("0", "`rounds` is 0; it must be a whole number, 1 or above"),
            ("1.5", "`rate` is 1.5; it must be above 0 and below 1"),
            ("0.5", "`patience` is 0.5; it must be a whole number, 1 or above"),
            ("epoch", "`OnRise` has no field `epoch`\nhelp: OnRise has: share, epochs"),
            ("-", "`share` is -1; it must be above 0"),
            ("1", "`factor` is 1; it must be above 1"),
            ("dgr", "`compat` knows no `dgr`; did you mean `drg`?"),
            ("-", "`valtrain_ratio` is -0.5; it must be 0 or above"),
            ("1", "`restart` is 1; it must be `true` or `false`"),
        ],
    );
    expect(
        "fit",
        "net, loss, data; finetune = 2, halve = Rise, compat = \"orca\"",
        &[
            (
                "2",
                "`finetune` takes a word with its numbers\nhelp: one of Rounds { rounds: .., rate: .., patience: .. }",
            ),
            ("Rise", "unknown `halve`: `Rise`; did you mean `OnRise`?"),
            ("\"orca\"", "`compat` knows no `\"orca\"`\nhelp: one of: drg"),
        ],
    );
}

#[test]
fn missing_parts_of_a_fit_are_named() {
    let example = "help: `fit! { net, loss, data; epochs = 20, seed = 1 }`";
    expect(
        "fit",
        "net, loss; epochs = 3",
        &[("loss", &format!("the data set is missing\n{example}"))],
    );
    expect(
        "fit",
        "net, loss, data, epochs = 3",
        &[("epochs", &format!("options stand behind a `;`\n{example}"))],
    );
    expect(
        "fit",
        "net, loss, data; epochs = , seed",
        &[
            ("=", "unexpected end of input, expected an expression"),
            ("seed", "`seed` needs a value\nhelp: `seed = ..`"),
        ],
    );
}

#[test]
fn unknown_words_begin_no_statement() {
    expect(
        "data",
        "inptu dna: Dna = column(\"s\"); output y: Scaler = colum(\"y\"); splt hash(valid = 0.1);",
        &[
            (
                "inptu",
                "unknown word `inptu` at the beginning of a statement; did you mean `input`?",
            ),
            (
                "splt",
                "unknown word `splt` at the beginning of a statement; did you mean `split`?",
            ),
            ("Scaler", "unknown kind `Scaler`; did you mean `Scalar`?"),
            ("colum", "unknown source `colum`; did you mean `column`?"),
        ],
    );
    expect(
        "model",
        "Net on toy { bloc trunk(x) { x } y = dna.linear(); lte z = dna; }",
        &[
            (
                "bloc",
                "unknown word `bloc` at the beginning of a statement; did you mean `block`?",
            ),
            (
                "lte",
                "unknown word `lte` at the beginning of a statement; did you mean `let`?",
            ),
        ],
    );
}

#[test]
fn data_without_inputs_or_outputs_is_none() {
    expect(
        "data",
        "input dna: Dna = column(\"s\");",
        &[(
            "input",
            "the data set has no output\nhelp: `output activity: Scalar = column(\"activity\");`",
        )],
    );
    expect(
        "data",
        "output y = column(\"y\");",
        &[(
            "output",
            "the data set has no input\nhelp: `input dna: Dna = column(\"sequence\");`",
        )],
    );
}

#[test]
fn names_are_declared_once() {
    expect(
        "data",
        "input dna: Dna = column(\"s\"), dna: Dna = column(\"t\"); output y = column(\"y\"); split hash(valid = 0.5, test = 0.6); split hash(test = 0.1);",
        &[
            ("dna", "`dna` is declared twice"),
            ("split", "a second `split`; a data set has one"),
            ("0.6", "the shares sum to 1.1; nothing is left for training"),
        ],
    );
}

#[test]
fn a_missing_semicolon_is_found_where_it_is_missing() {
    expect(
        "data",
        "input dna: Dna = column(\"s\")\noutput y = column(\"y\");",
        &[("output", "expected `;` before `output`")],
    );
    expect(
        "model",
        "Net on toy {\n let t = dna.relu()\n y = t.linear();\n z = t.linear() w = t; }",
        &[
            ("y", "expected `;` or an operator before `y`"),
            ("w", "expected `;` or an operator before `w`"),
        ],
    );
}

#[test]
fn rust_without_meaning_is_said_to_have_none() {
    expect(
        "model",
        "Net(k = 3, k = 4, 5) on toy { let x: u8 = 3; let a = &dna; y = a.conv(3)?; f(x) = 3; }",
        &[
            ("k", "the parameter `k` is given twice"),
            (
                "5",
                "a parameter needs a name and a default\nhelp: `Name(kernels = 300) on data`",
            ),
            (":", "types are not written in a declaration; `let name = value;`"),
            (
                "&",
                "`&` has no meaning in a declaration\nhelp: write the name alone; values are not moved",
            ),
            (
                "a",
                "`?` has no meaning in a declaration\nhelp: mistakes of a declaration are reported by the macro as a whole",
            ),
            (
                "f",
                "only a name can be assigned\nhelp: an output, a `let mut` binding, `data.output` or `[a, b] = ..`",
            ),
        ],
    );
}

#[test]
fn a_header_says_what_it_lacks() {
    let help = "\nhelp: `objective! { on data { loss(output) = mse(); } }`";
    expect(
        "objective",
        "{ loss(y) = mse(); }",
        &[("{", &format!("the data set is missing: `on data` before the braces{help}"))],
    );
    expect(
        "objective",
        "on toy",
        &[("toy", &format!("the statements in braces are missing{help}"))],
    );
    expect(
        "objective",
        "on { loss(y) = mse(); }",
        &[(
            "on",
            "expected the name of a data set after `on`\nhelp: `on data`: a variable that holds a `data!`",
        )],
    );
}

#[test]
fn losses_know_their_words() {
    expect(
        "objective",
        "on toy { loss(y) = 0.5 * corelation(Tracks) + mse(delta = 1); watch(y, y) = correlation(Trakcs); report(y) = dice(); lsos(y) = mse(); }",
        &[
            (
                "lsos",
                "unknown word `lsos` at the beginning of a statement; did you mean `loss`?",
            ),
            ("corelation", "unknown loss `corelation`; did you mean `correlation`?"),
            (
                "delta",
                "unknown argument `delta` of `mse`\nhelp: `mse` takes no named arguments",
            ),
            ("y", "the output `y` is given twice"),
            ("Trakcs", "unknown word `Trakcs` of `correlation`; did you mean `Tracks`?"),
            ("dice", "`dice` cannot run yet"),
        ],
    );
    expect(
        "objective",
        "on toy { loss(y) = corr(Tracks); }",
        &[("corr", "unknown loss `corr`; did you mean `correlation`?")],
    );
    expect(
        "objective",
        "on toy { watch(y) = mse(); }",
        &[("on", "the objective has no loss\nhelp: `loss(output) = mse();`")],
    );
}

#[test]
fn sources_know_their_statements_and_arguments() {
    expect(
        "data",
        "records t = fasta(\"x.fa\"); input dna: Dna = table(\"x.tsv\"), rna: Track = npz(); output y = npz(\"x.npz\", \"y\", kez = \"y\"), z: Dna = t.z, u = \"x.tsv\"; \
         split colum(\"s\"); folds sets(\"f\", unassigned = train);",
        &[
            ("fasta", "`fasta` gives no records\nhelp: one of: table, dataset, frame"),
            (
                "table",
                "`table` gives no sequences\nhelp: `Dna` comes from: npz, fasta, column",
            ),
            ("Track", "an input of kind `Track` cannot run yet"),
            ("npz", "`npz` needs a value\nhelp: `npz(\"..\")`"),
            ("\"y\"", "`npz` takes 1 value without a name"),
            ("kez", "unknown argument `kez` of the source `npz`; did you mean `key`?"),
            ("Dna", "an output of kind `Dna` cannot run yet"),
            (
                "\"x.tsv\"",
                "expected a source, found a text\nhelp: say how to read it: `table(\"x.tsv\")`, `npz(\"x.tsv\")`, `fasta(\"x.tsv\")`",
            ),
            ("colum", "unknown split `colum`; did you mean `column`?"),
        ],
    );
    expect(
        "data",
        "input dna: Dna = npz(\"x.npz\"); output y = column(\"y\");",
        &[(
            "column",
            "`column` has no records to be a column of\nhelp: declare them first: `records assay = table(\"assay.tsv\");`",
        )],
    );
}

#[test]
fn everything_that_data_reads_is_accepted() {
    for text in [
        "records r = dataset(\"mpsa_brca2_lib1\"); input dna: Dna = column(\"s\"); output y = column(\"y\", missing = masked);",
        "records r = frame(df, name = \"id\"); input cell: Category = r.cell, dose: Scalar = column(\"dose\"), dna: Rna = r.s; output y = r.y; split r.set;",
        "input x: Scalar = table(\"x.tsv\", name = \"id\"), z: Scalar = frame(df), w: Scalar = npz(\"w.npz\", key = \"w\"), dna: Dna = fasta(\"x.fa\"); \
         output a = table(\"a.tsv\", missing = masked), b = npz(\"b.npz\", missing = masked), c: Scalar = frame(df, missing = masked); \
         split hash(valid = 0.1, test = 0.1, seed = 3, by = name); folds hash(sets = 10, seed = 1);",
        "input dna: Dna = npz(\"x.npz\", key = \"x\", names = \"n\"); output y = table(\"y.tsv\"); classes table(\"classes.txt\"); folds sets(\"f\", unassigned = train);",
        "input dna: Dna = fasta(\"x.fa\"); output y = table(\"y.tsv\"); folds count(10, seed = 1010, above = 0.5);",
        "input dna: Dna = fasta(\"x.fa\"); output y = table(\"y.tsv\"); folds sets(\"f\", unassigned = drop);",
        "records r = table(\"r.tsv\"); input dna: Dna = r.s; output y = r.y; folds column(\"fold\", unassigned = drop);",
    ] {
        expect("data", text, &[]);
    }
}

#[test]
fn a_kind_names_the_sources_it_comes_from() {
    expect(
        "data",
        "records r = table(\"r.tsv\"); input cell: Category = table(\"c.tsv\"), dose: Scalar = fasta(\"x.fa\"), dna: Dna = frame(df); output y = r.y; \
         split hash(valid = 0.1, by = sequence); folds sets(\"f\", unassigned = test);",
        &[
            ("table", "`table` gives no categories\nhelp: `Category` comes from: column"),
            (
                "fasta",
                "`fasta` gives no numbers\nhelp: `Scalar` comes from: table, npz, column, frame",
            ),
            (
                "frame",
                "`frame` gives no sequences\nhelp: `Dna` comes from: npz, fasta, column",
            ),
            ("sequence", "`by` can only be `name`"),
            ("test", "`unassigned` can only be `train` or `drop`"),
        ],
    );
}

#[test]
fn folds_by_count_need_a_number_of_sets() {
    for (rule, place, message) in [
        ("count()", "count", "`count` needs a value\nhelp: `count(10)`"),
        (
            "count(2)",
            "2",
            "`count` needs a whole number of sets, at least 3; found 2\nhelp: `folds count(10, seed = 1010, above = 0.5);`",
        ),
        (
            "count(\"10\")",
            "\"10\"",
            "`count` needs a whole number of sets, at least 3; found \"10\"\nhelp: `folds count(10, seed = 1010, above = 0.5);`",
        ),
        (
            "count(10, cutoff = 0.5)",
            "cutoff",
            "unknown argument `cutoff` of the rule for folds `count`\nhelp: one of: seed, above",
        ),
        ("cuont(10)", "cuont", "unknown rule for folds `cuont`; did you mean `count`?"),
    ] {
        let text = format!("input dna: Dna = npz(\"x.npz\"); output y = table(\"y.tsv\"); folds {rule};");
        expect("data", &text, &[(place, message)]);
    }
}

#[test]
fn a_comparison_names_what_it_does_not_take() {
    expect(
        "compare",
        "a, \"x\" = b, \"x\" = b(kernels = 3); with = loss, dat = toy, fold = 1, seeds = 0, epochs = 0, lr = 1, folds = [0, 1, 0]",
        &[
            (
                "\"x\"",
                "two models of this comparison are called `x`\nhelp: give one a name of its own: `\"x, large\" = ..`",
            ),
            ("dat", "unknown option `dat`; did you mean `data`?"),
            (
                "fold",
                "`compare!` has no option `fold`\nhelp: `folds = 1`, `folds = [0, 1]` or `folds = all`",
            ),
            ("0", "`seeds` is 0; it must be at least 1"),
            ("0", "`epochs` is 0; it must be at least 1"),
            (
                "lr",
                "unknown option `lr`\nhelp: `lr` belongs to the optimizer: `optimizer = Adam { lr: 1e-3 }`",
            ),
            ("0", "0 stands twice in `folds`"),
            (
                "[",
                "the data set is missing: `data = ..`\nhelp: `compare! { a, b; with = loss, data = data, folds = all, seeds = 3, epochs = 20 }`",
            ),
        ],
    );
    expect(
        "compare",
        "a, epochs = 3; with = loss, data = toy, with = other, resume = 1",
        &[
            (
                "epochs",
                "options stand behind a `;`, names of models in quotes\nhelp: `compare! { a, b; with = loss, data = data, folds = all, seeds = 3, epochs = 20 }`",
            ),
            ("with", "the option `with` is given twice"),
            ("1", "`resume` is 1; it must be `true` or `false`"),
        ],
    );
}
