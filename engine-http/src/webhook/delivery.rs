//! Signed requests that come again. A sender that heard no answer sends once more, and so does whoever has recorded a request: both start nothing a second time.
//!
//! What was received is kept in the store, so it counts in all processes, and after a restart. A request that failed through no fault of its sender is forgotten.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine_core::store::{IdempotentRequest, RequestState, StoreError, TenantId};

use super::Hook;
use super::failure::Failure;
use crate::service::Inner;

/// A request on its way to a webhook.
#[derive(Clone)]
pub(super) struct Delivery {
    service: Arc<Inner>,
    /// What tells the webhook from others.
    place: String,
    begun: Arc<Mutex<Option<(IdempotentRequest, Duration)>>>,
}

/// How much longer than its caller waits a request may be under way before it counts as lost.
const SLACK: Duration = Duration::from_mins(1);

impl Delivery {
    pub(super) fn to(service: &Arc<Inner>, hook: &Hook) -> Self {
        Self { service: Arc::clone(service), place: format!("{}:{}", hook.workflow, hook.node), begun: Arc::default() }
    }

    /// Notes that a request came in.
    ///
    /// # Errors
    /// When it came in before.
    pub(super) async fn begin(&self, digest: [u8; 32], remembered: Duration) -> Result<(), Failure> {
        let under_way = self.service.config.webhook_timeout + SLACK;
        let request = IdempotentRequest {
            tenant: TenantId::default(),
            key: format!("webhook:{}:{}", self.place, URL_SAFE_NO_PAD.encode(digest)),
            fingerprint: digest,
            expires: self.service.engine.runtime().now().after(under_way),
        };
        match self.service.stores.requests.begin_request(request.clone()).await {
            Ok(RequestState::New) => {
                *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some((request, remembered));
                Ok(())
            }
            Ok(RequestState::Answered(_)) | Err(StoreError::Conflict { .. }) => {
                Err(Failure::new(StatusCode::OK, "This request was received before."))
            }
            Ok(RequestState::InFlight) => Err(Failure::new(StatusCode::CONFLICT, "This request is being worked on.")),
            Err(_) => Err(Failure::busy()),
        }
    }

    /// Notes how the request was answered.
    pub(super) async fn settle(&self, status: StatusCode) {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((mut request, remembered)) = begun else { return };
        let requests = &self.service.stores.requests;
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            // Its sender may try again.
            drop(requests.abandon_request(&request.tenant, &request.key).await);
            return;
        }
        request.expires = self.service.engine.runtime().now().after(remembered);
        if requests.answer_request(request, status.as_u16().into()).await.is_err() {
            tracing::warn!("a webhook's request was served and could not be noted: sent again, it counts as new after a while");
        }
    }
}
