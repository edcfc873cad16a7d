//! Every case of the harness on the device, against the CPU in double precision.

use candle_core::Device;
use cistron_ops::OpsError;
use cistron_ops::check::cases;
use serde_json::{Value, json};

/// Runs all cases. One that fails does not keep the others from being run.
pub(crate) fn run(device: &Device) -> Vec<Value> {
    cases()
        .iter()
        .map(|case| {
            let operation = case.operation.name();
            match case.check_on(device) {
                Ok(outcome) => json!({
                    "operation": operation,
                    "case": case.name,
                    "double": outcome.gradient_error,
                    "single": outcome.precision_error,
                    "passes": outcome.agrees(),
                }),
                Err(OpsError::Device { .. }) => json!({ "operation": operation, "case": case.name, "missing": true }),
                Err(error) => json!({ "operation": operation, "case": case.name, "passes": false, "error": error.to_string() }),
            }
        })
        .collect()
}

/// How many cases of a report failed.
pub(crate) fn failed(report: &Value) -> usize {
    let checks = report["checks"].as_array().map_or(&[][..], Vec::as_slice);
    checks.iter().filter(|c| c["passes"] == false).count()
}
