//! HTML to Markdown, as node-html-markdown 1.2 writes it, which is what n8n's Markdown node calls.

mod finish;
mod parse;
mod rules;
mod write;

#[cfg(test)]
mod tests;

use crate::settings::Settings;
use write::Writer;

/// How Markdown is written.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    block_elements: Vec<String>,
    bullet: String,
    code_fence: String,
    /// Code blocks between fences; otherwise they are indented.
    fenced: bool,
    emphasis: String,
    /// A text and what it is replaced by, in place of the usual escapes.
    global_escape: Option<(String, String)>,
    ignore: Vec<String>,
    keep_data_images: bool,
    line_start_escape: Option<(String, String)>,
    max_newlines: usize,
    strong: String,
    replacements: Vec<(String, String)>,
    /// Links refer to a list at the end.
    references: bool,
}

impl Options {
    /// From the options of the node.
    pub(crate) fn read(options: Settings<'_>) -> Self {
        let names = |name: &str| options.filled(name).map_or_else(Vec::new, |list| list.split(',').map(|name| name.trim().to_owned()).collect());
        let pair = |group: Settings<'_>| (group.text("pattern"), group.text("replacement"));
        let escape = |name: &str| options.group(name).get("value").map(|_| pair(options.group(name).group("value")));
        let text = |name: &str, default: &str| options.filled(name).unwrap_or_else(|| default.to_owned());
        Self {
            block_elements: names("blockElements"),
            bullet: text("bulletMarker", "*"),
            code_fence: text("codeFence", "```"),
            // n8n offers "fence", which the library does not know, so that choosing it indents.
            fenced: options.filled("codeBlockStyle").is_none_or(|style| style == "fenced"),
            emphasis: text("emDelimiter", "_"),
            global_escape: escape("globalEscape"),
            ignore: names("ignore"),
            keep_data_images: options.flag("keepDataImages"),
            line_start_escape: escape("lineStartEscape"),
            max_newlines: options.number("maxConsecutiveNewlines").filter(|number| *number >= 1.0).map_or(3, count),
            strong: text("strongDelimiter", "**"),
            replacements: options.group("textReplace").groups("values").into_iter().map(pair).collect(),
            references: options.flag("useLinkReferenceDefinitions"),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast from float saturates, and more than 100 make no difference")]
fn count(number: f64) -> usize {
    (number as usize).min(100)
}

/// Converts a text.
pub(crate) fn from_html(html: &str, options: &Options) -> String {
    let document = parse::Document::parse(html);
    let mut writer = Writer::new(&document, options);
    writer.write();
    writer.finish()
}
