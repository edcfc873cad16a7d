//! What a cell's tags allow.

use crate::notebook::has_tag;
use serde_json::Value;

/// How far a cell's outputs may be from the stored ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Allowed {
    /// Numbers may be this far apart, relative to the larger where that is above 1: `tolerance=1e-3`.
    pub(super) tolerance: f64,
    /// A figure passes, whatever its numbers are, if at most this share of its pixels looks different and its texts are
    /// the same: `pixels=0.001`.
    pub(super) pixels: Option<f64>,
}

/// Whether a cell's outputs are not compared at all.
pub(super) fn is_volatile(cell: &Value) -> bool {
    has_tag(cell, "volatile")
}

/// Reads the tags of a cell.
///
/// # Errors
/// A sentence on the tag that can't be read.
pub(super) fn allowed(cell: &Value, tolerance: f64) -> Result<Allowed, String> {
    let mut allowed = Allowed { tolerance, pixels: None };
    let tags = cell["metadata"]["tags"].as_array().into_iter().flatten();
    for tag in tags.filter_map(Value::as_str) {
        let Some((key @ ("tolerance" | "pixels"), value)) = tag.split_once('=').map(|(k, v)| (k.trim(), v.trim())) else {
            continue;
        };
        let number: Option<f64> = value.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
        let Some(number) = number else {
            return Err(format!("its tag `{tag}` needs a number from 0 upwards, such as `{key}=1e-3`"));
        };
        if key == "tolerance" {
            allowed.tolerance = number;
        } else {
            allowed.pixels = Some(number);
        }
    }
    Ok(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_say_what_is_allowed() {
        let cell = |tags: Value| json!({"metadata": {"tags": tags}});
        assert_eq!(
            allowed(&cell(json!(["a"])), 0.5),
            Ok(Allowed {
                tolerance: 0.5,
                pixels: None
            })
        );
        let both = allowed(&cell(json!(["tolerance=1e-3", "pixels = 0.01", 3])), 0.0);
        assert_eq!(
            both,
            Ok(Allowed {
                tolerance: 1e-3,
                pixels: Some(0.01)
            })
        );
        for bad in ["tolerance=", "tolerance=x", "pixels=-1", "tolerance=NaN", "tolerance=inf"] {
            let message = allowed(&cell(json!([bad])), 0.0).expect_err("no number");
            assert!(message.contains(bad), "{message}");
        }
        assert!(is_volatile(&cell(json!(["volatile"]))) && !is_volatile(&json!({})));
    }
}
