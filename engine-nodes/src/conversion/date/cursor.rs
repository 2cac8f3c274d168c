//! Reads a text of digits, signs and names from left to right.

/// A place in a text. Each step either takes what it is named after, or takes nothing and says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn at_end(self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes this character.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes this character in either case.
    pub(super) fn eat_any_case(&mut self, wanted: char) -> bool {
        self.eat(wanted.to_ascii_uppercase()) || self.eat(wanted.to_ascii_lowercase())
    }

    /// Takes characters while the test holds; there may be none.
    pub(super) fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !test(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Takes one character.
    pub(super) fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.eat(c);
        Some(c)
    }

    /// Takes exactly this many digits as a number.
    pub(super) fn digits(&mut self, count: usize) -> Option<i32> {
        let head = self.rest.get(..count)?;
        if !head.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.rest = self.rest.get(count..)?;
        head.parse().ok()
    }

    /// Takes the parts that `read` takes, or nothing at all.
    pub(super) fn try_take<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let taken = read(&mut ahead)?;
        *self = ahead;
        Some(taken)
    }
}
