//! What happens by chance, and how often: given by a seed, so that it can be repeated.

use std::time::Duration;

use engine_core::runtime::{Runtime, TokioRuntime};

/// Numbers that depend on the seed alone.
pub(crate) struct Chance(u64);

impl Chance {
    /// With the seed of this run, and how many rounds there are to be. Prints both.
    pub(crate) fn and_rounds() -> (Self, u64) {
        let (rounds, seed) = (setting("ENGINE_KILL_ROUNDS", 3), setting("ENGINE_KILL_SEED", u64::from(std::process::id())));
        eprintln!("ENGINE_KILL_ROUNDS={rounds} ENGINE_KILL_SEED={seed}");
        (Self(seed), rounds)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Lets between 150 ms and 850 ms pass.
    pub(crate) async fn pass_a_while(&mut self) {
        pass(Duration::from_millis(150 + self.below(700))).await;
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Lets so much time pass. Real processes have only the real clock.
pub(crate) async fn pass(time: Duration) {
    TokioRuntime::current().sleep(time).await;
}
