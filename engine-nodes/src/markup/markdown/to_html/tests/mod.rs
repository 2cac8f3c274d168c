use serde_json::{Value, json};

use super::*;
use crate::settings::Settings;

#[track_caller]
fn check_with(options: &Value, markdown: &str, expect: &str) {
    let options = Options::read(Settings::new(options.as_object().unwrap()));
    assert_eq!(to_html(markdown, &options), expect, "{markdown}");
}

#[track_caller]
fn check(markdown: &str, expect: &str) {
    check_with(&json!({}), markdown, expect);
}

#[test]
fn headings_have_ids() {
    check("# T", "<h1 id=\"t\">T</h1>");
    check("Title\n===\n\nSub one\n---", "<h1 id=\"title\">Title</h1>\n<h2 id=\"subone\">Sub one</h2>");
    check("## a.b-c ##\n## a.b-c", "<h2 id=\"abc\">a.b-c</h2>\n<h2 id=\"abc-1\">a.b-c</h2>");
    check("# Cost $5", "<h1 id=\"costd5\">Cost $5</h1>");
    check("# `x` *y*", "<h1 id=\"xy\"><code>x</code> <em>y</em></h1>");
    check_with(&json!({"noHeaderId": true, "headerLevelStart": 2}), "# T", "<h2>T</h2>");
    check_with(&json!({"ghCompatibleHeaderId": true}), "# A b, c!", "<h1 id=\"a-b-c\">A b, c!</h1>");
    check_with(&json!({"customizedHeaderId": true, "prefixHeaderId": "p"}), "# A {own}", "<h1 id=\"pown\">A</h1>");
    check_with(&json!({"requireSpaceBeforeHeadingText": true}), "#T", "<p>#T</p>");
}

#[test]
fn lists_nest_by_four_spaces() {
    check("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
    check("1. a\n    - b\n2. c", "<ol>\n<li>a<ul>\n<li>b</li></ul></li>\n<li>c</li>\n</ol>");
    check("1. a\n   - b", "<ol>\n<li>a</li>\n</ol>\n<ul>\n<li>b</li>\n</ul>");
    check("* x\n\n* y\n\n    z", "<ul>\n<li><p>x</p></li>\n<li><p>y</p>\n<p>z</p></li>\n</ul>");
    check("5. five", "<ol start=\"5\">\n<li>five</li>\n</ol>");
    check("text\n- a", "<p>text</p>\n<ul>\n<li>a</li>\n</ul>");
    check_with(&json!({"disableForced4SpacesIndentedSublists": true}), "- a\n  - b", "<ul>\n<li>a<ul>\n<li>b</li></ul></li>\n</ul>");
    let task = "<li class=\"task-list-item\" style=\"list-style-type: none;\"><input type=\"checkbox\" disabled style=\"margin: 0px 0.35em 0.25em -1.6em; vertical-align: middle;\" checked> d</li>";
    check_with(&json!({"tasklists": true}), "- [x] d", &format!("<ul>\n{task}\n</ul>"));
}

#[test]
fn code_means_nothing() {
    check("```js\nconst a = '<b>';\n```", "<pre><code class=\"js language-js\">const a = '&lt;b&gt;';\n</code></pre>");
    check("a\n\n    *x*\n    y", "<p>a</p>\n<pre><code>*x*\ny\n</code></pre>");
    check("``a ` b`` and `*c*`", "<p><code>a ` b</code> and <code>*c*</code></p>");
    check("`open", "<p>`open</p>");
    check("<pre><code>\nx *y* <z>\n</code></pre>", "<pre><code>\nx *y* &lt;z&gt;\n</code></pre>");
    check_with(&json!({"ghCodeBlocks": false}), "```\nx\n```", "<p><code>\nx\n</code></p>");
}

#[test]
fn text_is_marked_up() {
    check("*a* **b** ***c*** _d_ __e__", "<p><em>a</em> <strong>b</strong> <strong><em>c</em></strong> <em>d</em> <strong>e</strong></p>");
    check("a_b_c", "<p>a<em>b</em>c</p>");
    check_with(&json!({"literalMidWordUnderscores": true}), "a_b_c", "<p>a_b_c</p>");
    check("a\\*b\\* ... & < &lt;", "<p>a*b* … &amp; &lt; &lt;</p>");
    check("one  \ntwo\nthree", "<p>one<br />\ntwo\nthree</p>");
    check_with(&json!({"simpleLineBreaks": true}), "one\ntwo", "<p>one<br />\ntwo</p>");
    check("~~s~~", "<p>~~s~~</p>");
    check_with(&json!({"strikethrough": true}), "~~s~~", "<p><del>s</del></p>");
    check_with(&json!({"emoji": true}), ":smile: :nope:", "<p>😄 :nope:</p>");
    check("> a\n> b\n\nc", "<blockquote>\n  <p>a\n  b</p>\n</blockquote>\n<p>c</p>");
    check("a\n\n* * *\n\nb", "<p>a</p>\n<hr />\n<p>b</p>");
}

#[test]
fn links_and_images_lead_somewhere() {
    check("[a](http://x.y/z_1 \"T\") ![i](k.png)", "<p><a href=\"http://x.y/z_1\" title=\"T\">a</a> <img src=\"k.png\" alt=\"i\" /></p>");
    check("[t][id] [id]\n\n[id]: http://d.e 'D'", "<p><a href=\"http://d.e\" title=\"D\">t</a> <a href=\"http://d.e\" title=\"D\">id</a></p>");
    check("[z](/a(b)c) [none]", "<p><a href=\"/a(b)c\">z</a> [none]</p>");
    check("<http://a.b> http://c.d", "<p><a href=\"http://a.b\">http://a.b</a> http://c.d</p>");
    let plain = json!({"simplifiedAutoLink": true, "encodeEmails": false, "openLinksInNewWindow": true});
    let window = "rel=\"noopener noreferrer\" target=\"_blank\"";
    check_with(
        &plain,
        "www.a.b me@x.org",
        &format!("<p><a href=\"http://www.a.b\" {window}>www.a.b</a> <a href=\"mailto:me@x.org\">me@x.org</a></p>"),
    );
    check_with(&json!({"ghMentions": true}), "@me", "<p><a href=\"https://github.com/me\">@me</a></p>");
    check(
        "<a@b.cd>",
        "<p><a href=\"&#109;&#x61;&#105;&#x6c;&#116;&#x6f;&#58;&#x61;&#64;&#x62;&#46;&#x63;&#100;\">&#97;&#x40;&#98;&#x2e;&#99;&#x64;</a></p>",
    );
}

#[test]
fn tables_need_two_dashes_a_column() {
    let on = json!({"tables": true});
    check_with(&on, "|h|i|\n|-|-|\n|1|2|", "<p>|h|i|\n|-|-|\n|1|2|</p>");
    check_with(
        &on,
        "|h|i|\n|--|--:|\n|1|`2`|\n",
        "<table>\n<thead>\n<tr>\n<th>h</th>\n<th style=\"text-align:right;\">i</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td style=\"text-align:right;\"><code>2</code></td>\n</tr>\n</tbody>\n</table>",
    );
    check("|h|i|\n|--|--|\n|1|2|", "<p>|h|i|\n|--|--|\n|1|2|</p>");
}

#[test]
fn html_stays() {
    check("<div>\n*a*\n</div>\n\n<b>c</b> *d*", "<div>\n*a*\n</div>\n<p><b>c</b> <em>d</em></p>");
    check("a <!-- *x* --> b", "<p>a <!-- *x* --> b</p>");
    check("<div markdown=\"1\">*a*</div>", "<div markdown=\"1\"><p><em>a</em></p></div>");
    check_with(
        &json!({"completeHTMLDocument": true}),
        "a",
        "<!DOCTYPE HTML>\n<html>\n<head>\n<meta charset=\"utf-8\">\n</head>\n<body>\n<p>a</p>\n</body>\n</html>",
    );
}

#[test]
fn marks_in_a_text_do_no_harm() {
    check("a\u{fdd0}0\u{fdd0} \u{fdd2}7\u{fdd2} \u{fdd5}", "<p>a\u{fffd}0\u{fffd} \u{fffd}7\u{fffd} \u{fffd}</p>");
}

#[test]
fn deep_nesting_does_no_harm() {
    let quotes = to_html(&"> ".repeat(5000).replace("> ", ">"), &Options::read(Settings::new(&serde_json::Map::new())));
    assert!(quotes.len() < 200_000);
    let lists: String = (0..300).map(|depth| "    ".repeat(depth) + "- a\n").collect();
    check_with(&json!({"tables": true}), "", "");
    assert!(to_html(&lists, &Options::read(Settings::new(&serde_json::Map::new()))).contains("<li>a"));
}
