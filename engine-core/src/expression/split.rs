//! Splits a parameter's text into plain text and the code between `{{` and `}}`, where n8n does.

use std::borrow::Cow;

/// A piece of a parameter's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text that stands for itself.
    Text(&'a str),
    /// What stands between the braces.
    Code(Cow<'a, str>),
}

/// Splits a text. The first `}}` ends a chunk, even inside a string, unless a backslash stands before it; a chunk that nothing ends goes to
/// the end of the text. A backslash before `{{` keeps it as text, and stays there. Empty texts are left out.
pub(super) fn split(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    loop {
        let (text, opened) = cut(rest, "{{");
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        // Nothing at all behind the last `{{` makes no chunk.
        let Some(code_on) = opened.filter(|code| !code.is_empty()) else { return pieces };
        let (code, closed) = cut(code_on, "}}");
        pieces.push(Piece::Code(if code.contains("\\}}") { Cow::Owned(code.replace("\\}}", "}}")) } else { Cow::Borrowed(code) }));
        let Some(after) = closed else { return pieces };
        rest = after;
    }
}

/// The text up to the first pair of braces without a backslash before it, and what follows the pair.
fn cut<'a>(text: &'a str, braces: &str) -> (&'a str, Option<&'a str>) {
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(braces)) {
        let at = from + found;
        let (before, after) = text.split_at(at);
        if at > from && before.ends_with('\\') {
            from = at + braces.len();
            continue;
        }
        return (before, after.get(braces.len()..));
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expect: &[&str]) {
        let pieces = split(source).into_iter().map(|piece| match piece {
            Piece::Text(text) => format!("text {text}"),
            Piece::Code(code) => format!("code {code}"),
        });
        assert_eq!(pieces.collect::<Vec<_>>(), expect, "{source:?}");
    }

    #[test]
    fn splits_where_n8n_does() {
        check("", &[]);
        check("plain", &["text plain"]);
        check("{{ 1 }}", &["code  1 "]);
        check("a{{1}}{{2}}b", &["text a", "code 1", "code 2", "text b"]);
        check("a }} b", &["text a }} b"]);
        check("a {{ 1", &["text a ", "code  1"]);
        check("a {{", &["text a "]);
        check("{{}}", &["code "]);
        check(r"a \{{ 1 }} {{ 2 }}", &[r"text a \{{ 1 }} ", "code  2 "]);
        check(r"\{{{{1}}", &[r"text \{{", "code 1"]);
        check(r#"{{ "\}}" }}x"#, &[r#"code  "}}" "#, "text x"]);
        check(r#"{{ "}}" }}"#, &[r#"code  ""#, r#"text " }}"#]);
        check("{{ {a:{b:1}} }}", &["code  {a:{b:1", "text  }}"]);
    }
}
