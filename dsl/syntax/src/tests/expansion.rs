//! What the macros expand to.

use crate::{compare, data, fit, model, objective};

fn tokens(text: &str) -> proc_macro2::TokenStream {
    text.parse().expect("tokens")
}

/// An expansion without blanks and without the declaration's JSON.
fn shape(expansion: &proc_macro2::TokenStream) -> String {
    let text = expansion.to_string();
    let mut short = String::new();
    let mut inside = false;
    for part in text.split("\"{") {
        match part.split_once("}\"") {
            Some((_, rest)) if inside => short.push_str(&format!("JSON{rest}")),
            _ => short.push_str(part),
        }
        inside = true;
    }
    short.replace(' ', "")
}

#[test]
fn a_model_is_one_call() {
    assert_eq!(
        shape(&model::expand(tokens(
            "Net(kernels = 3, width = w) on toy { y = dna.linear(); }"
        ))),
        "::cistron::__macro::model(JSON,::std::vec![::cistron::Value::from(::std::clone::Clone::clone(&w))],\
         &[::cistron::Dataset::signature(&toy)])?"
    );
}

#[test]
fn data_is_one_call() {
    assert_eq!(
        shape(&data::expand(tokens(
            "records t = frame(&table); input dna: Dna = column(\"s\"); output y = column(\"y\");"
        ))),
        "::cistron::__macro::data(JSON,::std::vec![::cistron::__macro::Captured::from(&(table))])?"
    );
}

#[test]
fn an_objective_is_one_call() {
    assert_eq!(
        shape(&objective::expand(tokens("on toy, other { loss(y) = mse(); }"))),
        "::cistron::__macro::objective(JSON,&[::cistron::Dataset::signature(&toy),::cistron::Dataset::signature(&other)])?"
    );
}

#[test]
fn a_fit_is_a_chain_of_setters() {
    let fit = tokens(
        "net(kernels = 64), loss, data; epochs = n + 1, optimizer = Sgd { lr: 1, momentum: 0.9 }, precision = F64, name = \"x\"",
    );
    assert_eq!(
        shape(&fit::expand(fit)),
        "::cistron::Fit::new(&net.with(\"kernels\",64)?,&loss,&data).epochs(n+1)\
         .optimizer(::cistron::Optimizer::Sgd(::cistron::Sgd{lr:1.0,momentum:0.9,..::std::default::Default::default()}))\
         .precision(::cistron::Precision::F64).name(\"x\").run()?"
    );
    let fit = tokens("net, loss, data; optimizer = AdamW { lr: 1e-3, amsgrad: true }");
    assert_eq!(
        shape(&fit::expand(fit)),
        "::cistron::Fit::new(&net,&loss,&data).optimizer(::cistron::Optimizer::AdamW(\
         ::cistron::AdamW{lr:1e-3,amsgrad:true,..::std::default::Default::default()})).run()?"
    );
}

#[test]
fn a_comparison_is_a_fit_and_its_models() {
    let text = tokens("a, \"wide\" = a(kernels = 64); with = loss, data = toy, folds = all, seeds = [1, 2], epochs = 3");
    let found = compare::expand(text).to_string().replace(' ', "");
    let (before, rest) = found.split_once("compare(\"").expect("a call");
    let (_, after) = rest.split_once("\",::cistron::Fit").expect("a fit");
    assert_eq!(
        before,
        "{letmodels=::std::vec![(::std::option::Option::None,::cistron::Model::clone(&a)),\
         (::std::option::Option::Some(\"wide\"),::cistron::Model::clone(&a.with(\"kernels\",64)?))];::cistron::__macro::"
    );
    assert_eq!(
        after,
        "::new(&models[0].1,&loss,&toy).epochs(3),models)?.all_folds().seeds([1,2]).run()?}"
    );
}

#[test]
fn what_steers_an_optimizer_becomes_values() {
    let options = |text: &str| {
        let whole = shape(&fit::expand(tokens(&format!("net, loss, data; {text}"))));
        whole
            .replace("::cistron::Fit::new(&net,&loss,&data)", "")
            .replace(".run()?", "")
            .replace("::cistron::ops::", "")
    };
    assert_eq!(
        options("clip = GlobalNorm(1), warmup = 4, schedule = Cosine { over: Epochs(20) }, average = Ema(0.999)"),
        ".clip(Clip::GlobalNorm(1.0)).warmup(4)\
         .schedule(Schedule::Cosine{over:Period::Epochs(20),floor:0.0,}).average(Average::Ema(0.999))"
    );
    assert_eq!(
        options("warmup = Exponential { factor: 4, over: Epochs(4) }, schedule = Plateau { factor: 0.9 }"),
        ".warmup(Warmup::Exponential{over:Period::Epochs(4),factor:4.0,})\
         .schedule(Schedule::Plateau{factor:0.9,patience:10,threshold:0.0,floor:0.0,})"
    );
    assert_eq!(
        options("no_decay = [Biases, Norms], groups = [Group { names: [\"trunk\", \"*.bias\"], rate: 0.1, frozen: true }]"),
        ".no_decay([Role::Bias,Role::Norm])\
         .groups([Group{names:::std::vec![::std::string::String::from(\"trunk\"),::std::string::String::from(\"*.bias\")],\
         rate:0.1,weight_decay:::std::option::Option::None,frozen:true,}])"
    );
    assert_eq!(
        options("schedule = mine, clip = f(x), groups = slow()"),
        ".schedule(mine).clip(f(x)).groups(slow())"
    );
}

#[test]
fn what_follows_patience_becomes_values() {
    let options = |text: &str| {
        let whole = shape(&fit::expand(tokens(&format!("net, loss, data; {text}"))));
        whole
            .replace("::cistron::Fit::new(&net,&loss,&data)", "")
            .replace(".run()?", "")
            .replace("::cistron::train::", "")
    };
    assert_eq!(
        options("finetune = Rounds { rounds: 5, rate: 0.2 }, halve = OnRise { share: 1 }, restart = true"),
        ".finetune(Finetune::Rounds{rounds:5,rate:0.2,patience:3,}).halve(Halve::OnRise{share:1.0,epochs:25,}).restart(true)"
    );
    assert_eq!(
        options("halve = Never, init_adjust = adjusts, compat = drg, valtrain_ratio = 0, finetune = mine"),
        ".halve(Halve::Never).init_adjust(adjusts).compat(::cistron::Compat::Drg).valtrain_ratio(0.0).finetune(mine)"
    );
    assert_eq!(options("compat = cistron::Compat::Drg"), ".compat(cistron::Compat::Drg)");
}

#[test]
fn mistakes_become_messages_of_the_compiler_and_a_value() {
    let text = fit::expand(tokens("net, loss, data; epoch = 3, sed = 1")).to_string();
    assert_eq!(text.matches("compile_error").count(), 2, "{text}");
    assert!(text.contains("unknown option `epoch`; did you mean `epochs`?"), "{text}");
    assert!(
        text.ends_with(":: cistron :: __macro :: stub :: < :: cistron :: Run > () }"),
        "{text}"
    );
}
