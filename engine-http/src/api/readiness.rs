//! Whether the store answers, for `/ready`: asked by one at a time and at most once a second, since everybody may ask.

use std::time::Duration;

use engine_core::model::Timestamp;
use tokio::sync::Mutex;

/// For so long an answer is passed on.
const FRESH: Duration = Duration::from_secs(1);

/// What the store answered last, and when. Locked by whoever asks it; the others wait for that answer.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Timestamp, bool)>>);

impl Readiness {
    /// The answer of a moment ago, or that of `ask`. Whoever goes away while it asks leaves asking to the next one.
    pub(super) async fn answer(&self, now: impl Fn() -> Timestamp, ask: impl Future<Output = bool>) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = *last
            && now().since(at) < FRESH
        {
            return answer;
        }
        let answer = ask.await;
        *last = Some((now(), answer));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::future::{join_all, poll_immediate};

    use super::*;

    /// Breaks when each request asks the store: whoever sends many takes its connections.
    #[tokio::test]
    async fn inv_23_many_who_ask_are_one_question_to_the_store() {
        let (readiness, asked, answer, clock) = (Readiness::default(), Cell::new(0), Cell::new(true), Cell::new(5_000_000));
        let ask = || {
            readiness.answer(|| Timestamp::from_micros(clock.get()), async {
                asked.set(asked.get() + 1);
                tokio::task::yield_now().await;
                answer.get()
            })
        };
        assert_eq!((join_all((0..100).map(|_| ask())).await, asked.get()), (vec![true; 100], 1));
        answer.set(false);
        clock.set(5_999_999);
        assert_eq!((ask().await, asked.get()), (true, 1));
        clock.set(6_000_000);
        assert_eq!((join_all((0..100).map(|_| ask())).await, asked.get()), (vec![false; 100], 2), "a failure is passed on, too");
        clock.set(7_000_000);
        assert_eq!((poll_immediate(ask()).await, asked.get()), (None, 3), "somebody goes away before the answer");
        answer.set(true);
        assert_eq!((ask().await, asked.get()), (true, 4));
    }
}
