//! The parameters of Markdown.

use engine_core::schema::{NodeGroup, NodeSchema, Property, PropertyGroup};

pub(in crate::markup) fn schema() -> NodeSchema {
    NodeSchema::new("markdown", "Markdown")
        .alias("n8n-nodes-base.markdown")
        .group(NodeGroup::Transform)
        .description("Converts Markdown to HTML and HTML to Markdown")
        .properties([
            Property::options("mode", ["markdownToHtml", "htmlToMarkdown"]).default("htmlToMarkdown"),
            Property::string("html").required().display_name("HTML").show("mode", ["htmlToMarkdown"]),
            Property::string("markdown").required().show("mode", ["markdownToHtml"]),
            Property::string("destinationKey").default("data").required().description("The field to put the result in; dots lead into objects"),
            Property::collection("options", writing()).show("mode", ["htmlToMarkdown"]),
            Property::collection("options", reading()).show("mode", ["markdownToHtml"]),
        ])
}

fn writing() -> Vec<Property> {
    let pair = |name: &str| PropertyGroup::new(name, [Property::string("pattern"), Property::string("replacement")]);
    vec![
        Property::string("bulletMarker").default("*"),
        Property::string("codeFence").default("```").display_name("Code Block Fence"),
        Property::string("emDelimiter").default("_").display_name("Emphasis Delimiter"),
        Property::fixed_collection("globalEscape", [pair("value")]).description("A text to replace, in place of the usual escapes"),
        Property::string("ignore").description("Elements to leave out with all that is in them, separated by commas"),
        Property::boolean("keepDataImages", false).description("Keep images whose data is in their place"),
        Property::fixed_collection("lineStartEscape", [pair("value")]).description("A text to replace, in place of the escapes at starts of lines"),
        Property::number("maxConsecutiveNewlines", 3),
        Property::boolean("useLinkReferenceDefinitions", false).description("Put the places of links into a list at the end"),
        Property::string("strongDelimiter").default("**"),
        Property::options("codeBlockStyle", ["fence", "indented"]),
        Property::fixed_collection_list("textReplace", [pair("values")]).description("Texts to replace"),
        Property::string("blockElements").description("Elements to put between empty lines, separated by commas"),
    ]
}

fn reading() -> Vec<Property> {
    let off = |(name, description): (&str, &str)| Property::boolean(name, false).description(description);
    let mut properties: Vec<Property> = SWITCHES.map(off).into();
    properties.extend([
        Property::boolean("encodeEmails", true).description("Write addresses as entities"),
        Property::boolean("ghCodeBlocks", true).description("Read code blocks between fences"),
        Property::string("ghMentionsLink").default("https://github.com/{u}").description("Where mentions lead; {u} is the name"),
        Property::number("headerLevelStart", 1),
        Property::string("prefixHeaderId").default("section").description("What ids of headings begin with"),
    ]);
    properties
}

/// What is off unless it is turned on.
const SWITCHES: [(&str, &str); 24] = [
    ("openLinksInNewWindow", "Links open windows"),
    ("simplifiedAutoLink", "Places become links as they stand"),
    ("backslashEscapesHTMLTags", "A tag behind a backslash is text"),
    ("completeHTMLDocument", "A whole document instead of a part"),
    ("customizedHeaderId", "Braces behind a heading hold its id"),
    ("emoji", "Names between colons become emoji"),
    ("excludeTrailingPunctuationFromURLs", "Punctuation is not part of a place that becomes a link"),
    ("ghCompatibleHeaderId", "Ids of headings as GitHub makes them"),
    ("ghMentions", "Names behind an at sign become links"),
    ("tasklists", "Brackets at the start of an item are check boxes"),
    ("requireSpaceBeforeHeadingText", "A heading needs a blank behind its mark"),
    ("literalMidWordAsterisks", "Asterisks within words mean nothing"),
    ("literalMidWordUnderscores", "Underscores within words mean nothing"),
    ("noHeaderId", "Headings have no ids"),
    ("parseImgDimensions", "Definitions of images may hold a size"),
    ("rawHeaderId", "Ids of headings keep all but blanks and quotes"),
    ("rawPrefixHeaderId", "What ids begin with is left as it is"),
    ("simpleLineBreaks", "Line breaks stay line breaks"),
    ("smartIndentationFix", "The first line's indentation is taken off all lines"),
    ("disableForced4SpacesIndentedSublists", "Two spaces are enough for a list within a list"),
    ("splitAdjacentBlockquotes", "An empty line ends a quotation"),
    ("strikethrough", "Text between tildes is struck through"),
    ("tablesHeaderId", "Heads of tables have ids"),
    ("tables", "Bars make tables"),
];
