//! Two records side by side.

use super::{MEDIA_TYPE, Record, short};
use serde_json::Value;
use std::collections::BTreeMap;

/// The record that a notebook carries: that of `cistron run`, else the last one that `:record` showed.
pub fn stored(document: &Value) -> Option<&Value> {
    let own = Some(&document["metadata"]["cistron"]).filter(|r| r.is_object());
    own.or_else(|| {
        let cells = document["cells"].as_array().into_iter().flatten().rev();
        let mut outputs = cells.flat_map(|cell| cell["outputs"].as_array().into_iter().flatten().rev());
        outputs.find_map(|o| Some(&o["data"][MEDIA_TYPE]).filter(|r| r.is_object()))
    })
}

/// What is otherwise now than when the outputs were stored, a line each. Wall time does not count, the name of the
/// libraries only where the commit does not say what they are.
pub fn differences(stored: &Value, now: &Record) -> Vec<String> {
    let new = now.json();
    let mut lines = Vec::new();
    let vague = |commit: &Value| commit.as_str().is_none_or(|c| c == "unknown" || c.ends_with("+modified"));
    for (key, name) in [
        ("version", "Cistron"),
        ("commit", "commit"),
        ("rustc", "compiler"),
        ("lock_sha256", "lock file"),
        ("device", "device"),
        ("dependencies", "crates of `:dep`"),
        ("parameters", "parameters"),
        ("libraries", "libraries"),
    ] {
        let known = key != "libraries" || vague(&stored["commit"]) || vague(&new["commit"]);
        if known && !stored[key].is_null() && stored[key] != new[key] {
            lines.push(format!("{name}: {} then, {} now", plain(&stored[key]), plain(&new[key])));
        }
    }
    if stored["data"].is_array() {
        data(stored, &new, &mut lines);
    }
    if stored["runs"].is_array() {
        runs(stored, &new, &mut lines);
    }
    lines
}

fn data(stored: &Value, new: &Value, lines: &mut Vec<String>) {
    let by_path = |record: &Value| -> BTreeMap<String, Value> {
        let files = record["data"].as_array().into_iter().flatten();
        files
            .filter_map(|f| Some((f["path"].as_str()?.to_string(), f.clone())))
            .collect()
    };
    let (old, new) = (by_path(stored), by_path(new));
    for (path, file) in &old {
        match new.get(path) {
            None => lines.push(format!("data: {path} was read then and is not now")),
            Some(now) if hash(now) != hash(file) => {
                let (then, now) = (short(hash(file).1), short(hash(now).1));
                lines.push(format!("data: {path} has another content ({then} then, {now} now)"));
            }
            Some(_) => {}
        }
    }
    let more = new.keys().filter(|path| !old.contains_key(*path));
    lines.extend(more.map(|path| format!("data: {path} is read now and was not then")));
}

fn runs(stored: &Value, new: &Value, lines: &mut Vec<String>) {
    let list = |record: &Value| record["runs"].as_array().cloned().unwrap_or_default();
    let (old, new) = (list(stored), list(new));
    if old.len() != new.len() {
        lines.push(format!("runs: {} then, {} now", old.len(), new.len()));
    }
    for (then, now) in old.iter().zip(&new) {
        let name = plain(&then["name"]);
        for (key, what) in [
            ("name", "name"),
            ("seed", "seed"),
            ("model_hash", "model"),
            ("data_hash", "data"),
        ] {
            if then[key] != now[key] {
                let (then, now) = (plain(&then[key]), plain(&now[key]));
                lines.push(format!("run {name}: {what} {} then, {} now", short(&then), short(&now)));
            }
        }
    }
}

/// What kind of hash an entry of `data` has, and the hash.
pub(super) fn hash(file: &Value) -> (&'static str, &str) {
    match file["sha256"].as_str() {
        Some(hash) => ("SHA-256", hash),
        None => (
            "SHA-256 of size and ends",
            file["sha256_of_size_and_ends"].as_str().unwrap_or_default(),
        ),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Record {
        Record {
            version: "1.0.0".into(),
            commit: "abc".into(),
            libraries: "sdk-1".into(),
            device: Some("cpu, avx2".into()),
            data: vec![json!({"path": "a.tsv", "bytes": 3, "sha256": "11"})],
            runs: vec![json!({"folder": "runs/1", "name": "r", "seed": 1, "model_hash": "m", "data_hash": "d"})],
            ..Record::default()
        }
    }

    #[test]
    fn only_what_counts_is_named() {
        let then = record();
        let mut now = record();
        now.wall_s = 9.0;
        now.libraries = "sdk-2".into();
        assert_eq!(differences(&then.json(), &now), Vec::<String>::new());
        now.commit = "abc+modified".into();
        now.device = Some("cpu, avx512".into());
        now.data[0]["sha256"] = json!("12");
        now.runs[0]["seed"] = json!(2);
        assert_eq!(
            differences(&then.json(), &now),
            [
                "commit: abc then, abc+modified now",
                "device: cpu, avx2 then, cpu, avx512 now",
                "libraries: sdk-1 then, sdk-2 now",
                "data: a.tsv has another content (11 then, 12 now)",
                "run r: seed 1 then, 2 now"
            ]
        );
        assert!(differences(&json!({}), &now).is_empty());
    }

    #[test]
    fn a_record_is_found_in_metadata_or_in_the_last_output() {
        let shown = |n: u32| json!({"outputs": [{"output_type": "execute_result", "data": {MEDIA_TYPE: {"wall_s": n}}}]});
        let mut document = json!({"metadata": {}, "cells": [shown(1), {"outputs": 3}, shown(2), 4]});
        assert_eq!(stored(&document).map(|r| &r["wall_s"]), Some(&json!(2)));
        document["metadata"]["cistron"] = json!({"wall_s": 3});
        assert_eq!(stored(&document).map(|r| &r["wall_s"]), Some(&json!(3)));
        assert_eq!(stored(&json!([])), None);
    }
}
