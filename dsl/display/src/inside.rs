//! Values inside others: what shows itself shows itself in an `Option`, a `Result` or a list too.

use crate::{Bundle, Show, escape};
use std::fmt::Debug;

/// Values of a list that are shown.
const SHOWN: usize = 12;

/// Several bundles as one, below each other as text and as HTML; `length` is how many there are in all. A list of plain
/// texts stays plain text. One that says why there is nothing to show stands for all.
///
/// ```
/// use cistron_display::{Bundle, together};
/// let both = together(&[Bundle::plain("a"), Bundle::plain("b").html("<b>b</b>")], 2);
/// assert_eq!(both.text(), "a\n\nb");
/// assert_eq!(both.get("text/html"), Some("<div><pre style=\"margin:0\">a</pre></div><div><b>b</b></div>"));
/// ```
pub fn together(bundles: &[Bundle], length: usize) -> Bundle {
    if let Some(failed) = bundles.iter().find(|bundle| bundle.failed) {
        return failed.clone();
    }
    let mut text: Vec<&str> = bundles.iter().map(Bundle::text).collect();
    let more = format!("… and {} more", length.saturating_sub(bundles.len()));
    let cut = length > bundles.len();
    if cut {
        text.push(&more);
    }
    let whole = Bundle::plain(text.join("\n\n"));
    let rich = |bundle: &Bundle| bundle.get("text/html").or(bundle.get("image/svg+xml")).map(String::from);
    if bundles.iter().all(|bundle| rich(bundle).is_none()) {
        return whole;
    }
    let plain = |text: &str| format!("<pre style=\"margin:0\">{}</pre>", escape(text));
    let mut html: String = bundles
        .iter()
        .map(|bundle| format!("<div>{}</div>", rich(bundle).unwrap_or_else(|| plain(bundle.text()))))
        .collect();
    if cut {
        html.push_str(&format!("<div>{}</div>", plain(&more)));
    }
    whole.html(html)
}

/// The first values of a list, each by `show`.
pub fn list<T>(values: &[T], show: impl Fn(&T) -> Bundle) -> Bundle {
    match values {
        [] => Bundle::plain("an empty list"),
        values => together(&values.iter().take(SHOWN).map(show).collect::<Vec<_>>(), values.len()),
    }
}

impl<T: Show> Show for Option<T> {
    fn bundle(&self) -> Bundle {
        self.as_ref().map_or_else(|| Bundle::plain("None"), Show::bundle)
    }
}

impl<T: Show, E: Debug> Show for Result<T, E> {
    fn bundle(&self) -> Bundle {
        match self {
            Ok(value) => value.bundle(),
            Err(error) => Bundle::plain(format!("Err({error:?})")),
        }
    }
}

impl<T: Show> Show for [T] {
    fn bundle(&self) -> Bundle {
        list(self, Show::bundle)
    }
}

impl<T: Show> Show for Vec<T> {
    fn bundle(&self) -> Bundle {
        self.as_slice().bundle()
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Show + ?Sized> Show for Box<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Show + ?Sized> Show for std::rc::Rc<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Show + ?Sized> Show for std::sync::Arc<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Word(&'static str);

    impl Show for Word {
        fn bundle(&self) -> Bundle {
            Bundle::plain(self.0).html(format!("<i>{}</i>", self.0))
        }
    }

    #[test]
    fn what_is_inside_shows_itself() {
        assert_eq!(Some(Word("a")).bundle(), Word("a").bundle());
        assert_eq!(None::<Word>.bundle().text(), "None");
        assert_eq!(Ok::<_, String>(&Word("a")).bundle(), Word("a").bundle());
        assert_eq!(Err::<Word, _>("no").bundle().text(), "Err(\"no\")");
        assert_eq!(vec![Box::new(Word("a")), Box::new(Word("b"))].bundle().text(), "a\n\nb");
    }

    #[test]
    fn a_long_list_says_how_many_are_left_out() {
        let words: Vec<Word> = (0..SHOWN + 3).map(|_| Word("x")).collect();
        let shown = words.bundle();
        assert!(shown.text().ends_with("… and 3 more"), "{}", shown.text());
        assert_eq!(shown.get("text/html").map_or(0, |h| h.matches("<i>").count()), SHOWN);
    }
}
