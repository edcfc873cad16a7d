//! Where something happened, in words and lines of the cell.

use crate::support::session;
use crate::{failure, shown};

#[test]
fn dbg_says_where_in_the_cell_it_stands() {
    let mut session = session();
    session.ok("let x = 3;\nlet y = dbg!(x * 2) + dbg!(1, x).1;\ndbg!();");
    assert_eq!(
        session.text(),
        "[cell [1]:2:9] x * 2 = 6\n[cell [1]:2:23] 1 = 1\n[cell [1]:2:23] x = 3\n[cell [1]:3:1]\n"
    );
    session
        .ok("fn twice(n: i32) -> i32 {\n    dbg!(n) * 2\n}\nmod inner {\n    pub fn word() -> &'static str { dbg!(\"ä\") }\n}");
    assert_eq!(session.value("inner::word().len() as i32 + twice(4)"), "10");
    assert_eq!(session.text(), "[cell [2]:5:37] \"ä\" = \"ä\"\n[cell [2]:2:5] n = 4\n");
    // What the kernel puts into a cell is not a part of it.
    session.ok("let _ = std::thread::spawn(|| { dbg!(std::iter::repeat(1).take(2).map(|i| i + 1).sum::<i32>()); }).join();");
    assert_eq!(
        session.text(),
        "[cell [4]:1:33] std::iter::repeat(1).take(2).map(|i| i + 1).sum::<i32>() = 4\n"
    );
    // Standard output and another `dbg!` are the user's own.
    session.ok("println!(\"[cell_1:2:3] mine\");");
    assert_eq!(session.text(), "[cell_1:2:3] mine\n");
    session.ok("macro_rules! dbg { ($x:expr) => { println!(\"own {}\", $x) } }\ndbg!(1);");
    assert_eq!(session.text(), "own 1\n");
    session.ok("dbg!(2);");
    assert_eq!(session.text(), "own 2\n");
}

#[test]
fn columns_are_right_behind_tabs_and_wide_characters() {
    let mut session = session();
    for code in [
        "let a = 1;\n\tlet ä = \"🧬🧬\"; panic!(\"stop\");",
        "fn f() {\n\tlet ä = \"🧬🧬\"; panic!(\"stop\"); }\nf();",
    ] {
        let text = shown(&failure(&mut session, code));
        assert!(text.contains("line 2:16\n"), "{text}");
        let last = text.lines().find(|line| line.contains('^')).unwrap_or_default();
        assert_eq!(
            last.trim_start_matches([' ', '|', '\t']),
            "^".repeat("panic!(\"stop\")".len()),
            "{text}"
        );
    }
    session.ok("std::thread::spawn(|| { let v = vec![0]; v[3] }).join().is_err()");
    let text = session.text();
    assert!(text.contains("line 1:42\n"), "{text}");
    assert!(
        text.contains("                                         \u{1b}[31m^^^^\u{1b}[0m"),
        "{text:?}"
    );
}

#[test]
fn an_error_is_shown_at_all_that_gave_it() {
    let mut session = session();
    session.ok("fn read(s: &str) -> Result<i32, std::num::ParseIntError> { s.parse() }");
    let text = shown(&failure(&mut session, "let n = read(\"1\")? + read(\"x\")? + 3;"));
    assert!(text.contains("line 1:22\n"), "{text}");
    // Of an expression that takes several lines, the first.
    let several = shown(&failure(&mut session, "let n = 1 + read(\"x\")\n    .map(|n| n + 1)?;"));
    assert!(
        several.contains("line 1:13\n") && several.ends_with(" ^^^^^^^^^"),
        "{several}"
    );
    assert!(
        text.contains(&format!("| {}^^^^^^^^^^", " ".repeat(21))) && !text.contains("^^^^^^^^^^^"),
        "{text}"
    );
}

#[test]
fn each_panic_of_a_session_shows_the_calls_that_led_to_it() {
    let mut session = session();
    let cell = |name: &str| {
        format!(
            "mod {name} {{\n    pub fn down(n: usize, v: &mut Vec<String>) -> usize {{\n        v.push(n.to_string());\n        \
            if n == 0 {{ v[9].len() }} else {{ down(n - 1, v).max(v.len()) }}\n    }}\n}}\n{name}::down(3, &mut vec![])"
        )
    };
    // Libraries that are loaded after the first panic have lines as well.
    for (count, name) in ["first", "second", "third"].into_iter().enumerate() {
        let (text, number) = (shown(&failure(&mut session, &cell(name))), count + 1);
        for part in [
            format!("cell [{number}], line 4:21"),
            "in `down`, called from".to_string(),
            format!("cell [{number}], line 4:41, in `down`:"),
            "(3 times)".to_string(),
            format!("cell [{number}], line 7:1: {name}::down(3, &mut vec![])"),
        ] {
            assert!(text.contains(&part), "`{part}` is not in\n{text}");
        }
    }
}

#[test]
fn an_assertion_shows_what_was_written() {
    let mut session = session();
    let code = "assert!(std::iter::successors(Some(1), |x| if *x > 4 { None } else { Some(x + 1) }).any(|x| x > 7));";
    let text = shown(&failure(&mut session, code));
    assert!(
        text.contains(
            "assertion failed: std::iter::successors(Some(1), |x| if *x > 4 { None } else { Some(x + 1) }).any(|x| x > 7)\n"
        ),
        "{text}"
    );
}
