//! What the kernel says of itself.

use super::wire::PROTOCOL;
use crate::assist::{Inside, scan};
use crate::engine::split_commands;
use serde_json::{Value, json};
use syn::parse::Parser;

/// What front ends need to know of the language.
pub fn language_info() -> Value {
    json!({
        "name": "rust", "version": "1.95.0", "mimetype": "text/rust", "file_extension": ".rs",
        "pygments_lexer": "rust", "codemirror_mode": "rust", "nbconvert_exporter": "script",
    })
}

/// The answer to `kernel_info_request`.
pub(super) fn kernel_info() -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "status": "ok", "protocol_version": PROTOCOL, "implementation": "cistron", "implementation_version": version,
        "banner": format!("Cistron {version}: Rust cells, networks over genomes. `:help` lists the commands."),
        "language_info": language_info(), "debugger": false, "supported_features": ["kernel subshells"], "help_links": [],
    })
}

/// The answer to `is_complete_request`: whether Return should run the cell or begin a new line.
pub(super) fn is_complete(code: &str) -> Value {
    if code.trim_start().starts_with('?') {
        return json!({"status": "complete"});
    }
    let (code, commands) = split_commands(code);
    if code.trim().is_empty() {
        return json!({"status": if commands.is_empty() { "incomplete" } else { "complete" }, "indent": ""});
    }
    let characters: Vec<char> = code.chars().collect();
    let scan = scan(&characters);
    match scan.inside {
        // What is written into a text or a comment stays as it is.
        Inside::Text(_) => return json!({"status": "incomplete", "indent": ""}),
        Inside::Comment if code.trim_end().ends_with("*/") || !code.contains("/*") => {}
        Inside::Comment => return json!({"status": "incomplete", "indent": ""}),
        Inside::Code => {}
    }
    if !scan.open.is_empty() {
        return json!({"status": "incomplete", "indent": "    ".repeat(scan.levels(&characters))});
    }
    // The line end closes a comment that the cell ends with.
    match syn::Block::parse_within.parse_str(&format!("{code}\n")) {
        Ok(_) => json!({"status": "complete"}),
        Err(mistake) if mistake.to_string().starts_with("unexpected end of input") => {
            json!({"status": "incomplete", "indent": "    "})
        }
        Err(_) => json!({"status": "invalid"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completeness() {
        let status = |code: &str| is_complete(code)["status"].as_str().unwrap_or_default().to_string();
        for code in [
            "1",
            "println!(\"hello\");",
            "fn f(x: i32) -> i32 { x * 2 }",
            ":vars",
            "let c = '{';",
            "1 // one",
            ":dep a = \"1\"\nlet x = 1;",
        ] {
            assert_eq!(status(code), "complete", "{code}");
        }
        for code in [
            "println!(\"hello",
            "fn f(x: i32) -> i32 {",
            "let a = (1,",
            "f( // )",
            "let x =",
            "fn f()",
            "/* open",
        ] {
            assert_eq!(status(code), "incomplete", "{code}");
        }
        for code in ["let = 3 3;", "fn 3f() {}", "a)"] {
            assert_eq!(status(code), "invalid", "{code}");
        }
    }

    #[test]
    fn the_indent_is_as_deep_as_the_open_brackets() {
        let indent = |code: &str| is_complete(code)["indent"].as_str().unwrap_or("none").len();
        assert_eq!(indent("fn f() {"), 4);
        assert_eq!(indent("let net = model! { Net on toy {"), 4);
        assert_eq!(indent("fn f() {\n    for i in 0..3 {"), 8);
        assert_eq!(indent("fn f() {\n    for i in 0..3 {\n        if i == 1 {\n        }"), 8);
        assert_eq!(indent("let text = \"two\nlines"), 0);
    }
}
