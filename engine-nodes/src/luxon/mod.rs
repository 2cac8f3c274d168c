//! Dates and times as Luxon, the library behind n8n's `DateTime`, has them: its zones, its arithmetic, its formats and its ways to read text.
//!
//! The script engine builds `DateTime`, `Duration` and `Interval` on this; nodes that work with dates use it as well. Time zones come from jiff; the
//! rules of what a sum, a difference or a text means are Luxon's. Moments are milliseconds since the Unix epoch. The clock is never read here: where
//! "now" matters, it is given.

mod calendar;
mod difference;
mod format;
mod iso;
mod moment;
mod names;
mod read;
mod scan;
mod span;

mod zone;

pub use calendar::{Fields, Local, days_in_month, ordinal_to_date, week_to_date, weeks_in_year};
pub use difference::difference;
#[cfg(feature = "transform")]
pub(crate) use difference::exact;
pub use format::format;
pub use iso::{IsoOptions, Precision, iso_date, iso_time};
pub use moment::{Moment, Unit};
pub use names::{Lengths, Names};
pub use read::{Read, Setting, read_any, read_http, read_iso, read_rfc2822, read_sql};
pub use scan::scan;
pub use span::{Conversion, Span};
pub use zone::Zone;
