//! What can be chosen of the conversion of Markdown, by the names that n8n gives it.

use crate::settings::Settings;

/// How Markdown is read.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Options {
    pub(crate) backslash_escapes_tags: bool,
    pub(crate) complete_document: bool,
    pub(crate) customized_header_id: bool,
    pub(crate) emoji: bool,
    pub(crate) encode_emails: bool,
    pub(crate) exclude_trailing_punctuation: bool,
    pub(crate) fenced_code: bool,
    pub(crate) github_header_id: bool,
    pub(crate) header_level_start: i64,
    pub(crate) image_dimensions: bool,
    pub(crate) literal_asterisks: bool,
    pub(crate) literal_underscores: bool,
    pub(crate) loose_sublists: bool,
    /// The link of a mention, where `{u}` stands for the name.
    pub(crate) mentions: Option<String>,
    pub(crate) new_window: bool,
    pub(crate) no_header_id: bool,
    pub(crate) prefix_header_id: String,
    pub(crate) raw_header_id: bool,
    pub(crate) raw_prefix: bool,
    pub(crate) simple_auto_links: bool,
    pub(crate) simple_line_breaks: bool,
    pub(crate) smart_indentation: bool,
    pub(crate) space_before_heading: bool,
    pub(crate) split_quotes: bool,
    pub(crate) strikethrough: bool,
    pub(crate) table_header_id: bool,
    pub(crate) tables: bool,
    pub(crate) tasks: bool,
}

impl Options {
    /// From the options of the node.
    pub(crate) fn read(options: Settings<'_>) -> Self {
        let flag = |name: &str| options.flag(name);
        Self {
            backslash_escapes_tags: flag("backslashEscapesHTMLTags"),
            complete_document: flag("completeHTMLDocument"),
            customized_header_id: flag("customizedHeaderId"),
            emoji: flag("emoji"),
            encode_emails: options.flag_or("encodeEmails", true),
            exclude_trailing_punctuation: flag("excludeTrailingPunctuationFromURLs"),
            fenced_code: options.flag_or("ghCodeBlocks", true),
            github_header_id: flag("ghCompatibleHeaderId"),
            header_level_start: options.number("headerLevelStart").map_or(1, whole),
            image_dimensions: flag("parseImgDimensions"),
            literal_asterisks: flag("literalMidWordAsterisks"),
            literal_underscores: flag("literalMidWordUnderscores"),
            loose_sublists: flag("disableForced4SpacesIndentedSublists"),
            mentions: flag("ghMentions").then(|| options.given("ghMentionsLink").unwrap_or_else(|| "https://github.com/{u}".to_owned())),
            new_window: flag("openLinksInNewWindow"),
            no_header_id: flag("noHeaderId"),
            prefix_header_id: options.text("prefixHeaderId"),
            raw_header_id: flag("rawHeaderId"),
            raw_prefix: flag("rawPrefixHeaderId"),
            simple_auto_links: flag("simplifiedAutoLink"),
            simple_line_breaks: flag("simpleLineBreaks"),
            smart_indentation: flag("smartIndentationFix"),
            space_before_heading: flag("requireSpaceBeforeHeadingText"),
            split_quotes: flag("splitAdjacentBlockquotes"),
            strikethrough: flag("strikethrough"),
            table_header_id: flag("tablesHeaderId"),
            tables: flag("tables"),
            tasks: flag("tasklists"),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, and gives 0 for NaN")]
fn whole(number: f64) -> i64 {
    if number.is_finite() { number as i64 } else { 1 }
}
