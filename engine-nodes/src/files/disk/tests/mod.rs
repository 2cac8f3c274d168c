use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine_core::model::{Item, Json, NodeVersion};
use engine_core::node::{NodeSpec, NodeType, OnError, Parameter, ParameterCompiler, Path as ParameterPath};
use engine_core::schema::Effect;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::DiskType;
use crate::testing::TestNode;
use crate::{FilePolicy, NodeSettings, registry_with};

const READ_WRITE: &str = "n8n-nodes-base.readWriteFile";

/// A directory in which workflows may work, within one in which they may not.
struct Place {
    outside: TempDir,
    policy: FilePolicy,
}

impl Place {
    fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(outside.path().join("root/in")).unwrap();
        std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(outside.path().join("root/a.txt"), "alpha").unwrap();
        std::fs::write(outside.path().join("root/in/b.json"), "{}").unwrap();
        let policy = FilePolicy::within(outside.path().join("root")).unwrap();
        Self { outside, policy }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.outside.path().join(path)
    }

    fn absolute(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }

    fn node(&self, kind: &str, version: f64, parameters: Value) -> TestNode {
        let registry = registry_with(&NodeSettings::default().files(self.policy.clone()));
        TestNode::new(kind, version, parameters).registry(registry)
    }

    /// The JSON of the items that reading a selector gives, or the error.
    fn read(&self, version: f64, selector: &str) -> Value {
        let node = self.node(READ_WRITE, version, json!({"fileSelector": "={{ $json.s }}"}));
        let run = node.input(json!([{"s": selector}])).run();
        run.error().map_or_else(|| run.outputs().get(0).cloned().unwrap_or(json!([])), Value::from)
    }

    /// Writes a file of an item; the error where there is one.
    fn write(&self, path: &str, append: bool, text: &str) -> Option<String> {
        let parameters = json!({"operation": "write", "fileName": path, "options": {"append": append}});
        self.node(READ_WRITE, 1.0, parameters).whole_items(json!([item(text)])).run().error()
    }
}

fn item(text: &str) -> Value {
    let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    json!({"json": {"n": 1}, "binary": {"data": {"data": data, "mimeType": "text/plain"}}})
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn nothing_is_allowed_by_default() {
    for (kind, parameters) in [
        (READ_WRITE, json!({"fileSelector": "a"})),
        (READ_WRITE, json!({"operation": "write", "fileName": "a"})),
        ("n8n-nodes-base.readBinaryFile", json!({"filePath": "a"})),
        ("n8n-nodes-base.readBinaryFiles", json!({"fileSelector": "a"})),
        ("n8n-nodes-base.writeBinaryFile", json!({"fileName": "a"})),
    ] {
        let problems = TestNode::new(kind, 1.0, parameters).problems();
        assert!(problems.contains("workflows may not read or write files on this engine"), "{kind}: {problems}");
    }
}

#[test]
fn who_may_only_read_is_told_before_the_run() {
    let mut place = Place::new();
    place.policy = place.policy.read_only();
    assert_eq!(place.node(READ_WRITE, 1.0, json!({"fileSelector": "a.txt"})).problems(), "");
    let problems = place.node(READ_WRITE, 1.0, json!({"operation": "write", "fileName": "a"})).problems();
    assert!(problems.contains("workflows may not write files on this engine"), "{problems}");
}

/// A crash between a run and its record repeats the run: harmless for all but appending.
#[test]
fn only_appending_must_not_be_repeated() {
    let kind = DiskType { policy: FilePolicy::default(), kind: super::read_write::kind() };
    let check = |parameters: Value, expect: Effect| {
        let mut compiler = ParameterCompiler { engine: None, problems: Vec::new() };
        let spec = NodeSpec {
            id: "n".into(),
            name: "Node".into(),
            kind: READ_WRITE.into(),
            version: NodeVersion::ONE,
            parameters: Parameter::compile(&parameters, ParameterPath::Root, &mut compiler),
            source: Arc::new(Json::new()),
            on_error: OnError::Stop,
            credentials: BTreeMap::new(),
            webhook_id: None,
        };
        assert_eq!(kind.effect(&spec), expect, "{parameters}");
    };
    check(json!({"operation": "read"}), Effect::Idempotent);
    check(json!({"operation": "write", "options": {}}), Effect::Idempotent);
    check(json!({"operation": "write", "options": {"append": false}}), Effect::Idempotent);
    check(json!({"operation": "write", "options": {"append": true}}), Effect::Effectful);
    check(json!({"operation": "write", "options": {"append": "={{ $json.append }}"}}), Effect::Effectful);
}

#[test]
fn files_are_read() {
    let place = Place::new();
    let alpha = json!({"mimeType": "text/plain", "fileType": "text", "fileName": "a.txt", "fileExtension": "txt", "fileSize": "5 B"});
    let beta = json!({"mimeType": "application/json", "fileType": "json", "fileName": "b.json", "fileExtension": "json", "fileSize": "2 B"});
    let check = |selector: &str, expect: Value| assert_eq!(place.read(1.1, selector), expect, "{selector}");
    check("a.txt", json!([alpha]));
    check("./a.txt", json!([alpha]));
    check("in/../a.txt", json!([alpha]));
    check(&place.absolute("root/a.txt"), json!([alpha]));
    check("**/*.{txt,json}", json!([alpha, beta]));
    check("*.png", json!("No file(s) found"));
    assert_eq!(place.read(1.0, "*.png"), json!([]));
}

#[test]
fn what_is_read_is_described_by_its_path() {
    let place = Place::new();
    let path = place.absolute("root/in/b.json");
    let options = json!({"dataPropertyName": "file", "mimeType": "text/x"});
    let run = place.node(READ_WRITE, 1.0, json!({"fileSelector": path, "options": options})).input(json!([{}])).run();
    let items = run.result.items("Node");
    let file = &items[0].binary().unwrap()["file"];
    assert_eq!((file.mime_type.as_str(), file.file_name.as_deref(), file.size), ("text/x", Some("b.json"), 2));
    assert_eq!(file.directory, Some(place.absolute("root/in")));
    assert_eq!(items[0].json()["mimeType"], "text/x");
}

/// Each of these is a way out that a check of the text alone, or one before the file is opened, may miss.
#[test]
fn no_path_leads_out() {
    let place = Place::new();
    std::os::unix::fs::symlink(place.path("secret.txt"), place.path("root/link")).unwrap();
    std::os::unix::fs::symlink("../secret.txt", place.path("root/relative")).unwrap();
    std::os::unix::fs::symlink(place.outside.path(), place.path("root/up")).unwrap();
    let refused = format!("Access to the file is not allowed. Allowed paths: {}", place.absolute("root"));
    for path in [
        "../secret.txt",
        "in/../../secret.txt",
        "/etc/passwd",
        &place.absolute("secret.txt"),
        &place.absolute("root/../secret.txt"),
        &place.absolute("rootless/a.txt"),
        "link",
        "relative",
        "up/secret.txt",
        "li*",
    ] {
        assert_eq!(place.read(1.1, path), json!(refused), "{path}");
        let single = place.node("n8n-nodes-base.readBinaryFile", 1.0, json!({"filePath": path})).input(json!([{}]));
        let expect = if path == "li*" { "The file \"li*\" could not be accessed.".to_owned() } else { refused.clone() };
        assert_eq!(single.error(), expect, "{path}");
        if path != "li*" {
            assert_eq!(place.write(path, false, "x"), Some(format!("The file \"{path}\" is not writable.")), "{path}");
        }
    }
    assert_eq!(text(place.path("secret.txt")), "secret");
    // Walking does not follow the link that leads out.
    assert_eq!(place.read(1.1, "**/secret.txt"), json!("No file(s) found"));
    assert_eq!(place.read(1.1, "*/secret.txt"), json!("No file(s) found"));
}

#[test]
fn names_are_taken_as_they_are_written() {
    let place = Place::new();
    for path in ["%2e%2e/secret.txt", "..%2fsecret.txt", "..\\secret.txt", "~/secret.txt", "file:///etc/passwd", "a.txt\u{0}.png"] {
        let made = place.read(1.1, path);
        assert!(made == json!("No file(s) found") || made.as_str().is_some_and(|error| error.starts_with("Invalid argument")), "{path}: {made}");
    }
}

/// While a link inside is exchanged for one that leads out, nothing from outside is ever read or written.
#[test]
fn a_link_that_is_exchanged_does_not_lead_out() {
    let place = Place::new();
    let (inside, outside, link) = (place.path("root/in"), place.outside.path().to_owned(), place.path("root/turn"));
    std::fs::write(place.path("root/in/secret.txt"), "inside").unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for target in [&outside, &inside].into_iter().cycle() {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                let fresh = place.path("root/fresh");
                std::os::unix::fs::symlink(target.strip_prefix(place.path("root")).unwrap_or(target), &fresh).unwrap();
                std::fs::rename(&fresh, &link).unwrap();
            }
        });
        let allowed = place.policy.allowed().unwrap();
        for _ in 0..2000 {
            if let Ok(mut file) = allowed.open("turn/secret.txt") {
                assert_eq!(std::io::read_to_string(&mut file).unwrap(), "inside");
            }
            drop(allowed.create("turn/made.txt", false));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(!place.path("made.txt").exists());
}

#[test]
fn files_are_written() {
    let place = Place::new();
    assert_eq!(place.write("new.txt", false, "one"), None);
    assert_eq!(place.write("new.txt", true, " two"), None);
    assert_eq!(text(place.path("root/new.txt")), "one two");
    assert_eq!(place.write("new.txt", false, "x"), None);
    assert_eq!(text(place.path("root/new.txt")), "x");
    assert_eq!(place.write("none/new.txt", false, "x"), Some("ENOENT: no such file or directory, open 'none/new.txt'".to_owned()));
    assert_eq!(place.write("in", false, "x"), Some("\"in\" is no file".to_owned()));

    let node = place.node("n8n-nodes-base.writeBinaryFile", 1.0, json!({"fileName": "old.txt"})).whole_items(json!([item("old")]));
    let made = node.run().result.items("Node");
    assert_eq!(Value::Object(made[0].json().clone()), json!({"n": 1, "fileName": "old.txt"}));
    assert!(made[0].binary().is_some_and(|files| files.contains_key("data")));
    assert_eq!(text(place.path("root/old.txt")), "old");
}

#[test]
fn large_files_go_through_in_pieces() {
    let place = Place::new();
    let long = "0123456789abcdef".repeat(50_000);
    std::fs::write(place.path("root/long.txt"), &long).unwrap();
    let read = |item: &Item| item.binary().unwrap()["data"].clone();
    let run = place.node("n8n-nodes-base.readBinaryFile", 1.0, json!({"filePath": "long.txt"})).input(json!([{"n": 1}])).run();
    let items = run.result.items("Node");
    let file = read(&items[0]);
    assert!(matches!(file.content, engine_core::model::BinaryContent::Stored(_)));
    assert_eq!((file.size, items[0].json()["n"].clone()), (800_000, json!(1)));
    assert_eq!(place.write("copy.txt", false, &long), None);
    assert_eq!(text(place.path("root/copy.txt")), long);
}

#[test]
fn files_that_are_too_large() {
    let mut place = Place::new();
    place.policy = place.policy.at_most(4);
    assert_eq!(place.read(1.0, "a.txt"), json!("The file is too large: more than 4 bytes"));
    assert_eq!(place.write("new.txt", false, "12345"), Some("The file is too large: more than 4 bytes".to_owned()));
    assert!(!place.path("root/new.txt").exists());
    assert_eq!(place.write("new.txt", false, "1234"), None);
    assert_eq!(place.write("new.txt", true, "5"), Some("The file is too large: more than 4 bytes".to_owned()));
    assert_eq!(text(place.path("root/new.txt")), "1234");
}

#[test]
fn several_files_come_from_the_first_item() {
    let place = Place::new();
    let node = place.node("n8n-nodes-base.readBinaryFiles", 1.0, json!({"fileSelector": "**/*", "dataPropertyName": "f"}));
    let run = node.input(json!([{"a": 1}, {"a": 2}])).run();
    assert_eq!(run.outputs(), json!([[{}, {}]]));
    assert_eq!(run.paired(0), json!([{"item": 0}, {"item": 0}]));
    let names: Vec<String> = run.result.items("Node").iter().map(|item| item.binary().unwrap()["f"].file_name.clone().unwrap()).collect();
    assert_eq!(names, ["a.txt", "b.json"]);
}

#[test]
fn failed_items_become_errors_when_the_node_goes_on() {
    let place = Place::new();
    let node = place.node(READ_WRITE, 1.1, json!({"fileSelector": "={{ $json.s }}"})).with("onError", "continueRegularOutput");
    let made = node.input(json!([{"s": "none"}, {"s": "a.txt"}])).outputs();
    assert_eq!(made[0][0], json!({"error": "No file(s) found"}));
    assert_eq!(made[0][1]["fileName"], "a.txt");
}
