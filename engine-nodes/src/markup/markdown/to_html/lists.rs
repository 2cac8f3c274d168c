//! Lists, with lists within them.

use std::sync::LazyLock;

use regex::Regex;

use super::text::{from, line_starts, list_marker, outdent, part, plain_pattern};
use super::{Converter, PLAIN};

/// The two kinds of lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bullets,
    Numbers,
}

impl Kind {
    fn of(item: &str) -> Self {
        if item.trim_start().starts_with(['*', '+', '-']) { Self::Bullets } else { Self::Numbers }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Bullets => "ul",
            Self::Numbers => "ol",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Bullets => Self::Numbers,
            Self::Numbers => Self::Bullets,
        }
    }
}

impl Converter<'_> {
    pub(super) fn lists(&mut self, text: &str) -> String {
        let nested = self.list_depth > 0;
        let mut made = String::with_capacity(text.len());
        let mut at = 0;
        for start in line_starts(text) {
            let Some((_, marker)) = list_marker(from(text, start)).filter(|_| start >= at) else { continue };
            let Some(end) = list_end(text, start + marker) else { continue };
            // At the top, the empty line before belongs to the list.
            let before = part(text, at..start);
            let taken = match before {
                _ if nested => 0,
                before if before.ends_with("\n\n") => 2,
                before => usize::from(before == "\n" && at == 0),
            };
            made.push_str(part(text, at..start - taken));
            made.push_str(&self.consecutive(part(text, start..end)));
            at = end;
        }
        made + from(text, at)
    }

    /// A list; where the kind of its items changes, another begins.
    fn consecutive(&mut self, list: &str) -> String {
        static MARKS: LazyLock<[Regex; 4]> =
            LazyLock::new(|| [r"(?m)^ {0,3}[*+-][ \t]", r"(?m)^ ?[*+-][ \t]", r"(?m)^ {0,3}\d+\.[ \t]", r"(?m)^ ?\d+\.[ \t]"].map(plain_pattern));
        let trims = self.list_depth > 0;
        let mut kind = Kind::of(list);
        let mut rest = list;
        let mut html = String::new();
        loop {
            let wanted = 2 * usize::from(kind == Kind::Bullets) + usize::from(self.options.loose_sublists);
            let change = MARKS[wanted].find(rest).map(|found| found.start());
            let own = part(rest, 0..change.unwrap_or(rest.len()));
            let start = if kind == Kind::Numbers { first_number(list) } else { String::new() };
            let items = self.items(own);
            let items = if trims { items.trim_end() } else { &items };
            html.extend(["\n\n<", kind.tag(), &start, ">\n", items, "</", kind.tag(), ">\n"]);
            match change {
                Some(change) => rest = from(rest, change),
                None => return html,
            }
            kind = kind.other();
        }
    }

    fn items(&mut self, list: &str) -> String {
        static EMPTY_LINE: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\n[ \t]*\n"));
        self.list_depth += 1;
        let trimmed = list.trim_end_matches('\n');
        let list = if list.len() - trimmed.len() >= 2 { format!("{trimmed}\n") } else { list.to_owned() };
        let spaced = EMPTY_LINE.find_iter(&list).any(|found| found.end() < list.len());
        let mut html = String::new();
        let mut at = 0;
        for start in line_starts(&list) {
            let Some((indentation, marker)) = list_marker(from(&list, start)).filter(|_| start >= at) else { continue };
            let same = self.options.loose_sublists.then_some(indentation);
            let Some((body, end)) = item_text(&list, start + marker, same) else { continue };
            let apart = start > at && part(&list, at..start).ends_with('\n');
            html.push_str(part(&list, at..start - usize::from(apart)));
            html.push_str(&self.item(part(&list, body..end), apart, spaced));
            at = end;
        }
        html.push_str(from(&list, at));
        self.list_depth -= 1;
        html
    }

    fn item(&mut self, source: &str, apart: bool, spaced: bool) -> String {
        static TASK: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"(?m)^[ \t]*\[([xX ]?)\]"));
        static MARKER: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"^([-*+]|\d\.)[ \t]+"));
        static EMPTY_LINES: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\n\n+"));
        let mut item = outdent(source);
        let mut style = "";
        let is_task = TASK.find(source).is_some_and(|found| found.start() == 0 && !source.starts_with([' ', '\t']));
        if self.options.tasks && is_task {
            style = " class=\"task-list-item\" style=\"list-style-type: none;\"";
            item = TASK.replace(&item, |found: &regex::Captures<'_>| task_box(!found[1].trim().is_empty())).into_owned();
        }
        if MARKER.is_match(&item) {
            item.insert(0, PLAIN);
        }
        let mut html = if apart || item.contains("\n\n") {
            item = self.fenced_code(&item);
            self.blocks(&item)
        } else {
            item = self.lists(&item);
            item = self.put_blocks_aside(item.strip_suffix('\n').unwrap_or(&item));
            item = EMPTY_LINES.replace_all(&item, "\n\n").into_owned();
            if spaced { self.paragraphs(&item) } else { self.inline(&item) }
        };
        if let Some(mark) = html.find(PLAIN) {
            html.remove(mark);
        }
        format!("<li{style}>{html}</li>\n")
    }
}

fn task_box(checked: bool) -> String {
    let checked = if checked { " checked" } else { "" };
    format!("<input type=\"checkbox\" disabled style=\"margin: 0px 0.35em 0.25em -1.6em; vertical-align: middle;\"{checked}>")
}

/// Where numbers begin, when not with 1.
fn first_number(list: &str) -> String {
    let number = list.trim_start_matches(' ').split_once('.').map_or("", |(number, _)| number);
    if number == "1" || number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        String::new()
    } else {
        format!(" start=\"{number}\"")
    }
}

/// Where a list ends whose first item's text begins at a place: behind empty lines that something else follows, or with the text.
fn list_end(text: &str, body: usize) -> Option<usize> {
    let mut search = body + from(text, body).chars().next()?.len_utf8();
    while let Some(at) = from(text, search).find("\n\n").map(|next| search + next) {
        let rest = from(text, at).trim_start_matches('\n');
        let follows = text.len() - rest.len();
        let begins_item = rest.trim_start_matches([' ', '\t']).len() == rest.len() && list_marker(rest).is_some();
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) && !begins_item {
            return Some(follows);
        }
        search = follows.max(at + 2);
    }
    Some(text.len())
}

/// Where the text of an item begins and ends. An item without text takes the last blank behind its mark for text.
fn item_text(list: &str, body: usize, indentation: Option<usize>) -> Option<(usize, usize)> {
    let blank = part(list, 0..body).ends_with("  ").then(|| body - 1);
    [Some(body), blank].into_iter().flatten().find_map(|body| Some((body, item_end(list, body, indentation)?)))
}

/// Where an item ends whose text begins at a place: behind a break, and an empty line, that another item or nothing follows.
fn item_end(list: &str, body: usize, indentation: Option<usize>) -> Option<usize> {
    let mut search = body + from(list, body).chars().next()?.len_utf8();
    while let Some(at) = from(list, search).find('\n').map(|next| search + next) {
        let rest = from(list, at).trim_start_matches('\n');
        let follows = list.len() - rest.len();
        let next = list_marker(rest).is_some_and(|(found, _)| indentation.is_none_or(|wanted| wanted == found));
        if rest.is_empty() || next {
            return Some(follows.min(at + 2));
        }
        search = follows;
    }
    None
}
