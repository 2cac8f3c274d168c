//! Measures the engine beside its floors and peers, in one run. Prints medians and ratios; ratios are what counts, times move from machine to machine.
//!
//! `cargo run --release -p engine-benches [scheduling|compile|durable|scripts]`

mod compile;
mod durable;
mod floors;
mod measure;
mod peers;
mod scheduling;
mod schema;
mod scripts;
mod shapes;

/// The allocator of the example server.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let only = std::env::args().nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("scheduling") {
        scheduling::run();
    }
    if wanted("compile") {
        compile::run();
    }
    if wanted("durable") {
        durable::run();
    }
    if wanted("scripts") {
        scripts::run();
    }
}
