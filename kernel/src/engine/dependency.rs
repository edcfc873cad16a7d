//! `:dep`: crates that cells add.
//!
//! The crate is wrapped into a shared library of its own that stands on the facade, so that it is there
//! once, whatever number of cells use it.

use super::failure::Failure;
use super::imports::Import;
use super::session::Engine;
use super::state::Dependency;
use super::worker::{Emit, Output};

/// Adds the crate that `specification` (`name = "1"`) asks for.
pub(super) fn add(engine: &mut Engine, specification: &str, emit: Emit<'_>) -> Result<(), Failure> {
    let (name, requirement) = match specification.split_once('=') {
        Some((name, requirement)) => (name.trim(), requirement.trim().to_string()),
        None => (specification, "\"*\"".to_string()),
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !plain {
        let text = format!("`:dep` takes `name = \"1\"` or `name = {{ path = \"..\" }}`, found `{specification}`");
        return Err(Failure::plain("CommandError", &text));
    }
    if matches!(
        name,
        "cistron" | "candle-core" | "candle-nn" | "polars" | "plotters" | "serde_json"
    ) {
        emit(Output::Stream("stdout", format!("{name} is part of every cell already\n")));
        let name = name.replace('-', "_");
        if name != "cistron" {
            let line = format!("use cistron::{name};");
            engine.state.import(&[Import { name: Some(name), line }]);
        }
        return Ok(());
    }
    let name = name.replace('-', "_");
    if engine.state.dependencies.iter().any(|d| d.name == name) {
        return Ok(());
    }
    let built = engine.sdk.build_dependency(&name, specification, &requirement, &mut |line| {
        emit(Output::Stream("stderr", format!("{line}\n")));
    });
    let built = built.map_err(|error| Failure::plain("DependencyError", &error.to_string()))?;
    let dependency = Dependency {
        name,
        crate_name: built.crate_name,
        library: built.library,
        folder: built.folder,
        print: built.print,
    };
    engine.add_dependency(dependency, emit)
}
