//! What a cell that does not compile is told: the compiler's messages, in words and at places of the cell.

use super::compile::{Form, Unit};
use super::diagnostics::{Message, Place, Texts, render, underline};
use super::failure::Failure;
use super::fragment::{Fragment, Source};
use super::session::Engine;
use super::wording;

/// Codes of mistakes that keep rustc from reading a text: none, or that something is not ended.
const UNREADABLE: [&str; 8] = ["", "E0753", "E0758", "E0762", "E0763", "E0765", "E0766", "E0768"];

impl Engine {
    /// Text that is no Rust: rustc says why better than syn does.
    pub(super) fn syntax_failure(&mut self, number: usize, text: &str, count: usize, error: &syn::Error) -> Failure {
        let whole = Fragment::new(number, text, 0..text.len(), &[]);
        if text.parse::<proc_macro2::TokenStream>().is_err() {
            // About brackets rustc is asked without ours around them.
            let mut source = Source::default();
            source.fragment(&whole);
            match self.misread(number, &source) {
                Ok(messages) => {
                    let errors: Vec<&Message> = messages.iter().filter(|m| m.text().contains("delimiter")).collect();
                    if !errors.is_empty() {
                        return self.compile_failure(number, text, count, &errors, &source);
                    }
                }
                Err(failure) => return failure,
            }
        }
        let mut source = Source::default();
        source.line("#![allow(unused)]\nfn cell() {");
        source.fragment(&whole);
        source.line("}");
        let messages = match self.misread(number, &source) {
            Ok(messages) => messages,
            Err(failure) => return failure,
        };
        let errors: Vec<&Message> = messages.iter().filter(|m| UNREADABLE.contains(&m.code())).collect();
        if errors.is_empty() {
            let start = error.span().byte_range().start.saturating_sub(1);
            let texts: Texts<'_> = [(number, (text, count))].into();
            let (cell, end) = (number, start + 1);
            let place = underline(Place { cell, start, end }, '^', "", &texts);
            return Failure::located("CompileError", &error.to_string(), Some(&place));
        }
        self.compile_failure(number, text, count, &errors, &source)
    }

    /// The mistakes that rustc finds in a source that is no Rust.
    fn misread(&mut self, number: usize, source: &Source) -> Result<Vec<Message>, Failure> {
        let unit = Unit {
            form: Form::Plain,
            source: &source.text,
            lasting: false,
            is_root: true,
        };
        let messages = self.rustc(number, &unit)?;
        Ok(messages.into_iter().filter(Message::is_error).collect())
    }

    /// What is said of a cell with these errors.
    pub(super) fn compile_failure(
        &self,
        number: usize,
        text: &str,
        count: usize,
        errors: &[&Message],
        source: &Source,
    ) -> Failure {
        let mut texts = self.state.texts();
        texts.insert(number, (text, count));
        let refused = Refused {
            number,
            text,
            source,
            own_file: format!("cell_{number}"),
            texts,
        };
        let mut shown: Vec<String> = Vec::new();
        for error in errors {
            let rendered = self.refusal(&refused, error);
            if !shown.contains(&rendered) {
                shown.push(rendered);
            }
        }
        let value = errors.first().map_or_else(String::new, |error| {
            let first = wording::plain(error.text().lines().next().unwrap_or_default());
            refused.worded(error, first)
        });
        let more = if errors.len() > 1 {
            format!(" (and {} more)", errors.len() - 1)
        } else {
            String::new()
        };
        Failure {
            name: "CompileError".into(),
            value: value + &more,
            traceback: shown.join("\n\n").lines().map(String::from).collect(),
        }
    }

    /// One error as it is shown.
    fn refusal(&self, refused: &Refused<'_>, error: &Message) -> String {
        let mut rendered = render(error, &refused.own_file, refused.source, &refused.texts);
        let places = error.places(&refused.own_file, refused.source);
        if places.is_empty() {
            let end = refused.text.trim_end().len();
            let place = Place {
                cell: refused.number,
                start: end.saturating_sub(1),
                end,
            };
            rendered.push_str(&format!("\n{}", underline(place, '^', "here or before", &refused.texts)));
        }
        let is_unknown = matches!(error.code(), "E0425" | "E0423");
        let mut lost = self.state.lost.iter().filter(|_| is_unknown);
        if let Some((name, why)) = lost.find(|(name, _)| error.text().contains(&format!("`{name}`"))) {
            // What else has this name is not what was meant.
            rendered = wording::without_proposals(&rendered);
            rendered.push_str(&format!("\n  = note: `{name}` was not kept: {why}"));
        }
        let mut elsewhere = places.iter().filter(|(place, main, _)| *main && place.cell != refused.number);
        if let Some((_, count)) = elsewhere.find_map(|(place, ..)| refused.texts.get(&place.cell)) {
            rendered.push_str(&format!(
                "\n  = help: cell [{count}] comes along with what this cell changes; what does not fit any more has to stand in \
                 this cell, too"
            ));
        }
        if let Some(help) = wording::help(error) {
            rendered.push_str(&format!("\n  = help: {help}"));
        }
        refused.worded(error, rendered)
    }
}

/// A cell that does not compile.
struct Refused<'a> {
    number: usize,
    text: &'a str,
    source: &'a Source,
    /// How the compiler calls its source.
    own_file: String,
    texts: Texts<'a>,
}

impl Refused<'_> {
    /// The words of an error: a brace that is found behind the cell's last word is ours.
    fn worded(&self, error: &Message, words: String) -> String {
        let behind = |place: &Place| self.text.get(place.start..).filter(|_| place.cell == self.number);
        let mut places = error
            .places(&self.own_file, self.source)
            .into_iter()
            .filter(|(_, main, _)| *main);
        if places.any(|(place, ..)| behind(&place).is_some_and(wording::is_nothing)) {
            wording::end_of_cell(&words)
        } else {
            words
        }
    }
}
