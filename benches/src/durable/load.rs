//! So many workflows in flight, and two ways of doing them that take turns.

use std::sync::Arc;
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

/// How long one way has its turn.
const TURN: Duration = Duration::from_secs(2);

/// Does workflows, `in_flight` at a time, as long as a turn lasts; gives how many in a second.
pub(crate) async fn drive(path: &Arc<dyn Path>, in_flight: usize) -> Result<f64, Failure> {
    let begin = Instant::now();
    let drivers = (0..in_flight).map(|_| {
        let path = Arc::clone(path);
        tokio::spawn(async move {
            let mut done = 0_u32;
            while begin.elapsed() < TURN {
                path.workflow().await?;
                done += 1;
            }
            Ok::<_, Failure>(done)
        })
    });
    let done: Result<Vec<u32>, _> = try_join_all(drivers).await?.into_iter().collect();
    Ok(f64::from(done?.iter().sum::<u32>()) / begin.elapsed().as_secs_f64())
}

/// The one in the middle.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// Lets a floor and a subject take turns; prints the medians of their rates and of the ratios of rounds that follow each other.
pub(crate) async fn compare(
    in_flight: usize,
    rounds: usize,
    [(floor_name, floor), (subject_name, subject)]: [(&str, Arc<dyn Path>); 2],
) -> Result<(), Failure> {
    let (mut floors, mut subjects, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let (of_floor, of_subject) = (drive(&floor, in_flight).await?, drive(&subject, in_flight).await?);
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
        "  {in_flight:>4} in flight: {floor_name} {floor:.0}/s ({:.0} steps/s), {subject_name} {subject:.0}/s ({:.0} steps/s), ratio {:.2} ({least:.2} to {most:.2})",
        floor * steps,
        subject * steps,
        median(ratios),
    ));
    Ok(())
}
