//! Small sets of values as the numbers under which they are stored.

use engine_core::execution::ExecutionMode;
use engine_core::state::ExecutionStatus;
use engine_core::store::{LimitScope, ResumeToken, SignalKind, StoreError};

/// States of executions that have not ended.
pub(crate) mod state {
    pub(crate) const READY: i16 = 0;
    pub(crate) const LEASED: i16 = 1;
    pub(crate) const WAITING: i16 = 2;
    pub(crate) const PAUSED: i16 = 3;
}

const STATUSES: [ExecutionStatus; 8] = [
    ExecutionStatus::New,
    ExecutionStatus::Running,
    ExecutionStatus::Waiting,
    ExecutionStatus::Paused,
    ExecutionStatus::Success,
    ExecutionStatus::Error,
    ExecutionStatus::Canceled,
    ExecutionStatus::Crashed,
];

const MODES: [ExecutionMode; 7] = [
    ExecutionMode::Manual,
    ExecutionMode::Trigger,
    ExecutionMode::Webhook,
    ExecutionMode::Retry,
    ExecutionMode::Error,
    ExecutionMode::Integrated,
    ExecutionMode::Cli,
];

fn position<T: PartialEq>(all: &[T], value: &T) -> i16 {
    all.iter().position(|other| other == value).and_then(|index| i16::try_from(index).ok()).unwrap_or(i16::MAX)
}

fn at<T: Copy>(all: &[T], code: i16, what: &'static str) -> Result<T, StoreError> {
    let found = usize::try_from(code).ok().and_then(|index| all.get(index)).copied();
    found.ok_or_else(|| StoreError::corrupt(what, code.to_string(), "there is no such number"))
}

pub(crate) fn of_status(status: ExecutionStatus) -> i16 {
    position(&STATUSES, &status)
}

pub(crate) fn status(code: i16) -> Result<ExecutionStatus, StoreError> {
    at(&STATUSES, code, "status")
}

pub(crate) fn of_mode(mode: ExecutionMode) -> i16 {
    position(&MODES, &mode)
}

pub(crate) fn mode(code: i16) -> Result<ExecutionMode, StoreError> {
    at(&MODES, code, "mode")
}

/// The status of an execution that has not ended.
pub(crate) fn active_status(state: i16, has_started: bool) -> Result<ExecutionStatus, StoreError> {
    match state {
        state::READY | state::WAITING if !has_started => Ok(ExecutionStatus::New),
        state::READY | state::LEASED => Ok(ExecutionStatus::Running),
        state::WAITING => Ok(ExecutionStatus::Waiting),
        state::PAUSED => Ok(ExecutionStatus::Paused),
        _ => Err(StoreError::corrupt("state", state.to_string(), "there is no such number")),
    }
}

/// Kind and name of a limit's scope.
pub(crate) fn of_scope(scope: &LimitScope) -> (i16, &str) {
    match scope {
        LimitScope::Tenant(tenant) => (0, tenant.as_str()),
        LimitScope::Workflow(workflow) => (1, workflow.as_str()),
        LimitScope::Key(key) => (2, key),
    }
}

pub(crate) fn scope(kind: i16, name: String) -> Result<LimitScope, StoreError> {
    match kind {
        0 => Ok(LimitScope::Tenant(name.into())),
        1 => Ok(LimitScope::Workflow(name.into())),
        2 => Ok(LimitScope::Key(name)),
        _ => Err(StoreError::corrupt("limit", name, "there is no such kind")),
    }
}

pub(crate) fn of_signal(kind: &SignalKind) -> Result<i16, StoreError> {
    match kind {
        SignalKind::Cancel => Ok(0),
        SignalKind::Pause => Ok(1),
        SignalKind::Resume => Ok(2),
        SignalKind::Wake { .. } => Ok(3),
        _ => Err(StoreError::Invalid("this store does not know that kind of signal")),
    }
}

pub(crate) fn signal(kind: i16, token: Option<String>, payload: Option<String>) -> Result<SignalKind, StoreError> {
    match (kind, token, payload) {
        (0, _, _) => Ok(SignalKind::Cancel),
        (1, _, _) => Ok(SignalKind::Pause),
        (2, _, _) => Ok(SignalKind::Resume),
        (3, Some(token), Some(payload)) => {
            let payload = serde_json::from_str(&payload).map_err(|error| StoreError::corrupt("signal", token.clone(), error.to_string()))?;
            Ok(SignalKind::Wake { token: ResumeToken::from(token), payload })
        }
        _ => Err(StoreError::corrupt("signal", kind.to_string(), "there is no such number")),
    }
}
