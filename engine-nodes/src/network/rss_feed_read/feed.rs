//! Feeds to entries: RSS 0.9, 1.0, 2.0 and Atom, in the shapes that n8n's reader gives.

use std::borrow::Cow;
use std::sync::LazyLock;

use engine_core::model::{Json, Timestamp};
use engine_core::node::NodeError;
use regex::Regex;
use serde_json::Value;

use crate::conversion::Dates;
use crate::markup::xml::{BuildOptions, ParseOptions, build, parse};

/// The entries of a feed. `custom` names further fields to give.
pub(super) fn entries(text: &str, custom: &[&str], now: Timestamp) -> Result<Vec<Json>, NodeError> {
    let options = ParseOptions { explicit_array: true, merge_attributes: false, ..ParseOptions::default() };
    let document = parse(text, &options).map_err(|error| NodeError::fatal(error.to_string()))?;
    let reader = Reader { custom, dates: Dates::new("UTC", now) };
    let version = document.get("rss").and_then(|rss| attribute(rss, "version")).unwrap_or_default();
    if let Some(feed) = document.get("feed") {
        Ok(children(feed, "entry").map(|entry| reader.atom(entry)).collect())
    } else if version.starts_with('2') || version.contains("0.9") {
        let channel = document.get("rss").and_then(|rss| first(rss, "channel")).unwrap_or(&Value::Null);
        let podcast = version.starts_with('2') && document.get("rss").is_some_and(|rss| attribute(rss, "xmlns:itunes").is_some());
        Ok(children(channel, "item").map(|item| reader.rss(item, podcast)).collect())
    } else if let Some(rdf) = document.get("rdf:RDF") {
        Ok(children(rdf, "item").map(|item| reader.rss(item, false)).collect())
    } else if document.is_null() {
        Err(NodeError::fatal("Unable to parse XML."))
    } else {
        Err(NodeError::fatal("Feed not recognized as RSS 1 or 2."))
    }
}

/// Fields of an RSS item and the names under which they are given; a later one replaces an earlier one of the same name.
const FIELDS: [(&str, &str); 17] = [
    ("author", "creator"),
    ("dc:creator", "creator"),
    ("dc:date", "date"),
    ("dc:language", "language"),
    ("dc:rights", "rights"),
    ("dc:source", "source"),
    ("dc:title", "title"),
    ("title", "title"),
    ("link", "link"),
    ("pubDate", "pubDate"),
    ("author", "author"),
    ("summary", "summary"),
    ("content:encoded", "content:encoded"),
    ("enclosure", "enclosure"),
    ("dc:creator", "dc:creator"),
    ("dc:date", "dc:date"),
    ("comments", "comments"),
];

/// Fields of a podcast's episode, below `itunes:`.
const PODCAST: [&str; 10] = ["author", "subtitle", "summary", "explicit", "duration", "image", "episode", "season", "keywords", "episodeType"];

struct Reader<'a> {
    custom: &'a [&'a str],
    dates: Dates,
}

impl Reader<'_> {
    fn rss(&self, item: &Value, podcast: bool) -> Json {
        let mut entry = Json::new();
        for (from, to) in FIELDS {
            copy(item, from, to, &mut entry);
            if let (true, Some(Value::String(html))) = (to == "content:encoded", entry.get(to)) {
                let short = snippet(html);
                entry.insert("content:encodedSnippet".to_owned(), short.into());
            }
        }
        for name in self.custom {
            copy(item, name, name, &mut entry);
        }
        if let Some(enclosure) = first(item, "enclosure").and_then(|enclosure| enclosure.get("$")) {
            entry.insert("enclosure".to_owned(), enclosure.clone());
        }
        if let Some(description) = first(item, "description") {
            put_content(description, &mut entry);
        }
        copy(item, "guid", "guid", &mut entry);
        if let Some(categories) = item.get("category") {
            entry.insert("categories".to_owned(), categories.clone());
        }
        self.put_iso_date(&mut entry);
        if podcast {
            entry.insert("itunes".to_owned(), Value::Object(episode(item)));
        }
        entry
    }

    fn atom(&self, item: &Value) -> Json {
        let mut entry = Json::new();
        for name in self.custom {
            copy(item, name, name, &mut entry);
        }
        copy(item, "title", "title", &mut entry);
        entry.retain(|name, value| name != "title" || value.as_str() != Some(""));
        let link = children(item, "link").find(|link| attribute(link, "rel") == Some("alternate")).or_else(|| first(item, "link"));
        entry.extend(link.and_then(|link| attribute(link, "href")).map(|href| ("link".to_owned(), href.into())));
        let date = |name: &str| first(item, name).and_then(text_of).and_then(|text| self.iso(text));
        entry.extend(date("published").or_else(|| date("updated")).map(|date| ("pubDate".to_owned(), date.into())));
        if let Some(name) = first(item, "author").and_then(|author| first(author, "name")) {
            entry.insert("author".to_owned(), name.clone());
        }
        if let Some(content) = first(item, "content") {
            put_content(content, &mut entry);
        }
        for (from, to) in [("summary", "summary"), ("id", "id")] {
            copy(item, from, to, &mut entry);
        }
        self.put_iso_date(&mut entry);
        entry
    }

    fn put_iso_date(&self, entry: &mut Json) {
        let date = ["pubDate", "date"].iter().find_map(|name| entry.get(*name).and_then(Value::as_str).filter(|date| !date.is_empty()));
        if let Some(iso) = date.and_then(|date| self.iso(date)) {
            entry.insert("isoDate".to_owned(), iso.into());
        }
    }

    fn iso(&self, text: &str) -> Option<String> {
        let instant = jiff::Timestamp::from_millisecond(self.dates.parse(text.trim())?.millis()).ok()?;
        Some(instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    }
}

fn episode(item: &Value) -> Json {
    let mut episode = Json::new();
    for name in PODCAST {
        copy(item, &format!("itunes:{name}"), name, &mut episode);
    }
    if let Some(href) = first(item, "itunes:image").and_then(|image| attribute(image, "href")) {
        episode.insert("image".to_owned(), href.into());
    }
    episode
}

/// All elements of a name.
fn children<'a>(parent: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    parent.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn first<'a>(parent: &'a Value, name: &str) -> Option<&'a Value> {
    children(parent, name).next()
}

fn attribute<'a>(element: &'a Value, name: &str) -> Option<&'a str> {
    element.get("$")?.get(name)?.as_str()
}

/// The text of an element, with or without attributes.
fn text_of(element: &Value) -> Option<&str> {
    element.as_str().or_else(|| element.get("_")?.as_str())
}

/// Copies the first element of a name: its text, or all of it where it has more than text.
fn copy(from: &Value, name: &str, to: &str, entry: &mut Json) {
    if let Some(element) = first(from, name) {
        let value = text_of(element).map_or_else(|| element.clone(), |text| Value::String(text.to_owned()));
        entry.insert(to.to_owned(), value);
    }
}

/// The text of a content, its markup as text, and both without markup.
fn put_content(content: &Value, entry: &mut Json) {
    let text = match (text_of(content), content) {
        (Some(text), _) => text.to_owned(),
        (None, Value::Object(fields)) => {
            let options = BuildOptions { headless: true, root_name: "div".to_owned(), ..BuildOptions::default() };
            let built = build(fields, &options).unwrap_or_default();
            BETWEEN_TAGS.replace_all(&built, "><").into_owned()
        }
        _ => return,
    };
    let short = snippet(&text);
    entry.insert("content".to_owned(), text.into());
    entry.insert("contentSnippet".to_owned(), short.into());
}

static BETWEEN_TAGS: LazyLock<Regex> = LazyLock::new(|| pattern(r">\n\s*<"));
static BLOCK_TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)([^\n])</?(?:h|br|p|ul|ol|li|blockquote|section|table|tr|div).*?>([^\n])"));
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)<.*?>"));

#[expect(clippy::expect_used, reason = "the patterns are constants that the tests compile")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern compiles")
}

/// HTML as text: a block that stands between texts becomes a line break, other tags go, entities become what they stand for.
fn snippet(html: &str) -> String {
    let lines = BLOCK_TAG.replace_all(html, "${1}\n${2}");
    unescape(&TAG.replace_all(&lines, "")).trim().to_owned()
}

/// Text with its entities resolved; what is none stays.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        if let Some((value, tail)) = entity {
            out.push_str(&value);
            rest = tail;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return quick_xml::escape::resolve_html5_entity(name).map(Cow::Borrowed);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).map(|c| Cow::Owned(c.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: impl Into<Value>) {
        let expect: Value = expect.into();
        let made: Value = entries(text, &["media:x"], Timestamp::EPOCH).unwrap().into_iter().map(Value::Object).collect();
        assert_eq!(made, expect);
    }

    #[test]
    fn rss_2() {
        check(
            r#"<rss version="2.0" xmlns:dc="d"><channel><title>T</title><item>
                <title><![CDATA[One & all]]></title><description>&lt;p&gt;Hello&lt;/p&gt;&lt;p&gt;W&amp;ouml;rld&lt;/p&gt;</description>
                <link>http://a/1</link><guid isPermaLink="false">g1</guid><dc:creator>Ann</dc:creator>
                <pubDate>Thu, 09 Feb 2023 13:40:00 GMT</pubDate><category>x</category><category>y</category>
                <enclosure url="u" length="3"/><media:x>m</media:x></item></channel></rss>"#,
            json!([{
                "creator": "Ann", "title": "One & all", "link": "http://a/1", "pubDate": "Thu, 09 Feb 2023 13:40:00 GMT",
                "enclosure": {"url": "u", "length": "3"}, "dc:creator": "Ann", "media:x": "m", "content": "<p>Hello</p><p>W&ouml;rld</p>",
                "contentSnippet": "Hello\nWörld", "guid": "g1", "categories": ["x", "y"], "isoDate": "2023-02-09T13:40:00.000Z",
            }]),
        );
    }

    #[test]
    fn atom() {
        check(
            r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry>
                <title type="html">One</title><link rel="self" href="s"/><link rel="alternate" href="http://a/1"/><id>i1</id>
                <updated>2023-02-09T13:40:00+01:00</updated><author><name>Ann</name></author>
                <content type="html">&lt;b&gt;Hi&lt;/b&gt;</content></entry></feed>"#,
            json!([{
                "title": "One", "link": "http://a/1", "pubDate": "2023-02-09T12:40:00.000Z", "author": "Ann", "content": "<b>Hi</b>",
                "contentSnippet": "Hi", "id": "i1", "isoDate": "2023-02-09T12:40:00.000Z",
            }]),
        );
    }

    #[test]
    fn older_kinds_and_podcasts() {
        check(
            r#"<rdf:RDF xmlns="x"><channel/><item><title>One</title><dc:date>2023-02-09</dc:date></item></rdf:RDF>"#,
            json!([{"date": "2023-02-09", "title": "One", "dc:date": "2023-02-09", "isoDate": "2023-02-09T00:00:00.000Z"}]),
        );
        check(r#"<rss version="0.91"><channel><item><title>One</title></item></channel></rss>"#, json!([{"title": "One"}]));
        check(
            r#"<rss version="2.0" xmlns:itunes="i"><channel><item><title>One</title><itunes:duration>1:00</itunes:duration>
                <itunes:image href="http://a/i.png"/></item></channel></rss>"#,
            json!([{"title": "One", "itunes": {"duration": "1:00", "image": "http://a/i.png"}}]),
        );
    }

    #[test]
    fn what_is_no_feed() {
        let check = |text: &str| assert!(entries(text, &[], Timestamp::EPOCH).is_err(), "{text}");
        check("");
        check("plain text");
        check("<html><body/></html>");
        check("<rss><channel/></rss>");
        check("<feed><entry></feed>");
    }

    #[test]
    fn snippets_have_no_markup() {
        let check = |html: &str, expect: &str| assert_eq!(snippet(html), expect, "{html}");
        check("a<br/>b", "a\nb");
        check("a<b>b</b>c", "abc");
        check("<div>a</div><div>b</div>", "a\nb");
        check("&lt;a&gt; &amp;nbsp; &#65;&#x42; &bogus; &", "<a> &nbsp; AB &bogus; &");
        check("<unclosed", "<unclosed");
    }
}
