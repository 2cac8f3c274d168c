//! Several processes on one store: servers and workers on Postgres, servers on one file of `SQLite`.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::outside::Outside;
use crate::schema::Schema;
use crate::server::{Place, Server, answer, until};

/// Where they keep what they share. A process counts as lost after a second.
pub(crate) struct Home {
    pub(crate) place: Place,
    pub(crate) schema: Option<Schema>,
}

impl Home {
    pub(crate) fn on_postgres() -> Self {
        let schema = Schema::new();
        Self { place: schema.place_of("anybody"), schema: Some(schema) }
    }

    pub(crate) fn on_sqlite() -> Self {
        let place = Place::new().with("ENGINE_NETWORK_ALLOW", "127.0.0.1").with("ENGINE_LEASE_TIME", "1s").with("ENGINE_POLL", "100ms");
        let place = place.with("ENGINE_ADMIN_EMAIL", "ada@example.com").with("ENGINE_ADMIN_PASSWORD", "correct horse battery");
        Self { place, schema: None }
    }

    /// The same with a variable for every process.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.place = self.place.with(name, value);
        self
    }

    /// How a process of this name is called.
    pub(crate) fn of(&self, name: &str) -> Place {
        self.place.clone().with("ENGINE_WORKER_NAME", name)
    }

    /// A server of this name, and somebody signed in.
    pub(crate) async fn serve(&self, name: &str) -> Server {
        let mut server = self.of(name).serve(&[]);
        server.sign_in("ada@example.com", "correct horse battery").await;
        server
    }

    /// A process that goes on with what others left: a worker where there can be one, or else a server.
    pub(crate) fn help(&self, name: &str) -> Server {
        help(self.schema.as_ref(), &self.of(name))
    }

    /// Stops a process between two writes. One that is stopped in the middle of a write to a `SQLite` file keeps the file's lock, and nobody else can write.
    pub(crate) fn stop(&self, server: &Server) {
        let file = self.place.path("data/engine.sqlite");
        for _ in 0..100 {
            server.stop();
            if self.schema.is_some() || is_free(&file) {
                return;
            }
            server.go_on();
            // Until it has written.
            is_free(&file);
        }
        panic!("it was in the middle of a write each time");
    }

    /// The same, and the address of its metrics.
    pub(crate) fn help_observed(&self, name: &str) -> (Server, String) {
        let mut server = help(self.schema.as_ref(), &self.of(name).with("ENGINE_METRICS_LISTEN", "127.0.0.1:0"));
        let address = server.metrics_address();
        (server, format!("http://{address}/metrics"))
    }
}

fn help(schema: Option<&Schema>, place: &Place) -> Server {
    if schema.is_some() { place.work() } else { place.serve(&[]) }
}

/// Whether somebody could write to the file soon.
fn is_free(file: &Path) -> bool {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_millis(200)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok()
}

/// A workflow with two effects outside, `/NAME/one` and `/NAME/two`, and a node between them that only computes.
pub(crate) fn two_steps(name: &str, outside: &Outside) -> Value {
    let calls = |step: &str| {
        json!({"name": step, "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2,
        "parameters": {"url": outside.url(&format!("/{name}/{step}")), "options": {}}})
    };
    json!({
        "name": name,
        "nodes": [
            {"name": "Begin", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}},
            calls("one"),
            {"name": "Pass", "type": "n8n-nodes-base.noOp", "typeVersion": 1, "parameters": {}},
            calls("two"),
        ],
        "connections": [{"source": "Begin", "target": "one"}, {"source": "one", "target": "Pass"}, {"source": "Pass", "target": "two"}],
    })
}

/// Stores a workflow and starts it by hand; gives the id of the execution.
pub(crate) async fn begin(server: &Server, workflow: &Value) -> String {
    let workflow = crate::server::store(server, workflow).await;
    let started = answer(server.post(&format!("/api/v1/workflows/{workflow}/executions"), &json!({})), 202).await;
    started["id"].as_str().unwrap().to_owned()
}

/// An execution as it is stored.
pub(crate) async fn read(server: &Server, execution: &str) -> Value {
    answer(server.get(&format!("/api/v1/executions/{execution}")), 200).await
}

/// The same, once it has ended.
pub(crate) async fn ended(server: &Server, execution: &str) -> Value {
    until(async || Some(read(server, execution).await).filter(|found| found["finished"] == true)).await
}

/// How often each node is recorded.
pub(crate) fn runs(execution: &Value) -> Vec<(String, usize)> {
    let nodes = execution["data"]["nodes"].as_object().unwrap();
    nodes.iter().map(|(node, runs)| (node.clone(), runs.as_array().unwrap().len())).collect()
}

/// What [`runs`] gives of [`two_steps`] that went well.
pub(crate) fn each_once() -> Vec<(String, usize)> {
    ["Begin", "one", "Pass", "two"].map(|node| (node.to_owned(), 1)).into()
}
