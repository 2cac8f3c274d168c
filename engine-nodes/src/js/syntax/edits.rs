//! Changes to a source text, gathered while it is parsed and applied at the end.

/// What to do at one place.
#[derive(Debug)]
struct Edit {
    at: usize,
    /// Closing brackets stand before opening ones at the same place, replacements last.
    rank: u8,
    /// Among closing ones, inner first; among opening ones, outer (the later found) first.
    order: i64,
    delete: usize,
    text: String,
}

/// A list of changes.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<Edit>);

impl Edits {
    fn count(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    /// Puts text before what starts at `at`. What is opened later encloses what was opened earlier.
    pub(super) fn open(&mut self, at: usize, text: impl Into<String>) {
        let order = -self.count();
        self.0.push(Edit { at, rank: 1, order, delete: 0, text: text.into() });
    }

    /// Puts text behind what ends at `at`.
    pub(super) fn close(&mut self, at: usize, text: impl Into<String>) {
        let order = self.count();
        self.0.push(Edit { at, rank: 0, order, delete: 0, text: text.into() });
    }

    /// Puts text in the place of `start..end`.
    pub(super) fn replace(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.0.push(Edit { at: start, rank: 2, order: 0, delete: end.saturating_sub(start), text: text.into() });
    }

    /// How many there are, to go back to.
    pub(super) fn mark(&self) -> usize {
        self.0.len()
    }

    /// Forgets all that came after the mark.
    pub(super) fn rewind(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    /// The source up to `end`, changed.
    pub(super) fn apply(mut self, source: &str, end: usize) -> String {
        self.0.sort_by_key(|edit| (edit.at, edit.rank, edit.order));
        let mut out = String::with_capacity(source.len() + self.0.iter().map(|edit| edit.text.len()).sum::<usize>());
        let mut from = 0;
        for edit in &self.0 {
            out.push_str(source.get(from..edit.at).unwrap_or_default());
            out.push_str(&edit.text);
            from = from.max(edit.at + edit.delete);
        }
        out.push_str(source.get(from..end).unwrap_or_default());
        out
    }
}
