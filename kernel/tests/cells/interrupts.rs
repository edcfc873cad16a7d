//! Stopping a cell.

use crate::support::session;
use crate::{failure, shown};
use std::time::Duration;

#[test]
fn a_thread_that_never_stops_writing_keeps_nobody_waiting() {
    let mut session = session();
    session.ok("let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));");
    session.ok("let seen = stop.clone();\n\
         let writer = std::thread::spawn(move || while !seen.load(std::sync::atomic::Ordering::Relaxed) { println!(\"x\") });");
    assert_eq!(session.value("40 + 2"), "42");
    session.ok("stop.store(true, std::sync::atomic::Ordering::Relaxed);");
    session.ok("writer.join().expect(\"no panic\");");
}

#[test]
fn an_interrupt_ends_an_endless_loop_and_keeps_what_it_reached() {
    let mut session = session();
    session.ok("let old = 1;");
    let code = "let mut n = 0u64;\nloop { n += 1; if n == 5 { println!(\"go\"); } std::thread::sleep(std::time::Duration::from_millis(1)); }";
    let failure = session.interrupted(code, "go").expect_err("interrupted");
    assert_eq!(failure.name, "KeyboardInterrupt");
    assert_eq!(session.value("n > 0 && old == 1"), "true");
}

#[test]
fn a_loop_without_a_pause_is_interrupted_too() {
    let mut session = session();
    let failure = session
        .interrupted(
            "let mut turns = 0u64;\nloop { turns += 1; if turns == 1000 { println!(\"go\"); } }",
            "go",
        )
        .expect_err("interrupted");
    assert_eq!(failure.name, "KeyboardInterrupt");
    session.ok("println!(\"{}\", turns > 0)");
    assert_eq!(session.text(), "true\n");
}

#[test]
fn a_second_interrupt_ends_only_what_did_not_hear_the_first() {
    let mut session = session();
    session.ok("let old = 1;");
    // Work that stops when it is asked, as a fit does, and has no checks, as what unwinding must not leave: twice in one cell.
    session.ok(
        "extern \"C\" fn work() { while !cistron::display::interrupted() {\n\
            println!(\"go\"); std::thread::sleep(std::time::Duration::from_millis(30)); }\ncistron::display::clear_interrupt(); }",
    );
    let heard = "let first = { work(); 1 };\nlet second = { work(); 2 };";
    session.interrupted_often(heard, "go").expect("both stopped by themselves");
    assert_eq!(session.value("old + first + second"), "4");
    let deaf =
        "println!(\"go\");\nlet (sender, receiver) = std::sync::mpsc::channel::<()>();\nlet _ = receiver.recv();\ndrop(sender);";
    let failure = session.interrupted_often(deaf, "go").expect_err("ended");
    assert!(shown(&failure).contains("second interrupt"), "{}", shown(&failure));
    assert_eq!(session.value("1 + 1"), "2");
}

#[test]
fn an_interrupt_while_compiling_cancels_the_compile() {
    let mut session = session();
    session.ok("let old = 1;");
    // Enough work for the compiler that it is still busy when the interrupt comes.
    let functions: String = (0..3000)
        .map(|i| format!("fn f{i}(x: u64) -> Vec<u64> {{ (0..x).map(|y| y * {i}).collect() }}\n"))
        .collect();
    let functions = functions + "let never = 1;";
    let interrupter = session.engine.interrupter();
    let stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop_now = stopped.clone();
    let stop = std::thread::spawn(move || {
        while !stop_now.load(std::sync::atomic::Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
            interrupter.interrupt();
        }
    });
    let failure = failure(&mut session, &functions);
    assert_eq!(failure.name, "KeyboardInterrupt");
    assert!(shown(&failure).contains("while it was being compiled"), "{}", shown(&failure));
    stopped.store(true, std::sync::atomic::Ordering::Relaxed);
    stop.join().expect("the thread that interrupts");
    let later = shown(&crate::failure(&mut session, "never"));
    assert!(
        later.contains("`never` was not kept: cell [2] was stopped before it was compiled"),
        "{later}"
    );
}
