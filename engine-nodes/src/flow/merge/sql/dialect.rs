//! What `AlaSQL` writes in another way than `SQLite`, rewritten.

use std::sync::LazyLock;

use regex::{Captures, Regex};

fn pattern(source: &str) -> Regex {
    match Regex::new(source) {
        Ok(regex) => regex,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// The query with columns that tell where the items of each row lie, as n8n asks for them. One for all fields has them anyway.
pub(super) fn with_links(sql: &str, inputs: usize) -> String {
    static COLUMNS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)SELECT\s+(.+?)\s+FROM"));
    let Some(found) = COLUMNS.captures(sql).filter(|found| found[1].trim() != "*") else { return sql.to_owned() };
    let named = (1..=inputs).filter(|number| sql.contains(&format!("input{number}")));
    let links: Vec<String> = named.map(|number| format!(", input{number}.pairedItem AS pairedItem{number}")).collect();
    sql.replacen(&found[0], &format!("SELECT {}{} FROM", found[1].trim(), links.concat()), 1)
}

/// Whether the rows of a query are made of items one by one, so that they can be linked to them.
pub(super) fn has_rows_of_items(sql: &str) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^SELECT\s+DISTINCT\b|\b(?:UNION|EXCEPT|INTERSECT)\b"));
    sql.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("select")) && !OTHER.is_match(sql)
}

/// The query as `SQLite` reads it.
pub(super) fn rewritten(sql: &str) -> String {
    let mut made = String::with_capacity(sql.len());
    let mut limit = None;
    for piece in pieces(sql) {
        match piece {
            Piece::Code(code) => made.push_str(&code_rewritten(code, &mut limit)),
            // Double quotes are quotes of texts in AlaSQL.
            Piece::Text(text) => made.extend(["'", &text.replace("\\'", "'").replace("''", "'").replace('\'', "''"), "'"]),
            Piece::Other(other) => made.push_str(other),
        }
    }
    match limit {
        Some(count) => format!("{} LIMIT {count}", made.trim_end().trim_end_matches(';')),
        None => made,
    }
}

fn code_rewritten(code: &str, limit: &mut Option<String>) -> String {
    static MEMBERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"([A-Za-z_]\w*(?:\.\w+)?)((?:\s*->\s*\w+)+)"));
    static USING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bUSING\s+([A-Za-z_]\w*)"));
    static TOP: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bSELECT\s+TOP\s+(\d+)\b"));
    static VALUE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bSELECT\s+(?:VALUE|COLUMN|ROW)\s+"));
    let code = MEMBERS.replace_all(code, |found: &Captures<'_>| {
        let members = found[2].split("->").map(str::trim).filter(|member| !member.is_empty());
        members.fold(found[1].to_owned(), |object, member| format!("member({object}, '{member}')"))
    });
    let code = USING.replace_all(&code, "USING ($1)");
    let code = TOP.replace(&code, |found: &Captures<'_>| {
        *limit = Some(found[1].to_owned());
        "SELECT"
    });
    VALUE.replace_all(&code, "SELECT ").into_owned()
}

enum Piece<'s> {
    Code(&'s str),
    /// A text, without its quotes.
    Text(&'s str),
    /// Names in quotes, and comments.
    Other(&'s str),
}

fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let start = ["'", "\"", "`", "[", "--", "/*"].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
        let (code, quoted) = rest.split_at(start);
        if !code.is_empty() {
            found.push(Piece::Code(code));
        }
        let length = quoted_length(quoted);
        let (piece, behind) = quoted.split_at(length);
        let inner = piece.get(1..length.saturating_sub(1)).unwrap_or_default();
        match piece.chars().next() {
            Some('\'' | '"') => found.push(Piece::Text(inner)),
            Some(_) => found.push(Piece::Other(piece)),
            None => {}
        }
        rest = behind;
    }
    found
}

/// How far something quoted goes, its quotes included.
fn quoted_length(text: &str) -> usize {
    let end = match text.get(..2) {
        Some("--") => return text.find('\n').unwrap_or(text.len()),
        Some("/*") => return text.find("*/").map_or(text.len(), |at| at + 2),
        _ if text.starts_with('[') => ']',
        _ => match text.chars().next() {
            Some(quote) => quote,
            None => return 0,
        },
    };
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' if end == '\'' || end == '"' => {
                characters.next();
            }
            c if c == end && end != ']' && characters.peek().is_some_and(|(_, next)| *next == end) => {
                characters.next();
            }
            c if c == end => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}
