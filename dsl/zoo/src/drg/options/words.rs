//! Functions by their names in DRG, as layers of the language.

use super::given::Given;

/// The layer of an activation; nothing for the identity. What has no layer is noted as impossible.
pub(super) fn activation(given: &mut Given, option: &str, name: &str) -> &'static str {
    match name {
        "GELU" => ".gelu()",
        "ReLU" => ".relu()",
        "Sigmoid" | "Class" => ".sigmoid()",
        "Tanh" => ".tanh()",
        "Softplus" => ".softplus()",
        "Linear" | "Id" | "Id0" | "None" => "",
        "SQUARED" => ".pow(2)",
        "ReLUnonZero" if option == "outclass" => ".relu() + 0.01",
        other => {
            given.impossible.push(format!("`{option}={other}`: no layer of that name"));
            ""
        }
    }
}

/// `pool(Kind, window, rest = Pad)`
pub(super) fn pool(kind: &str, window: usize, rest: &str) -> String {
    format!(".pool({kind}, {window}, rest = {rest})")
}

/// `width=3` as `3`, `1.1` as `1.1`, always with a point where it is no whole number.
pub(super) fn decimal(x: f64) -> String {
    format!("{x:?}")
}
