//! Media types and the extensions of files that hold them: the usual ones, as the IANA registry and common servers name them.

/// Media type and its extensions, the usual one first.
const TYPES: &[(&str, &[&str])] = &[
    ("text/plain", &["txt", "text", "log", "conf", "ini"]),
    ("text/csv", &["csv"]),
    ("text/tab-separated-values", &["tsv"]),
    ("text/html", &["html", "htm"]),
    ("application/xhtml+xml", &["xhtml"]),
    ("text/css", &["css"]),
    ("text/javascript", &["js", "mjs"]),
    ("application/json", &["json"]),
    ("application/json5", &["json5"]),
    ("application/ld+json", &["jsonld"]),
    ("application/geo+json", &["geojson"]),
    ("application/xml", &["xml", "xsl", "xsd"]),
    ("image/svg+xml", &["svg", "svgz"]),
    ("application/rss+xml", &["rss"]),
    ("application/atom+xml", &["atom"]),
    ("text/yaml", &["yaml", "yml"]),
    ("application/toml", &["toml"]),
    ("text/markdown", &["md", "markdown"]),
    ("text/calendar", &["ics"]),
    ("text/x-vcard", &["vcf"]),
    ("application/rtf", &["rtf"]),
    ("application/pdf", &["pdf"]),
    ("application/msword", &["doc", "dot"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.template", &["dotx"]),
    ("application/vnd.ms-excel", &["xls"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
    ("application/vnd.ms-excel.sheet.macroenabled.12", &["xlsm"]),
    ("application/vnd.ms-excel.sheet.binary.macroenabled.12", &["xlsb"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.template", &["xltx"]),
    ("application/vnd.ms-powerpoint", &["ppt"]),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"]),
    ("application/vnd.ms-powerpoint.presentation.macroenabled.12", &["pptm"]),
    ("application/vnd.oasis.opendocument.text", &["odt"]),
    ("application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
    ("application/vnd.oasis.opendocument.presentation", &["odp"]),
    ("application/vnd.oasis.opendocument.graphics", &["odg"]),
    ("application/epub+zip", &["epub"]),
    ("application/x-mobipocket-ebook", &["prc", "mobi"]),
    ("application/zip", &["zip"]),
    ("application/gzip", &["gz"]),
    ("application/x-tar", &["tar"]),
    ("application/x-7z-compressed", &["7z"]),
    ("application/vnd.rar", &["rar"]),
    ("application/x-bzip2", &["bz2"]),
    ("application/x-xz", &["xz"]),
    ("application/java-archive", &["jar", "war"]),
    ("application/vnd.android.package-archive", &["apk"]),
    ("application/x-apple-diskimage", &["dmg"]),
    ("application/x-iso9660-image", &["iso"]),
    ("application/x-msdownload", &["exe", "msi", "bat"]),
    ("application/x-debian-package", &["deb"]),
    ("application/x-redhat-package-manager", &["rpm"]),
    ("application/octet-stream", &["bin"]),
    ("image/png", &["png"]),
    ("image/jpeg", &["jpg", "jpeg", "jpe"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    ("image/avif", &["avif"]),
    ("image/heic", &["heic"]),
    ("image/heif", &["heif"]),
    ("image/bmp", &["bmp"]),
    ("image/vnd.microsoft.icon", &["ico"]),
    ("image/tiff", &["tif", "tiff"]),
    ("image/vnd.adobe.photoshop", &["psd"]),
    ("audio/mpeg", &["mpga", "mp3"]),
    ("audio/mp4", &["m4a"]),
    ("audio/aac", &["adts", "aac"]),
    ("audio/wav", &["wav"]),
    ("audio/x-flac", &["flac"]),
    ("audio/ogg", &["oga", "ogg", "opus"]),
    ("audio/midi", &["mid", "midi"]),
    ("audio/webm", &["weba"]),
    ("video/mp4", &["mp4"]),
    ("video/x-m4v", &["m4v"]),
    ("video/quicktime", &["qt", "mov"]),
    ("video/x-msvideo", &["avi"]),
    ("video/x-matroska", &["mkv"]),
    ("video/webm", &["webm"]),
    ("video/mpeg", &["mpeg", "mpg"]),
    ("video/ogg", &["ogv"]),
    ("video/x-ms-wmv", &["wmv"]),
    ("video/x-flv", &["flv"]),
    ("video/3gpp", &["3gp"]),
    ("video/mp2t", &["ts"]),
    ("font/ttf", &["ttf"]),
    ("font/otf", &["otf"]),
    ("font/woff", &["woff"]),
    ("font/woff2", &["woff2"]),
    ("application/vnd.ms-fontobject", &["eot"]),
    ("message/rfc822", &["eml"]),
    ("application/vnd.ms-outlook", &["msg"]),
    ("application/x-pkcs12", &["p12", "pfx"]),
    ("application/x-x509-ca-cert", &["der", "pem", "crt"]),
    ("application/pkix-cert", &["cer"]),
    ("application/vnd.apple.keynote", &["key"]),
    ("application/sql", &["sql"]),
    ("application/x-sh", &["sh"]),
    ("application/x-httpd-php", &["php"]),
    ("text/x-java-source", &["java"]),
    ("text/x-c", &["c", "h", "cpp"]),
    ("application/wasm", &["wasm"]),
    ("application/x-shockwave-flash", &["swf"]),
    ("application/vnd.google-earth.kml+xml", &["kml"]),
    ("application/vnd.google-earth.kmz", &["kmz"]),
    ("application/gpx+xml", &["gpx"]),
];

/// The usual extension of a media type, without a dot. Parameters such as a charset do not matter.
pub(crate) fn extension_of(media_type: &str) -> Option<&'static str> {
    let bare = essence(media_type);
    TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(bare)).and_then(|(_, extensions)| extensions.first().copied())
}

/// The media type of files with this extension.
pub(crate) fn of_extension(extension: &str) -> Option<&'static str> {
    TYPES.iter().find(|(_, extensions)| extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))).map(|(name, _)| *name)
}

/// The media type without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    media_type.split([';', ' ']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_extensions() {
        assert_eq!(extension_of("text/html; charset=utf-8"), Some("html"));
        assert_eq!(extension_of("IMAGE/PNG"), Some("png"));
        assert_eq!(extension_of("application/x-unheard-of"), None);
        assert_eq!(of_extension("JPG"), Some("image/jpeg"));
        assert_eq!(of_extension("zzz"), None);
    }
}
