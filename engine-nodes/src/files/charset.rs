//! Character sets by the names that n8n offers: text to bytes and back.

use std::borrow::Cow;

use encoding_rs::Encoding;
use oem_cp::code_table::{DECODING_TABLE_CP_MAP, ENCODING_TABLE_CP_MAP};

/// A character set, or a way to write bytes as text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Charset {
    Utf8,
    Cesu8,
    /// 16-bit units; `None` takes the byte order from the mark.
    Utf16(Option<Order>),
    Utf32(Option<Order>),
    Latin1,
    Ascii,
    Base64,
    Hex,
    /// As browsers know them.
    Web(&'static Encoding),
    /// A code page of DOS.
    Dos(u16),
}

/// The order of the bytes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// A character set that is not known here.
#[derive(Debug, thiserror::Error)]
#[error("the encoding \"{0}\" is not supported")]
pub(crate) struct UnknownCharset(String);

impl Charset {
    /// The character set of a name; case, dashes and the like do not count.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn named(name: &str) -> Result<Self, UnknownCharset> {
        let bare: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        Ok(match bare.as_str() {
            "utf8" | "unicode11utf8" => Self::Utf8,
            "cesu8" => Self::Cesu8,
            "ucs2" | "utf16le" => Self::Utf16(Some(Order::Little)),
            "utf16be" => Self::Utf16(Some(Order::Big)),
            "utf16" => Self::Utf16(None),
            "utf32le" => Self::Utf32(Some(Order::Little)),
            "utf32be" => Self::Utf32(Some(Order::Big)),
            "utf32" => Self::Utf32(None),
            "binary" | "latin1" | "iso88591" => Self::Latin1,
            "ascii" | "usascii" => Self::Ascii,
            "base64" => Self::Base64,
            "hex" => Self::Hex,
            other => Self::table(other).ok_or_else(|| UnknownCharset(name.to_owned()))?,
        })
    }

    fn table(name: &str) -> Option<Self> {
        let label = match name {
            "iso885911" | "tis620" | "cp874" | "windows874" => "windows-874",
            "big5hkscs" | "cp950" | "big5" => "big5",
            "cp936" | "gbk" | "gb2312" => "gbk",
            "cp949" | "euckr" | "ksc56011987" => "euc-kr",
            "eucjp" => "euc-jp",
            "shiftjis" | "sjis" | "cp932" => "shift_jis",
            "gb18030" => "gb18030",
            "koi8r" => "koi8-r",
            "koi8u" => "koi8-u",
            "macintosh" | "macroman" => "macintosh",
            "maccyrillic" | "macukraine" => "x-mac-cyrillic",
            "iso2022jp" => "iso-2022-jp",
            _ => return Self::numbered(name),
        };
        Encoding::for_label(label.as_bytes()).map(Self::Web)
    }

    fn numbered(name: &str) -> Option<Self> {
        if let Some(number) = name.strip_prefix("windows").or_else(|| name.strip_prefix("cp").filter(|number| number.starts_with("125"))) {
            return Encoding::for_label(format!("windows-{number}").as_bytes()).map(Self::Web);
        }
        if let Some(part) = name.strip_prefix("iso8859") {
            return Encoding::for_label(format!("iso-8859-{part}").as_bytes()).map(Self::Web);
        }
        let page = name.strip_prefix("cp").or_else(|| name.strip_prefix("ibm"))?.parse().ok()?;
        DECODING_TABLE_CP_MAP.contains_key(&page).then_some(Self::Dos(page))
    }

    /// The character set that bytes seem to be in.
    pub(crate) fn detect(bytes: &[u8]) -> Self {
        if let Some((encoding, _)) = Encoding::for_bom(bytes) {
            return match encoding.name() {
                "UTF-16LE" => Self::Utf16(Some(Order::Little)),
                "UTF-16BE" => Self::Utf16(Some(Order::Big)),
                _ => Self::Utf8,
            };
        }
        if std::str::from_utf8(bytes).is_ok() {
            return Self::Utf8;
        }
        let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
        detector.feed(bytes, true);
        Self::Web(detector.guess(None, chardetng::Utf8Detection::Deny))
    }

    /// Bytes to text. What is no character becomes a replacement character.
    pub(crate) fn decode(self, bytes: &[u8], mark: Mark) -> String {
        let text = self.decode_all(bytes);
        match text.strip_prefix('\u{feff}') {
            Some(rest) if mark == Mark::Without && self.has_mark() => rest.to_owned(),
            _ => text,
        }
    }

    fn decode_all(self, bytes: &[u8]) -> String {
        use base64::Engine;
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Cesu8 => from_cesu8(bytes),
            Self::Utf16(order) => from_utf16(bytes, order),
            Self::Utf32(order) => from_utf32(bytes, order),
            Self::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Self::Ascii => bytes.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER }).collect(),
            Self::Base64 => base64::engine::general_purpose::STANDARD.encode(bytes),
            Self::Hex => to_hex(bytes),
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Dos(page) => DECODING_TABLE_CP_MAP.get(&page).map_or_else(String::new, |table| table.decode_string_lossy(bytes)),
        }
    }

    /// Text to bytes. What the character set has not becomes a question mark.
    pub(crate) fn encode(self, text: &str, mark: Mark) -> Vec<u8> {
        let marked = self.has_mark() && (mark == Mark::With || matches!(self, Self::Utf16(None) | Self::Utf32(None)));
        let text: Cow<'_, str> = if marked { format!("\u{feff}{text}").into() } else { text.into() };
        match self {
            Self::Utf8 => text.into_owned().into_bytes(),
            Self::Cesu8 => to_cesu8(&text),
            Self::Utf16(order) => text.encode_utf16().flat_map(|unit| in_order(unit.to_be_bytes(), order)).collect(),
            Self::Utf32(order) => text.chars().flat_map(|c| in_order(u32::from(c).to_be_bytes(), order)).collect(),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
            Self::Ascii => text.chars().map(|c| if c.is_ascii() { u8::try_from(u32::from(c)).unwrap_or(b'?') } else { b'?' }).collect(),
            Self::Base64 => from_base64(&text),
            Self::Hex => from_hex(&text),
            Self::Web(encoding) => to_web(encoding, &text),
            Self::Dos(page) => ENCODING_TABLE_CP_MAP.get(&page).map_or_else(Vec::new, |table| oem_cp::encode_string_lossy(text.as_ref(), table)),
        }
    }

    fn has_mark(self) -> bool {
        matches!(self, Self::Utf8 | Self::Cesu8 | Self::Utf16(_) | Self::Utf32(_))
    }
}

/// Whether text begins with a byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It is written, or kept.
    With,
    /// It is not written, or removed.
    Without,
}

/// Bytes of base64 text. Characters that do not belong there are passed over, and so is what follows the padding.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
    let mut clean: Vec<u8> = text
        .bytes()
        .take_while(|&byte| byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Some(byte),
            _ => None,
        })
        .collect();
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(clean).unwrap_or_default()
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks_exact(2).map_while(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn in_order<const N: usize>(mut big: [u8; N], order: Option<Order>) -> [u8; N] {
    if order != Some(Order::Big) {
        big.reverse();
    }
    big
}

fn from_utf16(bytes: &[u8], order: Option<Order>) -> String {
    let big = order.unwrap_or(if bytes.starts_with(&[0xfe, 0xff]) { Order::Big } else { Order::Little }) == Order::Big;
    let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(|pair| unit(pair, big)).collect();
    String::from_utf16_lossy(&units)
}

fn unit(pair: [u8; 2], big: bool) -> u16 {
    if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
}

fn from_utf32(bytes: &[u8], order: Option<Order>) -> String {
    let big = order.unwrap_or(if bytes.starts_with(&[0, 0, 0xfe, 0xff]) { Order::Big } else { Order::Little }) == Order::Big;
    let character = |four: [u8; 4]| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
    let fours = bytes.chunks_exact(4).filter_map(|four| four.try_into().ok());
    fours.map(|four| char::from_u32(character(four)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// CESU-8 writes characters beyond the 16-bit plane as two surrogates of three bytes each (Unicode Technical Report 26).
fn to_cesu8(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        if c.len_utf8() < 4 {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        for &mut unit in c.encode_utf16(&mut [0; 2]) {
            let low = |shift: u16| u8::try_from(unit >> shift & 0x3f).unwrap_or(0);
            bytes.extend([0xed, 0x80 | low(6), 0x80 | low(0)]);
        }
    }
    bytes
}

fn from_cesu8(bytes: &[u8]) -> String {
    let mut units = Vec::new();
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        if let (0xed, [second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..]) = (first, after) {
            units.push(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
            rest = after.get(2..).unwrap_or_default();
            continue;
        }
        let length = rest.iter().skip(1).position(|&byte| byte == 0xed).map_or(rest.len(), |at| at + 1);
        let (plain, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        units.extend(String::from_utf8_lossy(plain).encode_utf16());
        rest = after;
    }
    String::from_utf16_lossy(&units)
}

fn to_web(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let mut encoder = encoding.new_encoder();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        bytes.reserve(encoder.max_buffer_length_from_utf8_without_replacement(rest.len()).unwrap_or(rest.len()).max(16));
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = rest.split_at_checked(read).map_or("", |(_, rest)| rest);
        match result {
            encoding_rs::EncoderResult::InputEmpty => return bytes,
            encoding_rs::EncoderResult::Unmappable(_) => bytes.push(b'?'),
            encoding_rs::EncoderResult::OutputFull => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for name in ["utf8", "utf-8", "UTF-16", "utf16be", "ucs2", "utf32", "utf32be", "utf32le", "cesu8", "gb18030"] {
            let charset = Charset::named(name).unwrap();
            let text = "Aé€😀 ";
            assert_eq!(charset.decode(&charset.encode(text, Mark::Without), Mark::Without), text, "{name}");
            assert_eq!(charset.decode(&charset.encode(text, Mark::With), Mark::Without), text, "{name} with a mark");
        }
        for (name, text) in [
            ("iso88591", "Aé"),
            ("windows1252", "Aé€"),
            ("cp1252", "€"),
            ("iso88592", "ž"),
            ("koi8r", "Привет"),
            ("shiftjis", "日本"),
            ("eucjp", "日本"),
            ("cp949", "한국"),
            ("big5hkscs", "中文"),
            ("cp437", "é│"),
            ("cp866", "Привет"),
            ("macroman", "é"),
        ] {
            let charset = Charset::named(name).unwrap();
            assert_eq!(charset.decode(&charset.encode(text, Mark::With), Mark::Without), text, "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_a_question_mark() {
        for (name, expected) in [("ascii", "a?"), ("windows1256", "a?"), ("cp437", "a?"), ("iso88591", "a?")] {
            assert_eq!(Charset::named(name).unwrap().encode("až", Mark::Without), expected.as_bytes(), "{name}");
        }
        assert!(Charset::named("viscii").is_err());
    }

    #[test]
    fn bytes_as_text() {
        assert_eq!(Charset::Hex.encode("48656c", Mark::Without), b"Hel");
        assert_eq!(Charset::Base64.decode(b"Hello", Mark::Without), "SGVsbG8=");
        for (text, bytes) in [("SGVsbG8=", &b"Hello"[..]), ("SGVs\nbG8", b"Hello"), ("_-A", b"\xff\xe0"), ("", b""), ("A", b"")] {
            assert_eq!(from_base64(text), bytes, "{text}");
        }
    }

    #[test]
    fn detection() {
        for (bytes, text) in
            [(&b"plain"[..], "plain"), ("é".as_bytes(), "é"), (b"\xef\xbb\xbfx", "x"), (b"\xff\xfex\0", "x"), (b"caf\xe9 noir", "café noir")]
        {
            assert_eq!(Charset::detect(bytes).decode(bytes, Mark::Without), text);
        }
    }
}
