//! `engine backup` and `engine restore`.

use serde_json::json;

use crate::server::{Place, answer, greeting, mode};

#[tokio::test]
async fn a_backup_taken_while_the_server_runs_brings_everything_back_with_triggers_off() {
    let place = Place::new();
    place.write("flows/greet.json", &greeting("greet"));
    let server = place.serve(&["--workflows", "flows"]);
    place.run(&["backup", "backup.sqlite"]).done();
    assert_eq!(mode(&place.path("backup.sqlite")), 0o600);
    let twice = place.run(&["backup", "backup.sqlite"]);
    assert_eq!(twice.code, Some(2), "a backup is never written over: {twice:?}");
    server.kill();
    place.write("flows/later.json", &greeting("later"));
    place.run(&["import", "flows/later.json"]).done();

    let refused = place.run(&["restore", "backup.sqlite"]);
    assert!(refused.err.contains("is there already") && refused.err.contains("--replace"), "{}", refused.err);
    let restored = place.run(&["restore", "backup.sqlite", "--replace"]).done();
    assert!(restored.contains("engine workflow activate greet"), "{restored}");
    let list = place.run(&["workflow", "list"]).done();
    assert!(list.contains("greet") && !list.contains("active") && !list.contains("later"), "{list}");
    assert!(place.path("data/engine.sqlite.before-restore").exists());

    place.run(&["restore", "backup.sqlite", "--replace"]).done();
    assert!(place.path("data/engine.sqlite.before-restore-2").exists(), "what the first restore replaced is not lost with the second one");

    place.run(&["workflow", "activate", "--all"]).done();
    let server = place.serve(&[]);
    let listen = server.url.trim_start_matches("http://").to_owned();
    let place = place.with("ENGINE_LISTEN", &listen);
    let refused = place.run(&["restore", "backup.sqlite", "--replace"]);
    assert!(refused.err.contains("stop it first"), "{}", refused.err);
    let place = place.with("ENGINE_DATA", "practice");
    place.run(&["restore", "backup.sqlite"]).done();
    assert!(place.run(&["workflow", "list"]).done().contains("greet"), "practised in another folder while the server runs");
    assert_eq!(answer(server.post("/webhook/greet", &json!({"name": "Ada"})), 200).await["greeting"], "Hello Ada");
}

#[test]
fn what_is_no_backup_is_refused_and_changes_nothing() {
    let place = Place::new();
    place.run(&["migrate"]).done();
    let before = std::fs::read(place.path("data/engine.sqlite")).unwrap();
    place.write("other", "something else");
    let refused = place.run(&["restore", "other", "--replace"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("is no backup of SQLite"), "{}", refused.err);
    assert_eq!(std::fs::read(place.path("data/engine.sqlite")).unwrap(), before);
}
