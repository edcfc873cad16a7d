//! `:help`: the commands and the words of the language.

use crate::assist::Index;
use crate::html::escape;
use serde_json::{Value, json};

/// The commands as they are written, and what each does.
pub(crate) const COMMANDS: [(&str, &str); 8] = [
    (":vars", "the variables: type, shape, memory, device"),
    (":runs", "the fits in this notebook's run folder"),
    (":device", "what computes: processor, threads, memory, GPU"),
    (
        ":dep name = \"1\"",
        "adds a crate; also name = { version = .., features = [..] } and { path = \"..\" }",
    ),
    (
        ":record",
        "version, libraries, data, seeds, device and time of this session; `cistron run` compares them",
    ),
    (
        ":opt 0..3",
        "how much plain cells are optimised (functions and types always are)",
    ),
    (
        ":png 2",
        "figures are stored as PNG, too, with so many pixels for each of their own; `:png off` ends it",
    ),
    (":help", "this text"),
];

const CELLS: [&str; 8] = [
    "Shift-Tab shows what is known of the word at the cursor.",
    "Everything of `cistron::prelude` is there without a `use`.",
    "Tables are Polars' data frames: `df!`, `use polars::prelude::*;` for the rest, `table.lazy()` for queries.",
    "The value of a cell's last expression is shown; a `;` behind it hides it.",
    "`?` shows an error at its line; `return;` ends the cell; `.await` waits.",
    "Closures, iterators and futures are kept in a box; what borrows from another variable is not kept.",
    "An interrupt stops loops and `fit!` and keeps the variables. What takes no notice of it for a second is ended by a second one.",
    "After a crash small variables, tables, models and fits come back; `keep!(name)` saves whatever its size. `:vars` says which.",
];

/// Pages that say more, as they are named in the project's folder.
const PAGES: [(&str, &str); 2] = [
    ("README.md", "what it is and how to begin"),
    ("notebooks/quickstart.ipynb", "from a data set to a figure"),
];

/// Columns of text that a line of words has.
const WIDTH: usize = 100;

/// The help: the words of `index`, and pages of the project in `source` where it is there.
pub(crate) fn help(source: &std::path::Path, index: &Index) -> Value {
    let pages = PAGES
        .iter()
        .map(|(page, about)| (source.join(page), *about))
        .filter(|(path, _)| path.is_file())
        .map(|(path, about)| (path.display().to_string(), about.to_string()));
    let commands = COMMANDS.map(|(name, about)| (name.to_string(), about.to_string()));
    let mut text = String::new();
    let mut html = String::from("<div style=\"font-size:13px\">");
    for (title, rows) in [
        ("Commands", commands.to_vec()),
        ("Declarations", index.declarations()),
        ("Their words (`?conv` shows the page of one)", index.vocabulary()),
        ("Pages", pages.collect()),
    ] {
        if rows.is_empty() {
            continue;
        }
        text.push_str(&format!("{title}\n"));
        html.push_str(&format!(
            "<div style=\"font-weight:600;margin-top:6px\">{}</div><table style=\"border-collapse:collapse;font-size:13px\">",
            escape(title)
        ));
        for (name, about) in rows {
            for (n, line) in lines(&about).into_iter().enumerate() {
                let name = if n == 0 { name.as_str() } else { "" };
                text.push_str(&format!("  {name:18} {line}\n"));
            }
            html.push_str(&format!(
                "<tr><td style=\"text-align:left;vertical-align:top;padding:1px 12px 1px 0;white-space:nowrap\"><code>{}</code></td><td style=\"text-align:left;padding:1px 0\">{}</td></tr>",
                escape(&name),
                escape(&about)
            ));
        }
        html.push_str("</table>");
    }
    text.push_str("Cells\n");
    html.push_str("<div style=\"font-weight:600;margin-top:6px\">Cells</div>");
    for line in CELLS {
        text.push_str(&format!("  {line}\n"));
        html.push_str(&format!("<div>{}</div>", escape(line)));
    }
    json!({"text/plain": text.trim_end(), "text/html": html + "</div>"})
}

/// A text in lines of at most [`WIDTH`] columns, broken between words.
fn lines(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in text.split(' ') {
        let long = out
            .last()
            .is_some_and(|line| !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH);
        if long {
            out.push(String::new());
        }
        if let Some(line) = out.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_broken_between_words() {
        let words = vec!["word,"; 40].join(" ");
        let found = lines(&words);
        assert!(
            found.len() > 1 && found.iter().all(|line| line.chars().count() <= WIDTH),
            "{found:?}"
        );
        assert_eq!(found.join(" "), words);
        assert_eq!(lines("one"), ["one"]);
    }
}
