//! The end of the process that runs the cells.

use crate::support::session;
use crate::{failure, shown};
use std::time::Duration;

#[test]
fn after_the_worker_is_killed_the_next_cell_runs() {
    let mut session = session();
    session.ok("fn seven() -> i32 { 7 } let lost = std::rc::Rc::new(1);");
    let process = session.engine.worker_process().expect("a worker");
    // SAFETY: the process is the worker of this test's own session.
    unsafe { libc::kill(process, libc::SIGKILL) };
    while session.engine.worker_process() == Some(process) {
        std::thread::sleep(Duration::from_millis(20));
        session.idle();
    }
    assert!(
        session.text().contains("was killed") && session.text().contains("Lost with it: lost"),
        "{}",
        session.text()
    );
    assert_eq!(session.value("seven()"), "7");
    let text = shown(&failure(&mut session, "lost"));
    assert!(
        text.contains("`lost` was not kept: the process that held it has ended"),
        "{text}"
    );
}

#[test]
fn a_crash_says_what_is_lost() {
    let mut session = session();
    session.ok("let lost = std::rc::Rc::new(1);");
    let failure = failure(&mut session, "std::process::abort();");
    assert_eq!(failure.name, "WorkerDied");
    assert!(
        shown(&failure).contains("aborted") && shown(&failure).contains("lost"),
        "{}",
        shown(&failure)
    );
    assert_eq!(session.value("1 + 1"), "2");
}
