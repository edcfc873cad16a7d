//! Values of options, typed as DRG types them.

use std::fmt;

/// What an option holds.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// `None`, `NONE`, `none`.
    Nothing,
    /// `True`, `FALSE`, `true`, ..
    Truth(bool),
    /// `3`, `1_000`.
    Whole(i64),
    /// `1e-5`, `nan`.
    Number(f64),
    /// Anything else.
    Text(String),
    /// `[1, 2]`, `(0.9, 0.999)`.
    List(Vec<OptionValue>),
}

impl OptionValue {
    /// Types a text: a truth value, nothing, a Python list or tuple, a whole number, a number, or itself.
    ///
    /// # Errors
    /// A list that does not end, or holds what no literal of Python is; the text says what is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.contains(['[', '(']) {
            let mut reader = Literal {
                rest: text.chars().collect(),
                at: 0,
            };
            let value = reader.value()?;
            reader.blanks();
            return match reader.rest.get(reader.at) {
                None => Ok(value),
                Some(c) => Err(format!("`{c}` behind the end of the list")),
            };
        }
        Ok(Self::word(text))
    }

    fn word(text: &str) -> Self {
        let digits = text.replace('_', "");
        match text {
            "True" | "TRUE" | "true" => Self::Truth(true),
            "False" | "FALSE" | "false" => Self::Truth(false),
            "None" | "NONE" | "none" => Self::Nothing,
            _ => match (digits.parse::<i64>(), digits.parse::<f64>()) {
                (Ok(whole), _) => Self::Whole(whole),
                (_, Ok(number)) => Self::Number(number),
                _ => Self::Text(text.into()),
            },
        }
    }

    /// As a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(i) => Some(*i as f64),
            Self::Number(x) => Some(*x),
            _ => None,
        }
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("None"),
            Self::Truth(true) => f.write_str("True"),
            Self::Truth(false) => f.write_str("False"),
            Self::Whole(i) => write!(f, "{i}"),
            Self::Number(x) => write!(f, "{x}"),
            Self::Text(t) => f.write_str(t),
            Self::List(items) => {
                let quoted = |v: &Self| match v {
                    Self::Text(t) => format!("'{t}'"),
                    other => other.to_string(),
                };
                let items: Vec<String> = items.iter().map(quoted).collect();
                write!(f, "[{}]", items.join(", "))
            }
        }
    }
}

/// The entries of a Python dictionary whose keys are texts: `{'patience': 3, 'rates': [0.1, 1]}`.
pub(super) fn dictionary(text: &str) -> Result<Vec<(String, OptionValue)>, String> {
    let inner = text.trim().strip_prefix('{').and_then(|t| t.strip_suffix('}'));
    let mut reader = Literal {
        rest: inner.ok_or("a dictionary stands in braces")?.chars().collect(),
        at: 0,
    };
    let mut entries = Vec::new();
    loop {
        reader.blanks();
        match reader.rest.get(reader.at) {
            None => return Ok(entries),
            Some(',') => reader.at += 1,
            Some('\'' | '"') => {
                let OptionValue::Text(key) = reader.value()? else { continue };
                reader.blanks();
                if reader.rest.get(reader.at) != Some(&':') {
                    return Err(format!("no `:` behind the key '{key}'"));
                }
                reader.at += 1;
                entries.push((key, reader.value()?));
            }
            Some(c) => return Err(format!("`{c}` where a key in quotes is expected")),
        }
    }
}

/// A literal of Python, read from its beginning.
struct Literal {
    rest: Vec<char>,
    at: usize,
}

impl Literal {
    fn blanks(&mut self) {
        while self.rest.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<OptionValue, String> {
        self.blanks();
        match self.rest.get(self.at) {
            Some('[') => self.list(']'),
            Some('(') => self.list(')'),
            Some(quote @ ('\'' | '"')) => {
                let quote = *quote;
                let from = self.at + 1;
                let length = self.rest[from..].iter().position(|c| *c == quote);
                let length = length.ok_or("a text in quotes does not end")?;
                self.at = from + length + 1;
                Ok(OptionValue::Text(self.rest[from..from + length].iter().collect()))
            }
            Some(_) => {
                let from = self.at;
                while self.rest.get(self.at).is_some_and(|c| !matches!(c, ',' | ']' | ')')) {
                    self.at += 1;
                }
                let text: String = self.rest[from..self.at].iter().collect();
                match text.trim() {
                    "" => Err("a value is missing in the list".into()),
                    word => Ok(OptionValue::word(word)),
                }
            }
            None => Err("a list does not end".into()),
        }
    }

    fn list(&mut self, end: char) -> Result<OptionValue, String> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blanks();
            match self.rest.get(self.at) {
                Some(c) if *c == end => {
                    self.at += 1;
                    return Ok(OptionValue::List(items));
                }
                Some(',') => self.at += 1,
                Some(_) => items.push(self.value()?),
                None => return Err(format!("a list does not end; expected `{end}`")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_lists_and_texts() {
        let list = |items: &[OptionValue]| OptionValue::List(items.to_vec());
        assert_eq!(
            OptionValue::read("[[0,1],[1],[0]]"),
            Ok(list(&[
                list(&[OptionValue::Whole(0), OptionValue::Whole(1)]),
                list(&[OptionValue::Whole(1)]),
                list(&[OptionValue::Whole(0)])
            ]))
        );
        assert_eq!(
            OptionValue::read("['difference', \"direct\", None]"),
            Ok(list(&[
                OptionValue::Text("difference".into()),
                OptionValue::Text("direct".into()),
                OptionValue::Nothing
            ]))
        );
        assert!(OptionValue::read("[1, 2").is_err() && OptionValue::read("['a]").is_err() && OptionValue::read("[1] 2").is_err());
    }

    #[test]
    fn dictionaries_have_texts_as_keys() {
        let read = |text: &str| dictionary(text).map(|d| d.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>());
        assert_eq!(
            read("{'rate': 0.1, 'lists': [1, 2], \"name\": 'cuda:0', 'none': None}"),
            Ok(["rate=0.1", "lists=[1, 2]", "name=cuda:0", "none=None"]
                .map(String::from)
                .into())
        );
        assert_eq!(read("{}"), Ok(Vec::new()));
        for wrong in ["'a': 1", "{a: 1}", "{'a' 1}", "{'a': }", "{'a"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
