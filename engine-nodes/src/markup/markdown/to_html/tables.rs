//! Tables.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::text::plain_pattern;
use super::{Converter, escaped};

impl Converter<'_> {
    pub(super) fn tables(&mut self, text: &str) -> String {
        static COLUMNS: LazyLock<Regex> = LazyLock::new(|| {
            plain_pattern(r"(?m)^ {0,3}\|?.+\|.+\n {0,3}\|?[ \t]*:?[ \t]*[-=]{2,}[ \t]*:?[ \t]*\|[ \t]*:?[ \t]*[-=]{2,}[\s\S]+?\n\n")
        });
        static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
            plain_pattern(r"(?m)^ {0,3}\|.+\|[ \t]*\n {0,3}\|[ \t]*:?[ \t]*[-=]{2,}[ \t]*:?[ \t]*\|[ \t]*\n( {0,3}\|.+\|[ \t]*\n)*\n")
        });
        if !self.options.tables {
            return text.to_owned();
        }
        let bar = escaped('|').map(String::from).unwrap_or_default();
        let text = text.replace("\\|", &bar);
        let text = COLUMNS.replace_all(&text, |found: &Captures<'_>| self.table(&found[0]));
        COLUMN.replace_all(&text, |found: &Captures<'_>| self.table(&found[0])).into_owned()
    }

    fn table(&mut self, source: &str) -> String {
        let lines: Vec<String> = source.split('\n').map(|line| self.code_spans(without_borders(line))).collect();
        let cells = |line: &String| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let mut rows = lines.iter();
        let heads = rows.next().map(cells).unwrap_or_default();
        let styles: Vec<&str> = rows.next().map(cells).unwrap_or_default().iter().map(|cell| alignment(cell)).collect();
        if heads.len() < styles.len() {
            return source.to_owned();
        }
        let style = |column: usize| styles.get(column).copied().unwrap_or_default();
        let mut html = String::from("<table>\n<thead>\n<tr>\n");
        for (column, head) in heads.iter().enumerate() {
            let id = if self.options.table_header_id { format!(" id=\"{}\"", head_id(head)) } else { String::new() };
            html.extend(["<th", &id, style(column), ">", &self.inline(head), "</th>\n"]);
        }
        html.push_str("</tr>\n</thead>\n<tbody>\n");
        for row in rows.filter(|line| !line.trim().is_empty()).map(cells) {
            html.push_str("<tr>\n");
            for column in 0..heads.len() {
                let cell = row.get(column).map_or("", String::as_str);
                html.extend(["<td", style(column), ">", &self.inline(cell), "</td>\n"]);
            }
            html.push_str("</tr>\n");
        }
        html + "</tbody>\n</table>\n"
    }
}

fn head_id(head: &str) -> String {
    Converter::as_written(head).replace('$', "¨D").replace(' ', "_").to_lowercase()
}

/// A line without a bar at its beginning and at its end.
fn without_borders(line: &str) -> &str {
    let trimmed = line.trim_start_matches(' ');
    let line = trimmed.strip_prefix('|').filter(|_| line.len() - trimmed.len() <= 3).unwrap_or(line);
    line.trim_end_matches([' ', '\t']).strip_suffix('|').unwrap_or(line)
}

/// How a column is aligned, by the line below its head.
fn alignment(rule: &str) -> &'static str {
    let (left, inner) = rule.strip_prefix(':').map_or((false, rule), |rest| (true, rest));
    let (right, inner) = inner.strip_suffix(':').map_or((false, inner), |rest| (true, rest));
    let blank = [' ', '\t'];
    let inner = if left { inner.trim_start_matches(blank) } else { inner };
    let inner = if right { inner.trim_end_matches(blank) } else { inner };
    if inner.is_empty() || inner.contains(|c| c != '-') {
        return "";
    }
    match (left, right) {
        (true, false) => " style=\"text-align:left;\"",
        (false, true) => " style=\"text-align:right;\"",
        (true, true) => " style=\"text-align:center;\"",
        (false, false) => "",
    }
}
