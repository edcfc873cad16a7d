//! Tells the command what machine it is for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let triple = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=CISTRON_TRIPLE={triple}");
}
