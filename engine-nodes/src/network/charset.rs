//! Turns the bytes of a response into text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// The text of a body: by a byte order mark, else by the charset of its media type, else as UTF-8; what is no UTF-8 is guessed at.
pub(crate) fn decode(bytes: &[u8], content_type: &str) -> String {
    let named = charset(content_type).and_then(|label| Encoding::for_label(label.as_bytes()));
    if let Some(encoding) = named.filter(|encoding| *encoding != UTF_8) {
        return encoding.decode(bytes).0.into_owned();
    }
    let (text, encoding, broken) = UTF_8.decode(bytes);
    if !broken || encoding != UTF_8 {
        return text.into_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let (guessed, _, broken) = guess.decode(bytes);
    if broken { text.into_owned() } else { guessed.into_owned() }
}

fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_its_charset() {
        let check = |bytes: &[u8], content_type: &str, expect: &str| assert_eq!(decode(bytes, content_type), expect, "{content_type}");
        check("größe".as_bytes(), "text/plain", "größe");
        check("größe".as_bytes(), "text/plain; charset=UTF-8", "größe");
        check(b"gr\xf6\xdfe", "text/plain; charset=iso-8859-1", "größe");
        check(b"gr\xf6\xdfe", "text/html; Charset=\"windows-1252\"", "größe");
        check(b"\xef\xbb\xbfx", "application/json", "x");
        check(b"\xff\xfea\0b\0", "", "ab");
        check(b"\x82\xb1\x82\xf1", "text/plain; charset=shift_jis", "こん");
        check(b"plain", "text/plain; charset=unheard-of", "plain");
    }

    #[test]
    fn what_is_no_utf_8_is_guessed_at() {
        let (gbk, _, _) = encoding_rs::GBK.encode("中文网页的内容在这里，没有声明编码。");
        assert_eq!(decode(&gbk, "text/html"), "中文网页的内容在这里，没有声明编码。");
    }
}
