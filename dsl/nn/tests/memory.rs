//! What a step takes, as predicted and as an allocator counts it.

mod common;

use candle_core::{DType, Tensor};
use cistron_model::{Gelu, Graph, Operation, Pool};
use cistron_nn::{Named, Network};
use cistron_ops::Loss;
use common::{Build, one_hot, random};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting bytes.
struct Counting;

fn grown(bytes: usize) {
    let now = NOW.fetch_add(bytes, Relaxed) + bytes;
    MOST.fetch_max(now, Relaxed);
}

// SAFETY: every call goes on to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn tower(recompute: bool) -> Graph {
    let mut b = Build::default();
    let dna = b.input("dna", &[4, 4000]);
    let mut x = b.conv("stem", dna, 32, 9);
    x = b.pool("stem.pool", x, Pool::Max, 2);
    for i in 0..4 {
        let began = b.graph.nodes.len();
        let mut h = b.batch_norm(&format!("norm{i}"), x);
        h = b.same(&format!("gelu{i}"), Operation::Gelu(Gelu::Erf), &[h]);
        h = b.conv(&format!("conv{i}"), h, 32, 5);
        h = b.same(&format!("drop{i}"), Operation::Dropout { rate: 0.1 }, &[h]);
        if recompute {
            b.graph.nodes[began..].iter_mut().for_each(|n| n.recompute = Some(i));
        }
        x = b.same(&format!("add{i}"), Operation::Add, &[h, x]);
    }
    x = b.pool("pool", x, Pool::Mean, 50);
    x = b.flatten("flat", x);
    x = b.linear("head", x, 8);
    b.output("y", x).graph
}

/// Predicted and counted bytes of the second step (the first one builds what lasts).
fn step(graph: Graph, batch: usize) -> (usize, usize) {
    let mut network = Network::from_graph(graph, 1, DType::F32).expect("a network");
    let predicted = network.memory(batch).expect("an estimate");
    let inputs = Named::from([("dna".to_string(), one_hot(batch, 4000, DType::F32))]);
    let target: Tensor = random(&[batch, 8], 3, DType::F32);
    cistron_ops::buffer::trim();
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    for i in 0..2 {
        let step = network.step(&inputs, 1, i, &mut |outputs| {
            let (value, gradient) = Loss::Mse.value_and_gradient(&outputs["y"], &target, None)?;
            Ok((value, Named::from([("y".to_string(), gradient)])))
        });
        step.expect("a step").give_back().expect("memory");
    }
    (predicted.working, MOST.load(Relaxed) - before)
}

#[test]
fn the_memory_of_a_step_is_known_before() {
    let mut working = Vec::new();
    for (recompute, batch) in [(false, 3), (false, 8), (true, 8)] {
        let (predicted, counted) = step(tower(recompute), batch);
        let ratio = predicted as f64 / counted as f64;
        println!("batch {batch}, recompute {recompute}: predicted {predicted}, counted {counted}, ratio {ratio:.3}");
        assert!(
            (0.9..1.1).contains(&ratio),
            "batch {batch}: predicted {predicted}, counted {counted}"
        );
        working.push(counted);
    }
    assert!(
        working[2] * 10 < working[1] * 7,
        "computing again saves too little: {working:?}"
    );
}
