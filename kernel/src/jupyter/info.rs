//! What the kernel says of itself.

use super::wire::PROTOCOL;
use serde_json::{Value, json};

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
        "language_info": language_info(), "debugger": false, "supported_features": [], "help_links": [],
    })
}

/// The answer to `is_complete_request`: whether Return should run the cell or begin a new line.
pub(super) fn is_complete(code: &str) -> Value {
    if code.trim_start().starts_with(':') {
        return json!({"status": "complete"});
    }
    if is_open(code) {
        return json!({"status": "incomplete", "indent": "    "});
    }
    let parsed = syn::parse_str::<syn::Block>(&format!("{{{code}\n}}"));
    json!({"status": if parsed.is_ok() { "complete" } else { "invalid" }})
}

/// Whether a bracket or a string is still open.
fn is_open(code: &str) -> bool {
    let mut depth = 0i32;
    let mut characters = code.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '/' if characters.peek() == Some(&'/') => while characters.next_if(|c| *c != '\n').is_some() {},
            '\'' => {
                // A character, not a lifetime: skip what it quotes, which may be a bracket.
                let quoted: Vec<char> = characters.clone().take(2).collect();
                if matches!(quoted.as_slice(), [q, '\''] if *q != '\\') {
                    characters.next();
                    characters.next();
                }
            }
            '"' => loop {
                match characters.next() {
                    Some('\\') => {
                        characters.next();
                    }
                    Some('"') => break,
                    Some(_) => {}
                    None => return true,
                }
            },
            _ => {}
        }
    }
    depth > 0
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
        ] {
            assert_eq!(status(code), "complete", "{code}");
        }
        for code in ["println!(\"hello", "fn f(x: i32) -> i32 {", "let a = (1,", "f( // )"] {
            assert_eq!(status(code), "incomplete", "{code}");
        }
        for code in ["let = 3 3;", "fn 3f() {}"] {
            assert_eq!(status(code), "invalid", "{code}");
        }
    }
}
