//! Words on lines, lines in blocks, blocks in lists: what the plain text of HTML is built from.

use engine_core::expression::js::utf16_len;

/// Line breaks before and after a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    pub(super) before: usize,
    pub(super) after: usize,
}

impl Margins {
    pub(super) fn both(breaks: usize) -> Self {
        Self { before: breaks, after: breaks }
    }
}

/// The text so far: the blocks that are open, the innermost last.
pub(super) struct Layout {
    open: Vec<Block>,
    capitals: usize,
    /// For each open link whether it has words.
    anchors: Vec<bool>,
}

struct Block {
    line_length: usize,
    /// Line breaks wanted before the block.
    before: usize,
    /// Text that is finished.
    done: String,
    /// Line breaks wanted after what is finished.
    pending: usize,
    lines: Lines,
    is_pre: bool,
}

impl Block {
    fn new(line_length: usize, before: usize, is_pre: bool) -> Self {
        Self { line_length, before, done: String::new(), pending: 0, lines: Lines::new(line_length), is_pre }
    }

    fn text(self) -> String {
        if self.lines.is_empty() { self.done } else { self.done + &self.lines.text() }
    }

    /// Puts a finished block behind what there is.
    fn add(&mut self, text: &str, margins: Margins) {
        if !self.lines.is_empty() {
            self.done.push_str(&self.lines.text());
            self.lines.clear();
        }
        let breaks = self.pending.max(margins.before);
        if self.done.is_empty() {
            self.before = breaks;
        } else {
            self.done.extend(std::iter::repeat_n('\n', breaks));
        }
        self.done.push_str(text);
        self.pending = margins.after;
    }
}

/// Words that are set into lines.
struct Lines {
    done: Vec<String>,
    words: Vec<String>,
    length: usize,
    free: usize,
    space: bool,
    may_break: bool,
}

impl Lines {
    fn new(length: usize) -> Self {
        Self { done: Vec::new(), words: Vec::new(), length, free: length, space: false, may_break: false }
    }

    fn is_empty(&self) -> bool {
        self.done.is_empty() && self.words.is_empty()
    }

    fn clear(&mut self) {
        self.done.clear();
        self.words.clear();
        self.free = self.length;
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.done {
            text.push_str(line);
            text.push('\n');
        }
        text + &self.words.join(" ")
    }

    fn break_line(&mut self, count: usize) {
        self.done.push(std::mem::take(&mut self.words).join(" "));
        self.done.extend(std::iter::repeat_n(String::new(), count.saturating_sub(1)));
        self.free = self.length;
    }

    fn push(&mut self, word: String) {
        if self.free == 0 {
            self.break_line(1);
        }
        let cost = utf16_len(&word) + usize::from(!self.words.is_empty());
        if cost <= self.free {
            self.free -= cost;
        } else {
            // A word that fits no line stands alone on its own.
            if !self.words.is_empty() {
                self.break_line(1);
            }
            self.free = self.free.saturating_sub(utf16_len(&word));
        }
        self.words.push(word);
    }

    /// Adds to the last word.
    fn join(&mut self, word: &str) {
        if self.may_break && utf16_len(word) > self.free {
            self.push(word.to_owned());
            self.may_break = false;
            return;
        }
        let last = self.words.pop().unwrap_or_default();
        if !last.is_empty() {
            self.free = (self.free + utf16_len(&last) + usize::from(!self.words.is_empty())).min(self.length);
        }
        self.push(last + word);
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}' | '\u{200b}')
}

impl Layout {
    pub(super) fn new(line_length: usize) -> Self {
        Self { open: vec![Block::new(line_length, 1, false)], capitals: 0, anchors: Vec::new() }
    }

    pub(super) fn finish(mut self) -> String {
        while self.open.len() > 1 {
            self.close_block(1);
        }
        self.open.pop().map(Block::text).unwrap_or_default()
    }

    /// Text of the document.
    pub(super) fn inline(&mut self, text: &str) {
        let capitals = self.capitals > 0;
        let in_words = self.words(text, |word| if capitals { word.to_uppercase() } else { word.to_owned() });
        if in_words {
            self.anchors.iter_mut().for_each(|has_words| *has_words = true);
        }
    }

    /// Text that is not the document's own, such as an address; it stays as it is.
    pub(super) fn literal(&mut self, text: &str) {
        self.words(text, str::to_owned);
    }

    /// Sets the words of a text; whether there were any to set.
    fn words(&mut self, text: &str, change: impl Fn(&str) -> String) -> bool {
        let Some(block) = self.open.last_mut() else { return false };
        if block.is_pre {
            block.done.push_str(text);
            return false;
        }
        let has_words = text.contains(|c| !is_space(c));
        if text.is_empty() || (block.pending > 0 && !has_words) {
            return false;
        }
        if block.pending > 0 {
            block.lines.break_line(block.pending);
        }
        block.pending = 0;
        let spaced = block.lines.space || text.starts_with(is_space);
        for (index, word) in text.split(is_space).filter(|word| !word.is_empty()).enumerate() {
            if index > 0 || spaced { block.lines.push(change(word)) } else { block.lines.join(&change(word)) }
        }
        block.lines.space = (block.lines.space && !has_words) || text.ends_with(is_space);
        has_words
    }

    pub(super) fn line_break(&mut self) {
        let Some(block) = self.open.last_mut() else { return };
        if block.is_pre { block.done.push('\n') } else { block.lines.break_line(1) }
    }

    /// A long word may be broken here.
    pub(super) fn word_break(&mut self) {
        if let Some(block) = self.open.last_mut() {
            block.lines.may_break = true;
        }
    }

    pub(super) fn capitals(&mut self, on: bool) {
        self.capitals = if on { self.capitals + 1 } else { self.capitals.saturating_sub(1) };
    }

    pub(super) fn open_anchor(&mut self) {
        self.anchors.push(false);
    }

    /// Whether the link has words.
    pub(super) fn close_anchor(&mut self) -> bool {
        self.anchors.pop().unwrap_or(false)
    }

    fn innermost(&self) -> (usize, bool) {
        self.open.last().map_or((0, false), |block| (block.line_length, block.is_pre))
    }

    /// Opens a block whose lines are shorter by `reserved` characters.
    pub(super) fn open_block(&mut self, before: usize, reserved: usize) {
        let (length, is_pre) = self.innermost();
        self.open.push(Block::new(length.saturating_sub(reserved).max(20), before, is_pre));
    }

    /// Opens a block in which white space counts.
    pub(super) fn open_pre(&mut self, before: usize) {
        let (length, _) = self.innermost();
        self.open.push(Block::new(length.max(20), before, true));
    }

    pub(super) fn close_block(&mut self, after: usize) {
        self.close(after, |text| text);
    }

    /// Closes a block with a mark before each of its lines.
    pub(super) fn close_quote(&mut self, after: usize) {
        self.close(after, |text| text.trim_matches('\n').split('\n').map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n"));
    }

    fn close(&mut self, after: usize, change: impl Fn(String) -> String) {
        if let Some((block, outer)) = self.open.pop().zip(self.open.last_mut()) {
            let margins = Margins { before: block.before, after: block.pending.max(after) };
            outer.add(&change(block.text()), margins);
        }
    }

    pub(super) fn open_list(&mut self, before: usize) {
        let (length, is_pre) = self.innermost();
        self.open.push(Block::new(length, before, is_pre));
    }

    pub(super) fn open_item(&mut self, prefix_length: usize) {
        let (length, is_pre) = self.innermost();
        self.open.push(Block::new(length.saturating_sub(prefix_length).max(20), 1, is_pre));
    }

    pub(super) fn close_item(&mut self, prefix: &str, prefix_length: usize) {
        let spacing = format!("\n{}", " ".repeat(prefix_length));
        self.close(1, |text| format!("{prefix:<prefix_length$}{}", text.replace('\n', &spacing)));
    }

    pub(super) fn close_list(&mut self, after: usize) {
        if let Some((block, outer)) = self.open.pop().zip(self.open.last_mut()) {
            let before = block.before;
            let text = block.text();
            if !text.is_empty() {
                outer.add(&text, Margins { before, after });
            }
        }
    }
}
