//! What a server asks of the system: limits on open files, and a log that it does not wait for.

use std::time::Duration;

use engine_core::runtime::{Runtime, TokioRuntime};
use serde_json::json;

use crate::server::{Place, Server, answer, greeting};

/// The soft limit of a process on open files.
fn soft_limit(server: &Server) -> u64 {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    files.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn it_takes_as_many_open_files_as_it_may_and_says_when_they_are_too_few() {
    for (requests, enough) in [("100", true), ("5000", false)] {
        let place = Place::new().with("ENGINE_MAX_REQUESTS", requests).under("ulimit -Sn 256 && ulimit -Hn 1024");
        let server = place.serve(&[]);
        assert_eq!(soft_limit(&server), 1024);
        server.ask_to_end_unread();
        let ended = server.wait();
        assert_eq!(ended.err.contains("this process may open 1024 files, but ENGINE_MAX_REQUESTS = 5000 takes about 5"), !enough, "{}", ended.err);
    }
}

/// Wrong: a request that waits until somebody reads the log, and an end that does.
#[tokio::test]
async fn it_serves_and_ends_when_nobody_reads_its_log() {
    let place = Place::new().with("ENGINE_LOG", "trace");
    place.write("flows/greet.json", &greeting("greet"));
    let mut server = place.serve(&["--workflows", "flows"]);
    // Far more than a pipe holds, and than the lines that are kept.
    for _ in 0..200 {
        let greeted = answer(server.post("/webhook/greet", &json!({"name": "Ada"})), 200).await;
        assert_eq!(greeted["greeting"], "Hello Ada");
    }
    server.ask_to_end_unread();
    let ended = async {
        loop {
            match server.exit_code() {
                Some(code) => return code,
                None => TokioRuntime::current().sleep(Duration::from_millis(10)).await,
            }
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_mins(1), ended).await.expect("it ends"), 0);
}
