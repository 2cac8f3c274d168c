//! What scripts may use.

use std::time::Duration;

/// Bounds on scripts. The defaults are those of n8n's own engine for expressions.
#[derive(Clone, Debug)]
pub struct JsLimits {
    /// How long an expression may run on a script thread.
    pub time: Duration,
    /// How long an expression may run on the caller's thread, before it is begun anew on a script thread.
    pub inline_time: Duration,
    /// How long the code of a Code node may run; time in which it waits for the host counts as well.
    pub code_time: Duration,
    /// Memory of one script in bytes.
    pub memory: usize,
    /// Memory of an expression on the caller's thread, in bytes.
    pub inline_memory: usize,
    /// Stack of one script in bytes.
    pub stack: usize,
    /// Size of what a script gives, in bytes.
    pub output: usize,
    /// Number of script threads.
    pub threads: usize,
    /// How many abandoned scripts may go on at once before scripts that might have to be abandoned are refused.
    pub abandoned: usize,
    /// How long past its time limit a script may ignore the interrupt before it is abandoned with its thread.
    pub grace: Duration,
}

impl Default for JsLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(5),
            inline_time: Duration::from_millis(5),
            code_time: Duration::from_mins(1),
            memory: 128 << 20,
            inline_memory: 24 << 20,
            stack: 1 << 20,
            output: 64 << 20,
            threads: std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8),
            abandoned: 4,
            grace: Duration::from_millis(500),
        }
    }
}
