//! The benchmark with the system's allocator, as a user's program has it.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cistron_benchmarks::run(std::env::args().skip(1))
}
