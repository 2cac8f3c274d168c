//! Taking in what was written down: recovery is the driver's own code on recorded events.

use super::JournalEntry;
use super::drive::{Driving, Pending};
use crate::execution::RunStatus;
use crate::state::{Activation, Command, Event};

impl Driving<'_> {
    /// Takes in what was written down. Commands to run what was already run are dropped as their results come by.
    pub(super) fn replay(&mut self, entries: Vec<JournalEntry>) {
        self.replaying = true;
        for entry in entries {
            match entry {
                JournalEntry::Started { node, items, .. } => self.apply(Event::Start { node, items }),
                JournalEntry::Run { node, record, .. } => {
                    self.take_run(node);
                    self.last = Some(node);
                    let failed = record.status == RunStatus::Error && record.outputs.is_empty();
                    self.apply(if failed { Event::Failed { node, record } } else { Event::Finished { node, record } });
                }
                JournalEntry::Nothing { node } => {
                    self.take_run(node);
                    self.apply(Event::Nothing { node });
                }
                JournalEntry::Waiting { node, record, wait, .. } => {
                    if let Some(activation) = self.take_run(node) {
                        self.arm(&activation, &wait);
                        self.pending.push(Pending { activation, started: record.started, wait, elapsed: false });
                    }
                    self.last = Some(node);
                    self.apply(Event::Waiting { node, record });
                }
                JournalEntry::WaitOver { node, record } => {
                    self.pending.retain(|pending| pending.activation.node != node);
                    self.apply(Event::WaitOver { node, record });
                }
                JournalEntry::Ended { status, error, .. } => {
                    self.error = error;
                    self.ended = Some(status);
                }
            }
        }
        self.replaying = false;
    }

    /// Takes the command to run a node out of what is to be done.
    fn take_run(&mut self, node: u32) -> Option<Activation> {
        let index = self.commands.iter().position(|command| matches!(command, Command::Run(activation) if activation.node == node))?;
        match self.commands.remove(index) {
            Some(Command::Run(activation)) => Some(activation),
            _ => None,
        }
    }
}
