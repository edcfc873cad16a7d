//! Cells that ran before: not compiled again, and still cells like all others.

mod support;

use std::path::PathBuf;
use support::{Session, failure, sdk, session, session_on, shown};

/// A session without a compiler: whatever runs in it was compiled before.
fn without_compiler() -> Session {
    let mut sdk = sdk();
    sdk.rustc = PathBuf::from("/nonexistent/rustc");
    session_on(sdk, &std::env::temp_dir())
}

/// A text that no cell has had before.
fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[test]
fn a_cell_that_ran_in_another_session_needs_no_compiler() {
    let mark = unique();
    let cells = [
        format!("fn named_{mark}(x: u64) -> u64 {{ x + 1 }}"),
        format!("struct Point_{mark} {{ x: u64 }}\nlet point = Point_{mark} {{ x: named_{mark}(1) }};"),
        format!("let text = \"{mark}\".to_string();\nlet moved = text;\npoint.x + named_{mark}(moved.len() as u64)"),
    ];
    let (mut first, mut second) = (session(), without_compiler());
    for cell in &cells {
        first.ok(cell);
    }
    assert_eq!(first.result()["text/plain"], "35");
    for cell in &cells {
        second.ok(cell);
    }
    assert_eq!(second.result()["text/plain"], "35");
    let found = failure(&mut second, &format!("\"{}\".len()", unique()));
    assert_eq!(found.name, "CompilerError", "{}", shown(&found));
    let gone = failure(&mut second, &cells[2].replace("moved;", "moved; "));
    assert_eq!(gone.name, "CompilerError", "another cell is another cell");
}

#[test]
fn a_cell_run_again_defines_the_same_types_and_runs_anew() {
    let mark = unique();
    let mut session = session();
    let cell = format!("struct Same_{mark}(u64);\nlet value = Same_{mark}(1);");
    session.ok(&cell);
    session.ok("let old = value;");
    session.ok(&cell);
    session.ok(&format!(
        "fn add_{mark}(a: &Same_{mark}, b: &Same_{mark}) -> u64 {{ a.0 + b.0 }}"
    ));
    assert_eq!(
        session.value(&format!("add_{mark}(&old, &value)")),
        "2",
        "both have the type of the one struct"
    );
    assert_eq!(session.value("value.0"), "1");
}

#[test]
fn statics_begin_anew_when_their_cell_does() {
    let mark = unique();
    let mut session = session();
    let cell = format!(
        "use std::sync::atomic::{{AtomicU64, Ordering}};\nstatic COUNT_{mark}: AtomicU64 = AtomicU64::new(0);\n\
         fn bump_{mark}() -> u64 {{ COUNT_{mark}.fetch_add(1, Ordering::Relaxed) }}"
    );
    let bump = format!("bump_{mark}()");
    session.ok(&cell);
    assert_eq!((session.value(&bump), session.value(&bump)), ("0".into(), "1".into()));
    session.ok(&cell);
    assert_eq!(session.value(&bump), "0");
    let inside = format!(
        "let n = {{ static INSIDE_{mark}: AtomicU64 = AtomicU64::new(7); INSIDE_{mark}.fetch_add(1, Ordering::Relaxed) }};\nn"
    );
    assert_eq!((session.value(&inside), session.value(&inside)), ("7".into(), "7".into()));
}

#[test]
fn mistakes_and_panics_of_kept_cells_show_their_lines() {
    let mark = unique();
    let panics = format!("let marked = \"{mark}\";\nlet nothing: Option<u8> = None;\nnothing.expect(marked)");
    let wrong = format!("let marked = \"{mark}\";\nlet number: u8 = marked;");
    let (mut first, mut second) = (session(), without_compiler());
    for session in [&mut first, &mut second] {
        session.ok("");
        let text = shown(&failure(session, &panics));
        assert!(text.contains(&mark) && text.contains("cell [2], line 3:9"), "{text}");
        let text = shown(&failure(session, &wrong));
        assert!(
            text.contains("mismatched types") && text.contains("cell [3], line 2:18"),
            "{text}"
        );
    }
}

#[test]
fn files_that_a_cell_reads_while_it_is_compiled_are_read_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = session_on(sdk(), folder.path());
    for text in ["one", "two"] {
        std::fs::write(folder.path().join("words.txt"), text).expect("a file");
        assert_eq!(
            session.value("include_str!(\"words.txt\")"),
            format!("{text:?}"),
            "from the notebook's folder"
        );
    }
}

#[test]
fn a_cell_that_took_two_passes_is_kept_as_its_last() {
    let mark = unique();
    let cells = [
        format!("let it = (0..3).map(|x| x + \"{mark}\".len() as i32);"),
        "it.sum::<i32>()".to_string(),
    ];
    let (mut first, mut second) = (session(), without_compiler());
    for _ in 0..2 {
        first.ok(&cells[0]);
        assert_eq!(
            first.value(&cells[1]),
            "99",
            "the iterator is kept in a box, which the first pass does not know"
        );
    }
    second.ok(&cells[0]);
    assert_eq!(second.value(&cells[1]), "99");
}

#[test]
fn modules_in_files_are_read_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    for answer in [1, 2] {
        std::fs::write(folder.path().join("util.rs"), format!("pub fn answer() -> u8 {{ {answer} }}")).expect("a file");
        let mut session = session_on(sdk(), folder.path());
        session.ok("#[path = \"util.rs\"] mod util;");
        assert_eq!(session.value("util::answer()"), answer.to_string());
    }
}
