//! Firing schedules.

use std::time::Duration;

use super::Worker;
use crate::store::StoreError;

impl Worker {
    pub(super) async fn fire_due(&self) -> Result<Duration, StoreError> {
        Ok(self.options().poll)
    }
}
