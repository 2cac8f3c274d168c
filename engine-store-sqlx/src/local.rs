//! Hints to listeners within the process.

use std::sync::{Mutex, PoisonError};

use engine_core::store::Wakeup;
use futures::StreamExt;
use futures::channel::mpsc;
use futures::stream::BoxStream;

/// Those within the process who want hints.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<Vec<mpsc::Sender<Wakeup>>>);

impl Listeners {
    /// Tells them. One that is full has not looked at earlier hints yet, and loses nothing.
    pub(crate) fn tell(&self, wakeup: Wakeup) {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain_mut(|listener| listener.try_send(wakeup).map_or_else(|error| error.is_full(), |()| true));
    }

    /// One more.
    pub(crate) fn listen(&self) -> BoxStream<'static, Wakeup> {
        let (sender, receiver) = mpsc::channel(16);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver.boxed()
    }
}
