//! Documents as HTML again (HTML standard, section 13.3).

use super::{Document, Element, Kind, NodeId};

const VOID: [&str; 18] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta", "param", "source", "track",
    "wbr",
];
const RAW: [&str; 8] = ["style", "script", "xmp", "iframe", "noembed", "noframes", "plaintext", "noscript"];

impl Document {
    /// The HTML of what is below a node.
    pub(crate) fn inner_html(&self, id: NodeId) -> String {
        let mut html = String::new();
        let mut steps: Vec<Step<'_>> = self.children(id).iter().rev().map(|child| Step::Open(*child)).collect();
        while let Some(step) = steps.pop() {
            match step {
                Step::Close(name) => {
                    html.push_str("</");
                    html.push_str(name);
                    html.push('>');
                }
                Step::Open(id) => self.open(id, &mut html, &mut steps),
            }
        }
        html
    }

    fn open<'a>(&'a self, id: NodeId, html: &mut String, steps: &mut Vec<Step<'a>>) {
        match self.kind(id) {
            Kind::Document => {}
            Kind::Doctype(name) => html.extend(["<!DOCTYPE ", name, ">"]),
            Kind::Comment(text) => html.extend(["<!--", text, "-->"]),
            Kind::Text(text) if self.parent(id).is_some_and(|parent| RAW.contains(&self.name(parent))) => html.push_str(text),
            Kind::Text(text) => html.push_str(&escape(text, false)),
            Kind::Element(element) => {
                tag(element, html);
                if !VOID.contains(&element.name.as_str()) {
                    steps.push(Step::Close(&element.name));
                    steps.extend(self.children(id).iter().rev().map(|child| Step::Open(*child)));
                }
            }
        }
    }
}

enum Step<'a> {
    Open(NodeId),
    Close(&'a str),
}

fn tag(element: &Element, html: &mut String) {
    html.push('<');
    html.push_str(&element.name);
    for (name, value) in &element.attributes {
        html.extend([" ", name, "=\"", &escape(value, true), "\""]);
    }
    html.push('>');
}

fn escape(text: &str, attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '\u{a0}' => escaped.push_str("&nbsp;"),
            '"' if attribute => escaped.push_str("&quot;"),
            '<' if !attribute => escaped.push_str("&lt;"),
            '>' if !attribute => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::TooDeep;
    use super::*;

    #[test]
    fn there_and_back() {
        for (html, expected) in [
            ("<p>a<p>b", "<html><head></head><body><p>a</p><p>b</p></body></html>"),
            ("<!DOCTYPE html><title>x&amp;y</title>", "<!DOCTYPE html><html><head><title>x&amp;y</title></head><body></body></html>"),
            ("<br><img src='a\"b'>&nbsp;&lt;", "<html><head></head><body><br><img src=\"a&quot;b\">&nbsp;&lt;</body></html>"),
            ("<table><td>1", "<html><head></head><body><table><tbody><tr><td>1</td></tr></tbody></table></body></html>"),
            ("<table>x<tr></table>", "<html><head></head><body>x<table><tbody><tr></tr></tbody></table></body></html>"),
            ("<b>1<p>2</b>3", "<html><head></head><body><b>1</b><p><b>2</b>3</p></body></html>"),
            ("<script>a<b</script><!--c-->", "<html><head><script>a<b</script><!--c--></head><body></body></html>"),
            ("<template><p>x</template>", "<html><head><template><p>x</p></template></head><body></body></html>"),
            ("<svg viewbox=0><a xlink:href=x/></svg>", "<html><head></head><body><svg viewBox=\"0\"><a xlink:href=\"x/\"></a></svg></body></html>"),
        ] {
            assert_eq!(Document::parse(html).unwrap().inner_html(Document::ROOT), expected, "{html}");
        }
    }

    #[test]
    fn what_costs_too_much_is_refused() {
        let nested = "<div>".repeat(100_000);
        let formats = (0..2000).map(|index| format!("<b a={index}>")).collect::<Vec<_>>().concat();
        let multiplied = format!("{formats}{}", "<p></p>".repeat(20_000));
        for html in [nested, multiplied] {
            assert_eq!(Document::parse(&html).unwrap_err(), TooDeep);
        }
        assert!(Document::parse(&"<p>x</p>".repeat(10_000)).is_ok());
        assert!(Document::parse(&"<div>".repeat(400)).is_ok());
    }
}
