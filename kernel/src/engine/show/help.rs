//! `:help`: the commands and the words of the language.

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

const WORDS: [(&str, &str); 6] = [
    (
        "data!",
        "a `Dataset`: where inputs and outputs come from and how they are split",
    ),
    ("model!", "a `Model`: how inputs become outputs"),
    ("blocks!", "`Blocks`: parts of a network that several models share"),
    (
        "objective!",
        "an `Objective`: what training minimises and what early stopping looks at",
    ),
    ("fit!", "a `Run`: trains; its methods predict, explain and draw"),
    ("compare!", "a `Comparison`: several models, all folds, several seeds"),
];

const CELLS: [&str; 7] = [
    "Shift-Tab shows what is known of the word at the cursor.",
    "Everything of `cistron::prelude` is there without a `use`.",
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

/// The help, with pages of the project in `source` where it is there.
pub fn help(source: &std::path::Path) -> Value {
    let pages: Vec<(String, &str)> = PAGES
        .iter()
        .map(|(page, about)| (source.join(page), *about))
        .filter(|(path, _)| path.is_file())
        .map(|(path, about)| (path.display().to_string(), about))
        .collect();
    let mut text = String::new();
    let mut html = String::from("<div style=\"font-size:13px\">");
    let commands = COMMANDS.map(|(name, about)| (name.to_string(), about));
    let words = WORDS.map(|(name, about)| (name.to_string(), about));
    for (title, rows) in [
        ("Commands", &commands[..]),
        ("Declarations", &words[..]),
        ("Pages", &pages[..]),
    ] {
        if rows.is_empty() {
            continue;
        }
        text.push_str(&format!("{title}\n"));
        html.push_str(&format!(
            "<div style=\"font-weight:600;margin-top:6px\">{title}</div><table style=\"border-collapse:collapse;font-size:13px\">"
        ));
        for (name, about) in rows {
            text.push_str(&format!("  {name:18} {about}\n"));
            html.push_str(&format!(
                "<tr><td style=\"text-align:left;padding:1px 12px 1px 0\"><code>{}</code></td><td style=\"text-align:left;padding:1px 0\">{}</td></tr>",
                escape(name),
                escape(about)
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
