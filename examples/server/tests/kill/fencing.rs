//! A process that was stopped past its lease goes on, and changes nothing (promises 5 and 9).

use serde_json::{Value, json};

use crate::home::{Home, begin, each_once, ended, read, runs, two_steps};
use crate::outside::{Call, Outside};
use crate::server::{Server, answer, greeting, store};

/// An execution that two processes have begun to drive: both wait for an answer to its first step.
struct Contested {
    id: String,
    /// What the one who sleeps waits for.
    late: Call,
    /// What the one who took over waits for.
    call: Call,
}

/// One process sleeps in the middle of executions, and another has taken them over.
struct Stage {
    sleeper: Server,
    /// Address of its metrics.
    metrics: String,
    heir: Server,
    /// Takes no part, and can be asked.
    reader: Server,
    contested: Vec<Contested>,
}

impl Stage {
    /// With an execution of each of these workflows.
    async fn set(home: &Home, outside: &mut Outside, workflows: &[&str]) -> Self {
        let server = home.serve("server").await;
        let mut ids = Vec::new();
        for workflow in workflows {
            ids.push(begin(&server, &two_steps(workflow, outside)).await);
        }
        let _unanswered = first_steps(outside, workflows).await;
        server.kill();
        let (sleeper, metrics) = home.help_observed("ada");
        let late = first_steps(outside, workflows).await;
        let heir = home.help("grace");
        home.stop(&sleeper);
        let calls = first_steps(outside, workflows).await;
        let reader = home.serve("reader").await;
        let contested = ids.into_iter().zip(late).zip(calls).map(|((id, late), call)| Contested { id, late, call }).collect();
        Self { sleeper, metrics, heir, reader, contested }
    }

    /// Answers the one who sleeps, lets it go on, and waits until it drives nothing any more.
    async fn wake(&self, late: Vec<Call>, (outside, workflows): (&mut Outside, &[&str])) {
        for call in late {
            call.answer().await;
        }
        self.sleeper.go_on();
        loop {
            let metrics = reqwest::get(&self.metrics).await.unwrap().text().await.unwrap();
            for workflow in workflows {
                assert!(!outside.was_called_at(&format!("/{workflow}/two")), "whoever lost {workflow} went on to its next effect");
            }
            if metrics.lines().any(|line| line == "engine_executions_running 0") {
                return;
            }
        }
    }
}

/// Waits for the first call of each.
async fn first_steps(outside: &mut Outside, workflows: &[&str]) -> Vec<Call> {
    let mut calls = Vec::new();
    for workflow in workflows {
        calls.push(outside.called(&format!("/{workflow}/one")).await);
    }
    calls
}

/// Breaks when a write is not fenced: when it is not asked whether the writer still has the lease, or whether the execution has ended.
async fn a_sleeper_changes_nothing(home: Home) {
    const WORKFLOWS: [&str; 3] = ["going-on", "done", "cancelled"];
    let mut outside = Outside::listen().await;
    let mut stage = Stage::set(&home, &mut outside, &WORKFLOWS).await;
    let (mut late, mut calls, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for contested in stage.contested.drain(..) {
        late.push(contested.late);
        calls.push(contested.call);
        ids.push(contested.id);
    }
    answer(stage.reader.post(&format!("/api/v1/executions/{}/cancel", ids[2]), &json!({})), 202).await;
    calls.remove(1).answer().await;
    outside.called("/done/two").await.answer().await;
    let mut before = Vec::new();
    for id in &ids[1..] {
        before.push(ended(&stage.reader, id).await);
    }
    assert_eq!((&before[0]["status"], &before[1]["status"]), (&json!("success"), &json!("canceled")));
    before.insert(0, read(&stage.reader, &ids[0]).await);

    stage.wake(late, (&mut outside, &WORKFLOWS)).await;
    for (id, before) in ids.iter().zip(&before) {
        assert_eq!(&read(&stage.reader, id).await, before, "a late write changed something");
    }
    for word in ["cancel", "pause", "resume"] {
        drop(stage.reader.post(&format!("/api/v1/executions/{}/{word}", ids[1]), &json!({})).send().await.unwrap());
    }
    calls.remove(0).answer().await;
    outside.called("/going-on/two").await.answer().await;
    let done = ended(&stage.reader, &ids[0]).await;
    assert_eq!((&done["status"], runs(&done)), (&json!("success"), each_once()));
    assert_eq!(read(&stage.reader, &ids[1]).await, before[1], "a final state is final");
    assert!(!WORKFLOWS.iter().any(|workflow| outside.was_called_at(&format!("/{workflow}/two"))), "a recorded step was done again");
    // Who slept is as good as new.
    stage.heir.kill();
    let ended = tokio::task::spawn_blocking(|| stage.sleeper.terminate()).await.unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_05_and_09_a_sleeper_changes_nothing_on_postgres() {
    a_sleeper_changes_nothing(Home::on_postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_05_and_09_a_sleeper_changes_nothing_on_sqlite() {
    a_sleeper_changes_nothing(Home::on_sqlite()).await;
}

/// Breaks when only the worker is compared and not the epoch: here one process has lost an execution and got it again, under the same name.
///
/// On `SQLite`, where no hint of another process makes the sleeper claim before its heartbeat: a worker that claims while it counts as lost goes on under a new name.
#[tokio::test(flavor = "multi_thread")]
async fn inv_05_an_earlier_lease_of_the_same_process_is_over() {
    let (home, mut outside) = (Home::on_sqlite(), Outside::listen().await);
    let patient = Home { place: home.place.clone().with("ENGINE_POLL", "1h"), schema: None };
    let server = patient.serve("ada").await;
    let greet = store(&server, &serde_json::from_str::<Value>(&greeting("greet")).unwrap()).await;
    answer(server.post(&format!("/api/v1/workflows/{greet}/activate"), &json!({})), 200).await;
    let id = begin(&server, &two_steps("flow", &outside)).await;
    let late = outside.called("/flow/one").await;
    let heir = home.help("grace");
    home.stop(&server);
    let _unanswered = outside.called("/flow/one").await;
    server.go_on();
    heir.kill();
    let call = outside.called("/flow/one").await;
    late.answer().await;
    // When so many other executions have been recorded, the answer has been as well, or never will be.
    for _ in 0..50 {
        answer(server.post("/webhook/greet", &json!({"name": "Ada"})), 200).await;
        assert!(!outside.was_called_at("/flow/two"), "what was lost went on under its old lease");
    }
    call.answer().await;
    outside.called("/flow/two").await.answer().await;
    let done = ended(&server, &id).await;
    assert_eq!((&done["status"], runs(&done)), (&json!("success"), each_once()));
    assert!(!outside.was_called_at("/flow/two"), "a recorded step was done again");
}
