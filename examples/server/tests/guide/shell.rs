//! One shell that runs blocks one after the other and keeps its variables between them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What the guide calls the ports.
const USUAL: [&str; 2] = ["5678", "5679"];
/// Where the guide supposes a Postgres, and the schema that it uses there.
const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";
const SCHEMA: &str = "ENGINE_DATABASE_SCHEMA=getting_started";
/// Ends what a block prints; its exit code follows.
const END: &str = "--- end of block";

/// A shell in a folder of its own.
pub(crate) struct Shell {
    _folder: tempfile::TempDir,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    ports: [u16; USUAL.len()],
    postgres: String,
}

impl Shell {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_engine")).parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        // A guide that waits for what never comes fails.
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", "300", "bash", "--noprofile", "--norc"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let postgres = std::env::var("ENGINE_TEST_POSTGRES").unwrap_or_else(|_| POSTGRES.to_owned());
        // Both are held while the other is chosen, so that they differ.
        let held = USUAL.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = held.map(|listener| listener.local_addr().unwrap().port());
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut shell = Self { _folder: folder, child, stdin, stdout, ports, postgres };
        shell.run(&format!("export ENGINE_LISTEN=127.0.0.1:{}\ntrap 'kill -9 $(jobs -p) 2>/dev/null' EXIT\n", USUAL[0]), 0);
        shell
    }

    /// The database, and the schema that is this shell's own.
    pub(crate) fn schema(&self) -> (&str, String) {
        (&self.postgres, format!("getting_started_{}", std::process::id()))
    }

    /// Text of the guide with ports that are free, and a database that is there.
    pub(crate) fn moved(&self, text: &str) -> String {
        let (postgres, schema) = self.schema();
        let text = text.replace(POSTGRES, postgres).replace(SCHEMA, &format!("ENGINE_DATABASE_SCHEMA={schema}"));
        USUAL.iter().zip(self.ports).fold(text, |text, (usual, port)| text.replace(&format!(":{usual}"), &format!(":{port}")))
    }

    /// Runs commands to their end; gives what they printed.
    pub(crate) fn run(&mut self, commands: &str, line: usize) -> String {
        let commands = self.moved(commands);
        // Each command must go well. Not in a subshell: variables stay.
        writeln!(self.stdin, "set -eE; trap 'echo; echo \"{END} 1\"; exit 1' ERR\n{commands}\ntrap - ERR; set +eE; echo; echo '{END} 0'").unwrap();
        let (printed, code) = self.read();
        assert_eq!(code, "0", "the block at line {line} of the guide failed:\n{commands}\n{printed}");
        printed
    }

    fn read(&mut self) -> (String, String) {
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                return (printed, "the shell ended".to_owned());
            }
            if let Some(code) = line.strip_prefix(END) {
                return (printed, code.trim().to_owned());
            }
            printed.push_str(&line);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // Its trap ends what it started.
        drop(self.stdin.write_all(b"exit\n"));
        drop(self.child.wait());
    }
}
