//! Archives: zip, gzip and tar, packed and unpacked. What comes out is bounded in size and number, whatever an archive says of itself.

mod tar;

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name, with folders.
    pub(super) name: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

/// How much may come out of an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes in all.
    pub(super) bytes: u64,
    /// Files.
    pub(super) entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 256 * 1024 * 1024, entries: 1000 }
    }
}

/// Why an archive could not be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error("The decompressed output exceeds the maximum allowed size of {} MB", .0 / (1024 * 1024))]
    TooLarge(u64),
    #[error("The archive contains more than {0} entries")]
    TooMany(usize),
    #[error("invalid zip data: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("invalid archive data: {0}")]
    Io(#[from] std::io::Error),
}

/// What is in a zip archive, without folders.
pub(super) fn unzip(bytes: &[u8], limits: Limits) -> Result<Vec<Entry>, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut entries = Vec::new();
    let mut budget = limits.bytes;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        if file.is_dir() {
            continue;
        }
        if entries.len() == limits.entries {
            return Err(ArchiveError::TooMany(limits.entries));
        }
        let name = file.name()?.into_owned();
        let bytes = bounded(&mut file, budget, limits)?;
        budget -= bytes.len() as u64;
        entries.push(Entry { name, bytes });
    }
    Ok(entries)
}

/// What was compressed with gzip.
pub(super) fn gunzip(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, ArchiveError> {
    bounded(&mut MultiGzDecoder::new(bytes), limits.bytes, limits)
}

/// The regular files of a tar archive, compressed with gzip or not, that do not reach out of it.
pub(super) fn untar(bytes: &[u8], limits: Limits) -> Result<Vec<Entry>, ArchiveError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = gunzip(bytes, limits)?;
        return tar::read(&unpacked, limits);
    }
    tar::read(bytes, limits)
}

fn bounded(source: &mut impl Read, budget: u64, limits: Limits) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    source.take(budget.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > budget { Err(ArchiveError::TooLarge(limits.bytes)) } else { Ok(bytes) }
}

/// A zip archive of files; what is compressed already is stored as it is.
pub(super) fn zip(entries: &[Entry]) -> Result<Vec<u8>, ArchiveError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let method = if is_compressed(&entry.name) { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        archive.start_file(entry.name.as_str(), SimpleFileOptions::default().compression_method(method))?;
        archive.write_all(&entry.bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Bytes compressed with gzip.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// A tar archive of files.
pub(super) fn tar(entries: &[Entry]) -> Vec<u8> {
    tar::write(entries)
}

fn is_compressed(name: &str) -> bool {
    const EXTENSIONS: [&str; 23] = [
        "7z", "aifc", "bz2", "docx", "gif", "gz", "heic", "heif", "jpeg", "jpg", "mov", "mp3", "mp4", "odt", "pdf", "png", "pptx", "rar", "webm",
        "webp", "xlsx", "xz", "zip",
    ];
    name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let long = format!("{}/deep.txt", "folder".repeat(30));
        let files = [("a.txt", b"hello ".repeat(1000)), ("b/c.png", vec![0, 1, 2]), ("é.txt", Vec::new()), (long.as_str(), vec![7; 513])];
        files.map(|(name, bytes)| Entry { name: name.to_owned(), bytes }).to_vec()
    }

    #[test]
    fn there_and_back() {
        let limits = Limits::default();
        assert_eq!(unzip(&zip(&entries()).unwrap(), limits).unwrap(), entries());
        assert_eq!(untar(&tar(&entries()), limits).unwrap(), entries());
        assert_eq!(untar(&gzip(&tar(&entries())).unwrap(), limits).unwrap(), entries());
        assert_eq!(gunzip(&gzip(b"hello").unwrap(), limits).unwrap(), b"hello");
    }

    #[test]
    fn bombs_are_refused() {
        let small = Limits { bytes: 1000, entries: 10 };
        let large = vec![Entry { name: "zeros".into(), bytes: vec![0; 1_000_000] }];
        assert!(matches!(unzip(&zip(&large).unwrap(), small), Err(ArchiveError::TooLarge(1000))));
        assert!(matches!(gunzip(&gzip(&vec![0; 1_000_000]).unwrap(), small), Err(ArchiveError::TooLarge(_))));
        assert!(matches!(untar(&tar(&large), small), Err(ArchiveError::TooLarge(_))));
        let many: Vec<_> = (0..11).map(|index| Entry { name: format!("{index}"), bytes: Vec::new() }).collect();
        assert!(matches!(unzip(&zip(&many).unwrap(), small), Err(ArchiveError::TooMany(10))));
        assert!(matches!(untar(&tar(&many), small), Err(ArchiveError::TooMany(10))));
    }

    #[test]
    fn damaged_archives() {
        let limits = Limits::default();
        assert!(unzip(b"no zip", limits).is_err());
        assert!(gunzip(b"no gzip", limits).is_err());
        assert!(untar(&[1; 512], limits).is_err());
    }

    #[test]
    fn names_that_reach_out_are_left_out() {
        let names = ["/etc/passwd", "../up", "a/../../up", "ok"];
        let archive = tar(&names.map(|name| Entry { name: name.into(), bytes: vec![1] }));
        let found: Vec<_> = untar(&archive, Limits::default()).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(found, ["ok"]);
    }
}
