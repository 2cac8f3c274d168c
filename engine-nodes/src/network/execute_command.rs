//! The Execute Command node: runs a command of the operating system, where whoever builds the engine allows that.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, NodeType, Typed, error_item};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::settings::Settings;

/// Whether workflows may run commands, and how. By default they may not: a command can do whatever the engine's process can.
#[derive(Clone, Debug, Default)]
pub struct CommandPolicy {
    allowed: Option<Allowed>,
}

#[derive(Clone, Debug)]
struct Allowed {
    directory: Option<PathBuf>,
    environment: BTreeMap<String, String>,
    longest: Duration,
}

/// Variables that a command gets from the engine's own environment. The others may hold secrets.
const INHERITED: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"];

/// The most bytes that are kept of what a command writes, on each of its outputs.
const MOST_OUTPUT: u64 = 10 << 20;

impl CommandPolicy {
    /// Workflows may run any command.
    pub fn allow() -> Self {
        Self { allowed: Some(Allowed { directory: None, environment: BTreeMap::new(), longest: Duration::from_hours(1) }) }
    }

    /// Commands run in this directory.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        if let Some(allowed) = &mut self.allowed {
            allowed.directory = Some(directory.into());
        }
        self
    }

    /// Commands see this variable, besides the usual ones: search path, home, user, language, time zone.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Some(allowed) = &mut self.allowed {
            allowed.environment.insert(name.into(), value.into());
        }
        self
    }

    /// Commands are killed after this time; an hour unless said otherwise.
    #[must_use]
    pub fn for_at_most(mut self, duration: Duration) -> Self {
        if let Some(allowed) = &mut self.allowed {
            allowed.longest = duration;
        }
        self
    }
}

/// The node type.
#[derive(Debug)]
pub(super) struct ExecuteCommandType {
    schema: NodeSchema,
    policy: CommandPolicy,
}

impl ExecuteCommandType {
    pub(super) fn new(policy: CommandPolicy) -> Self {
        let schema = NodeSchema::new("execute_command", "Execute Command")
            .alias("n8n-nodes-base.executeCommand")
            .description("Executes a command on the host")
            .group(NodeGroup::Other)
            .effect(Effect::Effectful)
            .property(Property::boolean("executeOnce", true).description("Run once instead of once for each item"))
            .property(Property::string("command").required());
        Self { schema, policy }
    }
}

impl NodeType for ExecuteCommandType {
    fn schema(&self) -> &NodeSchema {
        &self.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        let Some(allowed) = self.policy.allowed.clone() else {
            let problem = spec.unsupported("command", "workflows may not run commands on this engine");
            return Err(vec![problem.help("whoever runs the engine can allow it with a command policy")]);
        };
        Ok(Arc::new(ExecuteCommandNode { allowed, parameters: spec.typed()? }))
    }
}

struct ExecuteCommandNode {
    allowed: Allowed,
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for ExecuteCommandNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let once = Settings::new(&*self.parameters.at(&context.scope(0)).await?).flag_or("executeOnce", true);
        let count = if once { context.items().len().min(1) } else { context.items().len() };
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            let made = match self.one(&context, index).await {
                Ok(json) => Item::from_value(json),
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

impl ExecuteCommandNode {
    async fn one(&self, context: &NodeContext, index: usize) -> Result<Value, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let command = Settings::new(&parameters).text("command");
        let ran = tokio::time::timeout(self.allowed.longest, run(&command, &self.allowed)).await;
        let (code, stdout, stderr) =
            ran.map_err(|_| NodeError::fatal(format!("the command took longer than {} s", self.allowed.longest.as_secs())))??;
        if code != Some(0) {
            let message = format!("Command failed: {command}\n{stderr}");
            return Err(NodeError::new(message.trim_end()).with_code("command-failed").with_details(json!({ "exitCode": code })));
        }
        Ok(json!({ "exitCode": 0, "stderr": stderr, "stdout": stdout }))
    }
}

/// Runs a command in a shell to its end. Dropping the future kills it.
async fn run(command: &str, allowed: &Allowed) -> Result<(Option<i32>, String, String), NodeError> {
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "/bin/sh" });
    shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]).env_clear().kill_on_drop(true);
    shell.envs(INHERITED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))).envs(&allowed.environment);
    if let Some(directory) = &allowed.directory {
        shell.current_dir(directory);
    }
    let mut child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = futures::try_join!(read(stdout), read(stderr))?;
    Ok((child.wait().await?.code(), stdout, stderr))
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Result<String, NodeError> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MOST_OUTPUT + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > MOST_OUTPUT {
        return Err(NodeError::fatal(format!("the command wrote more than {MOST_OUTPUT} bytes")));
    }
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NetworkNodes;
    use crate::network::test_engine::TestNode;

    fn node(policy: CommandPolicy, parameters: Value) -> TestNode {
        TestNode::new("n8n-nodes-base.executeCommand", 1.0, parameters).nodes(NetworkNodes::default().commands(policy))
    }

    #[tokio::test]
    async fn commands_are_refused_unless_allowed() {
        let problems = node(CommandPolicy::default(), json!({"command": "true"})).problems().to_string();
        assert!(problems.contains("workflows may not run commands on this engine"), "{problems}");
    }

    #[tokio::test]
    async fn a_command_gives_what_it_writes() {
        let check = async |command: &str, expect: Value| {
            let policy = CommandPolicy::allow().in_directory("/").with_variable("GIVEN", "g");
            let made = node(policy, json!({"command": command})).with("onError", "continueRegularOutput").json().await;
            assert_eq!(made, json!([expect]), "{command}");
        };
        check("echo out; echo err >&2", json!({"exitCode": 0, "stderr": "err", "stdout": "out"})).await;
        check("pwd; echo $GIVEN$CARGO_MANIFEST_DIR", json!({"exitCode": 0, "stderr": "", "stdout": "/\ng"})).await;
        check("echo no >&2; exit 3", json!({"error": "Command failed: echo no >&2; exit 3\nno"})).await;
        check("cat", json!({"exitCode": 0, "stderr": "", "stdout": ""})).await;
        check("head -c 20000000 /dev/zero", json!({"error": "the command wrote more than 10485760 bytes"})).await;
    }

    #[tokio::test]
    async fn once_or_for_each_item() {
        let items = || [json!({"n": 1}), json!({"n": 2})];
        let run = |once: bool| node(CommandPolicy::allow(), json!({"command": "=echo {{ $json.n }}", "executeOnce": once})).items(items()).json();
        assert_eq!(run(true).await.as_array().unwrap().len(), 1);
        assert_eq!(run(false).await[1]["stdout"], "2");
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_killed() {
        let policy = CommandPolicy::allow().for_at_most(Duration::from_millis(50));
        let error = node(policy, json!({"command": "while :; do :; done"})).error().await;
        assert_eq!(error["message"], "the command took longer than 0 s");
    }
}
