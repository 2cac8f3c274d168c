//! What was set, and where: the environment wins over `.env`, that over the configuration file, that over the secrets that the engine made itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};
use serde_json::Value;

use super::problem::{Reason, SettingProblem};
use super::table::{self, Setting, Shown};

/// The configuration file, where `ENGINE_CONFIG` names no other.
const USUAL_FILE: &str = "engine.toml";
/// Names the configuration file.
const FILE_VARIABLE: &str = "ENGINE_CONFIG";

/// Where values come from. What is not there is passed over.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Variables of the process.
    pub(crate) environment: BTreeMap<String, String>,
    /// A file of variables.
    pub(crate) dotenv: Option<PathBuf>,
    /// The configuration file, where it is not the usual one.
    pub(crate) file: Option<PathBuf>,
}

impl Sources {
    /// Those of this process: its environment, `.env` and `engine.toml` in the working directory.
    pub(crate) fn of_process(file: Option<&Path>) -> Self {
        // A variable that is no Unicode cannot be one of ours.
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
        Self { environment, dotenv: Some(PathBuf::from(".env")), file: file.map(Path::to_owned) }
    }
}

/// A value that was set.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) origin: String,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({})", self.origin)
    }
}

/// All values that were set, by variable.
#[derive(Debug, Default)]
pub(crate) struct Values {
    given: BTreeMap<&'static str, Given>,
    pub(crate) problems: Vec<SettingProblem>,
}

impl Values {
    /// Reads all sources but the engine's own secrets.
    pub(crate) fn of(sources: &Sources) -> Self {
        let mut values = Self::default();
        values.variables(&sources.environment, "from the environment");
        let dotenv = sources.dotenv.as_deref().filter(|path| path.exists());
        let variables = dotenv.map(|path| values.dotenv(path)).unwrap_or_default();
        values.variables(&variables, "from .env");
        let named = sources.environment.get(FILE_VARIABLE).or_else(|| variables.get(FILE_VARIABLE)).map(PathBuf::from);
        match sources.file.clone().or(named) {
            Some(path) => values.file(&path),
            None if Path::new(USUAL_FILE).exists() => values.file(Path::new(USUAL_FILE)),
            None => {}
        }
        values
    }

    /// What a setting says.
    pub(crate) fn get(&self, setting: &Setting) -> Option<&Given> {
        self.given.get(setting.name)
    }

    /// Adds what a file says about settings that nothing else said anything about.
    pub(crate) fn file(&mut self, path: &Path) {
        let origin = format!("from {}", path.display());
        let read = Config::builder().add_source(File::from(path).format(FileFormat::Toml)).build().and_then(Config::try_deserialize::<Value>);
        let mut entries = Vec::new();
        match read {
            Ok(value) => flatten("", value, &mut entries),
            Err(error) => self.refuse(&path.display().to_string(), "configuration file", Reason::new(error.to_string(), "Correct the file.")),
        }
        for (key, text) in entries {
            match table::all().find(|setting| setting.key == key) {
                Some(setting) => self.add(setting, text, &origin),
                None => {
                    self.refuse(&key, &origin, Reason::new("no setting has this key", format!("docs/CONFIGURATION.md lists them{}.", similar(&key))));
                }
            }
        }
    }

    fn dotenv(&mut self, path: &Path) -> BTreeMap<String, String> {
        if let Ok(variables) = dotenvy::from_path_iter(path).and_then(Iterator::collect::<Result<_, _>>) {
            variables
        } else {
            // The error itself would show the line, and with it perhaps a secret.
            self.refuse(".env", "in the working directory", Reason::new("a line is no NAME=value", "Correct the file."));
            BTreeMap::new()
        }
    }

    fn variables(&mut self, variables: &BTreeMap<String, String>, origin: &str) {
        for setting in table::all() {
            // Compose files and manifests set variables to nothing where they mean nothing.
            let own = variables.get(setting.name).filter(|text| !text.is_empty());
            let file = variables.get(&format!("{}_FILE", setting.name)).filter(|path| setting.shown != Shown::Plain && !path.is_empty());
            match (own, file) {
                (Some(_), Some(_)) if !self.given.contains_key(setting.name) => {
                    let wrong = format!("{}_FILE is set as well", setting.name);
                    self.refuse(setting.name, origin, Reason::new(wrong, "Set one of them."));
                }
                (Some(text), _) => self.add(setting, text.clone(), origin),
                (None, Some(path)) => self.secret_file(setting, path, origin),
                (None, None) => {}
            }
        }
    }

    fn secret_file(&mut self, setting: &'static Setting, path: &str, origin: &str) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.add(setting, text.trim_end_matches(['\n', '\r']).to_owned(), &format!("from {path}")),
            Err(error) => {
                let reason = Reason::new(format!("{path} could not be read: {error}"), "Name a file that this user may read.");
                self.refuse(&format!("{}_FILE", setting.name), origin, reason);
            }
        }
    }

    fn add(&mut self, setting: &'static Setting, text: String, origin: &str) {
        self.given.entry(setting.name).or_insert_with(|| Given { text, origin: origin.to_owned() });
    }

    fn refuse(&mut self, name: &str, origin: &str, reason: Reason) {
        self.problems.push(SettingProblem { name: name.to_owned(), value: None, origin: origin.to_owned(), reason });
    }
}

/// The entries of a file, each with its whole key; lists as texts with commas.
fn flatten(prefix: &str, value: Value, entries: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                flatten(&key, value, entries);
            }
            return;
        }
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(&other),
    };
    entries.push((prefix.to_owned(), text));
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Where a key was meant to be a variable, or one of another group.
fn similar(key: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    let meant = table::all().find(|setting| setting.name.eq_ignore_ascii_case(key) || setting.key.rsplit('.').next() == Some(last));
    meant.map(|setting| format!("; {:?} may be meant", setting.key)).unwrap_or_default()
}
