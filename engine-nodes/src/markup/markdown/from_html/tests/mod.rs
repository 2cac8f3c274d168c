use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check_with(options: &Value, html: &str, expect: &str) {
    assert_eq!(from_html(html, &Options::read(Settings::new(options.as_object().unwrap()))), expect, "{html}");
}

#[track_caller]
fn check(html: &str, expect: &str) {
    check_with(&json!({}), html, expect);
}

#[test]
fn blocks_stand_apart() {
    check("<h1>Title</h1><p>Hello <b>world</b> and <i>em</i></p>", "# Title\n\nHello **world** and _em_");
    check("<p>One</p>\n<p>Two<br>three</p><hr><div>d</div>", "One\n\nTwo  \nthree\n\n---\n\nd");
    check("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n> \n> b");
    check("<p>a</p><br><br><br><br>c", "a\n  \n  \nc");
    check_with(&json!({"maxConsecutiveNewlines": 1}), "<p>a</p><p>b</p>", "a\nb");
    check_with(&json!({"blockElements": "span"}), "a<span>b</span>c", "a\n\nb\n\nc");
}

#[test]
fn lists_are_indented() {
    check("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol><li>x</li><li>y</li></ol>", "* a\n* b  \n   * c\n1. x\n2. y");
    check_with(&json!({"bulletMarker": "-"}), "<ul><li>a</li></ul>", "- a");
    check("<ul><li> </li><li>b</li></ul>", "* b");
}

#[test]
fn tables_line_up() {
    check(
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td><b>2</b> | x</td></tr></table>",
        "| A | B          |\n| - | ---------- |\n| 1 | **2** \\| x |",
    );
    check("<table><caption>C</caption><tr><td>1</td></tr></table>", "__C__\n| 1 |\n| - |");
}

#[test]
fn links_images_and_code() {
    check("<a href=\"http://x/a_b\" title=\"T\">l</a> <a href=\"http://s\">http://s</a>", "[l](http://x/a%5Fb \"T\") <http://s>");
    check_with(&json!({"useLinkReferenceDefinitions": true}), "<a href=\"u\">l</a>", "[l][1]\n\n[1]: u");
    check("<img src=\"a.png\" alt=\"x\"><img src=\"data:,a\">", "![x](a.png)");
    check("<pre><code class=\"language-js\">a &lt; b\n c</code></pre>", "```js\na < b\n c\n```");
    check("<code>a`b</code>", "`` a`b ``");
    check_with(&json!({"codeBlockStyle": "fence"}), "<pre><code>a</code></pre>", "    a");
}

#[test]
fn text_means_nothing_but_itself() {
    check("a * b _ [c] 1. x", "a \\* b \\_ \\[c\\] 1\\. x");
    check("&amp; &lt;b&gt; &copy &unknown; &#39;", "& <b> © &unknown; '");
    check_with(&json!({"textReplace": {"values": [{"pattern": "b", "replacement": "[$&]"}]}}), "abab", "a[b]ab");
    check_with(&json!({"globalEscape": {"value": {"pattern": "*", "replacement": "!"}}}), "a*b*_", "a!b*_");
}

#[test]
fn what_is_not_shown_is_left_out() {
    check("<script>x</script><style>y</style><!-- c -->a", "a");
    check_with(&json!({"ignore": "del, h1"}), "<h1>a</h1><del>b</del>c", "# a\n\nc");
}

#[test]
fn what_is_not_closed_does_no_harm() {
    check("<div><p>a<div>b</div></div>c", "a\n\nb\n\nc");
    assert!(from_html(&"<div>".repeat(3000), &Options::read(Settings::new(&serde_json::Map::new()))).is_empty());
    check("a < b > c <", "a < b > c <");
}
