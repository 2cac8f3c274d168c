//! What a run gathers while it goes on, and what it still waits for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engine_core::expression::{ExpressionError, Facts, NodeItems, OtherNode, Scope};
use engine_core::model::{Batch, Binary, Item, ItemSource, Json, Timestamp};
use serde_json::Value;

use super::{LogLine, LogSeverity, StaticData};

/// How much may be written on the console, in bytes.
const MAX_LOG: usize = 1 << 20;

/// The state of a run outside of its realm.
#[derive(Debug)]
pub(in crate::js) struct RunState {
    gathered: Mutex<Gathered>,
    pub(in crate::js) static_data: StaticData,
    /// Index of the item that the code is run for.
    index: AtomicUsize,
}

#[derive(Debug, Default)]
struct Gathered {
    logs: Vec<LogLine>,
    logged: usize,
    begun: Vec<(u32, Operation)>,
    next_operation: u32,
    binaries: Vec<(String, Binary)>,
}

/// Work for the host.
#[derive(Debug)]
pub(in crate::js) enum Operation {
    Sleep(Duration),
    Request {
        options: Value,
        legacy: bool,
    },
    ReadBinary(Binary),
    WriteBinary {
        bytes: Bytes,
        file_name: Option<String>,
        mime_type: Option<String>,
    },
    /// What cannot be done, and why.
    Refused(String),
}

impl RunState {
    pub(in crate::js) fn new(static_data: StaticData) -> Self {
        Self { gathered: Mutex::default(), static_data, index: AtomicUsize::new(0) }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line for the log. What is too much is left out, and said once.
    pub(in crate::js) fn log(&self, level: LogSeverity, text: String) {
        let mut gathered = self.gathered();
        if gathered.logged > MAX_LOG {
            return;
        }
        gathered.logged += text.len() + 16;
        let full = gathered.logged > MAX_LOG;
        gathered.logs.push(LogLine { level, text });
        if full {
            gathered.logs.push(LogLine { level: LogSeverity::Warn, text: "more was written, and is left out".to_owned() });
        }
    }

    /// Notes work for the host; gives its number.
    pub(in crate::js) fn begin(&self, operation: Operation) -> u32 {
        let mut gathered = self.gathered();
        gathered.next_operation += 1;
        let number = gathered.next_operation;
        gathered.begun.push((number, operation));
        number
    }

    /// The work that was noted since the last time.
    pub(super) fn take_begun(&self) -> Vec<(u32, Operation)> {
        std::mem::take(&mut self.gathered().begun)
    }

    /// Remembers a file that the code is shown; gives the name by which it can hand it back.
    pub(in crate::js) fn show(&self, binary: &Binary) -> String {
        let mut gathered = self.gathered();
        if let Some((id, _)) = gathered.binaries.iter().find(|(_, shown)| shown == binary) {
            return id.clone();
        }
        let id = format!("file-{}", gathered.binaries.len() + 1);
        gathered.binaries.push((id.clone(), binary.clone()));
        id
    }

    /// The file that was shown under this name.
    pub(in crate::js) fn shown(&self, id: &str) -> Option<Binary> {
        self.gathered().binaries.iter().find(|(known, _)| known == id).map(|(_, binary)| binary.clone())
    }

    pub(in crate::js) fn select(&self, index: usize) {
        self.index.store(index, Ordering::Relaxed);
    }

    /// What was gathered in the end.
    pub(super) fn finish(&self) -> (Vec<LogLine>, Vec<(String, Binary)>) {
        let mut gathered = self.gathered();
        (std::mem::take(&mut gathered.logs), std::mem::take(&mut gathered.binaries))
    }
}

/// The scope of the execution, at the item that the code is run for.
#[derive(Clone)]
pub(super) struct RunScope {
    pub(super) scope: Arc<dyn Scope>,
    pub(super) state: Arc<RunState>,
}

impl Scope for RunScope {
    fn item_index(&self) -> usize {
        self.state.index.load(Ordering::Relaxed)
    }

    fn run_index(&self) -> usize {
        self.scope.run_index()
    }

    fn input(&self) -> &Batch {
        self.scope.input()
    }

    fn node_items(&self, query: &NodeItems<'_>) -> Result<Batch, ExpressionError> {
        self.scope.node_items(query)
    }

    fn paired_item(&self, node: &str, index: usize) -> Result<Option<Item>, ExpressionError> {
        self.scope.paired_item(node, index)
    }

    fn other_node(&self, name: &str) -> Result<OtherNode, ExpressionError> {
        self.scope.other_node(name)
    }

    fn previous(&self) -> Option<&ItemSource> {
        self.scope.previous()
    }

    fn facts(&self) -> &Facts {
        self.scope.facts()
    }

    fn now(&self) -> Timestamp {
        self.scope.now()
    }

    fn set_custom_data(&self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        self.scope.set_custom_data(key, value)
    }

    fn custom_data(&self) -> Json {
        self.scope.custom_data()
    }

    fn variables(&self) -> Option<&Json> {
        self.scope.variables()
    }

    fn detach(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }
}
