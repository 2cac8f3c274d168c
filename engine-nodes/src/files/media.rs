//! What the first bytes of a file tell of its media type, and sizes as people read them.

use crate::media_type::of_extension;

/// The media type and the extension that the first bytes of a file tell.
pub(crate) fn by_content(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, media_type, extension)) = SIGNATURES.iter().find(|(signature, _, _)| bytes.starts_with(signature)) {
        return Some((media_type, extension));
    }
    match (bytes.get(..4)?, bytes.get(8..12)) {
        (b"RIFF", Some(b"WEBP")) => Some(("image/webp", "webp")),
        (b"RIFF", Some(b"WAVE")) => Some(("audio/wav", "wav")),
        (b"RIFF", Some(b"AVI ")) => Some(("video/vnd.avi", "avi")),
        (b"PK\x03\x04", _) => Some(zip(bytes)),
        _ => base_media(bytes).or_else(|| xml(bytes)).or_else(|| (bytes.get(257..262)? == b"ustar").then_some(("application/x-tar", "tar"))),
    }
}

/// Office documents are zip archives; the name of an early entry tells which.
fn zip(bytes: &[u8]) -> (&'static str, &'static str) {
    let start = bytes.get(..4096).unwrap_or(bytes);
    let holds = |name: &[u8]| start.windows(name.len()).any(|window| window == name);
    let kinds: [(&[u8], &str); 6] = [
        (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "ods"),
        (b"mimetypeapplication/vnd.oasis.opendocument.text", "odt"),
        (b"mimetypeapplication/epub+zip", "epub"),
        (b"xl/", "xlsx"),
        (b"word/", "docx"),
        (b"ppt/", "pptx"),
    ];
    let extension = kinds.iter().find(|(name, _)| holds(name)).map_or("zip", |(_, extension)| extension);
    (of_extension(extension).unwrap_or("application/zip"), extension)
}

/// MP4 and its relatives name their brand.
fn base_media(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    Some(match bytes.get(8..11)? {
        b"avi" => ("image/avif", "avif"),
        b"hei" | b"mif" => ("image/heic", "heic"),
        b"qt " => ("video/quicktime", "mov"),
        b"M4A" => ("audio/x-m4a", "m4a"),
        b"M4V" => ("video/x-m4v", "m4v"),
        b"3gp" => ("video/3gpp", "3gp"),
        _ => ("video/mp4", "mp4"),
    })
}

fn xml(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.starts_with(b"<?xml ").then_some(("application/xml", "xml"))
}

/// What n8n calls files of a media type, where it has a word.
#[cfg(feature = "disk")]
pub(crate) fn file_type(media_type: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 8] = [
        ("application/json", "json"),
        ("text/html", "html"),
        ("image/", "image"),
        ("audio/", "audio"),
        ("video/", "video"),
        ("text/", "text"),
        ("application/javascript", "text"),
        ("application/pdf", "pdf"),
    ];
    WORDS.into_iter().find(|(start, _)| media_type.starts_with(start)).map(|(_, word)| word)
}

/// A size as people read it: `29 B`, `1.5 kB`; three significant digits, steps of 1000.
pub(crate) fn pretty_size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let places = if size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{size:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {}", UNITS.get(unit).copied().unwrap_or_default())
}

const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF8", "image/gif", "gif"),
    (b"BM", "image/bmp", "bmp"),
    (b"II*\0", "image/tiff", "tif"),
    (b"MM\0*", "image/tiff", "tif"),
    (b"8BPS", "image/vnd.adobe.photoshop", "psd"),
    (b"\0\0\x01\0", "image/x-icon", "ico"),
    (b"%PDF", "application/pdf", "pdf"),
    (b"{\\rtf", "application/rtf", "rtf"),
    (b"\x1f\x8b", "application/gzip", "gz"),
    (b"BZh", "application/x-bzip2", "bz2"),
    (b"\xfd7zXZ\0", "application/x-xz", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "7z"),
    (b"Rar!\x1a\x07", "application/x-rar-compressed", "rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-cfb", "cfb"),
    (b"OggS", "audio/ogg", "ogg"),
    (b"fLaC", "audio/x-flac", "flac"),
    (b"ID3", "audio/mpeg", "mp3"),
    (b"MThd", "audio/midi", "mid"),
    (b"\x1aE\xdf\xa3", "video/webm", "webm"),
    (b"FLV\x01", "video/x-flv", "flv"),
    (b"wOFF", "font/woff", "woff"),
    (b"wOF2", "font/woff2", "woff2"),
    (b"\0asm", "application/wasm", "wasm"),
    (b"SQLite format 3\0", "application/x-sqlite3", "sqlite"),
    (b"BEGIN:VCARD", "text/vcard", "vcf"),
    (b"BEGIN:VCALENDAR", "text/calendar", "ics"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents() {
        for (bytes, expected) in [
            (&b"%PDF-1.4"[..], Some(("application/pdf", "pdf"))),
            (b"RIFF....WEBP", Some(("image/webp", "webp"))),
            (b"PK\x03\x04....xl/workbook.xml", Some(("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"))),
            (b"plain", None),
        ] {
            assert_eq!(by_content(bytes), expected);
        }
    }

    #[test]
    fn sizes() {
        for (bytes, expected) in [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1337, "1.34 kB"), (15_904, "15.9 kB"), (123_456_789, "123 MB")] {
            assert_eq!(pretty_size(bytes), expected);
        }
    }
}
