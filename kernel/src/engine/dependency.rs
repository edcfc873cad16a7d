//! `:dep`: crates that cells add.
//!
//! The crate is wrapped into a shared library of its own that stands on the facade, so that it is there
//! once, whatever number of cells use it.

use super::failure::Failure;
use super::imports::Import;
use super::interrupt::Interrupter;
use super::session::Engine;
use super::state::Dependency;
use super::worker::{Emit, Output};
use crate::sdk::{SdkError, Watch};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Crates that every cell has.
pub(crate) const PRESENT: [&str; 6] = ["cistron", "candle-core", "candle-nn", "polars", "plotters", "serde_json"];

/// Adds the crate that `specification` (`name = "1"`) asks for.
pub(super) fn add(engine: &mut Engine, specification: &str, emit: Emit<'_>) -> Result<(), Failure> {
    let (name, requirement) = specification.split_once('=').unwrap_or((specification, ""));
    let (name, requirement) = (name.trim(), requirement.trim());
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !plain {
        let text = format!("`:dep` takes `name = \"1\"` or `name = {{ path = \"..\" }}`, found `{specification}`");
        return Err(Failure::plain("CommandError", &text));
    }
    if PRESENT.contains(&name) {
        emit(Output::Stream("stdout", format!("{name} is part of every cell already\n")));
        let name = name.replace('-', "_");
        if name != "cistron" {
            let line = format!("use cistron::{name};");
            engine.state.import(&[Import { name: Some(name), line }]);
        }
        return Ok(());
    }
    let line = if requirement.is_empty() {
        name.to_string()
    } else {
        format!("{name} = {}", from_here(requirement, &engine.folder))
    };
    let name = name.replace('-', "_");
    let mut watch = Progress::new(&name, engine.interrupter.clone(), emit);
    let built = engine.sdk.build_dependency(&name, &line, &mut watch);
    watch.finish(built.is_ok());
    let built = built.map_err(|error| match error {
        SdkError::Stopped(_) => Failure::located("KeyboardInterrupt", &error.to_string(), None),
        _ => Failure::plain("DependencyError", &error.to_string()),
    })?;
    // The process holds one build of a crate: symbols of two have the same names.
    match engine.state.dependencies.iter().find(|d| d.name == name) {
        Some(loaded) if loaded.library == built.library => return Ok(()),
        Some(_) => {
            let text = format!(
                "`{name}` is loaded in another form, and one process can't hold two builds of a crate\n\
                 hint: restart the kernel to use the new one; until then the old one stays, and so do all variables"
            );
            return Err(Failure::plain("DependencyError", &text));
        }
        None => {}
    }
    let dependency = Dependency {
        name,
        crate_name: built.crate_name,
        library: built.library,
        folder: built.folder,
        print: built.print,
    };
    engine.add_dependency(dependency, emit)
}

/// The requirement with a relative `path` as seen from the notebook's folder.
pub(crate) fn from_here(requirement: &str, folder: &Path) -> String {
    let mut out = String::new();
    let mut rest = requirement;
    while let Some(at) = rest.find("path") {
        let (before, after) = rest.split_at(at + 4);
        out.push_str(before);
        rest = after;
        let quoted = after
            .trim_start()
            .strip_prefix('=')
            .map(str::trim_start)
            .and_then(|t| t.strip_prefix('"'));
        if let Some((path, behind)) = quoted.and_then(|t| t.split_once('"')) {
            out.push_str(&format!(" = {:?}", folder.join(path).display().to_string()));
            rest = behind;
        }
    }
    out + rest
}

/// A build as one line in the cell.
struct Progress<'a, 'b> {
    name: &'a str,
    interrupter: Interrupter,
    emit: &'a mut (dyn FnMut(Output) + 'b),
    display: String,
    started: Instant,
    shown: Option<Instant>,
}

impl<'a, 'b> Progress<'a, 'b> {
    fn new(name: &'a str, interrupter: Interrupter, emit: &'a mut (dyn FnMut(Output) + 'b)) -> Self {
        Self {
            name,
            interrupter,
            emit,
            display: uuid::Uuid::new_v4().to_string(),
            started: Instant::now(),
            shown: None,
        }
    }

    fn show(&mut self, text: &str) {
        let content = json!({"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": self.display}});
        let first = self.shown.replace(Instant::now()).is_none();
        (self.emit)(if first {
            Output::Display(content)
        } else {
            Output::Update(content)
        });
    }

    /// Leaves one line behind, if anything was built.
    fn finish(&mut self, well: bool) {
        if self.shown.is_some() {
            let end = if well { "is ready" } else { "was not built" };
            self.show(&format!("{} {end}", self.name));
        }
    }
}

impl Watch for Progress<'_, '_> {
    fn started(&mut self, process: i32) -> bool {
        self.interrupter.compiling(process)
    }

    fn progress(&mut self, built: u64, all: u64, name: &str) {
        if self.shown.is_none_or(|at| at.elapsed() > Duration::from_millis(250)) {
            let seconds = self.started.elapsed().as_secs();
            self.show(&format!(
                "building {}: {built} of {all} crates, {seconds} s, now {name}",
                self.name
            ));
        }
    }

    fn ended(&mut self) -> bool {
        self.interrupter.compiled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_from_the_notebooks_folder() {
        let here = Path::new("/n");
        assert_eq!(from_here("{ path = \"../x\" }", here), "{ path = \"/n/../x\" }");
        assert_eq!(
            from_here("{ path=\"/abs\", features = [\"a\"] }", here),
            "{ path = \"/abs\", features = [\"a\"] }"
        );
        assert_eq!(from_here("\"1\"", here), "\"1\"");
    }
}
