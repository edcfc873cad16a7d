//! The worker dies in every way there is: the kernel says how, what is gone and what came back, and goes on.

mod support;

use cistron_kernel::engine::Failure;
use std::time::{Duration, Instant};
use support::{Session, session};

/// A session with a number and a table, which come back, and something shared, which does not.
fn filled() -> Session {
    let mut session = session();
    session.ok("fn seven() -> i32 { 7 }");
    session.ok("let number = 6.5;\nlet shared = std::rc::Rc::new(3);\nlet table = cistron::polars::df!(\"gene\" => [Some(\"a\"), None], \"level\" => [0.1, f64::NAN])?;");
    wait_for(&mut session, &["number", "table"]);
    session
}

/// Waits until these are saved.
fn wait_for(session: &mut Session, names: &[&str]) {
    let begun = Instant::now();
    while !names.iter().all(|name| session.engine.kept().iter().any(|kept| kept == name)) {
        assert!(begun.elapsed() < Duration::from_secs(60), "kept: {:?}", session.engine.kept());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What holds after any death.
fn goes_on(session: &mut Session, told: &str) {
    assert!(told.contains("Restored as they were before: number, table."), "{told}");
    assert!(told.contains("Lost with it: shared."), "{told}");
    assert_eq!(session.value("seven() as f64 + number"), "13.5");
    session.ok(
        "assert!(table.equals_missing(&cistron::polars::df!(\"gene\" => [Some(\"a\"), None], \"level\" => [0.1, f64::NAN])?));",
    );
    let later = session.run("shared").expect_err("it is lost").to_string();
    assert!(later.contains("was not kept: the process that held it has ended"), "{later}");
}

fn dies(code: &str) -> (Session, Failure) {
    let mut session = filled();
    let failure = session.run(code).expect_err(code);
    assert_eq!(failure.name, "WorkerDied", "{failure}");
    (session, failure)
}

fn dies_and_goes_on(code: &str, how: &str) {
    let (mut session, failure) = dies(code);
    let told = failure.to_string();
    assert!(told.contains(how), "{told}");
    goes_on(&mut session, &told);
}

#[test]
fn a_segfault() {
    dies_and_goes_on(
        "unsafe { std::ptr::null_mut::<u8>().wrapping_add(8).write_volatile(1) };",
        "SIGSEGV",
    );
}

#[test]
fn an_abort() {
    dies_and_goes_on("std::process::abort();", "aborted (SIGABRT)");
}

#[test]
fn an_exit() {
    dies_and_goes_on("std::process::exit(3);", "called `exit(3)`");
}

#[test]
fn a_stack_overflow() {
    let code = "fn deeper(x: &[u64; 64]) -> u64 { let mut y = *x; y[0] += 1; deeper(&y) + y[0] }\nlet never = deeper(&[0; 64]);";
    let (mut session, failure) = dies(code);
    let told = failure.to_string();
    assert!(told.contains("ran out of stack"), "{told}");
    goes_on(&mut session, &told);
    let later = session.run("never").expect_err("never bound").to_string();
    assert!(later.contains("the process ended before cell [3] did"), "{later}");
}

#[test]
fn a_stack_overflow_in_a_thread_is_told_once() {
    let mut session = filled();
    let code = "fn deeper(x: &[u64; 64]) -> u64 { let mut y = *x; y[0] += 1; deeper(&y) + y[0] }\neprintln!(\"before\");\nstd::thread::Builder::new().name(\"deep one\".into()).spawn(|| deeper(&[0; 64]))?.join().is_err()";
    let failure = session.run(code).expect_err("dead");
    let told = failure.to_string();
    assert!(told.contains("ran out of stack in the thread `deep one` ("), "{told}");
    let text = session.text();
    assert!(text.contains("before\n"), "{text}");
    assert!(!text.contains("overflow") && !text.contains("thread '"), "{text}");
    goes_on(&mut session, &told);
}

#[test]
fn a_panic_that_can_not_be_caught() {
    for (code, parts) in [
        (
            "let p: *const i32 = std::ptr::null();\nlet n = unsafe { *p };",
            ["null pointer dereference occurred", "line 2:18"],
        ),
        (
            "let v = vec![1u8];\nlet n = unsafe { *v.get_unchecked(5) };",
            ["unsafe precondition(s) violated: slice::get_unchecked requires", "line 2:"],
        ),
        (
            "extern \"C\" fn back(n: i32) {\n    panic!(\"in back {n}\");\n}\nback(3);",
            ["in back 3 (panic in a function that cannot unwind)", "line 2:5"],
        ),
        (
            "std::thread::spawn(|| {\n    let p: *const i32 = std::ptr::null();\n    unsafe { *p }\n}).join().is_err();",
            ["null pointer dereference occurred in thread `unnamed`", "line 3:14"],
        ),
    ] {
        let (mut session, failure) = dies(code);
        let told = failure.to_string();
        assert!(failure.value.starts_with(parts[0]), "{}", failure.value);
        for part in [parts[1], "cell [3]", "aborted (SIGABRT)"] {
            assert!(told.contains(part), "`{part}` is not in\n{told}");
        }
        assert!(!session.text().contains("aborting"), "{}", session.text());
        goes_on(&mut session, &told);
    }
}

#[test]
fn memory_that_the_system_refuses() {
    dies_and_goes_on(
        "let all = vec![0u8; 1 << 60];",
        "ran out of memory (the system refused 1152921504606846976 bytes)",
    );
}

#[test]
fn a_kill_while_busy() {
    let mut session = filled();
    let worker = session.engine.worker_process().expect("a worker");
    let failure = session.watched("println!(\"go\"); loop {}", |_| {
        // SAFETY: the process is the worker of this test's own session.
        unsafe { libc::kill(worker, libc::SIGKILL) };
    });
    let told = failure.expect_err("killed").to_string();
    assert!(told.contains("was killed"), "{told}");
    goes_on(&mut session, &told);
}

#[test]
fn a_kill_while_idle() {
    let mut session = filled();
    let worker = session.engine.worker_process().expect("a worker");
    // SAFETY: the process is the worker of this test's own session.
    unsafe { libc::kill(worker, libc::SIGKILL) };
    while session.engine.worker_process() == Some(worker) {
        std::thread::sleep(Duration::from_millis(5));
        session.idle();
    }
    let told = session.text();
    assert!(told.contains("was killed"), "{told}");
    goes_on(&mut session, &told);
}

#[test]
fn a_program_that_a_cell_has_started_does_not_hide_the_death() {
    let code = "let child = std::process::Command::new(\"sleep\").arg(\"1000\").spawn()?;\nprintln!(\"child {}\", child.id());\nstd::process::abort();";
    let mut session = filled();
    let mut child = None;
    let failure = session.watched(code, |output| {
        if let cistron_kernel::engine::Output::Stream(_, text) = output {
            child = child.or(text
                .lines()
                .find_map(|line| line.strip_prefix("child ")?.trim().parse::<i32>().ok()));
        }
    });
    let told = failure.expect_err("dead").to_string();
    // SAFETY: the process was started by this test's own cell.
    unsafe { libc::kill(child.expect("its number"), libc::SIGKILL) };
    goes_on(&mut session, &told);
}

#[test]
fn what_a_dying_cell_has_changed_is_as_it_was_before() {
    let mut session = session();
    session.ok("let mut list = vec![1, 2];\nlet mut word = String::from(\"old\");");
    session.ok("list.push(3);");
    wait_for(&mut session, &["list", "word"]);
    session
        .run("list.clear(); word = \"new\".into(); let list2 = 5; std::process::abort();")
        .expect_err("dead");
    assert_eq!(session.value("format!(\"{list:?} {word}\")"), "\"[1, 2, 3] old\"");
    // A second death: what came back is still saved, and a variable of the same name is another one.
    session.ok("let word = 5u8;");
    wait_for(&mut session, &["list", "word"]);
    session.run("std::process::abort();").expect_err("dead again");
    assert_eq!(session.value("format!(\"{list:?} {word}\")"), "\"[1, 2, 3] 5\"");
    session.ok("let word = std::rc::Rc::new(1);");
    session.run("std::process::abort();").expect_err("and again");
    session.run("word").expect_err("the older value must not come back");
}

#[test]
fn keep_asks_for_more_and_says_what_it_can_not() {
    let mut session = session();
    session.ok("let large = vec![0.5f64; 9_000_000];\nlet small = 1;");
    wait_for(&mut session, &["small"]);
    assert!(!session.engine.kept().contains(&"large".to_string()), "more than the limit");
    session.ok("keep!(large);");
    assert!(
        session.engine.kept().contains(&"large".to_string()),
        "there when the cell has ended"
    );
    session.run("std::process::abort();").expect_err("dead");
    assert_eq!(session.value("large.len() as f64 * large[8_999_999]"), "4500000.0");
    let text = session
        .run("let shared = std::rc::Rc::new(1);\nkeep!(shared);")
        .expect_err("no way")
        .to_string();
    assert!(
        text.contains("`shared` can't be kept: there is no way to save a alloc::rc::Rc<i32>"),
        "{text}"
    );
    assert!(text.contains("line 2"), "{text}");
}

#[test]
fn data_sets_and_counts_come_back() {
    let mut session = session();
    session.ok("let sequences = df!(\"name\" => [\"a\", \"b\", \"c\"], \"sequence\" => [\"ACGT\", \"GGGG\", \"TTNA\"], \"y\" => [0.5, 1.5, 2.5])?;\nlet data = data! { records sim = frame(sequences); input dna: Dna = column(\"sequence\"); output y = column(\"y\"); };\nlet hash = data.content_hash();");
    session
        .ok("let counts: std::collections::HashMap<char, usize> = [('A', 2), ('C', 1)].into();\nlet point = [0.5, 1.0, -2.0];");
    session.ok("let pair = (3usize, \"three\".to_string());\nlet ranked = vec![(1u64, 0.5f64)];");
    wait_for(&mut session, &["data", "hash", "counts", "point", "pair", "ranked"]);
    session.run("std::process::abort();").expect_err("dead");
    assert_eq!(
        session.value("(data.content_hash() == hash, data.len(), data.sequence(\"dna\", 2)?)"),
        "(true, 3, \"TTNA\")"
    );
    assert_eq!(session.value("(pair, ranked)"), "((3, \"three\"), [(1, 0.5)])");
    assert_eq!(session.value("(counts[&'A'] + counts[&'C'], point)"), "(3, [0.5, 1.0, -2.0])");
}

#[test]
fn a_damaged_file_is_lost_and_named_and_nothing_is_left_behind() {
    let mut session = filled();
    let folder = session.engine.kept_folder().to_path_buf();
    let largest = |entry: &std::fs::DirEntry| entry.metadata().map_or(0, |about| about.len());
    let table = std::fs::read_dir(&folder)
        .expect("the folder")
        .flatten()
        .max_by_key(largest)
        .expect("a file")
        .path();
    let bytes = std::fs::read(&table).expect("a file");
    std::fs::write(&table, &bytes[..bytes.len() - 3]).expect("written");
    let told = session.run("std::process::abort();").expect_err("dead").to_string();
    assert!(told.contains("Restored as they were before: number."), "{told}");
    assert!(
        told.contains("What was saved of table did not read") && told.contains("cut short"),
        "{told}"
    );
    let scratch = session.engine.scratch_folder().to_path_buf();
    drop(session);
    assert!(!folder.exists() && !scratch.exists());
}

#[test]
fn a_cell_behind_a_death_that_nobody_has_noticed_is_compiled_for_what_came_back() {
    let mut session = filled();
    let process = session.engine.worker_process().expect("a worker");
    // SAFETY: the process is the worker of this test's own session.
    unsafe { libc::kill(process, libc::SIGKILL) };
    std::thread::sleep(Duration::from_millis(300));
    let failure = session
        .run("number + *shared as f64")
        .expect_err("what is lost can't be named");
    assert_eq!(failure.name, "CompileError", "{failure}");
    assert!(failure.to_string().contains("`shared` was not kept"), "{failure}");
    assert_eq!(session.value("number"), "6.5");
}
