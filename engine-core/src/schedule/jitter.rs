//! Spreading starts: many schedules that say "at midnight" need not start in one instant.

use std::time::Duration;

use crate::model::Timestamp;
use crate::store::ScheduleId;

/// When the execution of a slot is to start: less than `jitter_millis` after it.
///
/// The delay depends on the schedule and the slot only, so every process that computes it finds the same. The slot keeps its nominal time: that is what fires
/// once, and what the workflow is told.
pub fn start_at(schedule: &ScheduleId, slot: Timestamp, jitter_millis: u32) -> Timestamp {
    if jitter_millis == 0 {
        return slot;
    }
    let words = [schedule.workflow.to_string(), schedule.node.to_string(), schedule.rule.to_string(), slot.as_micros().to_string()];
    let delay = mix(words.iter().flat_map(|word| word.bytes().chain([0xff]))) % u64::from(jitter_millis);
    slot.after(Duration::from_millis(delay))
}

/// FNV-1a, and the finalizer of `MurmurHash3`, without which its low bits follow the last byte. The hashers of the standard library may change between releases, and
/// the processes of a fleet need not be of one.
fn mix(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    for factor in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}
