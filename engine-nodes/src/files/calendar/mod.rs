//! iCalendar files (RFC 5545): one event written, and calendars read as JSON.

mod parse;
mod time;
mod write;

use engine_core::node::{NodeContext, NodeError};

use super::binary::Description;
use crate::conversion::Dates;
use crate::settings::Settings;

pub(super) use parse::parse;

/// Why a text is no calendar.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CalendarError {
    #[error("Line not valid: {0}")]
    Line(String),
}

/// The bytes of a file with the event that the parameters describe, and its description.
///
/// # Errors
/// When the times are none, or a value does not fit.
pub(super) fn event_file(settings: Settings<'_>, context: &NodeContext, index: usize) -> Result<(Vec<u8>, Description), NodeError> {
    let stamp = jiff::Timestamp::from_microsecond(context.now().as_micros()).unwrap_or_default();
    let uid = context.idempotency_key(index).replace(':', "-");
    // Times without an offset are UTC, as in n8n, whose server does not know the workflow's zone here.
    let event = write::Event::new(settings, &Dates::new("UTC", context.now()), uid)?;
    let name = settings.group("additionalFields").filled("fileName").unwrap_or_else(|| "event.ics".to_owned());
    Ok((event.write(stamp).into_bytes(), Description::named(name).with_type("text/calendar")))
}
