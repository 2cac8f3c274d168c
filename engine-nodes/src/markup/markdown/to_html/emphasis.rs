//! Bold and italics.

use std::sync::LazyLock;

use fancy_regex::Regex as LookRegex;

use super::Converter;
use super::text::{WORD, from, group, part, pattern, replace};

/// Opening and closing tags for three, two and one delimiter.
const TAGS: [(usize, &str, &str); 3] = [(3, "<strong><em>", "</em></strong>"), (2, "<strong>", "</strong>"), (1, "<em>", "</em>")];

impl Converter<'_> {
    pub(super) fn emphasis(&self, text: &str) -> String {
        static UNDERSCORES: LazyLock<Vec<LookRegex>> = LazyLock::new(|| {
            let of = |(count, _, _): (usize, _, _)| pattern(&format!(r"(?<!{WORD})_{{{count}}}(\S[\s\S]*?)_{{{count}}}(?![A-Za-z0-9_])"));
            TAGS.map(of).into()
        });
        static ASTERISKS: LazyLock<Vec<LookRegex>> = LazyLock::new(|| {
            let of = |(count, _, _): (usize, _, _)| pattern(&format!(r"((?!{WORD})[^*]|\A)\*{{{count}}}(\S[\s\S]*?)\*{{{count}}}(?![A-Za-z0-9_*])"));
            TAGS.map(of).into()
        });
        let mut text = text.to_owned();
        for (regex, tags) in UNDERSCORES.iter().zip(TAGS) {
            text = if self.options.literal_underscores {
                replace(regex, &text, |found| format!("{}{}{}", tags.1, group(found, 1), tags.2))
            } else {
                delimited(&text, '_', tags)
            };
        }
        for (regex, tags) in ASTERISKS.iter().zip(TAGS) {
            text = if self.options.literal_asterisks {
                replace(regex, &text, |found| format!("{}{}{}{}", group(found, 1), tags.1, group(found, 2), tags.2))
            } else {
                delimited(&text, '*', tags)
            };
        }
        text
    }
}

/// Wraps what lies between two runs of a mark, unless it begins or ends with a blank.
fn delimited(text: &str, mark: char, (count, open, close): (usize, &str, &str)) -> String {
    let run: String = std::iter::repeat_n(mark, count).collect();
    let mut made = String::with_capacity(text.len());
    let (mut at, mut search) = (0, 0);
    while let Some(start) = from(text, search).find(&run).map(|next| search + next) {
        let inner = start + count;
        let Some(first) = from(text, inner).chars().next() else { break };
        if first.is_whitespace() || (count == 1 && first == mark) {
            search = start + 1;
            continue;
        }
        let Some(length) = from(text, inner + first.len_utf8()).find(&run) else { break };
        let end = inner + first.len_utf8() + length;
        let content = part(text, inner..end);
        made.push_str(part(text, at..start));
        if content.ends_with(char::is_whitespace) {
            made.push_str(part(text, start..end + count));
        } else {
            made.extend([open, content, close]);
        }
        (at, search) = (end + count, end + count);
    }
    made + from(text, at)
}
