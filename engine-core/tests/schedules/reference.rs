//! A reference that shares nothing with the calendar but jiff: it looks at every second of a span of time.

use engine_core::model::Timestamp;
use engine_core::node::{Daylight, Gap, Overlap};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// An expression as sets of values. An empty set is a star.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) second: Vec<i8>,
    pub(crate) minute: Vec<i8>,
    pub(crate) hour: Vec<i8>,
    pub(crate) day: Vec<i8>,
    pub(crate) weekday: Vec<i8>,
}

impl Fields {
    pub(crate) fn cron(&self) -> String {
        let field = |values: &[i8]| {
            let list = values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            if list.is_empty() { "*".to_owned() } else { list }
        };
        format!("{} {} {} {} * {}", field(&self.second), field(&self.minute), field(&self.hour), field(&self.day), field(&self.weekday))
    }

    fn matches(&self, local: DateTime) -> bool {
        let has = |values: &[i8], value: i8| values.is_empty() || values.contains(&value);
        let (day, weekday) = (has(&self.day, local.day()), has(&self.weekday, local.weekday().to_sunday_zero_offset()));
        // Two day fields that both say something: either is enough.
        let date = if self.day.is_empty() || self.weekday.is_empty() { day && weekday } else { day || weekday };
        has(&self.second, local.second()) && has(&self.minute, local.minute()) && has(&self.hour, local.hour()) && date
    }
}

/// A span of time, second by second.
pub(crate) struct Span {
    seconds: Vec<Second>,
}

struct Second {
    instant: i64,
    local: DateTime,
    /// Whether the clock has shown this before.
    again: bool,
    /// What the clock left out just before.
    left_out: Vec<DateTime>,
}

impl Span {
    /// Seconds since the epoch.
    pub(crate) fn new(zone: &TimeZone, span: std::ops::Range<i64>) -> Self {
        let instant = |second: i64| jiff::Timestamp::from_second(second).unwrap();
        let tick = |local: DateTime| local.checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
        let mut before = zone.to_datetime(instant(span.start - 1));
        let mut seconds = Vec::new();
        for second in span {
            let local = zone.to_datetime(instant(second));
            let offset = zone.to_offset(instant(second));
            let again = matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Fold { after, .. } if after == offset);
            let left_out = std::iter::successors(Some(tick(before)), |local| Some(tick(*local))).take_while(|skipped| *skipped < local).collect();
            seconds.push(Second { instant: second, local, again, left_out });
            before = local;
        }
        Self { seconds }
    }

    /// The slots that fall into it.
    pub(crate) fn slots(&self, fields: &Fields, daylight: Daylight) -> Vec<Timestamp> {
        let once = daylight.overlap == Overlap::Once || (daylight.overlap == Overlap::Auto && !fields.hour.is_empty());
        let fires = |second: &&Second| {
            let at_its_time = fields.matches(second.local) && !(once && second.again);
            at_its_time || (daylight.gap == Gap::Shift && second.left_out.iter().any(|local| fields.matches(*local)))
        };
        self.seconds.iter().filter(fires).map(|second| Timestamp::from_micros(second.instant * 1_000_000)).collect()
    }

    /// The instant before its first second, and its last instant.
    pub(crate) fn bounds(&self) -> (Timestamp, Timestamp) {
        let (first, last) = (self.seconds[0].instant, self.seconds[self.seconds.len() - 1].instant);
        (Timestamp::from_micros(first * 1_000_000 - 1), Timestamp::from_micros(last * 1_000_000 + 999_999))
    }
}
