//! Messages that name the token, say what was found and expected, and offer the fix.

use crate::{Source, Span};
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The declaration cannot be used.
    Error,
    /// It can be used, but deserves a look.
    Warning,
}

/// One located message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The token that made it.
    pub span: Span,
    /// What was found and what was expected.
    pub message: String,
    /// A word under the underline (empty for none), such as "declared `Rna` in `data!`".
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span,
            message: message.into(),
            label: String::new(),
            help: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(span, message)
        }
    }

    /// Adds the fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a word under the underline.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The message with the line it is about, underlined, as plain text.
    pub fn render(&self, source: &Source) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut text = format!("{word}: {}", self.message);
        if let Some(line) = source.line(self.span.line).filter(|line| !line.trim().is_empty()) {
            let number = self.span.line.to_string();
            let gutter = " ".repeat(number.len());
            let before = " ".repeat(self.span.column as usize);
            let underline = "^".repeat(self.span.length.max(1) as usize);
            text.push_str(&format!("\n{gutter}--> {} line {number}\n", source.macro_name));
            text.push_str(&format!("{number} | {}\n", line.trim_end()));
            text.push_str(&format!("{gutter} | {before}{underline} {}", self.label));
            text.truncate(text.trim_end().len());
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("\n  help: {help}"));
        }
        text
    }
}

/// All mistakes of one declaration, with its text. Its `Display` is what a cell shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    /// The declaration's text.
    pub source: Source,
    /// The messages, in the order in which they were found.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.list.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&diagnostic.render(&self.source))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_underlines_its_token() {
        let source = Source {
            macro_name: "model!".into(),
            text: "Net on toy {\n    y = dna.con(3);\n}".into(),
        };
        let span = Span {
            line: 2,
            column: 12,
            length: 3,
        };
        let text = Diagnostic::error(span, "unknown layer `con`")
            .help("did you mean `conv`?")
            .render(&source);
        assert_eq!(
            text,
            "error: unknown layer `con`\n --> model! line 2\n2 |     y = dna.con(3);\n  |             ^^^\n  help: did you mean `conv`?"
        );
    }
}
