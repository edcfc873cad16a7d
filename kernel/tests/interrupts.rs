//! Interrupts at any moment: what stops, what is kept, what is left for the next cell.
//!
//! `CISTRON_INTERRUPTS` says how many random ones there are (`.ci/interrupts` runs 1,000).

mod support;

use cistron_kernel::engine::{Engine, Output};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use support::{Session, command, sdk, session};

/// Random numbers from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Runs a cell that says `go` before it does what never ends, and interrupts it then, once.
fn stops(session: &mut Session, cell: &str) {
    let worker = session.engine.worker_process();
    let failure = session.interrupted(cell, "go").expect_err(cell);
    assert_eq!(failure.name, "KeyboardInterrupt", "{cell}\n{failure}");
    assert_eq!(session.engine.worker_process(), worker, "{cell}");
}

#[test]
fn everything_that_never_ends_is_stopped_by_one_interrupt() {
    let mut session = session();
    session.ok("let kept = std::rc::Rc::new(String::from(\"still here\"));\nlet mut count = 0u64;");
    session.ok(
        "fn spin(x: u64) -> u64 { let mut n = x; loop { n = n.wrapping_add(1); if n == 0 { return n; } } }\n\
         fn deep(n: u64, x: u64) -> u64 { if n == 0 { x } else { deep(n - 1, x).wrapping_add(deep(n - 1, x + 1)) } }\n\
         struct Tree; impl Tree { fn walk(&self, n: u64) -> u64 { if n == 0 { 1 } else { self.walk(n - 1) ^ self.walk(n - 1) } } }\n\
         fn square(x: u64) -> u64 { x.wrapping_mul(x) }",
    );
    for endless in [
        "for _ in 0..1 { for i in 0..u64::MAX { count = count.wrapping_add(i); } }",
        "for _ in [1] { while count < u64::MAX { count = (count + 1) % 1000; } }",
        "println!(\"{}\", (0..u64::MAX).map(|x| x ^ 1).fold(0u64, |a, b| a.wrapping_add(b)));",
        "println!(\"{}\", (0..u64::MAX).map(square).fold(0, u64::wrapping_add));",
        "println!(\"{:?}\", std::iter::repeat(1).map(|x| x + 1).find(|x| *x == 3));",
        "println!(\"{:?}\", [1, 2].iter().cycle().position(|x| *x == 3));",
        "println!(\"{}\", spin(1));",
        "println!(\"{}\", deep(60, 1));",
        "println!(\"{}\", Tree.walk(60));",
        "std::thread::sleep(std::time::Duration::from_secs(1000));",
        "std::thread::scope(|scope| { scope.spawn(|| loop { std::hint::black_box(1); }); });",
        "let add = |x: u64| x + 1; let mut n = 0; while add(n) != 0 { n = add(n) % 5; }",
    ] {
        stops(&mut session, &format!("println!(\"go\");\n{endless}"));
    }
    assert_eq!(session.value("kept.len() as u64"), "10");
    session.ok("let sum: u64 = (0..2_000_000u64).map(|x| x % 7).sum(); for _ in 0..10 { std::thread::sleep(std::time::Duration::ZERO); }");
    assert_eq!(
        session.value("sum"),
        (0..2_000_000u64).map(|x| x % 7).sum::<u64>().to_string()
    );
}

#[test]
fn impatient_presses_are_one_and_a_late_second_one_ends_what_does_not_hear() {
    let mut session = session();
    session.ok("let number = 7;\nlet shared = std::rc::Rc::new(1);");
    let worker = session.engine.worker_process();
    // Deaf for a while: presses in quick succession leave it alone, and it hears them when it can.
    let deaf = "println!(\"go\");\nlet (sender, receiver) = std::sync::mpsc::channel::<()>();\n\
        let _ = receiver.recv_timeout(std::time::Duration::from_millis(600));\ndrop(sender);\nloop {}";
    let interrupter = session.engine.interrupter();
    let failure = std::thread::scope(|scope| {
        let (told, wait) = std::sync::mpsc::channel();
        scope.spawn(move || {
            wait.recv().expect("the cell begins");
            for _ in 0..10 {
                interrupter.interrupt();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        session.watched(deaf, |output| {
            if matches!(output, Output::Stream(_, text) if text.contains("go")) {
                told.send(()).expect("the thread that interrupts");
            }
        })
    });
    assert_eq!(failure.expect_err("interrupted").name, "KeyboardInterrupt");
    assert_eq!(session.engine.worker_process(), worker);
    // Deaf for good: after the first, it says what a second one does; the second one does it.
    let deaf =
        "println!(\"go\");\nlet (sender, receiver) = std::sync::mpsc::channel::<()>();\nlet _ = receiver.recv();\ndrop(sender);";
    let interrupter = session.engine.interrupter();
    let failure = session.watched(deaf, |output| {
        let said = |what: &str| matches!(output, Output::Stream(_, text) if text.contains(what));
        if said("go") || said("second interrupt ends the process") {
            interrupter.interrupt();
        }
    });
    let text = failure.expect_err("ended").to_string();
    assert!(text.contains("was stopped at the second interrupt"), "{text}");
    assert!(
        text.contains("Restored as they were before: number.") && text.contains("Lost with it: receiver, shared."),
        "{text}"
    );
    assert_eq!(session.value("number"), "7");
}

/// What a cell of the random test does, and what it may leave behind.
fn random_cell(kind: u64, round: u64) -> String {
    match kind {
        0 => format!("let fresh = {round}u64; loop {{ ticks = ticks.wrapping_add(1); }}"),
        1 => format!("fn twice_{round}(x: u64) -> u64 {{ x * 2 }}\nwhile twice_{round}(ticks) != 1 {{ ticks = (ticks + 1) % 1000; }}"),
        2 => "let table = cistron::polars::df!(\"n\" => (0..1000i64).collect::<Vec<_>>())?;\nwhile table.height() > 0 { ticks ^= 1; }".into(),
        3 => "println!(\"{}\", (0..u64::MAX).map(|x| x.rotate_left(3)).fold(0u64, |a, b| a ^ b));".into(),
        4 => "for word in [\"a\", \"b\"].iter().cycle() { words.push(word.to_string()); if words.len() > 10 { words.clear(); words.push(\"a\".into()); } }".into(),
        5 => "let run = fit! { net, loss, toy; epochs = 100000, patience = 100000, batch = 32, seed = 3, name = \"random\" };".into(),
        _ => format!("struct Point {{ x: u64 }}\nimpl Point {{ fn far(&self) -> u64 {{ (0..self.x).map(|i| i % 3).sum() }} }}\nlet far = Point {{ x: u64::MAX - {round} }}.far();"),
    }
}

const DECLARE: &str = r#"let sim = simulate::motif_grammar(MotifGrammar { sequences: 300, ..Default::default() })?;
let toy = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer");
    split   column("split");
};
let net = model! { Net on toy { enhancer = dna.conv(8, width = 11).relu().pool(Max, 4).linear(); } };
let loss = objective! { on toy { loss(enhancer) = mse(); } };"#;

#[test]
fn no_interrupt_at_a_random_moment_loses_a_variable() {
    let number = std::env::var("CISTRON_INTERRUPTS");
    let number: u64 = number.map_or(60, |number| number.parse().expect("CISTRON_INTERRUPTS is a number"));
    let runs = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(sdk(), command(), runs.path()).expect("a worker");
    let mut session = Session::of(engine);
    session.ok(DECLARE);
    session.ok("let number = 41;\nlet shared = std::rc::Rc::new(vec![1u8; 100]);\nlet mut ticks = 0u64;\nlet mut words = vec![String::from(\"a\")];");
    let worker = session.engine.worker_process();
    let mut random = Random(20_261_121);
    let (mut compiling, mut running, mut fits) = (0, 0, 0);
    for round in 0..number {
        let kind = random.below(7);
        let wait = Duration::from_millis(random.below(300));
        let interrupter = session.engine.interrupter();
        let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        // Every other one counts from when the cell runs: on a busy machine it compiles for long.
        let waits_for_it = round % 2 == 1;
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while waits_for_it && !begun.load(Relaxed) && !ended.load(Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                std::thread::sleep(wait);
                // Again after a while: the first may have come before the cell had begun.
                while !ended.load(Relaxed) {
                    interrupter.interrupt();
                    let pressed = Instant::now();
                    while !ended.load(Relaxed) && pressed.elapsed() < Duration::from_millis(700) {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            });
            let cell = format!("println!(\"go\");\n{}", random_cell(kind, round));
            let result = session.watched(&cell, |_| begun.store(true, Relaxed));
            ended.store(true, Relaxed);
            result
        });
        match result {
            Ok(()) => {
                assert_eq!(kind, 5, "round {round}: only a fit ends by itself");
                fits += 1;
            }
            Err(failure) => {
                assert_eq!(failure.name, "KeyboardInterrupt", "round {round}, kind {kind}: {failure}");
                *(if failure.value.contains("compiled") {
                    &mut compiling
                } else {
                    &mut running
                }) += 1;
            }
        }
        assert_eq!(
            session.engine.worker_process(),
            worker,
            "round {round}: the worker is another"
        );
        // A loop that ends by itself, to see whether anything is left of the interrupt.
        let check = "let mut sum = 0u64; for i in 0..2_000_000u64 { sum += i % 2; }\n\
            println!(\"{number} {} {} {} {sum}\", shared.len(), ticks < u64::MAX, !words.is_empty());";
        session.ok(check);
        assert_eq!(session.text(), "41 100 true true 1000000\n", "round {round}, kind {kind}");
    }
    println!("{number} interrupts: {compiling} while compiling, {running} while running, {fits} fits stopped");
    assert!(compiling > 0 && running > 0 && fits > 0, "the moments are not random");
    session.ok("assert_eq!(toy.len(), 300); let again = net.parameter_count();");
}
