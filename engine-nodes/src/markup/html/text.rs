//! HTML as plain text, as the library html-to-text lays it out with its defaults, which n8n uses: lines of at most 80 characters, headings in
//! capitals, addresses of links and images in brackets.

use engine_core::expression::js::utf16_len;

use super::super::dom::{Document, Element, Kind, NodeId};
use super::super::select::Selector;
use super::layout::{Layout, Margins};

const LINE_LENGTH: usize = 80;

/// The text of what is below a node, without the elements that `skip` selects. Where there is a body below, only that counts.
pub(super) fn text(document: &Document, root: NodeId, skip: &[Selector]) -> String {
    let mut writer = Writer { document, root, skip, layout: Layout::new(LINE_LENGTH) };
    let bodies = bodies(document, root);
    if bodies.is_empty() {
        writer.children(root);
    }
    for body in bodies {
        writer.node(body);
    }
    writer.layout.finish()
}

fn bodies(document: &Document, root: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut pending: Vec<NodeId> = document.children(root).iter().rev().copied().collect();
    while let Some(node) = pending.pop() {
        if document.name(node) == "body" {
            found.push(node);
        } else {
            pending.extend(document.children(node).iter().rev());
        }
    }
    found
}

struct Writer<'a> {
    document: &'a Document,
    root: NodeId,
    skip: &'a [Selector],
    layout: Layout,
}

impl Writer<'_> {
    fn children(&mut self, id: NodeId) {
        for child in self.document.children(id) {
            self.node(*child);
        }
    }

    fn node(&mut self, id: NodeId) {
        match self.document.kind(id) {
            Kind::Text(text) => self.layout.inline(text),
            Kind::Element(element) if !matches!(element.name.as_str(), "script" | "style") && !self.is_skipped(id) => self.element(id, element),
            _ => {}
        }
    }

    /// A selector of everything gives way to elements that have a layout of their own.
    fn is_skipped(&self, id: NodeId) -> bool {
        let skips = |selector: &Selector| {
            selector.matches(self.document, id) && (selector.specificity() > (0, 0, 0) || !HAS_LAYOUT.contains(&self.document.name(id)))
        };
        self.skip.iter().any(skips)
    }

    fn element(&mut self, id: NodeId, element: &Element) {
        match element.name.as_str() {
            "a" => self.anchor(id, element),
            "article" | "aside" | "div" | "footer" | "form" | "header" | "main" | "nav" | "section" => self.block(id, Margins::both(1)),
            // Without data tables asked for, a table is a block like a paragraph.
            "p" | "table" => self.block(id, Margins::both(2)),
            "h1" | "h2" | "h3" => self.heading(id, Margins { before: 3, after: 2 }),
            "h4" | "h5" | "h6" => self.heading(id, Margins::both(2)),
            "blockquote" => {
                self.layout.open_block(2, 2);
                self.children(id);
                self.layout.close_quote(2);
            }
            "pre" => {
                self.layout.open_pre(2);
                self.children(id);
                self.layout.close_block(2);
            }
            "br" => self.layout.line_break(),
            "wbr" => self.layout.word_break(),
            "hr" => {
                self.layout.open_block(2, 0);
                self.layout.inline(&"-".repeat(LINE_LENGTH));
                self.layout.close_block(2);
            }
            "img" => self.image(element),
            "ul" => self.list(id, |_| " * ".to_owned()),
            "ol" => {
                let first = element.attribute("start").and_then(|start| start.trim().parse::<i64>().ok()).unwrap_or(1);
                let style = element.attribute("type").unwrap_or("1").to_owned();
                self.list(id, |index| format!(" {}. ", number(first.saturating_add(index), &style)));
            }
            "noscript" => self.fallback(id),
            _ => self.children(id),
        }
    }

    /// What stands in `<noscript>` is text to browsers, and HTML here.
    fn fallback(&mut self, id: NodeId) {
        let Ok(document) = Document::parse(&self.document.text(id)) else { return };
        let root = bodies(&document, Document::ROOT).into_iter().next().unwrap_or(Document::ROOT);
        let layout = std::mem::replace(&mut self.layout, Layout::new(LINE_LENGTH));
        let mut writer = Writer { document: &document, root, skip: self.skip, layout };
        writer.children(root);
        self.layout = writer.layout;
    }

    fn block(&mut self, id: NodeId, margins: Margins) {
        self.layout.open_block(margins.before, 0);
        self.children(id);
        self.layout.close_block(margins.after);
    }

    fn heading(&mut self, id: NodeId, margins: Margins) {
        self.layout.open_block(margins.before, 0);
        self.layout.capitals(true);
        self.children(id);
        self.layout.capitals(false);
        self.layout.close_block(margins.after);
    }

    fn anchor(&mut self, id: NodeId, element: &Element) {
        let address = element.attribute("href").unwrap_or_default();
        let address = address.strip_prefix("mailto:").unwrap_or(address);
        if address.is_empty() || address.starts_with('#') {
            return self.children(id);
        }
        self.layout.open_anchor();
        self.children(id);
        let has_words = self.layout.close_anchor();
        let shown = if has_words { format!(" [{address}]") } else { address.to_owned() };
        self.layout.literal(&shown);
    }

    fn image(&mut self, element: &Element) {
        let alternative = element.attribute("alt").unwrap_or_default();
        let shown = match element.attribute("src").unwrap_or_default() {
            "" => alternative.to_owned(),
            source if alternative.is_empty() => format!("[{source}]"),
            source => format!("{alternative} [{source}]"),
        };
        self.layout.literal(&shown);
    }

    fn list(&mut self, id: NodeId, prefix: impl Fn(i64) -> String) {
        let parent = self.document.parent(id).filter(|_| id != self.root);
        let is_nested = parent.is_some_and(|parent| parent != self.root && self.document.name(parent) == "li");
        let mut index = 0;
        let mut items = Vec::new();
        for child in self.document.children(id) {
            let is_blank = matches!(self.document.kind(*child), Kind::Text(text) if text.trim().is_empty());
            if self.document.name(*child) == "li" {
                let prefix = prefix(index);
                index += 1;
                items.push((*child, if is_nested { prefix.trim_start().to_owned() } else { prefix }));
            } else if !is_blank {
                items.push((*child, String::new()));
            }
        }
        if items.is_empty() {
            return;
        }
        let longest = items.iter().map(|(_, prefix)| utf16_len(prefix)).max().unwrap_or(0);
        let margin = if is_nested { 1 } else { 2 };
        self.layout.open_list(margin);
        for (item, prefix) in items {
            self.layout.open_item(longest);
            self.node(item);
            self.layout.close_item(&prefix, longest);
        }
        self.layout.close_list(margin);
    }
}

/// Elements that more is known of than that they are inline.
const HAS_LAYOUT: [&str; 28] = [
    "a",
    "article",
    "aside",
    "blockquote",
    "br",
    "div",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "img",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
    "wbr",
    "script",
    "style",
];

/// The number of a list item in the style of the list.
fn number(number: i64, style: &str) -> String {
    match style {
        "a" => letters(number, b'a'),
        "A" => letters(number, b'A'),
        "i" => roman(number).to_lowercase(),
        "I" => roman(number),
        _ => number.to_string(),
    }
}

/// `a` to `z`, then `aa`.
fn letters(number: i64, first: u8) -> String {
    let mut letters = Vec::new();
    let mut rest = number.max(1);
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(first + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

fn roman(number: i64) -> String {
    const DIGITS: [(i64, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut rest = number.clamp(0, 9999);
    let mut roman = String::new();
    for (value, digit) in DIGITS {
        while rest >= value {
            roman.push_str(digit);
            rest -= value;
        }
    }
    roman
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, skip: &[&str], expected: &str) {
        let document = Document::parse(html).unwrap();
        let skip: Vec<_> = skip.iter().map(|selector| Selector::parse(selector).unwrap()).collect();
        assert_eq!(text(&document, Document::ROOT, &skip), expected, "{html}");
    }

    #[test]
    fn blocks_and_inlines() {
        check("<h1>A b</h1><p>x <b>y</b>z</p><p>w</p>", &[], "A B\n\nx yz\n\nw");
        check("<div>a</div><div>b<br>c</div>d", &[], "a\nb\nc\nd");
        check("<a href='http://x.y'>t</a> <a href='#f'>f</a> <a href='mailto:m@x'></a><img src=i alt=a>", &[], "t [http://x.y] f m@xa [i]");
        check("<pre> a\n  b</pre><blockquote><p>q</p></blockquote>", &[], " a\n  b\n\n> q");
        check("<title>no</title><script>no</script><body>yes", &[], "yes");
    }

    #[test]
    fn lists() {
        check("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", &[], " * a\n * b\n   * c");
        check("<ol start=9><li>a<li>b</ol>", &[], " 9.  a\n 10. b");
        check("<ol type=i><li>a<li>b</ol><ol type=A start=27><li>c</ol>", &[], " i.  a\n ii. b\n\n AA. c");
    }

    #[test]
    fn long_lines_and_what_is_skipped() {
        let words = "word ".repeat(20);
        check(&words, &[], &format!("{}word\n{}word", "word ".repeat(15), "word ".repeat(3)));
        check("<p>a</p><p class=x>b <i>c</i></p>", &["i, .y"], "a\n\nb");
        check("<p>a</p><p class=x>b</p><span>s</span>", &[".x", "span"], "a");
        check("<p>a</p>", &["*"], "");
    }
}
