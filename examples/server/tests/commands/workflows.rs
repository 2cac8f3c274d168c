//! `engine import`, `engine export`, `engine workflow`.

use crate::server::{Place, greeting};

#[test]
fn what_is_exported_is_imported_again_without_a_change() {
    let place = Place::new();
    place.write("flows/greet.json", &greeting("greet"));
    assert_eq!(place.run(&["import", "flows"]).done(), "flows/greet.json: workflow \"greet\", version 1\n");
    let exported = place.run(&["export", "greet"]).done();
    place.write("again/other-name.json", &exported);
    assert_eq!(place.run(&["import", "again"]).done(), "again/other-name.json: workflow \"greet\", version 1\n");
    place.write("flows/greet.json", &greeting("hello"));
    let changed = place.run(&["import", "flows/greet.json", "--activate"]).done();
    assert_eq!(changed, "flows/greet.json: workflow \"greet\", version 2, active\n  POST /webhook/hello\n");
    let list = place.run(&["workflow", "list"]).done();
    assert!(list.starts_with("greet ") && list.contains("version 2 active"), "{list}");
}

#[test]
fn a_file_that_cannot_be_imported_keeps_no_other_from_it() {
    let place = Place::new();
    place.write("flows/a.json", "{");
    place.write("flows/b.json", &greeting("b"));
    place.write("flows/c.json", r#"{"name": "C", "nodes": [{"name": "N", "type": "no_such_node"}], "connections": []}"#);
    let imported = place.run(&["import", "flows", "--activate"]);
    assert_eq!(imported.code, Some(2));
    assert_eq!(imported.out, "flows/b.json: workflow \"b\", version 1, active\n  POST /webhook/b\n");
    assert!(imported.err.contains("flows/a.json was not imported") && imported.err.contains("no_such_node"), "{}", imported.err);
    assert_eq!(place.run(&["workflow", "list"]).done().lines().count(), 1);
}

#[test]
fn a_workflow_that_does_not_run_is_an_execution_that_failed() {
    let place = Place::new();
    place.write("c.json", r#"{"name": "C", "nodes": [{"name": "N", "type": "no_such_node"}], "connections": []}"#);
    let run = place.run(&["run", "c.json", "--output", "json"]);
    assert_eq!(run.code, Some(2));
    let printed: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&printed["status"], &printed["order"], &printed["nodes"]), (&"error".into(), &serde_json::json!([]), &serde_json::json!({})));
    assert_eq!(printed["error"]["problems"][0]["code"], "unknown-node-type");
    assert!(run.err.contains("the workflow cannot run"), "{}", run.err);
}

/// Breaks when a workflow that the API refuses gets active by way of a file, and no server can serve it.
#[test]
fn what_the_api_would_not_serve_is_not_activated() {
    let place = Place::new();
    let mut workflow: serde_json::Value = serde_json::from_str(&greeting("greet")).unwrap();
    workflow["nodes"][0]["parameters"]["options"] = serde_json::json!({"ipWhitelist": "nowhere"});
    place.write("flows/greet.json", &workflow.to_string());
    let imported = place.run(&["import", "flows", "--activate"]);
    assert_eq!((imported.code, imported.out.as_str()), (Some(2), ""), "{imported:?}");
    assert!(imported.err.contains("it cannot be activated") && imported.err.contains("nowhere"), "{}", imported.err);
    place.run(&["import", "flows"]).done();
    let activated = place.run(&["workflow", "activate", "greet"]);
    assert_eq!(activated.code, Some(2));
    assert!(activated.err.contains("workflow \"greet\" cannot be activated") && activated.err.contains("nowhere"), "{}", activated.err);
    assert!(!place.run(&["workflow", "list"]).done().contains("active"), "it stays as it was");
}

#[test]
fn all_workflows_are_exported_to_files_of_a_folder() {
    let place = Place::new();
    for (file, id) in [("one", "one"), ("two", "../two")] {
        let mut workflow: serde_json::Value = serde_json::from_str(&greeting(file)).unwrap();
        workflow["id"] = id.into();
        place.write(&format!("flows/{file}.json"), &workflow.to_string());
    }
    place.run(&["import", "flows"]).done();
    place.run(&["export", "--all", "--to", "out"]).done();
    let mut files: Vec<_> = std::fs::read_dir(place.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["%2E%2E%2Ftwo.json", "one.json"], "no id leads out of the folder");
    let gone = place.run(&["export", "three"]);
    assert!(gone.err.contains("there is no workflow \"three\""), "{}", gone.err);
}
