//! The tar format (POSIX ustar, with the long names of pax and GNU): headers of 512 bytes, each followed by its file in blocks of 512.

use super::{ArchiveError, Entry, Limits};

const BLOCK: usize = 512;

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Vec<Entry>, ArchiveError> {
    let mut entries = Vec::new();
    let mut budget = limits.bytes;
    let mut long_name = None;
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK).filter(|header| header.iter().any(|&byte| byte != 0)) {
        let size = check(header)?;
        let body =
            at.checked_add(BLOCK).and_then(|start| bytes.get(start..start.checked_add(size)?)).ok_or_else(|| damaged("it ends within a file"))?;
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
        match header.get(156) {
            Some(b'x') => long_name = pax_path(body).or(long_name),
            Some(b'L') => long_name = Some(text(body)),
            Some(b'0' | b'7' | 0) => {
                let name = long_name.take().unwrap_or_else(|| name(header));
                if reaches_out(&name) || name.ends_with('/') {
                    continue;
                }
                if entries.len() == limits.entries {
                    return Err(ArchiveError::TooMany(limits.entries));
                }
                budget = budget.checked_sub(size as u64).ok_or(ArchiveError::TooLarge(limits.bytes))?;
                entries.push(Entry { name, bytes: body.to_vec() });
            }
            _ => long_name = None,
        }
    }
    Ok(entries)
}

fn damaged(problem: &str) -> ArchiveError {
    std::io::Error::new(std::io::ErrorKind::InvalidData, problem.to_owned()).into()
}

/// The size of the file behind a header whose checksum is right.
fn check(header: &[u8]) -> Result<usize, ArchiveError> {
    let stated = octal(header.get(148..156));
    if stated != Some(checksum(header)) {
        return Err(damaged("it is no tar archive"));
    }
    let size = octal(header.get(124..136)).and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| damaged("the size of a file is no number"))
}

/// The sum of all bytes, with the checksum's own taken for blanks.
fn checksum(header: &[u8]) -> u64 {
    header.iter().enumerate().map(|(index, &byte)| u64::from(if (148..156).contains(&index) { b' ' } else { byte })).sum()
}

fn octal(field: Option<&[u8]>) -> Option<u64> {
    let digits = text(field?);
    u64::from_str_radix(digits.trim(), 8).ok()
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or(field)).into_owned()
}

fn name(header: &[u8]) -> String {
    let part = |range: std::ops::Range<usize>| header.get(range).map(text).unwrap_or_default();
    let (name, prefix) = (part(0..100), part(345..500));
    let is_posix = header.get(257..262) == Some(b"ustar");
    if is_posix && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// The path in the records of a pax header: `LENGTH path=NAME`.
fn pax_path(body: &[u8]) -> Option<String> {
    let records = String::from_utf8_lossy(body);
    records.lines().find_map(|record| record.split_once(' ')?.1.strip_prefix("path=").map(str::to_owned))
}

/// Whether a name is absolute or leads up and out.
fn reaches_out(name: &str) -> bool {
    let mut depth = 0_i32;
    let leads_out = name.split('/').any(|part| {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        depth < 0
    });
    name.starts_with('/') || leads_out
}

pub(super) fn write(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        if entry.name.len() > 100 || !entry.name.is_ascii() {
            let record = pax_record(&entry.name);
            add(&mut out, "PaxHeader", b'x', record.as_bytes());
        }
        add(&mut out, &entry.name, b'0', &entry.bytes);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

/// The record says how long it is, itself included.
fn pax_record(name: &str) -> String {
    let rest = format!(" path={name}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}

fn add(out: &mut Vec<u8>, name: &str, kind: u8, body: &[u8]) {
    let mut header = vec![0; BLOCK];
    let mut put = |at: usize, field: &[u8]| {
        for (to, from) in header.iter_mut().skip(at).zip(field) {
            *to = *from;
        }
    };
    put(0, name.as_bytes().get(..100).unwrap_or(name.as_bytes()));
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", body.len()).as_bytes());
    put(136, b"00000000000\0");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum = checksum(&header);
    for (to, from) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").as_bytes()) {
        *to = *from;
    }
    out.extend(header);
    out.extend(body);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}
