//! The benchmark with the system's allocator and a count of its bytes: a second line of JSON has the most that were
//! allocated at one time.

#[path = "../../../dsl/nn/tests/common/counting.rs"]
mod counting;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut result = Ok(());
    let most = counting::most_during(|| result = cistron_benchmarks::run(std::env::args().skip(1)));
    result?;
    println!("{{\"allocated_mb\":{}}}", most as f64 / 1024.0 / 1024.0);
    Ok(())
}
