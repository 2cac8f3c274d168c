//! Taking in what was written down: recovery is the driver's own code on recorded events.

use super::JournalEntry;
use super::drive::{Driving, Pending};
use crate::execution::{Lineage, RunRecord};
use crate::state::{Activation, Command, Event};

impl Driving<'_> {
    /// Takes in what was written down. Commands to run what was already run are dropped as their results come by.
    pub(super) fn replay(&mut self, entries: Vec<JournalEntry>) {
        self.replaying = true;
        for entry in entries {
            self.take_in(entry);
            self.forget_now();
        }
        self.replaying = false;
    }

    fn take_in(&mut self, entry: JournalEntry) {
        match entry {
            JournalEntry::Started { node, items, .. } => self.apply(Event::Start { node, items }),
            JournalEntry::NodeStarted { node, run } => self.interrupted.push((node, run)),
            JournalEntry::Remembered { node, memory } => self.remember(node, memory),
            JournalEntry::Shared { static_data, custom } => self.shared.execution.restore(static_data, custom),
            JournalEntry::Run { node, run, record } => {
                let record = with_inputs(record, self.take_run(node).as_ref());
                self.interrupted.retain(|begun| *begun != (node, run));
                self.last = Some(node);
                self.record(node, record);
            }
            JournalEntry::Nothing { node } => {
                self.take_run(node);
                self.interrupted.retain(|(begun, _)| *begun != node);
                self.apply(Event::Nothing { node });
            }
            JournalEntry::Waiting { node, run, record, wait } => {
                self.interrupted.retain(|begun| *begun != (node, run));
                if let Some(activation) = self.take_run(node) {
                    self.arm(&activation, &wait);
                    self.pending.push(Pending { activation, started: record.started, wait, elapsed: false });
                }
                self.last = Some(node);
                self.record(node, record);
            }
            JournalEntry::WaitOver { node, record } => {
                let waited = self.pending.iter().position(|pending| pending.activation.node == node).map(|index| self.pending.swap_remove(index));
                let record = with_inputs(record, waited.as_ref().map(|pending| &pending.activation));
                self.wait_is_over(node);
                self.last = Some(node);
                self.record_wait(node, record);
            }
            JournalEntry::Ended { status, error, .. } => {
                self.error = error;
                self.ended = Some(status);
            }
        }
    }

    /// Takes the command to run a node out of what is to be done.
    fn take_run(&mut self, node: u32) -> Option<Activation> {
        let index = self.commands.iter().position(|command| matches!(command, Command::Run(activation) if activation.node == node))?;
        match self.commands.remove(index) {
            Some(Command::Run(activation)) => Some(*activation),
            _ => None,
        }
    }

    /// What is to be forgotten is forgotten before what was remembered later is taken in.
    fn forget_now(&mut self) {
        for index in (0..self.commands.len()).rev() {
            if let Some(Command::Forget(node)) = self.commands.get(index) {
                self.remember(*node, crate::node::NodeMemory::default());
                self.commands.remove(index);
            }
        }
    }
}

/// An output that is an input unchanged is recorded as such: its items are those that came in.
fn with_inputs(mut record: RunRecord, activation: Option<&Activation>) -> RunRecord {
    let Some(activation) = activation else { return record };
    for output in &mut record.outputs {
        if let Lineage::Passed(input) = output.lineage {
            output.items = activation.inputs.get(usize::from(input)).cloned().flatten().unwrap_or_default();
        }
    }
    record
}
