//! What only the code of Code nodes may ask.

use std::time::Duration;

use rquickjs::function::Func;
use rquickjs::{Array, Ctx, Object, Result, Value as JsValue};
use serde_json::Value;

use super::at_hand::{AtHand, ask, tell};
use super::bytes::bytes_of;
use crate::js::code::{LogSeverity, Operation, RunState};
use crate::js::data::{self, Outward};
use crate::js::kit::Kit;

/// How large the options of a request may be, in bytes.
const MAX_OPTIONS: usize = 32 << 20;
/// The longest time for a timer.
const LONGEST_SLEEP: f64 = 86_400_000.0;

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    host.set("fillInput", Func::from(fill_input))?;
    host.set("selectItem", Func::from(|ctx: Ctx<'_>, index: usize| with_run(&ctx, |run| run.select(index))))?;
    host.set("staticData", Func::from(static_data))?;
    host.set("log", Func::from(log))?;
    host.set("begin", Func::from(begin))
}

fn with_run<T: Default>(ctx: &Ctx<'_>, step: impl FnOnce(&RunState) -> T) -> Result<T> {
    tell(ctx, |at| at.run.map(step).unwrap_or_default())
}

/// Puts the input items that are not there yet into a list.
fn fill_input<'js>(ctx: Ctx<'js>, items: Array<'js>) -> Result<()> {
    let batch = tell(&ctx, |at| at.scope.input().clone())?;
    let known = items.len();
    for (index, item) in batch.iter().enumerate() {
        if index >= known || items.get::<JsValue<'js>>(index)?.is_undefined() {
            items.set(index, data::item(&ctx, item, Some(index))?)?;
        }
    }
    Ok(())
}

/// Static data as JSON text: the code gets a copy of its own.
fn static_data(ctx: Ctx<'_>, kind: String) -> Result<String> {
    let text = with_run(&ctx, |run| {
        let data = if kind == "global" { &run.static_data.global } else { &run.static_data.node };
        serde_json::to_string(data).unwrap_or_default()
    })?;
    Ok(if text.is_empty() { "{}".to_owned() } else { text })
}

fn log(ctx: Ctx<'_>, level: String, text: String) -> Result<()> {
    let level = match level.as_str() {
        "debug" => LogSeverity::Debug,
        "warn" => LogSeverity::Warn,
        "error" => LogSeverity::Error,
        _ => LogSeverity::Info,
    };
    with_run(&ctx, |run| run.log(level, text))
}

/// Begins work of the host; gives its number.
fn begin<'js>(ctx: Ctx<'js>, kind: String, payload: Array<'js>) -> Result<u32> {
    let operation = match kind.as_str() {
        "sleep" => Operation::Sleep(Duration::from_secs_f64(payload.get::<f64>(0)?.clamp(0.0, LONGEST_SLEEP) / 1000.0)),
        "http" | "request" => request(&ctx, &payload.get(0)?, kind == "request")?,
        "readBinary" => read_binary(&ctx, &payload.get(0)?)?,
        _ => write_binary(&payload)?,
    };
    ask(&ctx, |at: &AtHand<'_>| Ok(at.run.map(|run| run.begin(operation)).unwrap_or_default()))
}

fn request<'js>(ctx: &Ctx<'js>, options: &JsValue<'js>, legacy: bool) -> Result<Operation> {
    let kit = Kit::of(ctx)?;
    Ok(match Outward::new(ctx, &kit, MAX_OPTIONS).read(options) {
        Ok(options) => Operation::Request { options: options.unwrap_or(Value::Null), legacy },
        Err(_) => Operation::Refused("the options of the request are too large".to_owned()),
    })
}

/// A file that the code was shown, or one whose bytes it holds itself.
fn read_binary<'js>(ctx: &Ctx<'js>, file: &Object<'js>) -> Result<Operation> {
    let id: Option<String> = file.get("id")?;
    let known = match id {
        Some(id) => with_run(ctx, |run| run.shown(&id))?,
        None => None,
    };
    if let Some(binary) = known {
        return Ok(Operation::ReadBinary(binary));
    }
    let data: Option<String> = file.get("data")?;
    Ok(match data {
        Some(data) => {
            let bytes = crate::base64_text::base64_bytes(&data);
            Operation::ReadBinary(engine_core::model::Binary::inline(bytes, file.get::<_, Option<String>>("mimeType")?.unwrap_or_default()))
        }
        None => Operation::Refused("there is no such file".to_owned()),
    })
}

fn write_binary(payload: &Array<'_>) -> Result<Operation> {
    let bytes: String = payload.get(0)?;
    Ok(Operation::WriteBinary { bytes: bytes_of(&bytes).into(), file_name: payload.get(1)?, mime_type: payload.get(2)? })
}
