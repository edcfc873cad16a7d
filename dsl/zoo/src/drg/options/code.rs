//! The names of the original's files: what of the settings they hold, and nothing else.

use super::given::Given;
use super::value::OptionValue;
use super::{Ports, SequencePort};

/// A number as Python writes it.
fn python(x: f64) -> String {
    let text = format!("{x:?}");
    match text.split_once('e') {
        None if x != 0.0 && x.abs() < 1e-4 => python_exponent(&format!("{x:e}")),
        None => text,
        Some(_) => python_exponent(&text),
    }
}

fn python_exponent(text: &str) -> String {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits = digits.trim_end_matches(".0");
    let (sign, size) = match exponent.strip_prefix('-') {
        Some(size) => ('-', size),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{size:0>2}")
}

fn shown(value: &OptionValue) -> String {
    match value {
        OptionValue::Number(x) => python(*x),
        other => other.to_string(),
    }
}

/// The first and the last letters of a word.
fn ends(word: &str, n: usize) -> String {
    let letters: Vec<char> = word.chars().collect();
    let first: String = letters.iter().take(n).collect();
    let last: String = letters.iter().skip(letters.len().saturating_sub(n)).collect();
    first + &last
}

/// Codes of a list, each once, in order.
fn codes(value: &OptionValue, single: usize) -> String {
    match value {
        OptionValue::List(items) => {
            let mut seen: Vec<String> = Vec::new();
            for item in items {
                let code = ends(&item.to_string(), 2);
                if !seen.contains(&code) {
                    seen.push(code);
                }
            }
            seen.concat()
        }
        one => ends(&one.to_string(), single),
    }
}

fn joined(value: &OptionValue) -> String {
    match value {
        OptionValue::List(items) => items.iter().map(shown).collect::<Vec<_>>().join("-"),
        one => shown(one),
    }
}

/// The part of the name that speaks of the network and its training.
pub(super) fn code(given: &mut Given, ports: &Ports) -> String {
    let two_sided = ports.inputs.len() > 1;
    let bias = if given.truth("kernel_bias") { "T" } else { "F" };
    let kernel = given.text("kernel_function");
    let mut text = format!(
        "_{}k{}l{}{bias}f{kernel}",
        codes(&given.value("loss_function"), 3),
        given.whole("num_kernels"),
        given.whole("l_kernels")
    );
    let net = given.text("net_function");
    if net != kernel {
        text.push_str(&net);
    }
    let window = given.text("pooling_size");
    let kinds = ["max", "mean", "weighted"].map(|kind| given.truth(&format!("{kind}_pooling")));
    text.push_str(&match kinds {
        [true, true, _] => format!("mmpol{window}"),
        [true, ..] => format!("max{window}"),
        [_, true, _] => format!("mean{window}"),
        [.., true] => format!("wei{window}"),
        _ => String::new(),
    });
    let steps = given.text("pooling_steps");
    if steps != "None" && steps != window {
        text.push_str(&format!("st{steps}"));
    }
    let strands = ports.inputs.iter().any(|i: &SequencePort| i.both_strands);
    text.push_str(if strands { "rcT" } else { "rcF" });
    let watched = match given.value("validation_loss") {
        OptionValue::Nothing => given.value("loss_function"),
        value => value,
    };
    text.push_str(&format!("vl{}", codes(&watched, 2)));
    if given.truth("restart") {
        text.push_str("re");
    }
    tower(given, &mut text, two_sided);
    dense(given, &mut text, ports);
    if two_sided {
        mixer(given, &mut text, ports);
    }
    text
}

fn pools(given: &mut Given, prefix: &str, letter: &str) -> String {
    for (kind, code) in [("max", "a"), ("mean", "e"), ("weighted", "w")] {
        let window = given.whole(&format!("{prefix}{kind}_pooling"));
        if window > 0 {
            let steps = given.whole(&format!("{prefix}pooling_steps"));
            let steps = if steps > 1 { format!("st{steps}") } else { String::new() };
            return format!("{letter}{code}{window}{steps}");
        }
    }
    String::new()
}

fn tower(given: &mut Given, text: &mut String, two_sided: bool) {
    let dilated = given.whole("dilated_convolutions");
    if dilated > 0 {
        let increase = given.number("conv_increase");
        let increase = if increase.fract() == 0.0 {
            format!("{increase:.0}")
        } else {
            python(increase)
        };
        let width = match given.text("l_dilkernels").as_str() {
            "None" => given.text("l_kernels"),
            width => width.to_string(),
        };
        text.push_str(&format!(
            "_dc{dilated}i{increase}d{}s{}l{width}{}r{}",
            joined(&given.value("dilations")),
            joined(&given.value("strides")),
            pools(given, "dil", "d"),
            given.text("dilpooling_residual")
        ));
    }
    let attention = given.whole("n_attention");
    if attention > 0 {
        text.push_str(&format!(
            "at{attention}h{}-{}",
            given.whole("n_distattention"),
            shown(&given.value("dim_distattention"))
        ));
    }
    let layers = given.whole("transformer_convolutions");
    if layers > 0 {
        let width = match given.text("l_trkernels").as_str() {
            "None" => given.text("l_kernels"),
            width => width.to_string(),
        };
        // The network of one sequence writes what was given, that of two what it became.
        let channels = match given.text("trconv_dim").as_str() {
            "None" if two_sided && attention == 0 => given.text("num_kernels"),
            other => other.to_string(),
        };
        text.push_str(&format!(
            "_tc{layers}d{channels}d{}s{}r{}l{width}{}",
            joined(&given.value("trdilations")),
            joined(&given.value("trstrides")),
            given.text("trpooling_residual"),
            pools(given, "tr", "m")
        ));
    }
}

fn dense(given: &mut Given, text: &mut String, ports: &Ports) {
    let layers = given.whole("nfc_layers");
    if layers > 0 {
        text.push_str(&format!("nfc{layers}s{}", given.text("fclayer_size")));
    }
    if ports.inputs.len() > 1 && ports.outputs.len() > 1 {
        let classes: Vec<String> = given
            .each("outclass", ports.outputs.len())
            .iter()
            .map(|c| ends(&c.to_string(), 2))
            .collect();
        match classes.iter().all(|c| *c == classes[0]) {
            true => text.push_str(&classes[0]),
            false => text.push_str(&classes.concat()),
        }
    }
    for (option, letters) in [("dropout", "do"), ("conv_dropout", "cdo")] {
        if given.number(option) > 0.0 {
            text.push_str(&format!("{letters}{}", shown(&given.value(option))));
        }
    }
    for (option, letters) in [("batch_norm", "bnoT"), ("conv_batch_norm", "cbnoT")] {
        if given.truth(option) {
            text.push_str(letters);
        }
    }
    if given.number("fc_dropout") > 0.0 {
        text.push_str(&format!("fdo{}", shown(&given.value("fc_dropout"))));
    }
    let parameters = match given.value("optim_params") {
        OptionValue::Nothing => String::new(),
        value => joined(&value),
    };
    text.push_str(&format!(
        "tr{}{}{parameters}bs{}-F",
        shown(&given.value("lr")),
        given.text("optimizer"),
        given.text("batchsize")
    ));
}

fn mixer(given: &mut Given, text: &mut String, ports: &Ports) {
    let relations = given.each("outclass", ports.outputs.len());
    let listed = matches!(given.value("outclass"), OptionValue::List(_)) || ports.outputs.len() == 1;
    let analytic = listed && relations.iter().all(|r| super::wiring::is_relation(&r.to_string()));
    let (width, layers) = match analytic {
        true => (ports.outputs[0].1.to_string(), "0".to_string()),
        false => (given.text("cnn_embedding"), joined(&given.value("n_combine_layers"))),
    };
    let layers = match given.value("n_combine_layers") {
        OptionValue::List(items) if !analytic && items.windows(2).all(|w| w[0] == w[1]) => {
            items.first().map(shown).unwrap_or_default()
        }
        _ => layers,
    };
    text.push_str(&format!(
        "_comb{}{width}nl{layers}{}{}r{}",
        if given.truth("shared_embedding") { "se" } else { "" },
        given.text("combine_function"),
        shown(&given.value("combine_widening")),
        given.text("combine_residual")
    ));
}

/// Two file names as one: the second, then `lead` and those parts of the first (between `_` or dots) that the second does
/// not hold already. Folders and endings of files are left out.
pub fn merged_names(first: &str, second: &str, lead: &str) -> String {
    let second = bare(second);
    let known: Vec<&str> = second.split('_').collect();
    let first = bare(first);
    let new: Vec<&str> = first
        .split('_')
        .filter(|part| !known.iter().any(|k| k.contains(part)))
        .collect();
    match new.as_slice() {
        [] => second.clone(),
        new => format!("{second}{lead}{}", new.join("_")),
    }
}

fn bare(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = [".gz", ".npz", ".tsv", ".txt", ".csv", ".fasta", ".fa", ".tab", ".dat"]
        .iter()
        .fold(name, |name, ending| name.strip_suffix(ending).unwrap_or(name));
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        let found: Vec<String> = [1e-5, 1e-4, 0.9, 2.0, 1.5e-7, 1e20].into_iter().map(python).collect();
        assert_eq!(found, ["1e-05", "0.0001", "0.9", "2.0", "1.5e-07", "1e+20"]);
    }
}
