//! What a schedule does at changes of clock, about missed slots, and to spread its starts. n8n has no such options: their defaults are what it does.

use engine_core::node::{Daylight, Gap, Missed, NodeSpec, Overlap, ScheduleSpec};
use engine_core::problem::Problem;
use engine_core::schema::Property;

const GAP: &str = "daylightGap";
const OVERLAP: &str = "daylightOverlap";
const MISSED: &str = "missed";
const LIMIT: &str = "missedLimit";
const JITTER: &str = "jitterSeconds";

pub(super) fn property() -> Property {
    Property::collection(
        "options",
        [
            Property::options(GAP, ["shift", "skip"])
                .description("Slots that the clock leaves out when it goes forward: shift starts them at the change, skip leaves them out"),
            Property::options(OVERLAP, ["auto", "once", "twice"]).description(
                "Slots that the clock shows twice when it goes back: auto starts those at hours that are named once and those of every hour twice",
            ),
            Property::options(MISSED, ["none", "latest", "all"]).description(
                "Slots at which the engine did not run: none makes up for none, latest for the newest, all for as many as the limit says",
            ),
            Property::number(LIMIT, 10)
                .show(MISSED, ["all"])
                .between(Some(1.0), Some(f64::from(Missed::MOST)))
                .description("How many missed slots are made up for at most: the newest, in order"),
            Property::number(JITTER, 0)
                .between(Some(0.0), Some(86_400.0))
                .description("Starts each execution up to this many seconds late, to spread the load of schedules with the same time"),
        ],
    )
    .description("Changes of clock, missed slots, and how starts are spread")
}

/// Reads the options; the schedules of all rules have them in common.
pub(super) fn of(node: &NodeSpec) -> Result<ScheduleSpec, Problem> {
    let path = |key: &str| format!("options.{key}");
    if let Some((key, _)) = node.parameter("options").entries().iter().find(|(_, value)| !value.is_constant()) {
        return Err(node.invalid(&path(key), "an option of a schedule cannot be an expression"));
    }
    let number = |key: &str, default: f64| node.constant(&path(key)).and_then(|value| value.as_f64()).unwrap_or(default);
    let gap = if node.text(&path(GAP)) == "skip" { Gap::Skip } else { Gap::Shift };
    let overlap = match node.text(&path(OVERLAP)).as_str() {
        "once" => Overlap::Once,
        "twice" => Overlap::Twice,
        _ => Overlap::Auto,
    };
    let missed = match node.text(&path(MISSED)).as_str() {
        "latest" => Missed::Latest,
        "all" => Missed::All { limit: whole(number(LIMIT, 10.0)) },
        _ => Missed::None,
    };
    let jitter_millis = whole(number(JITTER, 0.0) * 1000.0);
    Ok(ScheduleSpec { daylight: Daylight { gap, overlap }, missed, jitter_millis, ..ScheduleSpec::default() })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from a float saturates, and the schema has bounds")]
fn whole(number: f64) -> u32 {
    number as u32
}
