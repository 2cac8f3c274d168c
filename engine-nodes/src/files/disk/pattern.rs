//! Selectors such as `/data/**/*.{png,jpg}`: which files they find.
//!
//! `*`, `?` and `[a-z]` match within a name, `**` any directories, `{a,b}` either. A name that begins with a dot is found only by a pattern that does.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use super::policy::{Allowed, DiskError, Entry};

/// The most files that one selector finds.
const MOST_FILES: usize = 10_000;
/// The most entries of directories that are looked at.
const MOST_ENTRIES: usize = 1_000_000;
/// How deep directories are entered.
const DEEPEST: usize = 256;
/// The most alternatives that braces make.
const MOST_ALTERNATIVES: usize = 256;

const OPTIONS: MatchOptions = MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The paths of the files that a selector finds, written as it is: absolute when it is absolute. Blocks.
pub(super) fn find(allowed: &Allowed, selector: &str) -> Result<Vec<String>, DiskError> {
    let mut found = Found { allowed, paths: Vec::new(), seen: HashSet::new(), looked_at: 0 };
    for alternative in alternatives(selector) {
        let below = allowed.below(&alternative)?;
        // What stands before the part below the directory is put before each path again.
        let before = alternative.strip_suffix(&*below.to_string_lossy()).filter(|_| alternative.starts_with('/')).unwrap_or_default();
        let segments: Vec<Segment> = below.components().filter_map(|part| part.as_os_str().to_str()).map(Segment::parse).collect();
        found.walk(&complete(segments), (before, PathBuf::new()), 0)?;
    }
    Ok(found.paths)
}

/// One part of a pattern between slashes.
#[derive(Clone, Debug)]
enum Segment {
    Exact(String),
    Like(Pattern),
    AnyDirectories,
}

impl Segment {
    fn parse(text: &str) -> Self {
        if text == "**" {
            return Self::AnyDirectories;
        }
        let is_plain = !text.contains(['*', '?', '[', '\\']);
        let pattern = if is_plain { None } else { Pattern::new(&without_escapes(text)).ok() };
        pattern.map_or_else(|| Self::Exact(text.replace('\\', "")), Self::Like)
    }
}

/// A pattern that ends with directories means the files in them.
fn complete(mut segments: Vec<Segment>) -> Vec<Segment> {
    if matches!(segments.last(), Some(Segment::AnyDirectories)) {
        segments.push(Segment::parse("*"));
    }
    segments
}

/// `\x` as the crate writes it: `[x]`; `[^a]` as `[!a]`.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                let escaped = characters.next().map(|c| Pattern::escape(c.encode_utf8(&mut [0; 4])));
                plain.push_str(&escaped.unwrap_or_default());
            }
            c => plain.push(c),
        }
    }
    plain.replace("[^", "[!")
}

/// Braces with commas in them, taken apart; the outermost first.
fn alternatives(text: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        match split_braces(&text) {
            Some((before, choices, after)) if done.len() + open.len() + choices.len() <= MOST_ALTERNATIVES => {
                open.extend(choices.iter().rev().map(|choice| format!("{before}{choice}{after}")));
            }
            _ => done.push(text),
        }
    }
    done
}

/// The text before the first braces that hold a comma, what stands between the commas, and the text behind them.
fn split_braces(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    for (start, _) in text.match_indices('{') {
        let inside = text.get(start + 1..)?;
        let (mut depth, mut from, mut choices) = (0_usize, 0, Vec::new());
        for (at, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' if depth == 0 => {
                    choices.push(inside.get(from..at)?);
                    from = at + 1;
                }
                '}' if choices.is_empty() => break,
                '}' => {
                    choices.push(inside.get(from..at)?);
                    return Some((text.get(..start)?, choices, inside.get(at + 1..)?));
                }
                _ => {}
            }
        }
    }
    None
}

/// What was found so far.
struct Found<'a> {
    allowed: &'a Allowed,
    paths: Vec<String>,
    seen: HashSet<PathBuf>,
    looked_at: usize,
}

impl Found<'_> {
    fn walk(&mut self, segments: &[Segment], (before, at): (&str, PathBuf), depth: usize) -> Result<(), DiskError> {
        let Some((segment, rest)) = segments.split_first() else { return Ok(()) };
        if depth > DEEPEST {
            return Ok(());
        }
        match segment {
            Segment::Exact(name) if rest.is_empty() => self.take(before, at.join(name)),
            Segment::Exact(name) => self.walk(rest, (before, at.join(name)), depth + 1),
            Segment::Like(pattern) => {
                for entry in self.entries(&at)?.into_iter().filter(|entry| pattern.matches_with(&entry.name, OPTIONS)) {
                    let path = at.join(&entry.name);
                    if rest.is_empty() {
                        self.take(before, path)?;
                    } else if entry.is_directory || (entry.is_link && self.allowed.is_directory(&path)) {
                        self.walk(rest, (before, path), depth + 1)?;
                    }
                }
                Ok(())
            }
            Segment::AnyDirectories => {
                self.walk(rest, (before, at.clone()), depth + 1)?;
                // Links are not followed here: they may lead in circles.
                let inner = |entry: &Entry| entry.is_directory && !entry.name.starts_with('.');
                for entry in self.entries(&at)?.into_iter().filter(inner) {
                    self.walk(segments, (before, at.join(entry.name)), depth + 1)?;
                }
                Ok(())
            }
        }
    }

    fn entries(&mut self, at: &Path) -> Result<Vec<Entry>, DiskError> {
        let entries = self.allowed.entries(if at.as_os_str().is_empty() { Path::new(".") } else { at })?;
        self.looked_at += entries.len();
        if self.looked_at > MOST_ENTRIES { Err(DiskError::TooMany(MOST_ENTRIES)) } else { Ok(entries) }
    }

    fn take(&mut self, before: &str, path: PathBuf) -> Result<(), DiskError> {
        if self.seen.contains(&path) || !self.allowed.is_file(&path)? {
            return Ok(());
        }
        if self.paths.len() >= MOST_FILES {
            return Err(DiskError::TooMany(MOST_FILES));
        }
        self.paths.push(format!("{before}{}", path.display()));
        self.seen.insert(path);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FilePolicy;

    #[test]
    fn braces() {
        let check = |text: &str, expect: &[&str]| assert_eq!(alternatives(text), expect, "{text}");
        check("a.txt", &["a.txt"]);
        check("*.{png,jpg}", &["*.png", "*.jpg"]);
        check("{a,b{c,d}}/x", &["a/x", "bc/x", "bd/x"]);
        check("{a}{b,}", &["{a}b", "{a}"]);
        check("{a,b", &["{a,b"]);
        // Not every bomb goes off.
        assert!(alternatives(&"{a,b}".repeat(40)).len() <= MOST_ALTERNATIVES);
    }

    #[test]
    fn selectors() {
        let root = tempfile::tempdir().unwrap();
        for file in ["a.txt", "b.csv", ".env", "[x].txt", "in/a.txt", "in/deep/c.txt", "in/.git/config", "p(1).txt"] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let policy = FilePolicy::within(root.path()).unwrap();
        let check = |selector: &str, expect: &[&str]| {
            assert_eq!(find(policy.allowed().unwrap(), selector).unwrap(), expect, "{selector}");
        };
        check("a.txt", &["a.txt"]);
        check("*.txt", &["[x].txt", "a.txt", "p(1).txt"]);
        check("**/*.txt", &["[x].txt", "a.txt", "p(1).txt", "in/a.txt", "in/deep/c.txt"]);
        check("**", &["[x].txt", "a.txt", "b.csv", "p(1).txt", "in/a.txt", "in/deep/c.txt"]);
        check("{a,b}.{txt,csv}", &["a.txt", "b.csv"]);
        check("**/a.txt", &["a.txt", "in/a.txt"]);
        check("in/../a.txt", &["in/../a.txt"]);
        check("i*/d??p/[a-c].txt", &["in/deep/c.txt"]);
        check("[!b]*.*", &["[x].txt", "a.txt", "p(1).txt"]);
        check("\\[x\\].txt", &["[x].txt"]);
        check("p\\(1\\).txt", &["p(1).txt"]);
        check(".e*", &[".env"]);
        check("in", &[]);
        check("none/*", &[]);
        check("a.txt/*", &[]);
        let absolute = |path: &str| format!("{}/{path}", root.path().display());
        check(&absolute("in/*.txt"), &[&absolute("in/a.txt")]);
        check(&absolute("a.txt"), &[&absolute("a.txt")]);
    }
}
