//! The systems whose numbers are recorded, declared in the language.
//!
//! The texts go through the macros' own parser, whose sources are compiled into this test (a macro crate cannot be used
//! as a library).

#![allow(dead_code, unreachable_pub)]

#[path = "../../../macros/src/assign.rs"]
mod assign;
#[path = "../../../macros/src/body.rs"]
mod body;
#[path = "../../../macros/src/emit.rs"]
mod emit;
#[path = "../../../macros/src/expression.rs"]
mod expression;
#[path = "../../../macros/src/header.rs"]
mod header;
#[path = "../../../macros/src/model.rs"]
mod model;
#[path = "../../../macros/src/pattern.rs"]
mod pattern;
#[path = "../../../macros/src/reader.rs"]
mod reader;
#[path = "../../../macros/src/text.rs"]
mod text;
#[path = "../../../macros/src/token.rs"]
mod token;

#[path = "../common/mod.rs"]
mod common;
mod compute;
mod declared;
mod drg;
mod enformer;
mod golden;
mod input_gradients;
mod lsfg;
mod maxatac;
mod shapes;
