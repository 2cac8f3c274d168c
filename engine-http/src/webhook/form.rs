//! Multipart forms: fields become JSON, files become binary data, stored as they come in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use engine_core::blob::BlobStore;
use engine_core::model::{Binary, BinaryContent, Json};
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use serde_json::Value;

use super::body::{self, too_large};
use super::failure::Failure;
use super::query;
use crate::budget::Share;

/// What a form holds.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) fields: Json,
    pub(super) files: BTreeMap<String, Binary>,
}

/// How a form is read.
pub(super) struct FormReader<'a> {
    pub(super) blobs: &'a Arc<dyn BlobStore>,
    pub(super) share: &'a mut Share,
    pub(super) limit: usize,
    /// The name of files, before their number; by default that of their field.
    pub(super) file_name: &'a str,
    /// What stands between the name of a field and the number of a further file of it.
    pub(super) numbered: &'a str,
}

/// So much may lie between what has come and what was made of it: the head of a part, and what came at once.
const MAX_UNREAD: usize = 2 << 20;
/// More parts than this are refused.
const MAX_PARTS: usize = 1000;
/// Files up to this size stay with their item.
const INLINE: usize = 16 * 1024;

impl FormReader<'_> {
    /// Reads a multipart body.
    pub(super) async fn read(mut self, content_type: &str, body: Body) -> Result<Form, Failure> {
        let boundary = multer::parse_boundary(content_type).map_err(|error| unreadable(&error))?;
        let limit = multer::SizeLimit::new().whole_stream(self.limit as u64);
        let constraints = multer::Constraints::new().size_limit(limit);
        let unread = Unread::default();
        let mut multipart = multer::Multipart::with_constraints(unread.over(body), boundary, constraints);
        let mut form = Form::default();
        let mut parts = 0;
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        while let Some(field) = multipart.next_field().await.map_err(|error| self.failure(&error))? {
            parts += 1;
            if parts > MAX_PARTS {
                return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a form may have at most {MAX_PARTS} parts")));
            }
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_none() {
                let text = self.text(field, &unread).await?;
                self.share.take_room(query::room_of(&name))?;
                let text = body::text(&text, self.share)?.into_owned();
                query::insert(&mut form.fields, &name, Value::String(text));
                continue;
            }
            let file = self.file(field, &unread).await?;
            *names.entry(name.clone()).or_default() += 1;
            form.files.insert(self.key(&name, form.files.len(), names[&name]), file);
        }
        Ok(form)
    }

    /// Under which key a file is put: its field's name, or the node's own name with a number.
    fn key(&self, field: &str, files: usize, count: usize) -> String {
        let field = field.strip_suffix("[]").unwrap_or(field);
        match (self.file_name, count) {
            ("", 1) => field.to_owned(),
            ("", count) => format!("{field}{}{}", self.numbered, count - 1),
            (name, _) => format!("{name}{files}"),
        }
    }

    /// A field that is no file. What was read so far counts before more is read.
    async fn text(&mut self, mut field: multer::Field<'static>, unread: &Unread) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| self.failure(&error))? {
            unread.read(&chunk);
            self.share.take(chunk.len())?;
            text.extend_from_slice(&chunk);
        }
        Ok(text)
    }

    async fn file(&mut self, mut field: multer::Field<'static>, unread: &Unread) -> Result<Binary, Failure> {
        let mime = field.content_type().map_or_else(|| "application/octet-stream".to_owned(), ToString::to_string);
        let name = field.file_name().map(base_name).unwrap_or_default();
        let mut head = Vec::new();
        let mut stored = None;
        while let Some(chunk) = field.chunk().await.map_err(|error| self.failure(&error))? {
            unread.read(&chunk);
            head.extend_from_slice(&chunk);
            if head.len() > INLINE {
                let unread = unread.clone();
                let rest = field.inspect_ok(move |chunk| unread.read(chunk)).map_err(std::io::Error::other);
                let bytes = stream::iter([Ok(Bytes::from(std::mem::take(&mut head)))]).chain(rest).boxed();
                stored = Some(self.blobs.put(bytes).await.map_err(|error| self.blob_failure(&error))?);
                break;
            }
        }
        self.share.take(head.len())?;
        let mut binary = Binary::inline(head, mime);
        if let Some((id, size)) = stored {
            (binary.content, binary.size) = (BinaryContent::Stored(id), size);
        }
        Ok(if name.is_empty() { binary } else { binary.with_file_name(name) })
    }

    fn failure(&self, error: &multer::Error) -> Failure {
        match error {
            multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(self.limit),
            other => unreadable(other),
        }
    }

    /// A store passes the error of the stream on as its source.
    fn blob_failure(&self, error: &engine_core::blob::BlobError) -> Failure {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = source {
            let inner =
                error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref).and_then(|inner| inner.downcast_ref::<multer::Error>());
            if let Some(inner) = inner {
                return self.failure(inner);
            }
            source = error.source();
        }
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "an uploaded file could not be stored")
    }
}

/// How many bytes of a form came in, and were not given out as the content of a part: its parser keeps what it has no end of.
#[derive(Clone, Default)]
struct Unread(Arc<AtomicUsize>);

impl Unread {
    /// The body, which breaks off when too much of it is kept.
    fn over(&self, body: Body) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        let kept = Arc::clone(&self.0);
        let is_bearable = move |chunk: Bytes| {
            let before = kept.fetch_add(chunk.len(), Ordering::Relaxed);
            if before > MAX_UNREAD { Err(std::io::Error::other("what stands before or between the parts is too long")) } else { Ok(chunk) }
        };
        body.into_data_stream().map(move |chunk| chunk.map_err(std::io::Error::other).and_then(&is_bearable))
    }

    fn read(&self, chunk: &Bytes) {
        self.0.fetch_sub(chunk.len(), Ordering::Relaxed);
    }
}

fn unreadable(error: &multer::Error) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, format!("Failed to parse request body: {error}"))
}

/// The name without the directories that some clients send.
fn base_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}
