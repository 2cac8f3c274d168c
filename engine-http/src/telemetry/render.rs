//! All numbers as one text.

use std::fmt::{self, Write};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use engine_core::model::Timestamp;
use engine_core::state::ExecutionStatus;
use engine_core::store::{ExecutionFilter, Stores};

use crate::service::Inner;

/// How many executions of the store have not ended. Counted at most every few seconds, however often it is asked.
#[derive(Debug, Default)]
pub(crate) struct Depth {
    counted: Mutex<Option<(Timestamp, Counted)>>,
    /// Held by the one who counts: whoever asks meanwhile is told what was counted before.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug, Default)]
struct Counted {
    by_status: Vec<(&'static str, u64)>,
    /// Ready ones that are older than so many seconds.
    older: Vec<(u64, u64)>,
}

const FRESH: Duration = Duration::from_secs(5);
const AGES: [u64; 3] = [10, 60, 600];

impl Depth {
    async fn count(&self, stores: &Stores, now: Timestamp) -> Counted {
        let before = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, counted)) = before.as_ref().filter(|(at, _)| now.since(*at) < FRESH) {
            return counted.clone();
        }
        let Ok(_turn) = self.counting.try_lock() else { return before.map(|(_, counted)| counted).unwrap_or_default() };
        let counted = counted(stores, now).await;
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, counted.clone()));
        counted
    }
}

async fn counted(stores: &Stores, now: Timestamp) -> Counted {
    let statuses = vec![ExecutionStatus::New, ExecutionStatus::Running, ExecutionStatus::Waiting, ExecutionStatus::Paused];
    let open = ExecutionFilter { statuses, ..ExecutionFilter::default() };
    // A store that does not answer gives no numbers, and no failure of the others.
    let Ok(by_status) = stores.query.count(&open).await else { return Counted::default() };
    let mut older = Vec::new();
    for seconds in AGES {
        let before = Timestamp::from_micros(now.as_micros() - i64::try_from(seconds).unwrap_or(0) * 1_000_000);
        let filter = ExecutionFilter { statuses: vec![ExecutionStatus::New], created_before: Some(before), ..ExecutionFilter::default() };
        if let Ok(count) = stores.query.count(&filter).await {
            older.push((seconds, count.values().sum()));
        }
    }
    Counted { by_status: by_status.into_iter().collect(), older }
}

/// What Prometheus reads.
pub(crate) async fn render(service: &Inner) -> String {
    let counted = service.edge.depth.count(&service.stores, service.engine.runtime().now()).await;
    let mut text = service.executions.metrics(service.config.telemetry.as_ref());
    match write(&mut text, service, &counted) {
        Ok(()) => text,
        Err(_) => String::new(),
    }
}

fn write(text: &mut String, service: &Inner, counted: &Counted) -> fmt::Result {
    service.edge.numbers.write(text)?;
    if let Some(telemetry) = &service.config.telemetry {
        telemetry.write(text)?;
    }
    writeln!(text, "# HELP engine_queue_executions Executions of the store that have not ended.\n# TYPE engine_queue_executions gauge")?;
    for (status, count) in &counted.by_status {
        writeln!(text, "engine_queue_executions{{status=\"{status}\"}} {count}")?;
    }
    writeln!(text, "# HELP engine_queue_older Executions that nobody has begun for so many seconds.\n# TYPE engine_queue_older gauge")?;
    for (seconds, count) in &counted.older {
        writeln!(text, "engine_queue_older{{seconds=\"{seconds}\"}} {count}")?;
    }
    #[cfg(feature = "events")]
    if let Some(hub) = &service.config.events {
        writeln!(text, "# HELP engine_event_subscribers Streams of live events.\n# TYPE engine_event_subscribers gauge")?;
        writeln!(text, "engine_event_subscribers {}", hub.listeners())?;
        writeln!(text, "# HELP engine_events_dropped_total Events that slow readers lost.\n# TYPE engine_events_dropped_total counter")?;
        writeln!(text, "engine_events_dropped_total {}", hub.dropped())?;
    }
    Ok(())
}
