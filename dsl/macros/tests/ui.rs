//! What the compiler shows for each mistake: `tests/ui/<mistake>.rs` with the expected `.stderr`.
//!
//! The programs use a small stand-in for crate `cistron`, so that only the macros are compiled.
//! `TRYBUILD=overwrite cargo test -p cistron-macros --test ui` writes the expected messages anew.

#[test]
fn mistakes_are_shown_at_their_tokens() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/ui/pass/*.rs");
    tests.compile_fail("tests/ui/*.rs");
}
