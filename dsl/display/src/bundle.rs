//! One value in several forms.

/// The forms of a value: plain text always, richer ones where they exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Pairs of media type and content, the plain text first.
    pub forms: Vec<(String, String)>,
    /// Whether they only say why the value can't be shown: a cell that ends with it fails.
    pub failed: bool,
}

impl Bundle {
    /// Plain text alone.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            forms: vec![("text/plain".into(), text.into())],
            failed: false,
        }
    }

    /// Why there is nothing to show.
    pub fn failed(why: impl Into<String>) -> Self {
        Self {
            failed: true,
            ..Self::plain(why)
        }
    }

    /// Adds HTML. Text from data must have gone through [`crate::escape`].
    #[must_use]
    pub fn html(self, html: impl Into<String>) -> Self {
        self.form("text/html", html)
    }

    /// Adds an SVG picture.
    #[must_use]
    pub fn svg(self, svg: impl Into<String>) -> Self {
        self.form("image/svg+xml", svg)
    }

    /// Adds any other form.
    #[must_use]
    pub fn form(mut self, media_type: &str, content: impl Into<String>) -> Self {
        self.forms.push((media_type.into(), content.into()));
        self
    }

    /// The content of one form.
    pub fn get(&self, media_type: &str) -> Option<&str> {
        self.forms.iter().find(|(m, _)| m == media_type).map(|(_, c)| c.as_str())
    }

    /// The plain text.
    pub fn text(&self) -> &str {
        self.get("text/plain").unwrap_or_default()
    }
}

/// A value that shows itself at the end of a cell.
#[diagnostic::on_unimplemented(note = "values with `Debug` are shown by it; implement `cistron::Show` for a richer form")]
pub trait Show {
    /// The value's forms.
    fn bundle(&self) -> Bundle;
}
