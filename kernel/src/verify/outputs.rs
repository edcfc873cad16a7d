//! The outputs of one cell, stored and new.

use super::markup::{difference, pictures};
use super::picture::share_of_difference;
use super::rules::{LeftOut, masked};
use super::tables::without_times;
use super::tags::Allowed;
use super::words::{Kind, same};
use crate::notebook::joined;
use crate::record::MEDIA_TYPE;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Something that is not the same.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which output and which form of it: `display 2, text/plain`.
    pub place: String,
    /// The form's media type; `text/plain` for streams and errors.
    pub media_type: String,
    /// What differs, in a sentence.
    pub what: String,
    /// As stored; nothing where it is new.
    pub stored: Option<String>,
    /// As it is now; nothing where it is gone.
    pub now: Option<String>,
    /// The share of a figure's pixels that look different.
    pub pixels: Option<f64>,
}

/// Compares what a cell shows; `largest` becomes the largest distance between numbers that was let pass.
pub(super) fn compare(
    stored: &Value,
    now: &Value,
    allowed: &Allowed,
    largest: &mut f64,
    left_out: &mut LeftOut,
) -> Vec<Difference> {
    let mut comparison = Comparison {
        allowed,
        largest,
        left_out,
        found: Vec::new(),
    };
    for stream in ["stdout", "stderr"] {
        let text = |outputs: &Value| -> Option<String> {
            let of_stream = list(outputs).filter(|o| o["output_type"] == "stream" && o["name"] == stream);
            let text: String = of_stream.map(|o| joined(&o["text"])).collect();
            (!text.is_empty()).then_some(text)
        };
        comparison.text(stream, "text/plain", text(stored), text(now), false);
    }
    let (stored, now) = (shown(stored), shown(now));
    for index in 0..stored.len().max(now.len()) {
        comparison.output(index + 1, stored.get(index).copied(), now.get(index).copied());
    }
    comparison.found
}

fn list(outputs: &Value) -> impl Iterator<Item = &Value> {
    outputs.as_array().into_iter().flatten()
}

/// Everything but streams.
fn shown(outputs: &Value) -> Vec<&Value> {
    list(outputs).filter(|o| o["output_type"] != "stream").collect()
}

struct Comparison<'a> {
    allowed: &'a Allowed,
    largest: &'a mut f64,
    left_out: &'a mut LeftOut,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn output(&mut self, number: usize, stored: Option<&Value>, now: Option<&Value>) {
        let (stored_forms, now_forms) = (forms(stored), forms(now));
        if stored_forms.contains_key(MEDIA_TYPE) && now_forms.contains_key(MEDIA_TYPE) {
            *self.left_out.entry("records").or_default() += 1;
            return;
        }
        let media_types: BTreeSet<&String> = stored_forms.keys().chain(now_forms.keys()).collect();
        for media_type in media_types {
            let (a, b) = (stored_forms.get(media_type), now_forms.get(media_type));
            let forms = [&stored_forms, &now_forms];
            if media_type == "image/png" && forms.iter().any(|forms| forms.contains_key("image/svg+xml")) {
                continue; // a picture of the figure, which is compared itself
            }
            let place = format!("output {number}, {media_type}");
            match media_type.as_str() {
                "text/html" | "image/svg+xml" => self.markup(&place, media_type, a, b),
                "error" => self.text(&format!("output {number}, error"), "text/plain", a.cloned(), b.cloned(), true),
                _ => self.text(&place, media_type, a.cloned(), b.cloned(), true),
            }
        }
    }

    fn text(&mut self, place: &str, media_type: &str, stored: Option<String>, now: Option<String>, shown: bool) {
        let what = match (&stored, &now) {
            (None, None) => return,
            (Some(a), Some(b)) => match self.text_difference(a, b, media_type, shown) {
                Some(what) => what,
                None => return,
            },
            (None, Some(_)) => "was not there".into(),
            (Some(_), None) => "is not there any more".into(),
        };
        self.found.push(Difference {
            place: place.into(),
            media_type: media_type.into(),
            what,
            stored,
            now,
            pixels: None,
        });
    }

    fn text_difference(&mut self, stored: &str, now: &str, media_type: &str, shown: bool) -> Option<String> {
        if stored == now {
            return None;
        }
        if !(media_type.starts_with("text/") || media_type.ends_with("json")) {
            return Some("another content".into());
        }
        let mut readable = |text: &str, count: bool| {
            let mut nobody = LeftOut::new();
            let left_out = if count { &mut *self.left_out } else { &mut nobody };
            let text = masked(text.trim_end(), shown, left_out);
            if shown { without_times(&text, left_out) } else { text }
        };
        let (stored, now) = (readable(stored, false), readable(now, true));
        let (a, b): (Vec<&str>, Vec<&str>) = (stored.split('\n').collect(), now.split('\n').collect());
        let pairs = a.iter().zip(&b).enumerate();
        for (line, (a, b)) in pairs {
            if !same(a, b, Kind::Prose, self.allowed.tolerance, self.largest) {
                return Some(format!("line {}", line + 1));
            }
        }
        (a.len() != b.len()).then(|| format!("{} lines | {}", a.len(), b.len()))
    }

    fn markup(&mut self, place: &str, media_type: &str, stored: Option<&String>, now: Option<&String>) {
        let (Some(a), Some(b)) = (stored, now) else {
            return self.text(place, media_type, stored.cloned(), now.cloned(), true);
        };
        let Some(what) = difference(a, b, self.allowed.tolerance, self.largest, self.left_out) else {
            return;
        };
        let (old, new) = (pictures(a), pictures(b));
        let pixels = (!old.is_empty() && old.len() == new.len()).then(|| {
            let shares = old.iter().zip(&new).map(|(a, b)| share_of_difference(a, b));
            shares.fold(0.0, f64::max)
        });
        let looks_the_same = media_type == "image/svg+xml"
            && pixels.zip(self.allowed.pixels).is_some_and(|(share, limit)| share <= limit)
            && same(&letters(a), &letters(b), Kind::Prose, self.allowed.tolerance, self.largest);
        if looks_the_same {
            return;
        }
        self.found.push(Difference {
            place: place.into(),
            media_type: media_type.into(),
            what,
            stored: Some(a.clone()),
            now: Some(b.clone()),
            pixels,
        });
    }
}

/// All that a picture says in letters.
fn letters(markup: &str) -> String {
    let texts = super::markup::pieces(markup).into_iter();
    let texts = texts.filter_map(|p| {
        if let super::markup::Piece::Text(text) = p {
            Some(text)
        } else {
            None
        }
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The forms of an output as texts; of an error its name and message.
fn forms(output: Option<&Value>) -> BTreeMap<String, String> {
    let Some(output) = output else {
        return BTreeMap::new();
    };
    if output["output_type"] == "error" {
        let text = |key: &str| output[key].as_str().unwrap_or_default();
        return BTreeMap::from([("error".into(), format!("{}: {}", text("ename"), text("evalue")))]);
    }
    let forms = output["data"].as_object().into_iter().flatten();
    forms
        .map(|(media_type, content)| {
            let lines = content.as_array().is_some_and(|lines| lines.iter().all(Value::is_string));
            let json = media_type.ends_with("json") || !(content.is_string() || lines);
            let text = if json { content.to_string() } else { joined(content) };
            (media_type.clone(), text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(stored: &Value, now: &Value, allowed: &Allowed) -> Vec<String> {
        let all = compare(stored, now, allowed, &mut 0.0, &mut LeftOut::new());
        all.into_iter().map(|d| format!("{}: {}", d.place, d.what)).collect()
    }

    fn plain(text: &str) -> Value {
        json!({"output_type": "execute_result", "data": {"text/plain": text}})
    }

    #[test]
    fn streams_are_compared_as_wholes() {
        let stream = |text: Value| json!({"output_type": "stream", "name": "stdout", "text": text});
        let (exact, stored) = (Allowed::default(), json!([stream(json!(["a\n", "b 1\n"]))]));
        let now = json!([stream(json!("a\n")), plain("x"), stream(json!("b 1"))]);
        assert_eq!(found(&stored, &now, &exact), ["output 1, text/plain: was not there"]);
        assert_eq!(found(&stored, &json!([stream(json!("a\nb 2"))]), &exact), ["stdout: line 2"]);
        assert_eq!(found(&stored, &json!([]), &exact), ["stdout: is not there any more"]);
    }

    #[test]
    fn errors_are_their_name_and_message() {
        let error = |value: &str| json!([{"output_type": "error", "ename": "Panic", "evalue": value, "traceback": [value, "x"]}]);
        assert!(found(&error("a"), &error("a"), &Allowed::default()).is_empty());
        assert_eq!(
            found(&error("a"), &error("b"), &Allowed::default()),
            ["output 1, error: line 1"]
        );
        assert_eq!(
            found(&error("a"), &json!([plain("a")]), &Allowed::default()),
            [
                "output 1, error: is not there any more",
                "output 1, text/plain: was not there"
            ]
        );
    }

    #[test]
    fn a_figure_may_pass_by_its_look() {
        let figure = |x: f64| {
            let svg = format!("<svg width=\"64\" height=\"64\"><rect x=\"{x}\" width=\"8\" height=\"8\"/><text>r</text></svg>");
            json!([{"output_type": "display_data", "data": {"image/svg+xml": [svg]}}])
        };
        let allowed = |tolerance, pixels| Allowed { tolerance, pixels };
        assert_eq!(found(&figure(1.0), &figure(2.0), &allowed(0.0, None)).len(), 1);
        assert!(found(&figure(1.0), &figure(2.0), &allowed(0.0, Some(0.01))).is_empty());
        assert!(found(&figure(1.0), &figure(1.001), &allowed(0.01, None)).is_empty());
        assert_eq!(found(&figure(1.0), &figure(40.0), &allowed(0.0, Some(0.01))).len(), 1);
    }

    #[test]
    fn odd_outputs_do_no_harm() {
        let odd = json!([{}, {"output_type": 3}, {"output_type": "stream"}, {"data": {"text/plain": 3, "image/png": {"a": 1}}}]);
        assert!(found(&odd, &odd, &Allowed::default()).is_empty());
        assert!(!found(&odd, &json!([]), &Allowed::default()).is_empty());
    }
}
