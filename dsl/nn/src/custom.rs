//! The user's own Candle functions, by the names that declarations know them by.

use candle_core::Tensor;
use cistron_declaration::nearest;
use cistron_ops::candle::{Custom, Function};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

static FUNCTIONS: Mutex<BTreeMap<String, Function>> = Mutex::new(BTreeMap::new());

/// Offers a function of Candle tensors to declarations: `x.custom("name", ..)` calls it, and Candle's own `backward()` gives
/// its gradients. The same name again replaces it for networks that are made later.
///
/// The function gets the inputs of the node, each `[batch, ..]`, and gives one tensor `[batch, ..]` of the declared size.
/// It is not stored with a model or a run: a program that opens one offers the function again.
///
/// # Example
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use cistron_nn::custom_layer;
/// custom_layer("centred", |x| x[0].broadcast_sub(&x[0].mean_keepdim(2)?));
/// ```
pub fn custom_layer(name: &str, function: impl Fn(&[Tensor]) -> candle_core::Result<Tensor> + Send + Sync + 'static) {
    let mut functions = FUNCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    functions.insert(name.to_string(), Arc::new(function));
}

/// The function of this name as an operation.
///
/// # Errors
/// What to do where there is none.
pub(crate) fn custom(name: &str) -> Result<Custom, String> {
    let functions = FUNCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(function) = functions.get(name) {
        return Ok(Custom::from(function.clone()));
    }
    let hint = match nearest(name, functions.keys().map(String::as_str)) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; offer it first: custom_layer(\"{name}\", |x| ..)"),
    };
    Err(format!("there is no function `{name}`{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_is_not_there_is_asked_for() {
        let message = custom("spectrum").expect_err("not offered");
        assert!(message.contains("custom_layer(\"spectrum\""), "{message}");
        custom_layer("spectra", |x| x[0].sqr());
        let message = custom("spectrum").expect_err("another name");
        assert!(message.contains("did you mean `spectra`?"), "{message}");
        assert!(custom("spectra").is_ok());
    }
}
