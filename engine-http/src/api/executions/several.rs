//! Steering several executions with one request, by their ids or by what they have in common.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use engine_core::model::ExecutionId;
use engine_core::store::{ExecutionFilter, PageRequest};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::super::input::{Caller, Read};
use super::super::{audit, output};
use super::found::{Found, find};
use super::list::{MOST_PARTS, Sight, Wanted};
use super::steer::{Steer, remove, retried, send};
use crate::access::Identity;
use crate::problem::ApiError;
use crate::service::Inner;

/// Several executions: by their ids, or those that a filter lets through.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct Several {
    /// Their ids: 1 to 250.
    #[serde(default)]
    #[schemars(length(max = 250))]
    ids: Vec<String>,
    /// What they have in common. At most 250 are taken, the newest first; ask again for those that are left.
    filter: Option<Wanted>,
}

/// What is done to each.
#[derive(Clone, Copy, Debug)]
enum Each {
    Steer(Steer),
    Remove,
    Retry,
}

/// At most so many at a time.
const MOST: u32 = 250;

macro_rules! each {
    ($(#[$doc:meta] $name:ident: $each:expr;)*) => { $(
        #[$doc]
        pub(in super::super) async fn $name(State(service): State<Arc<Inner>>, Caller(identity): Caller, Read(body, _share): Read<Several>) -> Result<Response, ApiError> {
            all(&service, &identity, (&body, $each)).await
        }
    )* };
}

each! {
    /// Cancels them.
    cancel_all: Each::Steer(Steer::Cancel);
    /// Starts no more of their nodes.
    pause_all: Each::Steer(Steer::Pause);
    /// Lets them go on.
    resume_all: Each::Steer(Steer::Resume);
    /// Removes those that have ended.
    delete_all: Each::Remove;
    /// Retries those that failed.
    retry_all: Each::Retry;
}

async fn all(service: &Arc<Inner>, identity: &Identity, (body, each): (&Several, Each)) -> Result<Response, ApiError> {
    let mut data = Vec::new();
    for id in ids(service, identity, body).await? {
        data.push(match one(service, identity, (&id, each)).await {
            Ok(new) => {
                let mut done = json!({"id": id, "ok": true});
                if let Some(new) = new {
                    done["execution"] = json!(new);
                }
                done
            }
            Err(error) => json!({"id": id, "ok": false, "code": error.code()}),
        });
    }
    Ok(output::page::<()>(&data, None))
}

async fn ids(service: &Inner, identity: &Identity, body: &Several) -> Result<Vec<String>, ApiError> {
    let Some(wanted) = &body.filter else {
        let fits = (1..=MOST as usize).contains(&body.ids.len());
        return if fits { Ok(body.ids.clone()) } else { Err(ApiError::bad_request("name 1 to 250 ids, or a filter")) };
    };
    if !body.ids.is_empty() {
        return Err(ApiError::bad_request("name ids or a filter, not both"));
    }
    seen(service, identity, &wanted.filter(identity)?).await
}

/// Those that a filter lets through, without what the caller may not see: not even its id.
async fn seen(service: &Inner, identity: &Identity, filter: &ExecutionFilter) -> Result<Vec<String>, ApiError> {
    let (mut sight, mut ids) = (Sight::default(), Vec::new());
    let mut page = PageRequest::first(MOST);
    for _ in 0..MOST_PARTS {
        let found = service.stores.query.executions(filter, page).await?;
        for summary in &found.items {
            if ids.len() < MOST as usize && sight.reaches(service, identity, summary.header.workflow.as_str()).await {
                ids.push(summary.header.id.to_string());
            }
        }
        match found.next {
            Some(next) if ids.len() < MOST as usize => page.after = Some(next),
            _ => break,
        }
    }
    Ok(ids)
}

async fn one(service: &Arc<Inner>, identity: &Identity, (id, each): (&str, Each)) -> Result<Option<ExecutionId>, ApiError> {
    let found: Found = find(service, identity, id).await?;
    match each {
        Each::Steer(steer) => {
            if send(service, &found, steer).await? {
                audit::note(service, identity, steer.action(), id).await?;
            }
            Ok(None)
        }
        Each::Remove => remove(service, identity, &found).await.map(|()| None),
        Each::Retry => retried(service, identity, (&found, None)).await.map(Some),
    }
}
