//! How each element is written.

use super::Options;

/// Elements with empty lines around them.
const BLOCKS: [&str; 45] = [
    "address",
    "article",
    "aside",
    "audio",
    "blockquote",
    "body",
    "canvas",
    "center",
    "dd",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "isindex",
    "li",
    "main",
    "menu",
    "nav",
    "noframes",
    "noscript",
    "ol",
    "output",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
];
const MORE_BLOCKS: [&str; 4] = ["th", "thead", "tr", "ul"];
/// Elements that are left out with all that is in them.
const IGNORED: [&str; 16] =
    ["area", "base", "col", "command", "embed", "head", "input", "keygen", "link", "meta", "param", "script", "source", "style", "track", "wbr"];

/// Where an element lies, which decides about how it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    #[default]
    Anywhere,
    Link,
    CodeBlock,
    Table,
    Row,
    Cell,
}

/// What kind of element it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its content, and nothing else.
    Plain,
    Preformatted,
    LineBreak(&'static str),
    Rule(&'static str),
    Heading(usize),
    /// A heading within a code block.
    BracketedHeading,
    Strong,
    Deleted,
    Emphasis,
    List,
    ListItem,
    Quotation,
    Code,
    Table,
    Caption,
    Row,
    Cell,
    Link,
    Image,
    /// A code block without fences.
    IndentedCode,
    /// A row of a table within a code block.
    CodeLine,
    /// An image where there can be none.
    NoImage,
}

/// How an element is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) kind: Kind,
    pub(super) ignored: bool,
    /// How many line breaks are before and behind it, at least.
    pub(super) newlines: usize,
}

impl Rule {
    /// The rule for an element; `None` where only its children count.
    pub(super) fn of(tag: &str, place: Place, options: &Options) -> Option<Self> {
        let kind = kind(tag, place);
        if !matches!(place, Place::Anywhere | Place::CodeBlock) {
            return kind.map(|kind| Self { kind, ignored: false, newlines: 0 });
        }
        let listed = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(tag));
        let block = BLOCKS.contains(&tag) || MORE_BLOCKS.contains(&tag) || listed(&options.block_elements);
        let ignored = !block && (IGNORED.contains(&tag) || listed(&options.ignore));
        if kind.is_none() && !block && !ignored {
            return None;
        }
        let newlines = match kind {
            Some(Kind::List | Kind::ListItem | Kind::CodeLine) => 1,
            _ if block => 2,
            _ => 0,
        };
        Some(Self { kind: kind.unwrap_or(Kind::Plain), ignored, newlines })
    }

    /// Whether an element is written although there is nothing in it.
    pub(super) fn counts_when_empty(tag: &str) -> bool {
        matches!(
            kind(tag, Place::Anywhere),
            Some(
                Kind::Heading(_)
                    | Kind::List
                    | Kind::ListItem
                    | Kind::Code
                    | Kind::Table
                    | Kind::Link
                    | Kind::Image
                    | Kind::LineBreak(_)
                    | Kind::Rule(_)
            )
        )
    }
}

fn kind(tag: &str, place: Place) -> Option<Kind> {
    match place {
        Place::Anywhere => anywhere(tag),
        Place::Link => match tag {
            "br" => Some(Kind::LineBreak("\n")),
            "hr" => Some(Kind::Rule("\n")),
            "pre" => Some(Kind::Preformatted),
            "img" => Some(Kind::Image),
            _ => emphasis(tag),
        },
        Place::CodeBlock => match tag {
            "br" => Some(Kind::LineBreak("\n")),
            "hr" => Some(Kind::Rule("---")),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Some(Kind::BracketedHeading),
            "ol" | "ul" => Some(Kind::List),
            "li" => Some(Kind::ListItem),
            "tr" => Some(Kind::CodeLine),
            "img" => Some(Kind::NoImage),
            _ => None,
        },
        Place::Table => match tag {
            "caption" => Some(Kind::Caption),
            "tr" => Some(Kind::Row),
            "th" | "td" => Some(Kind::Cell),
            _ => None,
        },
        Place::Row => matches!(tag, "th" | "td").then_some(Kind::Cell),
        Place::Cell => match tag {
            "a" => Some(Kind::Link),
            "img" => Some(Kind::Image),
            _ => emphasis(tag),
        },
    }
}

fn anywhere(tag: &str) -> Option<Kind> {
    Some(match tag {
        "pre" => Kind::Preformatted,
        "br" => Kind::LineBreak("  \n"),
        "hr" => Kind::Rule("---"),
        "h1" => Kind::Heading(1),
        "h2" => Kind::Heading(2),
        "h3" => Kind::Heading(3),
        "h4" => Kind::Heading(4),
        "h5" => Kind::Heading(5),
        "h6" => Kind::Heading(6),
        "ol" | "ul" => Kind::List,
        "li" => Kind::ListItem,
        "blockquote" => Kind::Quotation,
        "code" => Kind::Code,
        "table" => Kind::Table,
        "a" => Kind::Link,
        "img" => Kind::Image,
        _ => return emphasis(tag),
    })
}

fn emphasis(tag: &str) -> Option<Kind> {
    match tag {
        "strong" | "b" => Some(Kind::Strong),
        "del" | "s" | "strike" => Some(Kind::Deleted),
        "em" | "i" => Some(Kind::Emphasis),
        _ => None,
    }
}
