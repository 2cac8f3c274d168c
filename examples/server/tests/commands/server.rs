//! The program as a process of its own, in a folder of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use engine_core::runtime::{Runtime, TokioRuntime};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// A folder, and how the program is called in it. A clone is the same folder.
#[derive(Clone)]
pub(crate) struct Place {
    folder: Arc<tempfile::TempDir>,
    variables: Vec<(String, String)>,
    /// What a shell does before it becomes the program.
    before: Option<String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: Arc::new(tempfile::tempdir().unwrap()), variables: vec![("ENGINE_LISTEN".to_owned(), "127.0.0.1:0".to_owned())], before: None }
    }

    /// The same after a command of the shell, such as one that sets a limit.
    pub(crate) fn under(mut self, command: &str) -> Self {
        self.before = Some(command.to_owned());
        self
    }

    /// The same with a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        std::fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        std::fs::write(self.path(path), text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_engine");
        let mut command = match &self.before {
            Some(before) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", &format!("{before} && exec \"$0\" \"$@\""), program]);
                shell
            }
            None => Command::new(program),
        };
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(self.variables.iter().cloned());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a command that reads a text.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }

    /// Starts a server, and waits until it listens.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let mut server = self.start(&[&["serve"], arguments].concat());
        server.url = server.wait_until_it_tells("listening on ");
        server
    }

    /// Starts a server whose standard output nobody reads, and waits until it serves.
    pub(crate) fn serve_unread(&self, arguments: &[&str]) -> Server {
        let mut server = self.start(&[&["serve"], arguments].concat());
        server.wait_until_it_logs("serving");
        server
    }

    /// Starts a worker, and waits until it works.
    pub(crate) fn work(&self) -> Server {
        let mut worker = self.start(&["worker"]);
        worker.wait_until_it_tells("working as ");
        worker
    }

    fn start(&self, arguments: &[&str]) -> Server {
        let mut child = self.command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (BufReader::new(child.stdout.take().unwrap()), BufReader::new(child.stderr.take().unwrap()));
        Server { child, stdout, stderr, http: Client::new(), url: String::new(), told: String::new(), token: None }
    }

    /// Starts a server and signs in as the administrator that it made.
    pub(crate) async fn signed_in(&self, arguments: &[&str]) -> Server {
        let mut server = self.serve(arguments);
        server.sign_in("admin@engine.local", self.read("data/first-password").trim()).await;
        server
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Its output, when it went well.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }
}

/// A server or worker that runs. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    http: Client,
    pub(crate) url: String,
    /// What it printed until it listened.
    pub(crate) told: String,
    token: Option<String>,
}

impl Server {
    /// Reads what it prints up to a line that begins so; gives the rest of that line.
    fn wait_until_it_tells(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                let mut errors = String::new();
                self.stderr.read_to_string(&mut errors).unwrap();
                panic!("it did not start: {}{errors}", self.told);
            }
            self.told.push_str(&line);
            if let Some(rest) = line.trim().strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) {
        let body = json!({"email": email, "password": password});
        let answer = self.http.post(format!("{}/api/v1/auth/login", self.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        self.token = answer.json::<Value>().await.unwrap()["accessToken"].as_str().map(str::to_owned);
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.http.get(format!("{}{path}", self.url)))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.authorised(self.http.post(format!("{}{path}", self.url)).json(body))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Asks it to end, and waits for that; gives its exit code and what it wrote.
    pub(crate) fn terminate(mut self) -> Ended {
        self.ask_to_end();
        self.wait()
    }

    /// Asks it to end, without reading what it says of that.
    pub(crate) fn ask_to_end_unread(&self) {
        self.signal("-TERM");
    }

    /// Its exit code, once it has ended.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap()?.code()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.id().to_string()]).status().unwrap().success());
    }

    /// Stops it in the middle of whatever it does, as a machine that is suspended does.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after it was stopped.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Asks it to end, and waits until it has begun to.
    pub(crate) fn ask_to_end(&mut self) {
        self.signal("-TERM");
        self.wait_until_it_logs("ending: waiting for what still runs");
    }

    /// Reads its log up to a line with this text; gives that line.
    pub(crate) fn wait_until_it_logs(&mut self, text: &str) -> String {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "it ended without saying {text:?}");
        }
        line
    }

    /// The address of its metrics, where they have one of their own.
    pub(crate) fn metrics_address(&mut self) -> String {
        let line = self.wait_until_it_logs("serving metrics and health");
        // Text or JSON, as the settings have it.
        let (_, after) = line.split_once("127.0.0.1:").unwrap_or_else(|| panic!("no address in {line}"));
        format!("127.0.0.1:{}", after.chars().take_while(char::is_ascii_digit).collect::<String>())
    }

    /// Waits for its end; gives its exit code and what it wrote.
    pub(crate) fn wait(mut self) -> Ended {
        let (mut out, mut err) = (std::mem::take(&mut self.told), String::new());
        self.stdout.read_to_string(&mut out).unwrap();
        self.stderr.read_to_string(&mut err).unwrap();
        Ended { code: self.child.wait().unwrap().code(), out, err }
    }

    /// Ends it without any warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The answer, which must have this status.
pub(crate) async fn answer(request: RequestBuilder, status: u16) -> Value {
    let answer = request.send().await.unwrap();
    let (found, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Stores a workflow through the API; gives its id.
pub(crate) async fn store(server: &Server, workflow: &Value) -> String {
    answer(server.post("/api/v1/workflows", workflow), 201).await["id"].as_str().unwrap().to_owned()
}

/// Asks again until the answer is as it should be.
pub(crate) async fn until(ask: impl AsyncFn() -> Option<Value>) -> Value {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            TokioRuntime::current().sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asking).await.expect("it becomes so within a minute")
}

/// A workflow that answers a webhook with a greeting.
pub(crate) fn greeting(path: &str) -> String {
    let assignment = json!({"name": "greeting", "type": "string", "value": "=Hello {{ $json.body.name }}"});
    json!({
        "name": "Greet",
        "nodes": [
            {"name": "In", "type": "webhook", "parameters": {"path": path, "httpMethod": "POST", "responseMode": "lastNode"}},
            {"name": "Out", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": {"assignments": {"assignments": [assignment]}}},
        ],
        "connections": [{"source": "In", "target": "Out"}],
    })
    .to_string()
}

/// The permissions of a file or folder.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
