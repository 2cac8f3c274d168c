//! Workflow files on disk: finding them, and naming them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// The files named, and all `.json` files below the folders named.
pub(crate) fn workflows(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("{} could not be read", path.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

/// A file name for a workflow's id: two ids never give one name, and none leads out of its folder.
pub(crate) fn name_of(id: &str) -> String {
    let mut name = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte) {
            name.push(char::from(byte));
        } else {
            let _infallible = write!(name, "%{byte:02X}");
        }
    }
    name + ".json"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_in_its_folder() {
        for (id, expect) in
            [("orders", "orders.json"), ("../../etc/passwd", "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd.json"), ("a%2Fb", "a%252Fb.json"), ("", ".json")]
        {
            assert_eq!(name_of(id), expect);
        }
    }
}
