//! An execution as a future: driven by whoever polls it, by a task of its own when that one goes away.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use engine_core::driver::{Control, ExecutionResult};
use engine_core::model::ExecutionId;
use engine_core::worker::{Driven as Came, Launch, LaunchError};
use futures::future::{BoxFuture, FutureExt};
use tokio::sync::watch;

use super::{Begin, Ended, Executions, Running};

type Result = std::result::Result<ExecutionResult, LaunchError>;

/// An execution that was begun.
pub(crate) struct Driven {
    executions: Arc<Executions>,
    future: Option<BoxFuture<'static, Result>>,
    running: Option<Arc<Running>>,
    /// It lies in the store: nothing is lost when nobody waits for it any more.
    parked: Arc<AtomicBool>,
}

/// Drives an execution that is kept in the store and, where it is put aside or driven elsewhere, waits for its end.
async fn stored(in_flight: InFlight, what: Begin, parked: Arc<AtomicBool>) -> Result {
    let Begin { pinned, start, id, mode, share, .. } = what;
    let executions = Arc::clone(&in_flight.0);
    let began = executions.worker.engine().runtime().now();
    let elsewhere = match executions.worker.execute(Launch::new(pinned, start.id(id).mode(mode))).await? {
        Came::Ended(result) => {
            let took = executions.worker.engine().runtime().now().since(began);
            executions.metrics.count(result.status(), took);
            return Ok(result);
        }
        Came::Parked(parked) => parked.result.id(),
        Came::Elsewhere(execution) => execution,
    };
    parked.store(true, Ordering::Release);
    drop((in_flight, share));
    executions.end_of(elsewhere).await
}

impl Executions {
    /// Waits for the end of an execution that is kept in the store.
    pub(crate) async fn end_of(&self, execution: ExecutionId) -> Result {
        self.worker.ended(execution).await?;
        let gone = || LaunchError::Unavailable("nothing was kept of the execution".to_owned());
        let read = self.worker.read(execution).await.map_err(|error| LaunchError::Unavailable(error.to_string()))?;
        read.result.ok_or_else(gone)
    }
}

/// Counts an execution until it has ended or was lost with its runtime.
struct InFlight(Arc<Executions>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Driven {
    pub(super) fn new(executions: Arc<Executions>, begin: Begin) -> Self {
        let in_flight = InFlight(Arc::clone(&executions));
        if executions.is_stored(&begin.pinned) {
            let parked = Arc::new(AtomicBool::new(false));
            let future = stored(in_flight, begin, Arc::clone(&parked)).boxed();
            return Self { executions, future: Some(future), running: None, parked };
        }
        let Begin { pinned, start, id, mode, weight, share } = begin;
        let plan = pinned.plan;
        let control: Arc<Control> = Arc::default();
        let start = start.id(id).mode(mode).control(Arc::clone(&control));
        let started = executions.worker.engine().runtime().now();
        let held = Mutex::new(Vec::from_iter(share));
        let running = Arc::new(Running { id, control, plan: Arc::clone(&plan), mode, started, held, ended: watch::Sender::new(None) });
        let holder = Arc::clone(&running);
        let future = async move {
            let executions = &in_flight.0;
            let result = executions.worker.engine().run(&plan, start).await?;
            let finished = executions.worker.engine().runtime().now();
            holder.let_go();
            executions.ended(Ended { result: result.clone(), started, finished, weight });
            Ok(result)
        };
        Self { executions, future: Some(future.boxed()), running: Some(running), parked: Arc::default() }
    }

    /// From now on the execution can be found by its id.
    fn register(&mut self) {
        if let Some(running) = self.running.take() {
            self.executions.register(running);
        }
    }
}

impl Future for Driven {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result> {
        let Some(future) = &mut self.future else { return Poll::Pending };
        match future.poll_unpin(context) {
            Poll::Ready(result) => {
                self.future = None;
                Poll::Ready(result)
            }
            Poll::Pending => {
                self.register();
                Poll::Pending
            }
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.register_if_alive();
        if let Some(future) = self.future.take().filter(|_| !self.parked.load(Ordering::Acquire)) {
            self.executions.worker.engine().runtime().spawn(future.map(drop).boxed());
        }
    }
}

impl Driven {
    fn register_if_alive(&mut self) {
        if self.future.is_some() {
            self.register();
        }
    }
}
