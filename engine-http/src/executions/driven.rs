//! An execution as a future: driven by whoever polls it, by a task of its own when that one goes away.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use engine_core::driver::{Control, ExecutionResult};
use engine_core::engine::StartError;
use futures::future::{BoxFuture, FutureExt};
use tokio::sync::watch;

use super::{Begin, Ended, Executions, Running};

type Result = std::result::Result<ExecutionResult, StartError>;

/// An execution that was begun.
pub(crate) struct Driven {
    executions: Arc<Executions>,
    future: Option<BoxFuture<'static, Result>>,
    running: Option<Arc<Running>>,
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
        let Begin { plan, start, id, mode, weight } = begin;
        let control: Arc<Control> = Arc::default();
        let start = start.id(id).mode(mode).control(Arc::clone(&control));
        let started = executions.engine.runtime().now();
        let in_flight = InFlight(Arc::clone(&executions));
        let running = Arc::new(Running { id, control, plan: Arc::clone(&plan), mode, started, ended: watch::Sender::new(None) });
        let future = async move {
            let executions = &in_flight.0;
            let result = executions.engine.run(&plan, start).await?;
            let finished = executions.engine.runtime().now();
            executions.ended(Ended { result: result.clone(), started, finished, weight });
            Ok(result)
        };
        Self { executions, future: Some(future.boxed()), running: Some(running) }
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
        if let Some(future) = self.future.take() {
            self.executions.engine.runtime().spawn(future.map(drop).boxed());
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
