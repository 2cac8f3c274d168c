//! What a script threw, and what that means for the item.

use engine_core::expression::{ExpressionError, ExpressionErrorKind};
use rquickjs::{Ctx, Error, Value as JsValue};

use super::data::text_of;
use super::deadline::Deadline;
use super::kit::{Kit, kind_of};

/// Why a script came to an end before its value.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was stopped: its time was up, or nobody waits for it any more.
    Interrupted,
    /// Its memory was used up.
    Memory,
    /// Its stack was used up.
    Stack,
    /// An error of n8n's kind.
    Expression(ExpressionError),
    /// A plain error of JavaScript, or whatever else the script threw.
    Script(String),
}

impl Failure {
    pub(super) fn into_error(self) -> ExpressionError {
        let limit = |message: &str| ExpressionError::new(ExpressionErrorKind::Limit, message);
        match self {
            Self::Interrupted => limit("the script ran longer than its time limit"),
            Self::Memory => limit("the script used more memory than its limit"),
            Self::Stack => limit("the script calls itself too deeply"),
            Self::Expression(error) => error,
            Self::Script(message) => ExpressionError::new(ExpressionErrorKind::Call, message),
        }
    }
}

/// What an error of rquickjs stands for; takes the exception that is pending.
pub(super) fn failure_of(ctx: &Ctx<'_>, error: Error, deadline: &Deadline) -> Failure {
    match error {
        Error::Exception => {
            let thrown = ctx.catch();
            if deadline.passed() { Failure::Interrupted } else { thrown_failure(ctx, &thrown) }
        }
        Error::Allocation => Failure::Memory,
        other => Failure::Script(other.to_string()),
    }
}

/// What a thrown value stands for.
pub(super) fn thrown_failure<'js>(ctx: &Ctx<'js>, thrown: &JsValue<'js>) -> Failure {
    let Some(object) = thrown.as_object() else {
        // When there is no memory for an error object, null is thrown.
        return if thrown.is_null() { Failure::Memory } else { Failure::Script(text(ctx, thrown)) };
    };
    let kind = Kit::of(ctx).ok().and_then(|kit| kit.error_kind.call::<_, Option<String>>((thrown.clone(),)).ok()).flatten();
    let message = object.get::<_, JsValue<'js>>("message").map(|message| text(ctx, &message)).unwrap_or_default();
    if let Some(kind) = kind.as_deref().and_then(kind_of) {
        return Failure::Expression(ExpressionError::new(kind, message));
    }
    match message.as_str() {
        "out of memory" => Failure::Memory,
        "stack overflow" | "Maximum call stack size exceeded" => Failure::Stack,
        _ => Failure::Script(message),
    }
}

fn text<'js>(ctx: &Ctx<'js>, value: &JsValue<'js>) -> String {
    if let Ok(rquickjs::Coerced(text)) = value.get::<rquickjs::Coerced<rquickjs::String<'js>>>() {
        return text_of(ctx, &text).unwrap_or_default();
    }
    ctx.catch();
    "something that has no text was thrown".to_owned()
}
