//! `:dep`: crates of the user's own.

mod support;

use std::path::Path;
use support::{failure, session, shown};

fn write(folder: &Path, name: &str, version: &str, code: &str, build: Option<&str>) {
    let root = folder.join(name);
    std::fs::create_dir_all(root.join("src")).expect("a folder");
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n[workspace]\n");
    std::fs::write(root.join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::write(root.join("src/lib.rs"), code).expect("a source");
    if let Some(build) = build {
        std::fs::write(root.join("build.rs"), build).expect("a build script");
    }
}

/// A name that no other test and no other run of this one uses.
fn unique(start: &str) -> String {
    format!("{start}_{}", uuid::Uuid::new_v4().simple())
}

#[test]
fn a_crate_in_a_folder_is_built_and_built_again_when_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = unique("mine");
    write(
        folder.path(),
        &name,
        "1.0.0",
        "pub fn answer() -> u32 { 41 }\npub struct Seen(pub u32);",
        None,
    );
    let mut session = session();
    let path = folder.path().join(&name);
    let line = format!(":dep {name} = {{ path = {:?} }}", path.display().to_string());
    assert_eq!(session.value(&format!("{line}\n{name}::answer()")), "41");
    session.ok(&format!("let kept = {name}::Seen({name}::answer());"));
    assert_eq!(session.value("kept.0"), "41");
    write(folder.path(), &name, "1.0.0", "pub fn answer() -> u32 { 42 }", None);
    let text = shown(&failure(&mut session, &format!("{line}\n{name}::answer()")));
    assert!(text.contains("restart the kernel"), "{text}");
    assert_eq!(session.value("kept.0"), "41");
    let mut next = support::session();
    assert_eq!(next.value(&format!("{line}\n{name}::answer()")), "42");
}

#[test]
fn what_cannot_be_had_is_said_in_few_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = unique("old");
    write(folder.path(), &name, "1.0.0", "", None);
    let mut session = session();
    session.ok("let kept = 5;");
    let path = folder.path().join(&name).display().to_string();
    let found = failure(&mut session, &format!(":dep {name} = {{ version = \"9\", path = {path:?} }}"));
    assert_eq!(found.name, "DependencyError");
    let text = shown(&found);
    assert!(
        text.contains("no version of a crate fits") && text.contains("hint:"),
        "{text}"
    );
    write(folder.path(), &name, "9.0.0", "fn broken( {", None);
    let text = shown(&failure(&mut session, &format!(":dep {name} = {{ path = {path:?} }}")));
    assert!(text.contains("could not be built") && text.contains("src/lib.rs:1"), "{text}");
    let text = shown(&failure(&mut session, &format!(":dep {name} = {{ path = \"/nowhere\" }}")));
    assert!(text.contains("/nowhere"), "{text}");
    assert_eq!(session.value("kept"), "5");
}

#[test]
fn a_build_can_be_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = unique("slow");
    let build = "fn main() { std::thread::sleep(std::time::Duration::from_secs(600)); }";
    write(folder.path(), &name, "1.0.0", "", Some(build));
    let mut session = session();
    session.ok("let kept = 5;");
    let line = format!(
        ":dep {name} = {{ path = {:?} }}",
        folder.path().join(&name).display().to_string()
    );
    let found = session.interrupted_at_first_output(&line);
    assert_eq!(found.name, "KeyboardInterrupt", "{}", shown(&found));
    assert_eq!(session.value("kept"), "5");
}
