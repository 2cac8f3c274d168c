//! How much room JSON takes once it is read, counted from its text: a body is charged for it before it is read.
//!
//! `[[[[]]]]` takes a hundred and fifty times its length, rows of numbers four times, orders and the like ten to fifteen times. So the collections of a text are counted as
//! they grow, and nothing is charged for the worst of them.

use serde_json::Value;

/// Lists and objects deeper than this are refused by the parser: it has made nothing of them.
const MOST: usize = 128;

/// What a piece of memory takes that holds so many bytes, with what an allocator keeps beside it.
const fn piece(bytes: usize) -> usize {
    let taken = (bytes + 8).next_multiple_of(16);
    if taken < 32 { 32 } else { taken }
}

/// What so many elements of a list take: a list doubles when it is full.
fn list(elements: usize) -> usize {
    if elements == 0 { 0 } else { piece(elements.next_power_of_two().max(4) * size_of::<Value>()) }
}

/// What so many entries of an object take, their keys left aside: an entry for each place of a hash table that doubles when it is full to seven eighths, and the table.
fn object(entries: usize) -> usize {
    if entries == 0 {
        return 0;
    }
    let places = if entries < 4 { 4 } else { (entries * 8).div_ceil(7).next_power_of_two() };
    let filled = if places < 8 { places - 1 } else { places / 8 * 7 };
    piece(filled * size_of::<(u64, String, Value)>()) + piece(places * (size_of::<usize>() + 1) + 16)
}

/// A list or an object that has no end yet.
#[derive(Clone, Copy)]
struct Open {
    is_object: bool,
    /// Commas in it, and whether there is anything in it.
    commas: usize,
    holds: bool,
}

impl Open {
    fn room(self) -> usize {
        let count = self.commas + usize::from(self.holds);
        if self.is_object { object(count) } else { list(count) }
    }
}

/// How many bytes a JSON text takes once it is read, its own left aside. Needs no valid JSON: what follows a mistake is never made into anything.
pub(crate) fn of_json(json: &[u8]) -> usize {
    let mut open = [Open { is_object: false, commas: 0, holds: false }; MOST];
    let (mut depth, mut room) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        at += 1;
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b':' => continue,
            b'[' | b'{' => {
                if let Some(outer) = depth.checked_sub(1).and_then(|outer| open.get_mut(outer)) {
                    outer.holds = true;
                }
                let Some(inner) = open.get_mut(depth) else { break };
                *inner = Open { is_object: byte == b'{', commas: 0, holds: false };
                depth += 1;
                continue;
            }
            b']' | b'}' => {
                let Some(outer) = depth.checked_sub(1) else { break };
                room += open.get(outer).map_or(0, |ended| ended.room());
                depth = outer;
                continue;
            }
            b'"' => {
                let length = string(json.get(at..).unwrap_or_default());
                room += if length == 0 { 0 } else { piece(length) };
                at += length + 1;
            }
            _ => {}
        }
        if let Some(inner) = depth.checked_sub(1).and_then(|inner| open.get_mut(inner)) {
            if byte == b',' { inner.commas += 1 } else { inner.holds = true }
        }
    }
    room + open.iter().take(depth).map(|open| open.room()).sum::<usize>()
}

/// How many bytes of text stand before the end of a string. With escapes it is less once it is read.
fn string(json: &[u8]) -> usize {
    let mut bytes = json.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return at,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a value takes. Where its room cannot be seen, it is what the collection asks for.
    fn room(value: &Value) -> usize {
        match value {
            Value::String(text) if text.is_empty() => 0,
            Value::String(text) => piece(text.capacity()),
            Value::Array(list) if list.is_empty() => 0,
            Value::Array(list) => piece(list.capacity() * size_of::<Value>()) + list.iter().map(room).sum::<usize>(),
            Value::Object(map) => {
                let keys = map.keys().map(|key| room(&Value::String(key.clone()))).sum::<usize>();
                object(map.len()) + keys + map.values().map(room).sum::<usize>()
            }
            _ => 0,
        }
    }

    /// Wrong: counting the text alone, of which a small body makes a large value; or the worst of each piece, so that few usual bodies are all that fit.
    #[test]
    fn inv_23_json_counts_with_what_it_takes_once_it_is_read() {
        let list = |piece: &str, count: usize| format!("[{}]", vec![piece; count].join(","));
        let deep = "[".repeat(100) + &"]".repeat(100);
        let wide: Vec<String> = (0..1025).map(|key| format!("\"{key}\":0")).collect();
        let order =
            json!({"id": 7, "customer": {"name": "Ada", "tags": ["a", "b"]}, "lines": [{"sku": "x", "price": 1.5}, {}], "note": null}).to_string();
        let pieces =
            ["0", "[]", "[0]", "[[0]]", "{}", r#"{"":0}"#, r#"{"a":0,"b":0}"#, "[0,0,0,0,0]", r#""""#, r#""a""#, r#"["a"]"#, &deep, &order, "null"];
        let lists = [0, 1, 3, 4, 5, 7, 8, 13, 14, 15, 28, 29, 1025].into_iter().flat_map(|count| pieces.map(|piece| list(piece, count)));
        for text in lists.chain([format!("{{{}}}", wide.join(","))]) {
            let value: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(of_json(text.as_bytes()), room(&value), "{}", text.chars().take(40).collect::<String>());
            let spaced = serde_json::to_string_pretty(&value).expect("JSON");
            assert_eq!(of_json(spaced.as_bytes()), room(&value), "blanks take nothing");
        }
        assert_eq!(of_json(br#""[,{\"[,{""#), 32, "what stands in a string is text");
    }

    /// What the collections take that this file cannot look into was measured with an allocator that counts, on a machine with 64 bits.
    #[test]
    fn objects_take_what_was_measured() {
        assert_eq!((size_of::<Value>(), size_of::<(u64, String, Value)>()), (72, 104));
        let measured = [(0, 0), (1, 384), (3, 384), (4, 832), (7, 832), (8, 1648), (14, 1648), (15, 3248), (28, 3248), (29, 6448), (225, 51_248)];
        assert_eq!(measured.map(|(entries, _)| object(entries)), measured.map(|(_, room)| room));
        assert_eq!([1, 4, 5, 9].map(list), [304, 304, 592, 1168]);
    }

    #[test]
    fn broken_texts_are_counted_as_far_as_they_are_read() {
        for (text, least) in [("[[[", 3 * 304 - 304), ("[0,0", 304), ("]]][0]", 0), ("{\"a", 32), ("\"\\", 0), ("}", 0), ("[}0,", 0)] {
            assert!(of_json(text.as_bytes()) >= least, "{text}");
        }
        assert!(of_json(&b"[".repeat(100_000)) < 1 << 20, "nothing is made of what is too deep");
    }
}
