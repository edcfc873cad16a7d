//! The benchmark with mimalloc, which the worker of a notebook has.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cistron_benchmarks::run(std::env::args().skip(1))
}
