//! What is wrong with a workflow: every problem at once, each with a code, the place, and a way out.

use std::fmt;

use serde::Serialize;

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The workflow runs; somebody should look.
    Warning,
    /// The workflow does not run.
    Error,
}

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident;)*) => {
        /// Kinds of problems. The code is stable; `docs/errors/<code>.md` explains it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)*
        }

        impl ProblemCode {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whether a problem of this kind keeps the workflow from running.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

problem_codes! {
    /// The text is no JSON.
    NotJson = "not-json", Error;
    /// JSON nested deeper than the engine reads.
    TooDeep = "too-deep", Error;
    /// JSON of another shape than a workflow's.
    WrongShape = "wrong-shape", Error;
    /// A format version that this engine does not know.
    UnknownFormatVersion = "unknown-format-version", Error;
    /// More nodes or connections than the engine takes.
    TooLarge = "too-large", Error;
    /// A node without a name.
    MissingNodeName = "missing-node-name", Error;
    /// Two nodes with one name.
    DuplicateNodeName = "duplicate-node-name", Error;
    /// Two nodes with one id.
    DuplicateNodeId = "duplicate-node-id", Error;
    /// No node type has this name.
    UnknownNodeType = "unknown-node-type", Error;
    /// The node type does not have this version.
    UnknownNodeVersion = "unknown-node-version", Error;
    /// A required parameter is absent.
    MissingParameter = "missing-parameter", Error;
    /// A parameter has the wrong type or a value that is not allowed.
    InvalidParameter = "invalid-parameter", Error;
    /// A parameter that the node type does not know.
    UnknownParameter = "unknown-parameter", Warning;
    /// The node asks for something that this engine does not do.
    Unsupported = "unsupported", Error;
    /// A required credential is not named.
    MissingCredential = "missing-credential", Error;
    /// An expression does not parse.
    InvalidExpression = "invalid-expression", Error;
    /// An expression needs a script engine, and none is there.
    NeedsScriptEngine = "needs-script-engine", Error;
    /// A connection names a node that is not there.
    UnknownConnectionNode = "unknown-connection-node", Error;
    /// An imported connection leads to a node that was deleted; it is dropped.
    DanglingConnection = "dangling-connection", Warning;
    /// A connection uses a port that the node does not have.
    PortOutOfRange = "port-out-of-range", Error;
    /// A cycle that passes no loop node.
    Cycle = "cycle", Error;
    /// No node can start the workflow.
    NoTrigger = "no-trigger", Error;
    /// A node that no trigger reaches.
    UnreachableNode = "unreachable-node", Warning;
    /// A setting with a value that is not allowed.
    InvalidSetting = "invalid-setting", Error;
    /// A workflow without nodes.
    Empty = "empty-workflow", Error;
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong, and where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem.
    pub code: ProblemCode,
    /// How bad it is.
    pub severity: Severity,
    /// Name of the node, where one is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// JSON pointer into the workflow, such as `/nodes/3/parameters/url`; empty for the whole.
    pub path: String,
    /// What is wrong, for a person.
    pub message: String,
    /// What to do about it; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
}

impl Problem {
    /// A problem of this kind with the whole workflow.
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), node: None, path: String::new(), message: message.into(), help: String::new() }
    }

    /// Says which node it is about.
    #[must_use]
    pub fn in_node(mut self, name: impl Into<String>) -> Self {
        self.node = Some(name.into());
        self
    }

    /// Says where in the workflow's JSON it is.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.path = pointer.into();
        self
    }

    /// Puts the path below a prefix: what a node reports about `/url` becomes `/nodes/3/parameters/url`.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        self.path.insert_str(0, prefix);
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]", self.code)?;
        if let Some(node) = &self.node {
            write!(f, " node {node:?}")?;
        }
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.help.is_empty() {
            write!(f, " ({})", self.help)?;
        }
        Ok(())
    }
}

/// All problems of a workflow, as an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems in the order in which they were found.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// The problems as a list.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Vec<Problem>> for Problems {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Escapes a key for a JSON pointer (RFC 6901).
pub fn pointer_key(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
