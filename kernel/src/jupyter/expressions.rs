//! `user_expressions`: what a front end wants to know besides, evaluated when the cell has ended.

use crate::engine::{Engine, Output};
use serde_json::{Map, Value, json};

/// Evaluates each expression; what it prints goes to `show`. The answer has a bundle or an error under each name.
pub(super) fn evaluate(engine: &mut Engine, expressions: &Value, count: usize, show: &mut dyn FnMut(Output)) -> Value {
    let mut answers = Map::new();
    for (name, code) in expressions.as_object().into_iter().flatten() {
        let code = code.as_str().unwrap_or_default();
        answers.insert(name.clone(), one(engine, code, count, show));
    }
    Value::Object(answers)
}

fn one(engine: &mut Engine, code: &str, count: usize, show: &mut dyn FnMut(Output)) -> Value {
    if let Err(mistake) = syn::parse_str::<syn::Expr>(code) {
        let text = format!("`{code}` is no expression: {mistake}");
        return json!({"status": "error", "ename": "SyntaxError", "evalue": text, "traceback": [text]});
    }
    let mut value = None;
    let result = engine.execute(code, count, &mut |output| match output {
        Output::Result(data) => value = Some(data),
        other => show(other),
    });
    match result {
        // A value that shows nothing is `()`.
        Ok(()) => {
            json!({"status": "ok", "data": value.unwrap_or_else(|| json!({"text/plain": "()"})), "metadata": {}})
        }
        Err(failure) => {
            json!({"status": "error", "ename": failure.name, "evalue": failure.value, "traceback": failure.traceback})
        }
    }
}
