//! Answers that reach whoever asked through the store, when another process drives the execution that gives them.

use std::fmt;
use std::sync::Weak;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use serde_json::{Value, json};

use super::{Inner, Worker};
use crate::execution::{ExecutionData, Reply, ReplyBody, Responder};
use crate::form::Ending;
use crate::format::{binary_from_json, binary_to_json};
use crate::model::{Binary, ExecutionId};
use crate::store::{IdempotentRequest, RequestState, StoreError, TenantId};

/// How long an answer is kept for whoever asked.
const KEPT: Duration = Duration::from_mins(10);

/// Puts an answer where another process finds it.
pub(super) struct StoredResponder {
    pub(super) worker: Weak<Inner>,
    pub(super) tenant: TenantId,
    pub(super) execution: ExecutionId,
}

impl Responder for StoredResponder {
    fn respond(&self, reply: Reply) {
        let Some(inner) = self.worker.upgrade() else { return };
        let (worker, tenant, execution) = (Worker { inner }, self.tenant.clone(), self.execution);
        let runtime = std::sync::Arc::clone(worker.engine().runtime());
        // Whoever asked gets no answer then, as when this process had died.
        runtime.spawn(async move { drop(worker.keep_reply(tenant, execution, &reply).await) }.boxed());
    }
}

impl Worker {
    async fn keep_reply(&self, tenant: TenantId, execution: ExecutionId, reply: &Reply) -> Result<(), StoreError> {
        let request = self.place_of_reply(tenant, execution);
        self.stores().requests.begin_request(request.clone()).await?;
        self.stores().requests.answer_request(request, to_json(reply)).await?;
        self.tell(execution);
        Ok(())
    }

    fn place_of_reply(&self, tenant: TenantId, execution: ExecutionId) -> IdempotentRequest {
        let expires = self.engine().runtime().now().after(KEPT);
        IdempotentRequest { tenant, key: format!("engine:reply:{execution}"), fingerprint: [0; 32], expires }
    }

    /// Keeps what an execution shows at its end, where less than all is kept of it: long enough to be seen.
    pub(super) async fn keep_ending(&self, execution: &ExecutionData) -> Result<(), StoreError> {
        let Some((ending, file)) = Ending::of(execution) else { return Ok(()) };
        let request = self.place_of_ending(execution.id());
        let answer = json!({ "ending": ending, "file": file.as_ref().map(binary_to_json) });
        self.stores().requests.begin_request(request.clone()).await?;
        self.stores().requests.answer_request(request, answer).await
    }

    /// What an execution showed at its end not long ago, of which less than all is kept; `None` where nothing is known of that.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ending(&self, execution: ExecutionId) -> Result<Option<(Ending, Option<Binary>)>, StoreError> {
        let request = self.place_of_ending(execution);
        match self.stores().requests.begin_request(request.clone()).await? {
            RequestState::Answered(answer) => {
                let file = answer.get("file").and_then(|file| binary_from_json(file).ok());
                Ok(serde_json::from_value(answer["ending"].clone()).ok().map(|ending| (ending, file)))
            }
            RequestState::New => self.stores().requests.abandon_request(&request.tenant, &request.key).await.map(|()| None),
            RequestState::InFlight => Ok(None),
        }
    }

    fn place_of_ending(&self, execution: ExecutionId) -> IdempotentRequest {
        let expires = self.engine().runtime().now().after(KEPT);
        IdempotentRequest { tenant: TenantId::default(), key: format!("engine:ending:{execution}"), fingerprint: [0; 32], expires }
    }

    /// Waits for the answer that a node of an execution gives in another process.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn reply(&self, tenant: &TenantId, execution: ExecutionId) -> Result<Reply, StoreError> {
        let mut pause = Duration::from_millis(20);
        loop {
            let request = self.place_of_reply(tenant.clone(), execution);
            if let RequestState::Answered(answer) = self.stores().requests.begin_request(request).await? {
                self.stores().requests.abandon_request(tenant, &format!("engine:reply:{execution}")).await?;
                return from_json(&answer).ok_or_else(|| StoreError::corrupt("reply", execution.to_string(), "it has another form"));
            }
            self.engine().runtime().sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }
}

fn to_json(reply: &Reply) -> Value {
    let body = match &reply.body {
        ReplyBody::Empty => Value::Null,
        ReplyBody::Json(value) => json!({ "json": value }),
        ReplyBody::Bytes(bytes) => json!({ "bytes": STANDARD.encode(bytes) }),
        ReplyBody::Binary(file) => json!({ "file": binary_to_json(file) }),
    };
    json!({ "status": reply.status, "headers": reply.headers, "body": body })
}

fn from_json(value: &Value) -> Option<Reply> {
    let body = match &value["body"] {
        Value::Null => ReplyBody::Empty,
        body => match (body.get("json"), body.get("bytes").and_then(Value::as_str), body.get("file")) {
            (Some(json), _, _) => ReplyBody::Json(json.clone()),
            (_, Some(text), _) => ReplyBody::Bytes(STANDARD.decode(text).ok()?.into()),
            (_, _, Some(file)) => ReplyBody::Binary(binary_from_json(file).ok()?),
            _ => return None,
        },
    };
    let headers = serde_json::from_value(value["headers"].clone()).ok()?;
    Some(Reply { status: u16::try_from(value["status"].as_u64()?).ok()?, headers, body })
}

impl fmt::Debug for StoredResponder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredResponder").field("execution", &self.execution).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_come_back_as_they_were() {
        let bodies = [
            ReplyBody::Empty,
            ReplyBody::Json(json!({ "a": [1, null] })),
            ReplyBody::Json(Value::Null),
            ReplyBody::Bytes(vec![0, 255, 7].into()),
            ReplyBody::Binary(Binary::inline(&b"abc"[..], "text/plain").with_file_name("x.txt")),
        ];
        for body in bodies {
            let reply = Reply { status: 201, headers: vec![("x-a".to_owned(), "1".to_owned())], body };
            assert_eq!(from_json(&to_json(&reply)), Some(reply));
        }
    }
}
