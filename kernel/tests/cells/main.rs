//! Real cells through the engine: what survives what, and what is said when it does not.

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod deaths;
mod display;
mod failures;
mod interrupts;
mod items;
mod variables;

use cistron_kernel::engine::Failure;
use support::Session;

fn failure(session: &mut Session, code: &str) -> Failure {
    match session.run(code) {
        Err(failure) => failure,
        Ok(()) => panic!("the cell should have failed: {code}"),
    }
}

fn shown(failure: &Failure) -> String {
    let mut out = String::new();
    let text = failure.to_string();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    out + rest
}
