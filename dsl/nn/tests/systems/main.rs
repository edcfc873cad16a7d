//! The systems whose numbers are recorded, declared in the language.

#[path = "../common/mod.rs"]
mod common;
mod compute;
mod declared;
mod enformer;
mod golden;
mod input_gradients;
mod lsfg;
mod maxatac;
mod shapes;
