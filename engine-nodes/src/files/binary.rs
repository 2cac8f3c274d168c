//! Files beside items: reading their bytes, describing new ones as n8n does, and work that would hold up others.

use bytes::Bytes;
use engine_core::model::Binary;
use engine_core::node::{NodeContext, NodeError};
use futures::TryStreamExt;
use futures::channel::oneshot;

use super::media;
pub(crate) use crate::attachment::file;
use crate::media_type::{extension_of, of_extension};

/// The largest file that a node takes into memory.
const MAX_SIZE: u64 = 512 * 1024 * 1024;

/// Below this many bytes work is done at once; above it moves to a thread for work that blocks.
const SMALL: usize = 64 * 1024;

/// All bytes of a file.
///
/// # Errors
/// When they cannot be read, or are too many.
pub(crate) async fn bytes(context: &NodeContext, file: &Binary) -> Result<Bytes, NodeError> {
    let mut stream = context.read_binary(file).await?;
    let Some(first) = stream.try_next().await? else { return Ok(Bytes::new()) };
    let Some(second) = stream.try_next().await? else { return Ok(first) };
    let mut all = Vec::with_capacity(usize::try_from(file.size.min(MAX_SIZE)).unwrap_or(0));
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    while let Some(chunk) = stream.try_next().await? {
        all.extend_from_slice(&chunk);
        if all.len() as u64 > MAX_SIZE {
            return Err(NodeError::fatal(format!("The file is too large: more than {}", media::pretty_size(MAX_SIZE))));
        }
    }
    Ok(all.into())
}

/// What is known of a file before its bytes are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    /// Its name, with or without a directory; none when empty.
    pub(crate) name: String,
    /// Its media type; found out when empty.
    pub(crate) media_type: String,
}

impl Description {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), media_type: String::new() }
    }

    pub(crate) fn with_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = media_type.into();
        self
    }
}

/// Stores a file and describes it: media type from the name or else from the first bytes, extension from the name or else from the media type.
///
/// # Errors
/// When it cannot be stored.
pub(crate) async fn store(context: &NodeContext, bytes: impl Into<Bytes>, description: Description) -> Result<Binary, NodeError> {
    let bytes = bytes.into();
    let (media_type, extension) = identify(&bytes, &description);
    let mut binary = context.write_binary(bytes, &media_type).await?;
    binary.file_extension = extension;
    name(&mut binary, &description.name);
    Ok(binary)
}

/// Media type and extension of a file.
pub(crate) fn identify(bytes: &[u8], description: &Description) -> (String, Option<String>) {
    let found = || media::by_content(bytes).map(|(media_type, extension)| (media_type.to_owned(), Some(extension.to_owned())));
    let by_name = || of_name(&description.name).map(|media_type| (media_type.to_owned(), None));
    let given = (!description.media_type.is_empty()).then(|| (description.media_type.clone(), None));
    let (media_type, extension) = given.or_else(by_name).or_else(found).unwrap_or_else(|| ("text/plain".to_owned(), Some(String::new())));
    let extension = extension.or_else(|| extension_of(&media_type).map(str::to_owned)).filter(|extension| !extension.is_empty());
    (media_type, extension)
}

/// The media type of a file name, by its extension; a name without one counts as an extension itself.
fn of_name(name: &str) -> Option<&'static str> {
    of_extension(name.rsplit_once('.').map_or(name, |(_, extension)| extension))
}

/// Takes directory, name and extension from a path.
pub(crate) fn name(binary: &mut Binary, path: &str) {
    if path.is_empty() {
        return;
    }
    let (directory, base) = path.rsplit_once('/').map_or((None, path), |(directory, base)| (Some(directory), base));
    binary.directory = directory.filter(|directory| !directory.is_empty()).map(str::to_owned);
    if let Some((_, extension)) = base.rsplit_once('.').filter(|(stem, extension)| !stem.is_empty() && !extension.is_empty()) {
        binary.file_extension = Some(extension.to_owned());
    }
    binary.file_name = Some(base.to_owned());
}

/// Does work that takes long for large inputs: `size` says how large.
///
/// # Errors
/// When the work panicked.
pub(crate) async fn work<T: Send + 'static>(context: &NodeContext, size: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NodeError> {
    if size <= SMALL {
        return Ok(work());
    }
    let (done, result) = oneshot::channel();
    context.runtime().spawn_blocking(Box::new(move || {
        // Nobody waits any more when the node was cancelled.
        drop(done.send(work()));
    }));
    result.await.map_err(|_| NodeError::fatal("the work on the file was broken off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_more_than_contents() {
        let check = |bytes: &[u8], description: Description, expected: (&str, Option<&str>)| {
            let (media_type, extension) = identify(bytes, &description);
            assert_eq!((media_type.as_str(), extension.as_deref()), expected, "{description:?}");
        };
        check(b"a,b", Description::named("File.csv"), ("text/csv", Some("csv")));
        check(b"%PDF-1.4", Description::named("x.json"), ("application/json", Some("json")));
        check(b"%PDF-1.4", Description::named("x"), ("application/pdf", Some("pdf")));
        check(b"plain", Description::default(), ("text/plain", None));
        check(b"plain", Description::named("f.x").with_type("text/calendar"), ("text/calendar", Some("ics")));
    }

    #[test]
    fn paths_become_names() {
        let mut binary = Binary::inline(Bytes::new(), "text/plain");
        name(&mut binary, "/tmp/in/a.b.txt");
        assert_eq!(
            (binary.directory.as_deref(), binary.file_name.as_deref(), binary.file_extension.as_deref()),
            (Some("/tmp/in"), Some("a.b.txt"), Some("txt"))
        );
    }
}
