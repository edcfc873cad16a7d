//! How a cell failed, as a notebook shows it.

/// A failed cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure: `CompileError`, `Panic`, `KeyboardInterrupt`, `WorkerDied`, or the error's type.
    pub name: String,
    /// One line.
    pub value: String,
    /// All of it, in lines.
    pub traceback: Vec<String>,
}

impl Failure {
    /// A failure that one text says in full.
    pub(crate) fn plain(name: &str, text: &str) -> Self {
        let value = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().to_string();
        Self {
            name: name.into(),
            value,
            traceback: text.lines().map(String::from).collect(),
        }
    }

    /// A failure at a place of a cell: the message, the place, the line underlined.
    pub(crate) fn located(name: &str, message: &str, place: Option<&str>) -> Self {
        let mut failure = Self::plain(name, message);
        if let Some(first) = failure.traceback.first_mut() {
            *first = format!("\u{1b}[31m{name}\u{1b}[0m: {first}");
        }
        failure
            .traceback
            .extend(place.into_iter().flat_map(str::lines).map(String::from));
        failure
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.traceback.join("\n"))
    }
}

impl std::error::Error for Failure {}
