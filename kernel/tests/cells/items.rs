//! Functions, types, macros and modules, and what later cells see of them.

use crate::support::session;
use crate::{failure, shown};

#[test]
fn values_functions_and_types_live_on() {
    let mut session = session();
    assert_eq!(session.value("let x = 1 + 1; x"), "2");
    session.ok("#[derive(Clone)] struct A { x: u64 } impl A { fn twice(&self) -> u64 { self.x * 2 } } let a = A { x: 21 };");
    assert_eq!(session.value("a.twice() + x as u64"), "44");
    session.ok("use std::sync::atomic::*; static C: AtomicUsize = AtomicUsize::new(0); fn bump() -> usize { C.fetch_add(1, Ordering::SeqCst) }");
    assert_eq!(session.value("bump()") + &session.value("bump()"), "01");
    session.ok("macro_rules! square { ($x:expr) => { $x * $x } }");
    assert_eq!(session.value("square!(5)"), "25");
    session.ok("let moved = String::from(\"m\"); let taken = moved;");
    assert_eq!(session.value("taken"), "\"m\"");
    assert!(shown(&failure(&mut session, "moved")).contains("cannot find value `moved`"));
}

#[test]
fn a_type_defined_anew_takes_the_variables_of_the_old_one_with_it_and_names_them() {
    let mut session = session();
    session.ok("struct A { x: u64 } let a = A { x: 7 }; let all = vec![A { x: 1 }];");
    session.ok("struct A { x: String } let b = A { x: \"abc\".into() };");
    let text = session.text();
    assert!(
        text.contains("`a` is gone: its type `A` was defined anew") && text.contains("`all` is gone"),
        "{text}"
    );
    let text = shown(&failure(&mut session, "a.x"));
    assert!(text.contains("`a` was not kept: its type `A` was defined anew"), "{text}");
    assert_eq!(session.value("b.x.len()"), "3");
    session.ok("let a = 5;");
    assert_eq!(session.value("a"), "5");
}

#[test]
fn running_the_same_definitions_again_keeps_the_variables() {
    let mut session = session();
    let cell = "#[derive(Debug)] struct Row { n: u32 }\nimpl Row { fn double(&self) -> u32 { self.n * 2 } }";
    session.ok(cell);
    session.ok("let row = Row { n: 4 };");
    session.ok(cell);
    assert_eq!(session.value("row.double()"), "8");
    // The same text means something else once a name in it does.
    session.ok("struct Inner(u8);");
    session.ok("struct Outer(Inner);");
    session.ok("struct Inner(String);");
    session.ok("struct Outer(Inner);");
    assert_eq!(session.value("Outer(Inner(\"long\".into())).0.0.len()"), "4");
    session.ok("static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);");
    session.ok("COUNT.store(5, std::sync::atomic::Ordering::SeqCst);");
    assert_eq!(session.value("COUNT.load(std::sync::atomic::Ordering::SeqCst)"), "5");
}

#[test]
fn a_function_defined_anew_is_used_from_then_on_and_its_users_are_named() {
    let mut session = session();
    session.ok("fn rate() -> u32 { 1 }");
    session.ok("fn price() -> u32 { rate() * 10 }");
    session.ok("fn rate() -> u32 { 2 }");
    assert!(
        session.text().contains("`price` still uses the earlier `rate`"),
        "{}",
        session.text()
    );
    assert_eq!(session.value("(rate(), price())"), "(2, 10)");
}

#[test]
fn generics_traits_and_impls_reach_across_cells() {
    let mut session = session();
    session.ok("trait Area { fn area(&self) -> f64; fn twice(&self) -> f64 { 2.0 * self.area() } }\nstruct Square(f64);");
    session.ok("impl Area for Square { fn area(&self) -> f64 { self.0 * self.0 } }");
    session.ok("fn total<T: AsRef<[Box<dyn Area>]>>(all: T) -> f64 { all.as_ref().iter().map(|s| s.area()).sum() }");
    session.ok(
        "struct Circle { r: f64 } impl Area for Circle { fn area(&self) -> f64 { 3.0 * self.r } }\n\
        let shapes: Vec<Box<dyn Area>> = vec![Box::new(Square(2.0)), Box::new(Circle { r: 1.0 })];",
    );
    assert_eq!(session.value("total(&shapes) + shapes[0].twice()"), "15.0");
    session.ok("trait Loud { fn loud(&self) -> String; } impl Loud for str { fn loud(&self) -> String { self.to_uppercase() } }");
    assert_eq!(session.value("\"abc\".loud()"), "\"ABC\"");
    session.ok("impl Square { fn side(&self) -> f64 { self.0 } }");
    session.ok("impl std::fmt::Display for Square { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"[{}]\", self.side()) } }");
    assert_eq!(session.value("format!(\"{}\", Square(3.0))"), "\"[3]\"");
}

#[test]
fn macros_that_define_items_do_so_for_later_cells() {
    let mut session = session();
    session.ok("macro_rules! make { ($name:ident, $value:expr) => { fn $name() -> i32 { $value } } }\nmake!(eleven, 11);");
    session.ok("make!(twelve, 12)");
    assert_eq!(session.value("eleven() + twelve()"), "23");
    session.ok("macro_rules! record { ($n:ident { $($f:ident : $t:ty),* }) => {\n\
        #[derive(Debug)] struct $n { $($f: $t),* }\n impl $n { fn new($($f: $t),*) -> Self { Self { $($f),* } } } } }");
    session.ok("record!(Gene { name: String, length: usize });");
    session.ok("let gene = Gene::new(\"a\".into(), 3);");
    assert_eq!(session.value("gene.length"), "3");
    session.ok("thread_local! { static DEPTH: std::cell::Cell<u8> = const { std::cell::Cell::new(0) } }");
    session.ok("DEPTH.set(4);");
    assert_eq!(session.value("DEPTH.get()"), "4");
}

#[test]
fn modules_imports_constants_and_attributes_stay() {
    let mut session = session();
    session.ok("mod outer { pub mod inner { pub fn f() -> i32 { 4 } } pub const K: i32 = 9; }");
    assert_eq!(
        session.value("use outer::inner;\nuse outer::{K as LIMIT};\ninner::f() + LIMIT"),
        "13"
    );
    session.ok("use std::{collections::{BTreeMap as Map, *}, fmt::Write as _};");
    session.ok("#[derive(Debug, Clone, PartialEq)] #[allow(dead_code)] enum Shape { A { x: i32 }, B(u8) }\nuse Shape::*;");
    assert_eq!(
        session.value("let mut s = String::new(); write!(s, \"{:?}\", Map::from([(1, B(2))]))?; s"),
        "\"{1: B(2)}\""
    );
    session.ok("const SIZES: [usize; 2] = [3, 4]; static NAMES: [&str; 2] = [\"a\", \"b\"];");
    assert_eq!(
        session.value("[0u8; SIZES[1]].len() + NAMES.len() + inner::f() as usize"),
        "10"
    );
    // A module without what was imported from it: the import goes, the session does not.
    session.ok("mod outer { pub const K: i32 = 1; }");
    assert_eq!(session.value("LIMIT"), "1");
    let text = shown(&failure(&mut session, "inner::f()"));
    assert!(text.contains("inner"), "{text}");
    assert_eq!(session.value("1 + 1"), "2");
}

#[test]
fn whatever_the_syntax_allows_is_allowed() {
    let mut session = session();
    session.ok("// a comment");
    session.ok("/* and\nanother */");
    session.ok(
        "//! About this cell.\n#![allow(unused)]\n/// A function.\nfn añadir(größe: i32) -> i32 { größe + 1 }\nlet größe = 3;",
    );
    assert_eq!(session.value("añadir(größe)"), "4");
    session.ok("let Some(k) = Some(3) else { panic!(\"no\") };\nlet (a, [b, .., c]) = (1, [3, 4, 5]);");
    assert_eq!(
        session.value("let found = 'o: { for i in 0.. { if i * i > 50 { break 'o i; } } 0 }; found + k + a + b + c"),
        "20"
    );
    assert_eq!(session.value("r#\"a \"quoted\" \\n\"#.len()"), "13");
    assert_eq!(session.value("unsafe { *(&raw const k) }"), "3");
    let text = shown(&failure(&mut session, "let x = 1;\n#![feature(let_chains)]"));
    assert!(text.contains("line 2:"), "{text}");
    let text = shown(&failure(&mut session, "#![feature(let_chains)]\n1"));
    assert!(
        text.contains("unstable features") && text.contains("line 1:1") && !text.contains("-Z"),
        "{text}"
    );
}

#[test]
fn impls_that_go_with_a_type_defined_anew_are_named() {
    let mut session = session();
    session
        .ok("struct A { n: u32 }\nimpl A { fn double(&self) -> u32 { self.n * 2 } }\ntrait Named { fn name(&self) -> String; }");
    session.ok("impl std::fmt::Display for A { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"{}\", self.n) } }\nimpl Clone for A { fn clone(&self) -> Self { Self { n: self.n } } }\nimpl Named for u8 { fn name(&self) -> String { \"u8\".into() } }");
    session.ok("#[derive(Clone)]\nstruct A { n: u64 }");
    assert!(
        session.text().contains(
            "note: `impl A` and `impl std::fmt::Display for A` belonged to the old `A` and went with it; write them again"
        ),
        "{}",
        session.text()
    );
    // These belong to it from the start, or are gone already.
    session.ok("struct A { n: u8 }\nimpl A { fn double(&self) -> u8 { self.n * 2 } }");
    assert_eq!(session.text(), "");
    assert_eq!(session.value("A { n: 4 }.double()"), "8");
    session.ok("trait Named { fn name(&self) -> u8; }");
    assert!(
        session
            .text()
            .contains("note: `impl Named for u8` belonged to the old `Named` and went with it; write it again"),
        "{}",
        session.text()
    );
}

#[test]
fn an_impl_written_again_takes_the_place_of_the_earlier_one() {
    let mut session = session();
    session.ok("struct A<T> { x: T }\ntrait Named { fn name(&self) -> String; }");
    session.ok("impl A<f64> {\n    /// Once.\n    fn once(&self) -> f64 { self.x }\n    const K: f64 = 3.0;\n    fn twice(&self) -> f64 { 2.0 * self.x }\n}\nimpl A<u8> { fn once(&self) -> u8 { 8 } }\nimpl<T> Named for A<T> { fn name(&self) -> String { \"a\".into() } }");
    session.ok("let a = A { x: 1.5 };");
    assert_eq!(session.value("(a.once(), a.twice(), a.name())"), "(1.5, 3.0, \"a\")");
    // One function of several; what stands beside it stays.
    session.ok("impl A<f64> { fn once(&self) -> f64 { 10.0 * self.x + Self::K } }");
    let text = session.text();
    assert!(
        text.contains("`a` is gone: its type `A` was defined anew") && !text.contains("belonged"),
        "{text}"
    );
    session.ok("let a = A { x: 1.5 };");
    assert_eq!(
        session.value("(a.once(), a.twice(), A { x: 0u8 }.once(), a.name())"),
        "(18.0, 3.0, 8, \"a\")"
    );
    // A place in what is left of the block is still found.
    session.ok("impl A<f64> { fn twice(&self) -> f64 { if self.x > 1.0 { panic!(\"large\") } else { self.once() } } }");
    session.ok("impl<T> Named for A<T> { fn name(&self) -> String { \"b\".into() } }");
    assert_eq!(
        session.value("A { x: 0.5 }.name() + &A { x: 0.5 }.twice().to_string()"),
        "\"b8\""
    );
    let text = shown(&failure(&mut session, "A { x: 1.5 }.twice()"));
    assert!(text.contains("line 1:58") && text.contains("large"), "{text}");
}

#[test]
fn what_an_impl_written_again_leaves_alone() {
    let mut session = session();
    session.ok("struct W { s: String }\nfn f() -> i32 { 1 }\nmacro_rules! getter { ($name:ident) => { pub fn $name(&self) -> usize { self.s.len() } } }");
    session.ok("fn f() -> i32 { 2 }");
    session.ok("impl std::fmt::Write for W { fn write_str(&mut self, s: &str) -> std::fmt::Result { self.s += s; Ok(()) } }");
    assert_eq!(session.value("f()"), "2");
    session.ok("impl std::io::Write for W { fn write(&mut self, b: &[u8]) -> std::io::Result<usize> { Ok(b.len()) } fn flush(&mut self) -> std::io::Result<()> { Ok(()) } }");
    session.ok("impl W { getter!(size);\n#[cfg(target_os = \"none\")] fn os(&self) -> u8 { 1 }\n#[cfg(not(target_os = \"none\"))] fn os(&self) -> u8 { 2 } }");
    session.ok("impl W { fn os(&self) -> u8 { 3 } }");
    session
        .ok("let mut w = W { s: \"ab\".into() };\nstd::fmt::Write::write_str(&mut w, \"c\")?;\nstd::io::Write::flush(&mut w)?;");
    assert_eq!(session.value("(w.size(), w.os())"), "(3, 3)");
    // The same once more changes nothing.
    session.ok("impl W { fn os(&self) -> u8 { 3 } }");
    assert_eq!((session.text(), session.value("w.s")), (String::new(), "\"abc\"".to_string()));
    // The longer path of the same trait, and a trait for references.
    session.ok("use std::fmt::Display;\nimpl Display for W { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"one\") } }");
    session.ok("impl std::fmt::Display for W { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"two\") } }");
    session.ok("impl From<&W> for u8 { fn from(_: &W) -> u8 { 4 } }\nimpl Into<u16> for &W { fn into(self) -> u16 { 5 } }");
    session.ok("impl Into<u16> for &W { fn into(self) -> u16 { 6 } }");
    assert_eq!(
        session.value("let w = W { s: String::new() };\nlet n: u16 = (&w).into();\nformat!(\"{w} {n} {}\", u8::from(&w))"),
        "\"two 6 4\""
    );
    // What came along and does not fit any more.
    session.ok("struct G { n: u8 }\nfn total(g: &G) -> u8 { g.count() + 1 }\nimpl G { fn count(&self) -> u8 { self.n } }");
    let text = shown(&failure(&mut session, "impl G { fn count(&self) -> f64 { 1.5 } }"));
    assert!(text.contains("comes along with what this cell changes"), "{text}");
}
