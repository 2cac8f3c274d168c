//! What stands within a line.

use std::sync::LazyLock;

use fancy_regex::Regex as LookRegex;
use regex::{Captures, Regex};

use super::text::{pattern, plain_pattern};
use super::{BLOCK, Converter, escape, escaped};

impl Converter<'_> {
    /// The text of a paragraph, a heading or a cell.
    pub(super) fn inline(&mut self, text: &str) -> String {
        let text = self.code_spans(text);
        let text = backslash_escapes(&in_tags_escaped(&text));
        let text = self.images(&text);
        let text = self.links(&text);
        let text = self.auto_links(&text);
        let text = if self.options.emoji { emoji(&text) } else { text };
        let text = self.emphasis(&text);
        let text = self.strikethrough(&text).replace("...", "…");
        let text = self.put_spans_aside(&text);
        self.breaks(&encoded(&text))
    }

    fn strikethrough(&self, text: &str) -> String {
        static DELETED: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"~~([\s\S]+?)~~"));
        if !self.options.strikethrough {
            return text.to_owned();
        }
        DELETED.replace_all(text, |found: &Captures<'_>| format!("<del>{}</del>", self.simple_auto_links(&found[1]))).into_owned()
    }

    fn breaks(&self, text: &str) -> String {
        static BREAKS: LazyLock<[Regex; 2]> = LazyLock::new(|| [r"  +\n", r"\n+"].map(plain_pattern));
        if self.options.simple_line_breaks && text.contains(&format!("\n\n{BLOCK}")) {
            return text.to_owned();
        }
        BREAKS[usize::from(self.options.simple_line_breaks)].replace_all(text, "<br />\n").into_owned()
    }
}

/// Within tags, characters mean nothing but themselves.
fn in_tags_escaped(text: &str) -> String {
    static TAG: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"(?i)</?[a-z\d_:-]+(?:\s+[\s\S]+?)?>|<!--(?:[^>-]|-[^>])[\s\S]*?-->"));
    TAG.replace_all(text, |found: &Captures<'_>| escape(&found[0], "\\`*_~=|")).into_owned()
}

/// A character behind a backslash means nothing but itself.
fn backslash_escapes(text: &str) -> String {
    static BACKSLASH: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\\\\"));
    static OTHER: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\\([`*_{}\[\]()>#+.!~=|:-])"));
    let single = escape("\\", "\\");
    let text = BACKSLASH.replace_all(text, single.as_str());
    OTHER.replace_all(&text, |found: &Captures<'_>| found[1].chars().filter_map(escaped).collect::<String>()).into_owned()
}

/// Ampersands that begin no entity, and angle brackets.
pub(super) fn encoded(text: &str) -> String {
    static AMPERSAND: LazyLock<LookRegex> = LazyLock::new(|| pattern(r"&(?!#?[xX]?[0-9a-zA-Z_]+;)"));
    AMPERSAND.replace_all(text, "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn emoji(text: &str) -> String {
    static CODE: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r":(\S+?):"));
    let shown = |found: &Captures<'_>| emojis::get_by_shortcode(&found[1]).map_or_else(|| found[0].to_owned(), |emoji| emoji.as_str().to_owned());
    CODE.replace_all(text, shown).into_owned()
}
