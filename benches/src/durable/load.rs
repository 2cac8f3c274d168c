//! So many workflows in flight, and two ways of doing them that take turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::try_join_all;

use super::{Failure, STEPS};
use crate::measure::say;

/// A way of doing a workflow: a start, five steps, an end, each on the disk before the next begins.
#[async_trait]
pub(crate) trait Path: Send + Sync {
    /// Does one workflow.
    async fn workflow(&self) -> Result<(), Failure>;
}

/// Does `count` workflows, `in_flight` at a time; gives how long they took.
pub(crate) async fn drive(path: &Arc<dyn Path>, (in_flight, count): (usize, usize)) -> Result<Duration, Failure> {
    let left = Arc::new(AtomicUsize::new(count));
    let begin = Instant::now();
    let drivers = (0..in_flight).map(|_| {
        let (path, left) = (Arc::clone(path), Arc::clone(&left));
        tokio::spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                path.workflow().await?;
            }
            Ok::<_, Failure>(())
        })
    });
    for driver in try_join_all(drivers).await? {
        driver?;
    }
    Ok(begin.elapsed())
}

/// Workflows per second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}

/// The one in the middle.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// Lets a floor and a subject take turns; prints the medians of their rates and of the ratios of rounds that follow each other.
pub(crate) async fn compare(
    load: (usize, usize),
    rounds: usize,
    [(floor_name, floor), (subject_name, subject)]: [(&str, Arc<dyn Path>); 2],
) -> Result<(), Failure> {
    let (mut floors, mut subjects, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let (of_floor, of_subject) = (rate(load.1, drive(&floor, load).await?), rate(load.1, drive(&subject, load).await?));
        // The first round warms up.
        if round > 0 {
            floors.push(of_floor);
            subjects.push(of_subject);
            ratios.push(of_subject / of_floor);
        }
    }
    let (least, most) = ratios.iter().fold((f64::MAX, 0.0_f64), |(least, most), ratio| (least.min(*ratio), most.max(*ratio)));
    let (floor, subject) = (median(floors), median(subjects));
    let steps = f64::from(STEPS);
    say(&format!(
        "  {:>4} in flight: {floor_name} {floor:.0}/s ({:.0} steps/s), {subject_name} {subject:.0}/s ({:.0} steps/s), ratio {:.2} ({least:.2} to {most:.2})",
        load.0,
        floor * steps,
        subject * steps,
        median(ratios),
    ));
    Ok(())
}
