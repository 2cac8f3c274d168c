//! All items as one HTML table.

use std::fmt::Write as _;

use engine_core::expression::js;
use engine_core::model::{Item, Json};
use serde_json::Value;

use crate::settings::Settings;

const TABLE_STYLE: &str = "style='border-spacing:0; font-family:helvetica,arial,sans-serif'";
const HEADER_STYLE: &str =
    "style='margin:0; padding:7px 20px 7px 0px; border-bottom:1px solid #eee; text-align:left; color:#888; font-weight:normal'";
const CELL_STYLE: &str = "style='margin:0; padding:7px 20px 7px 0px; border-bottom:1px solid #eee'";

/// The table as it grows row by row.
#[derive(Debug)]
pub(super) struct Table {
    html: String,
    headers: Vec<String>,
    cell_style: &'static str,
}

impl Table {
    /// The head of a table with a column for each field of the items.
    pub(super) fn new(items: &[Item], options: Settings<'_>) -> Self {
        let mut headers: Vec<String> = Vec::new();
        for name in items.iter().flat_map(|item| item.json().keys()) {
            if !headers.contains(name) {
                headers.push(name.clone());
            }
        }
        let styled = !options.flag("customStyling");
        let style = |style: &'static str| if styled { style } else { "" };
        let mut html = format!("<table {} {}>", style(TABLE_STYLE), options.text("tableAttributes"));
        if let Some(caption) = options.filled("caption") {
            html.extend(["<caption>", &caption, "</caption>"]);
        }
        // Writing to a string does not fail.
        write!(html, "<thead {} {}><tr>", style(HEADER_STYLE), options.text("headerAttributes")).unwrap_or_default();
        for header in &headers {
            let shown = if options.flag("capitalize") { capitalized(header) } else { header.clone() };
            html.extend(["<th>", &shown, "</th>"]);
        }
        html.push_str("</tr></thead><tbody>");
        Self { html, headers, cell_style: style(CELL_STYLE) }
    }

    /// Adds a row with the attributes that the options of its item name.
    pub(super) fn row(&mut self, json: &Json, options: Settings<'_>) {
        write!(self.html, "<tr  {}>", options.text("rowAttributes")).unwrap_or_default();
        for header in &self.headers {
            write!(self.html, "<td {} {}>", self.cell_style, options.text("cellAttributes")).unwrap_or_default();
            match json.get(header) {
                Some(Value::Bool(flag)) => {
                    let checked = if *flag { "checked=\"checked\"" } else { "" };
                    write!(self.html, "<input type=\"checkbox\" {checked}/>").unwrap_or_default();
                }
                Some(value) => self.html.push_str(&js::to_string(value)),
                None => self.html.push_str("undefined"),
            }
            self.html.push_str("</td>");
        }
        self.html.push_str("</tr>");
    }

    pub(super) fn finish(self) -> String {
        self.html + "</tbody></table>"
    }
}

/// `first_name` as `First Name`.
fn capitalized(header: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    header.split('_').filter_map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables() {
        let items: Vec<_> = [json!({"first_name": "x", "b": true}), json!({"b": null, "c": [1, 2]})].into_iter().map(Item::from_value).collect();
        let options =
            json!({"customStyling": true, "capitalize": true, "caption": "C", "tableAttributes": "t", "rowAttributes": "r", "cellAttributes": "d"});
        let options = Settings::new(options.as_object().unwrap());
        let mut table = Table::new(&items, options);
        for item in &items {
            table.row(item.json(), options);
        }
        assert_eq!(
            table.finish(),
            "<table  t><caption>C</caption><thead  ><tr><th>First Name</th><th>B</th><th>C</th></tr></thead><tbody>\
             <tr  r><td  d>x</td><td  d><input type=\"checkbox\" checked=\"checked\"/></td><td  d>undefined</td></tr>\
             <tr  r><td  d>undefined</td><td  d>null</td><td  d>1,2</td></tr></tbody></table>"
        );
    }
}
