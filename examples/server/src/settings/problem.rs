//! What is wrong with a configuration.

use std::fmt;

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingProblem {
    /// The variable, or the key that nobody knows.
    pub(crate) name: String,
    /// What it says, where that may be shown.
    pub(crate) value: Option<String>,
    /// Where it says so.
    pub(crate) origin: String,
    /// What is wrong with it.
    pub(crate) reason: Reason,
}

/// What is wrong with a value, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// What is wrong, as the end of a sentence that begins with the setting.
    pub(crate) wrong: String,
    /// What to do about it, as a sentence.
    pub(crate) way_out: String,
}

impl Reason {
    pub(crate) fn new(wrong: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { wrong: wrong.into(), way_out: way_out.into() }
    }
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(value) = &self.value {
            write!(f, " = {value:?}")?;
        }
        write!(f, " ({}): {}. {}", self.origin, self.reason.wrong, self.reason.way_out)
    }
}

/// All that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingProblems(pub(crate) Vec<SettingProblem>);

impl fmt::Display for SettingProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for SettingProblems {}
