//! How many bytes of bodies may be in memory at the same time, over all requests.
//!
//! JSON takes much more room once it is read than while it is text: `[[[[]]]]` a hundred and fifty times as much, usual bodies about twenty times. [`Share::take_parsed`]
//! takes that room before it is used. What the parser needs beside it, it needs for as long as it runs: once for each thread, not for each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes of bodies are in memory, over all requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// Bytes that count against the budget until this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    bytes: usize,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// The budget is used up.
    Now,
    /// So many bytes are needed by one request alone, more than all requests together may have.
    Ever(usize),
}

/// What an element of a list or an object takes, in bytes: its value or its entry, in a list that doubles when it is full.
#[cfg(any(feature = "api", feature = "webhooks"))]
const ELEMENT: usize = 240;
/// What a list or an object takes that is not empty: the room for its first elements, and its own place in what it lies in.
#[cfg(any(feature = "api", feature = "webhooks"))]
const CONTAINER: usize = 464;
/// What a string takes beside its text.
#[cfg(any(feature = "api", feature = "webhooks"))]
const STRING: usize = 32;

/// How many bytes a JSON text takes once it is read, its own length left aside. Counts too much rather than too little, and needs no valid JSON.
#[cfg(any(feature = "api", feature = "webhooks"))]
fn parsed(json: &[u8]) -> usize {
    let mut bytes = json.iter();
    let mut room = 0;
    while let Some(byte) = bytes.next() {
        room += match byte {
            b',' => ELEMENT,
            b'[' | b'{' => CONTAINER,
            b'"' => {
                // To the end of the string: what stands in it is text.
                while let Some(inner) = bytes.next().filter(|inner| **inner != b'"') {
                    if *inner == b'\\' {
                        bytes.next();
                    }
                }
                STRING
            }
            _ => 0,
        };
    }
    room
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: Arc::default(), limit }
    }

    /// A share of nothing.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// A share of nothing, of the same budget.
    #[cfg(feature = "webhooks")]
    pub(crate) fn another(&self) -> Self {
        self.budget.share()
    }

    /// Takes more bytes, if there are any left.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Full> {
        let before = self.budget.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.budget.limit {
            self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Full::Now);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Takes the room that a JSON text needs once it is read; that of the text itself is taken already.
    #[cfg(any(feature = "api", feature = "webhooks"))]
    pub(crate) fn take_parsed(&mut self, json: &[u8]) -> Result<(), Full> {
        let room = parsed(json);
        let alone = self.bytes.saturating_add(room);
        if alone > self.budget.limit { Err(Full::Ever(alone)) } else { self.take(room) }
    }

    /// How many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Wrong: counting what was refused, so that one large request keeps out small ones for which there is room.
    #[test]
    fn inv_23_what_is_refused_takes_no_room() {
        let budget = Budget::new(100);
        let (mut one, mut two) = (budget.share(), budget.share());
        one.take(60).expect("there is room");
        assert!(two.take(41).is_err());
        two.take(40).expect("there is room");
        assert!(one.take(1).is_err());
        drop(two);
        one.take(40).expect("what was given back can be taken");
        assert_eq!(one.bytes(), 100);
    }

    /// What a value takes, with the 16 bytes that an allocator needs for each of its pieces. Where its room cannot be seen, it is what the collection asks for.
    fn room(value: &Value) -> usize {
        match value {
            Value::String(text) => text.capacity() + 16,
            Value::Array(list) => list.capacity() * size_of::<Value>() + 16 + list.iter().map(room).sum::<usize>(),
            Value::Object(map) if map.is_empty() => 0,
            Value::Object(map) => {
                let places = map.len().next_power_of_two().max(4);
                let entries = places * (size_of::<(u64, String, Value)>() + 2 * 9) + 2 * 16;
                entries + map.iter().map(|(key, value)| key.capacity() + 16 + room(value)).sum::<usize>()
            }
            _ => 0,
        }
    }

    /// Wrong: counting the text alone, of which a small body makes a large value.
    #[test]
    fn inv_23_json_counts_with_what_it_takes_once_it_is_read() {
        let list = |piece: &str, count: usize| format!("[{}]", vec![piece; count].join(","));
        let deep = "[".repeat(100) + &"]".repeat(100);
        let wide: Vec<String> = (0..1025).map(|key| format!("\"{key}\":0")).collect();
        let many = ["0", "[]", "[0]", "[[0]]", "{}", r#"{"":0}"#, r#"{"a":0,"b":0}"#, "[0,0,0,0,0]", r#""""#, r#""a""#, r#"["a"]"#, &deep]
            .map(|piece| list(piece, 1025));
        for text in many.into_iter().chain([format!("{{{}}}", wide.join(","))]) {
            let value: Value = serde_json::from_str(&text).expect("JSON");
            let (room, charged) = (room(&value), text.len() + parsed(text.as_bytes()));
            assert!((room..room * 5).contains(&charged), "{charged} are charged for {room}: {}", text.chars().take(20).collect::<String>());
        }
        assert_eq!(parsed(br#""[,{\"[,{""#), STRING, "what stands in a string is text");
    }

    #[test]
    fn inv_23_what_never_fits_is_told_from_what_does_not_fit_now() {
        let budget = Budget::new(3 * ELEMENT + CONTAINER);
        let (mut one, mut two) = (budget.share(), budget.share());
        one.take_parsed(b"[0,0,0,0]").expect("there is room");
        assert_eq!(two.take_parsed(b"[]"), Err(Full::Now));
        assert_eq!(two.take_parsed(b"[0,0,0,0,0]"), Err(Full::Ever(4 * ELEMENT + CONTAINER)));
    }
}
