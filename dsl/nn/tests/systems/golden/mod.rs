//! Whole models of the original systems against what the originals computed: outputs, gradients, training. Each is a graph
//! whose parameters have the original's names, and the declaration of the language, whose parameters take these names in
//! their order.

mod lsfg;
mod maxatac;
mod support;
