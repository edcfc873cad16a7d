//! Standard output as text and, between evcxr's markers, as rich content.

use serde_json::{Map, Value};

const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";

/// What a stretch of output is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// Text for the user.
    Text(String),
    /// The forms of one value.
    Forms(Map<String, Value>),
}

/// Turns bytes into text and content, whatever way they are cut into pieces.
#[derive(Debug, Default)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    line: String,
    line_begun: bool,
    block: Option<(String, String)>,
    forms: Map<String, Value>,
}

impl Content {
    /// Takes bytes and answers what is finished.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Part> {
        self.bytes.extend_from_slice(bytes);
        let text = self.decode();
        let mut parts = Vec::new();
        for piece in text.split_inclusive('\n') {
            self.line.push_str(piece);
            if self.line.ends_with('\n') || !self.may_be_marker() {
                self.end_piece(&mut parts);
            }
        }
        parts
    }

    /// The forms that no other output has followed yet.
    pub(crate) fn take_forms(&mut self) -> Option<Map<String, Value>> {
        (!self.forms.is_empty()).then(|| std::mem::take(&mut self.forms))
    }

    /// What is left when no more bytes will come for now.
    pub(crate) fn flush(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        if self.block.is_none() && !self.line.is_empty() && !self.may_be_marker() {
            self.end_piece(&mut parts);
        }
        parts
    }

    /// Complete characters; what is no UTF-8 becomes the replacement character.
    fn decode(&mut self) -> String {
        let mut out = String::new();
        loop {
            match std::str::from_utf8(&self.bytes) {
                Ok(text) => {
                    out.push_str(text);
                    self.bytes.clear();
                    return out;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    out.push_str(&String::from_utf8_lossy(&self.bytes[..valid]));
                    let Some(bad) = error.error_len() else {
                        self.bytes.drain(..valid);
                        return out;
                    };
                    out.push('\u{fffd}');
                    self.bytes.drain(..valid + bad);
                }
            }
        }
    }

    /// Whether the line so far can still become a marker.
    fn may_be_marker(&self) -> bool {
        self.block.is_some() || (!self.line_begun && (BEGIN.starts_with(&self.line) || self.line.starts_with(BEGIN)))
    }

    fn end_piece(&mut self, parts: &mut Vec<Part>) {
        let line = std::mem::take(&mut self.line);
        let whole = line.ends_with('\n');
        if let Some((media_type, mut content)) = self.block.take() {
            if line.trim_end() == END {
                let content = content.strip_suffix('\n').unwrap_or(&content).to_string();
                if self.forms.contains_key(&media_type) {
                    parts.extend(self.take_forms().map(Part::Forms));
                }
                let json = media_type
                    .ends_with("json")
                    .then(|| serde_json::from_str(&content).ok())
                    .flatten();
                self.forms.insert(media_type, json.unwrap_or(Value::String(content)));
            } else {
                content.push_str(&line);
                self.block = Some((media_type, content));
            }
            return;
        }
        if !self.line_begun
            && whole
            && let Some(media_type) = line.strip_prefix(BEGIN)
        {
            self.block = Some((media_type.trim().to_string(), String::new()));
            return;
        }
        self.line_begun = !whole;
        parts.extend(self.take_forms().map(Part::Forms));
        match parts.last_mut() {
            Some(Part::Text(text)) => text.push_str(&line),
            _ => parts.push(Part::Text(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> (Vec<Part>, Option<Map<String, Value>>) {
        let mut content = Content::default();
        let parts = pieces.iter().flat_map(|p| content.push(p)).collect();
        (parts, content.take_forms())
    }

    #[test]
    fn markers_make_content_wherever_they_are_cut() {
        let text = b"a\nEVCXR_BEGIN_CONTENT text/html\n<b>x</b>\nEVCXR_END_CONTENT\n";
        for cut in 0..text.len() {
            let (parts, forms) = all(&[&text[..cut], &text[cut..]]);
            let shown: String = parts
                .iter()
                .map(|p| if let Part::Text(t) = p { t.as_str() } else { "?" })
                .collect();
            assert_eq!(shown, "a\n", "cut at {cut}");
            assert_eq!(
                forms.as_ref().and_then(|f| f["text/html"].as_str()),
                Some("<b>x</b>"),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn characters_cut_in_two_come_out_whole() {
        let text = "ä€".as_bytes();
        let (parts, _) = all(&[&text[..1], &text[1..3], &text[3..]]);
        let shown: String = parts
            .iter()
            .map(|p| if let Part::Text(t) = p { t.as_str() } else { "?" })
            .collect();
        assert_eq!(shown, "ä€");
    }

    #[test]
    fn text_without_a_line_end_is_not_held_back() {
        let (parts, _) = all(&[b"step 1"]);
        assert_eq!(parts, [Part::Text("step 1".into())]);
    }
}
