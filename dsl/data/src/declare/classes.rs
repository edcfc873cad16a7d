//! `classes table("condition.class.txt")`

use super::arguments::{Call, Located};
use super::{Reader, at, few};
use crate::audit::Remark;
use crate::dataset::Contents;
use cistron_declaration::{Diagnostic, Entry};
use std::collections::{BTreeMap, HashMap, HashSet};

impl Reader<'_> {
    /// `condition class` in two columns; `#` begins a comment. Every track needs one class.
    pub(crate) fn read_classes(&mut self, entry: &Entry, contents: &Contents) -> Located<Vec<(String, String)>> {
        let call = Call::of(&entry.value, self.captures, "`table(\"classes.txt\")`")?;
        if call.function != "table" {
            return Err(Diagnostic::error(
                call.span,
                format!("classes come from `table`, not from `{}`", call.function),
            ));
        }
        call.only(&[])?;
        let (path, span) = call.text()?;
        let content = self.open(&path, span)?;
        let mut classes: Vec<(String, String)> = Vec::new();
        let mut class_of: HashMap<&str, &str> = HashMap::new();
        for (line, row) in content.text().map_err(at(span))?.lines().enumerate() {
            let located = |message: String| Diagnostic::error(span, format!("{path}:{}: {message}", line + 1));
            let row = row.split_once('#').map_or(row, |(kept, _)| kept);
            match row.split_whitespace().collect::<Vec<_>>().as_slice() {
                [] => {}
                [track, class] => match class_of.insert(track, class) {
                    None => classes.push(((*track).to_string(), (*class).to_string())),
                    Some(other) if other == *class => {}
                    Some(other) => {
                        return Err(located(format!(
                            "`{track}` has the class `{class}` here and `{other}` before"
                        )));
                    }
                },
                other => return Err(located(format!("{} words where `condition class` is expected", other.len()))),
            }
        }
        let tracks: Vec<&str> = contents.outputs.iter().flat_map(|o| &o.tracks).map(String::as_str).collect();
        let mut seen = HashSet::new();
        let lacking: Vec<&str> = tracks
            .iter()
            .copied()
            .filter(|t| !class_of.contains_key(t) && seen.insert(*t))
            .collect();
        if !lacking.is_empty() {
            let message = format!("{path}: {} tracks have no class: {}", lacking.len(), lacking.join(", "));
            return Err(Diagnostic::error(span, message).help("every track of every output needs a line `track class`"));
        }
        let unused: Vec<&str> = classes
            .iter()
            .map(|(t, _)| t.as_str())
            .filter(|t| !tracks.contains(t))
            .collect();
        if !unused.is_empty() {
            let text = format!(
                "classes: {} names in {path} are no track ({})",
                unused.len(),
                few(unused.iter().copied())
            );
            self.remarks.push(Remark::amber(text));
        }
        self.lonely(contents, &class_of);
        Ok(classes)
    }

    /// Classes in which an output has one track: there is nothing to correlate along.
    fn lonely(&mut self, contents: &Contents, class_of: &HashMap<&str, &str>) {
        let mut found: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for output in &contents.outputs {
            let mut tracks_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for track in &output.tracks {
                if let Some(class) = class_of.get(track.as_str()) {
                    tracks_of.entry(class).or_default().push(track);
                }
            }
            for (class, tracks) in tracks_of {
                if let [track] = tracks.as_slice() {
                    found.entry((class, track)).or_default().push(&output.name);
                }
            }
        }
        for ((class, track), outputs) in found {
            self.remarks.push(Remark::amber(format!(
                "class `{class}` has one track, `{track}`, in {}: a correlation over one track is undefined",
                outputs.iter().map(|o| format!("`{o}`")).collect::<Vec<_>>().join(", ")
            )));
        }
    }
}
