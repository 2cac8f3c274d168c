//! Headings, and the ids that they get.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::text::plain_pattern;
use super::{Converter, SPAN};

impl Converter<'_> {
    pub(super) fn headings(&mut self, text: &str) -> String {
        static UNDERLINED: LazyLock<[Regex; 2]> =
            LazyLock::new(|| ["=", "-"].map(|line| plain_pattern(&format!(r"(?m)^(.+)[ \t]*\n{line}+[ \t]*\n+"))));
        static MARKED: LazyLock<[Regex; 2]> =
            LazyLock::new(|| ["*", "+"].map(|blanks| plain_pattern(&format!(r"(?m)^(#{{1,6}})[ \t]{blanks}(.+?)[ \t]*#*\n+"))));
        static OWN_ID: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\s?\{([^{]+?)\}\s*$"));
        let start = self.options.header_level_start;
        let mut text = text.to_owned();
        for (level, underlined) in (start..).zip(UNDERLINED.iter()) {
            text = underlined.replace_all(&text, |found: &Captures<'_>| self.heading(&found[1], &found[1], level)).into_owned();
        }
        let marked = &MARKED[usize::from(self.options.space_before_heading)];
        let own_id = self.options.customized_header_id;
        let with = |found: &Captures<'_>| {
            let level = start - 1 + i64::try_from(found[1].len()).unwrap_or(1);
            let shown = if own_id { OWN_ID.replace(&found[2], "").into_owned() } else { found[2].to_owned() };
            self.heading(&shown, &found[2], level)
        };
        marked.replace_all(&text, with).into_owned()
    }

    fn heading(&mut self, shown: &str, source: &str, level: i64) -> String {
        let html = self.inline(shown);
        let id = if self.options.no_header_id { String::new() } else { format!(" id=\"{}\"", self.heading_id(source)) };
        self.block(&format!("<h{level}{id}>{html}</h{level}>"))
    }

    fn heading_id(&mut self, source: &str) -> String {
        static OWN_ID: LazyLock<Regex> = LazyLock::new(|| plain_pattern(r"\{([^{]+?)\}\s*$"));
        let own = OWN_ID.captures(source).filter(|_| self.options.customized_header_id).map(|found| found[1].to_owned());
        let prefix = self.options.prefix_header_id.clone();
        let title = Self::as_written(&own.unwrap_or_else(|| source.to_owned()));
        let title = if self.options.raw_prefix { title } else { format!("{prefix}{title}") };
        let title = if self.options.github_header_id {
            github_id(&title)
        } else if self.options.raw_header_id {
            title.replace(' ', "-").replace("&amp;", "&").replace(['"', '\''], "-").to_lowercase()
        } else {
            // Showdown writes these two as a mark and a letter, and of that the letter stays.
            let letters = title.replace('$', "D").replace('¨', "T");
            letters.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>().to_lowercase()
        };
        let title = if self.options.raw_prefix { prefix + &title } else { title };
        let count = self.ids.entry(title.clone()).or_insert(0);
        *count += 1;
        if *count > 1 { format!("{title}-{}", *count - 1) } else { title }
    }

    /// What stands for a span is part of an id, as Showdown writes it.
    pub(super) fn as_written(source: &str) -> String {
        let pieces: Vec<&str> = source.split(SPAN).collect();
        let piece = |(index, piece): (usize, &&str)| if index % 2 == 1 { format!("¨C{piece}C") } else { (*piece).to_owned() };
        pieces.iter().enumerate().map(piece).collect()
    }
}

fn github_id(title: &str) -> String {
    let title = title.replace(' ', "-").replace("&amp;", "");
    title.chars().filter(|c| !"&+$,/:;=?@\"#{}|^¨~[]`\\*)(%.!'<>".contains(*c)).collect::<String>().to_lowercase()
}
