//! Bytes between disk and blob store, in pieces, on threads for work that blocks.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use engine_core::blob::ByteStream;
use engine_core::model::Binary;
use engine_core::node::{NodeContext, NodeError, OrFatal};
use engine_core::runtime::Runtime;
use futures::channel::oneshot;
use futures::{StreamExt, TryStreamExt, stream};

use super::policy::{Allowed, DiskError};
use crate::files::binary::{self, Description};

/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// Does work that blocks.
pub(super) async fn blocking<T: Send + 'static>(runtime: &dyn Runtime, work: impl FnOnce() -> T + Send + 'static) -> Result<T, io::Error> {
    let (done, result) = oneshot::channel();
    // Nobody waits any more when the node was cancelled.
    runtime.spawn_blocking(Box::new(move || drop(done.send(work()))));
    result.await.map_err(io::Error::other)
}

/// Reads a file, and describes it by its name.
pub(super) async fn read(context: &NodeContext, allowed: &Allowed, path: &str) -> Result<Binary, NodeError> {
    let file = {
        let (allowed, path) = (allowed.clone(), path.to_owned());
        blocking(context.runtime().as_ref(), move || allowed.open(&path)).await?.or_fatal()?
    };
    let description = Description::named(path);
    let (media_type, extension) = binary::identify(&[], &description);
    let pieces = pieces(file, Arc::clone(context.runtime()), allowed.largest);
    let mut binary = context.write_binary_stream(pieces, &media_type).await?;
    binary.file_extension = extension;
    binary::name(&mut binary, path);
    Ok(binary)
}

fn pieces(file: File, runtime: Arc<dyn Runtime>, largest: u64) -> ByteStream {
    let next = move |(mut file, sum): (File, u64)| {
        let runtime = Arc::clone(&runtime);
        async move {
            let read = move || piece(&mut file).map(|piece| (file, piece));
            let (file, piece) = blocking(runtime.as_ref(), read).await??;
            let sum = sum + piece.len() as u64;
            // It may have grown since it was opened.
            if sum > largest {
                return Err(io::Error::other(DiskError::TooLarge(largest)));
            }
            Ok((!piece.is_empty()).then_some((piece, (file, sum))))
        }
    };
    stream::try_unfold((file, 0), next).boxed()
}

/// The next bytes of a file; none at its end.
fn piece(file: &mut File) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(PIECE);
    file.take(PIECE as u64).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Writes a file of an item to disk. It is on the disk, not only on its way there, when this returns.
pub(super) async fn write(context: &NodeContext, allowed: &Allowed, (path, append): (&str, bool), source: &Binary) -> Result<(), NodeError> {
    let (runtime, largest) = (context.runtime().as_ref(), allowed.largest);
    if source.size > largest {
        return Err(DiskError::TooLarge(largest)).or_fatal();
    }
    let mut stream = context.read_binary(source).await?;
    let (mut file, mut size) = {
        let (allowed, path) = (allowed.clone(), path.to_owned());
        let opened = move || allowed.create(&path, append).and_then(|file| Ok((file.metadata()?.len(), file)));
        blocking(runtime, opened).await?.or_fatal().map(|(size, file)| (file, size))?
    };
    while let Some(chunk) = stream.try_next().await? {
        size += chunk.len() as u64;
        if size > largest {
            return Err(DiskError::TooLarge(largest)).or_fatal();
        }
        file = blocking(runtime, move || file.write_all(&chunk).map(|()| file)).await??;
    }
    Ok(blocking(runtime, move || file.sync_all()).await??)
}
